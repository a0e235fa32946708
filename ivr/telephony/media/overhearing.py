"""Ears with somebody beside them who is told what they heard: for rehearsals, never for callers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.dialogue.expectation import NameQuestion
from ivr.telephony.media.ears import Ear, Ears, Said
from ivr.understanding.grammar import Grammar

#: Told of each utterance, from any thread, before anything comes of it.
Overhear = Callable[[Said], None]


@dataclass(frozen=True, slots=True)
class OverheardEars:
    """``ears``; ``overhear`` is told of all they hear."""

    ears: Ears
    overhear: Overhear

    def prepare(
        self, language: str, grammars: Sequence[Grammar], names: NameQuestion | None = None
    ) -> Callable[[], Ear] | None:
        """See :class:`ivr.telephony.media.ears.Ears`."""
        make = self.ears.prepare(language, grammars, names)
        return None if make is None else lambda: _OverheardEar(make(), self.overhear)


@dataclass(frozen=True, slots=True)
class _OverheardEar:
    ear: Ear
    overhear: Overhear

    def accept(self, pcm: bytes) -> None:
        self.ear.accept(pcm)

    def partial(self) -> str:
        return self.ear.partial()

    def finish(self) -> Said:
        said = self.ear.finish()
        self.overhear(said)
        return said
