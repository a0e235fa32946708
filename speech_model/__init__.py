"""The recipe of the rehearsal model: a small Japanese telephone model in Vosk's format.

Run by ``make model``; what it is for, what it must not be used for and what was measured stand in
``speech_model/README.md``. Nothing of ``ivr`` imports this package.
"""
