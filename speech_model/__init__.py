"""The recipe of the rehearsal model: a small Japanese telephone model in Vosk's format.

Run by ``make model``; what it is for, what it must not be used for and what was measured stand in
``speech_model/README.md``. Nothing of ``ivr`` imports this package.
"""

import os

# The recipe runs a process for each core. A second thread of OpenBLAS in each would only wait, but
# wait at full speed: features cost three times as much with it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
