"""How long the telephone takes to speak what a document says."""

from __future__ import annotations

from ivr.flow.duration import seconds
from ivr.rehearsal.twiml_document import Say


def spoken_s(say: Say) -> float:
    """Seconds until ``say`` has been spoken, breaks and repetitions included."""
    return say.loop * (say.breaks_s + seconds(say.text, say.language[:2], say.rate))
