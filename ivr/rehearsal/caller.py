"""The scripted caller: goes through a call file's turns, one at a time, when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from ivr.errors import RehearsalError
from ivr.rehearsal.callfile import CallerStep, CallFile

#: Questions that may pass before a prompt that a ``bot:`` turn waits for is heard.
PATIENCE = 6
#: How sure the recogniser is of a ``say``.
CONFIDENCE = 0.92
#: Seconds until a caller begins to speak or to press keys, and seconds a key takes.
REACTION_S = 1.0
KEY_S = 0.5


@dataclass(frozen=True, slots=True)
class Speaks:
    """Says something; ``confidence`` as the recogniser will give it, None for not at all.
    ``audio``: the WAV file of how it sounds, if there is one."""

    text: str
    confidence: float | None
    audio: Path | None = None


@dataclass(frozen=True, slots=True)
class Presses:
    keys: str


@dataclass(frozen=True, slots=True)
class StaysSilent:
    pass


@dataclass(frozen=True, slots=True)
class HangsUp:
    pass


Reaction = Speaks | Presses | StaysSilent | HangsUp


class CodeInbox(Protocol):
    """Where the caller finds the codes sent to them."""

    def codes(self) -> Sequence[str]:
        """All codes received, oldest first."""
        ...


class ScriptedCaller:
    """Reacts to questions as the turns say; silent once they are used up.

    A ``bot:`` turn holds the caller back until its prompt has been heard since the caller's
    last act. A turn that does not fit a question (words where only keys count, and the other
    way round, or a code that has not come) is kept for a later one.
    """

    def __init__(self, call: CallFile, inbox: CodeInbox, started: datetime) -> None:
        self._call = call
        self._inbox = inbox
        self._next = 0
        self._heard: list[str] = []
        self._unheard_questions = 0
        self._acted_at = started
        #: Answers given so far (words or keys).
        self.answers = 0

    def hears(self, prompts: Sequence[str]) -> None:
        """Prompts (keys) that were just begun to be spoken. Those of one sentence come together
        where they sound alike."""
        self._heard.extend(prompts)
        self._pass_heard()

    def leaves_now(self) -> bool:
        """Whether the caller hangs up right here, without waiting for a question: after the
        prompt that the ``bot:`` turn before named."""
        before = self._call.turns[self._next - 1] if self._next else None
        return self._act() == "hangup" and before is not None and before.bot is not None

    def gives_up_ringing(self) -> bool:
        """Whether the caller hangs up while the agent's phone rings."""
        return self._act() == "hangup"

    def interrupts(self, *, speech: bool, keys: bool) -> bool:
        """Whether the caller does not let the prompts end, which ``speech`` or ``keys`` stop."""
        step = self._step()
        if step is None or not step.early:
            return False
        return keys if step.press is not None else speech

    def ready_at(self) -> datetime:
        """Not before this moment does the caller answer (a ``wait`` before the present turn)."""
        self._skip_waits()
        return self._acted_at

    def answer(self, *, speech: bool, keys: bool, now: datetime) -> Reaction:
        """What the caller does about a question that takes ``speech`` and ``keys``; not before
        :meth:`ready_at`.

        Raises:
            RehearsalError: a prompt the turns wait for does not come.
        """
        self._check_patience()
        step = self._step()
        if step is None:
            return StaysSilent()
        if step.hangup or step.call_again:
            return HangsUp()
        if step.silence:
            return self._done(now, StaysSilent())
        if step.press is not None:
            pressed = self._keys(step.press) if keys else None
            return StaysSilent() if pressed is None else self._done(now, Presses(pressed))
        if not speech:
            return StaysSilent()
        audio = self._call.audio_path(step)
        if step.hear:
            best = step.hear[0]
            return self._done(now, Speaks(best.text, best.confidence, audio))
        return self._done(now, Speaks(step.say or "", CONFIDENCE, audio))

    def call_ended(self) -> int:
        """The line is dead. Returns for how many seconds the caller waits before calling again,
        or -1 where the turns say nothing of another call.

        Raises:
            RehearsalError: turns are left that the call never came to.
        """
        seconds = 0
        while (step := self._step()) is not None:
            if step.call_again:
                self._next += 1
                return seconds
            if step.wait is None:
                break
            seconds += step.wait_s
            self._next += 1
        self._complain_about_rest()
        return -1

    def hung_up(self) -> None:
        """The caller has just hung up, as the turns say."""
        if self._act() == "hangup":
            self._next += 1

    def calls_again(self, now: datetime) -> None:
        """A new call begins; the rest of the turns belong to it."""
        self._heard.clear()
        self._unheard_questions = 0
        self._acted_at = now

    # --- the script ----------------------------------------------------------------------------

    def _step(self) -> CallerStep | None:
        """What the caller does next; None while a prompt must be heard first, or at the end."""
        turns = self._call.turns
        return turns[self._next].caller if self._next < len(turns) else None

    def _act(self) -> str:
        step = self._step()
        return "" if step is None else step.act

    def _awaited(self) -> str | None:
        turns = self._call.turns
        return turns[self._next].bot if self._next < len(turns) else None

    def _pass_heard(self) -> None:
        while (awaited := self._awaited()) is not None and awaited in self._heard:
            del self._heard[: self._heard.index(awaited) + 1]
            self._next += 1
            self._unheard_questions = 0

    def _check_patience(self) -> None:
        awaited = self._awaited()
        if awaited is None:
            return
        self._unheard_questions += 1
        if self._unheard_questions > PATIENCE:
            raise RehearsalError(
                f"{self._call.place(self._next)}: prompt '{awaited}' was not heard in"
                f" {PATIENCE} questions"
            )

    def _skip_waits(self) -> None:
        """Go past every ``wait`` before the next turn; the question stays open meanwhile."""
        while (step := self._step()) is not None and step.wait is not None:
            self._acted_at += timedelta(seconds=step.wait_s)
            self._next += 1

    def _done(self, now: datetime, reaction: Reaction) -> Reaction:
        self._next += 1
        self._acted_at = max(now, self._acted_at)
        self._heard.clear()
        if isinstance(reaction, Speaks | Presses):
            self.answers += 1
        return reaction

    def _keys(self, pattern: str) -> str | None:
        """The keys to press; None while the code they stand for has not come."""
        codes = self._inbox.codes()
        if "$wrong_code" in pattern:
            wrong = next(c for c in map("{:06d}".format, range(10**6)) if c not in codes)
            pattern = pattern.replace("$wrong_code", wrong)
        if "$code" in pattern:
            if not codes:
                return None
            pattern = pattern.replace("$code", codes[-1])
        return pattern

    def _complain_about_rest(self) -> None:
        if self._next >= len(self._call.turns):
            return
        place, turn = self._call.place(self._next), self._call.turns[self._next]
        if turn.bot is not None:
            raise RehearsalError(
                f"{place}: the call ended before prompt '{turn.bot}' was heard",
                hint="a prompt must be heard after the caller's last act before it",
            )
        hint = "the question it answers was never asked"
        step = turn.caller
        if step is not None and step.press and "$code" in step.press and not self._inbox.codes():
            hint = "no code had come"
        raise RehearsalError(
            f"{place}: the call ended before the caller came to this turn", hint=hint
        )
