"""A voice: text in, telephone audio out."""

from __future__ import annotations

from typing import Protocol

from ivr.hearing.telephone_audio import Audio

#: Texts with more characters are not read out: no prompt is so long.
LONGEST_TEXT = 400


class Voice(Protocol):
    """Reads prompts out. May be used by several threads."""

    def speaks(self, text: str, language: str) -> bool:
        """Whether it can read ``text``, of a prompt in ``language``, so that callers understand
        it."""
        ...

    def fingerprint(self, text: str) -> str:
        """Changes whenever the sound of ``text`` would; holds the text itself."""
        ...

    def reading(self, text: str) -> str:
        """What it says for ``text``, in kana."""
        ...

    def speak(self, text: str, rate: int) -> Audio:
        """``text`` at ``rate`` per cent of its normal speed: 8 kHz, no more than telephones
        carry, at no particular level.

        Raises:
            SpeakingError: it cannot; the text is not in the message.
        """
        ...
