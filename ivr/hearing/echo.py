"""How loud our own voice may come back from a line: what is louder than that is the caller.

What comes back is what we played, softer and up to half a second later: nobody knows beforehand how
much softer and when. So the loudest of what was played in the last half second is compared with
what comes in, and by how much that stays below it is learnt while nobody else speaks. A line of
which nothing is known yet is taken to be a bad one.
"""

from __future__ import annotations

from collections import deque

from ivr.hearing.voice_activity import FRAME, level

#: Frames until an echo has come back: 500 ms of network and room.
_LATEST = 25
#: Decibels that an echo is below what was played, at least. Networks cancel far more (ITU-T
#: G.168); what is louder is taken for a caller.
_LEAST_LOSS = 12.0
#: Decibels that an echo may be louder than the loudest that was heard.
_MARGIN = 6.0
#: Softer sound of ours than this teaches nothing about its echo (decibels).
_LOUD = 55.0
#: Frames of a block, blocks that count, and how many of them are enough to believe what they say:
#: in a single one the loudest sound of ours may have come back just before.
_BLOCK, _BLOCKS, _ENOUGH = 25, 6, 3


class Echo:
    """Follows what is played on one line, and what comes back of it.

    Time is counted in frames (20 ms) of the caller's line, as in the rest of hearing.
    """

    def __init__(self) -> None:
        #: Frames that were sent and are not played yet; how many were played, and after how many
        #: of all that were sent each mark comes back.
        self._to_play: deque[bytes] = deque()
        self._at = 0
        self._marks: dict[str, int] = {}
        self._played: deque[float] = deque([0.0] * (_LATEST + 1), maxlen=_LATEST + 1)
        self._loudest = 0.0
        #: Frames for which our voice has been loud without a break.
        self._loud = 0
        self._block: list[float] = []
        self._blocks: deque[float] = deque(maxlen=_BLOCKS)

    # --- our voice ---------------------------------------------------------------------------

    def play(self, sound: bytes) -> None:
        """``sound`` (µ-law) was sent, to be played after all before it."""
        self._to_play.extend(sound[at : at + FRAME] for at in range(0, len(sound), FRAME))

    def mark(self, name: str) -> None:
        """A mark was sent after the sound."""
        self._marks[name] = self._at + len(self._to_play)

    def reached(self, name: str) -> None:
        """The mark came back: whatever was sent before it has been played."""
        end = self._marks.pop(name, self._at)
        while self._at < end:
            self._at += 1
            self._to_play.popleft()

    def hushed(self) -> None:
        """All that was not played yet will not be."""
        self._to_play.clear()
        self._marks.clear()

    # --- the line ----------------------------------------------------------------------------

    def louder_than(self, loud: float, *, learn: bool) -> float:
        """How loud (decibels) the next frame of the line must be to be no echo; ``loud`` is how
        loud it is. ``learn``: nobody but us is known to speak in it."""
        self._played.append(self._now())
        self._loudest = max(self._played)
        if self._loudest < _LOUD:
            self._loud = 0
            self._block.clear()
            return self._loudest - self._loss
        self._loud += 1
        if not learn:
            self._block.clear()
        elif self._loud > _LATEST:  # an echo would have come back by now
            self._block.append(loud - self._loudest)
            if len(self._block) == _BLOCK:
                self._blocks.append(max(self._block))
                self._block.clear()
        return self._loudest - self._loss

    def mistaken(self) -> None:
        """What was taken for the caller was nobody: this line is worse than it seemed."""
        self._blocks.clear()
        self._block.clear()

    @property
    def _loss(self) -> float:
        """By how many decibels echoes are softer than what was played, as far as is known."""
        if len(self._blocks) < _ENOUGH:
            return _LEAST_LOSS
        return max(_LEAST_LOSS, -max(self._blocks) - _MARGIN)

    def _now(self) -> float:
        """How loud what is played now is. Sound that should be over, but whose mark has not come
        back, is played late: it may be as loud as it was."""
        if self._to_play:
            self._at += 1
            return level(self._to_play.popleft())
        return self._loudest if self._marks else 0.0
