"""Spoken answers evaluated on a line: heard as in a call, judged, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ivr.clock import JAPAN
from ivr.flow.flow import Flow
from ivr.telephony.media.ears import Ears
from ivr.wiring.asking import Asking, Verdict
from ivr.wiring.hearing_booth import Booth, HeardAnswer
from ivr.wiring.name_trials import Outcome, outcome
from ivr.wiring.spoken_answers import LINES, SpokenAnswer, parts_of


@dataclass(slots=True)
class Tally:
    """Answers of one slot on one line. ``holding``: how many of those that are right or unclear
    hold the value that was said. Seconds of line, and of a processor for hearing them."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    holding: int = 0
    line_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def answers(self) -> int:
        """How many there were."""
        return self.verdicts.total()

    def add(self, other: Tally) -> None:
        """All that another one counted."""
        self.verdicts += other.verdicts
        self.holding += other.holding
        self.line_s += other.line_s
        self.cpu_s += other.cpu_s


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that was not understood as it was meant, and what was heard of it."""

    line: str
    slot: str
    wav: str
    expected: str
    verdict: Verdict
    heard: str


@dataclass(slots=True)
class LineResult:
    """What came of the answers on one line: by slot, and of names where the caller (``own``) or a
    look-alike is registered."""

    slots: dict[str, Tally] = field(default_factory=dict)
    own: Counter[Outcome] = field(default_factory=Counter)
    look_alikes: Counter[Outcome] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: LineResult) -> None:
        """All that another one has."""
        for slot, tally in other.slots.items():
            self.slots.setdefault(slot, Tally()).add(tally)
        self.own += other.own
        self.look_alikes += other.look_alikes
        self.failures += other.failures


class VoiceEvaluation:
    """Hears answers to the questions of ``flow`` with ``ears``. Not for several threads."""

    def __init__(self, flow: Flow, ears: Ears, language: str, now: datetime) -> None:
        """
        Raises:
            HearingError: the flow does not ask for a birthdate and a name by speech.
        """
        self._asking = Asking(flow, language, now)
        self._booth = Booth(self._asking.flow, ears, now.astimezone(JAPAN).date())

    def evaluate(self, answer: SpokenAnswer, line: str) -> LineResult:
        """What comes of one answer on a line, one of :data:`LINES`.

        Raises:
            HearingError: the answer is no telephone audio, or belongs to nothing that is asked.
        """
        call = self._asking.call(answer)
        is_name = answer.slot == "name"
        own = [answer.full_name] if is_name else []
        heard = self._booth.hear(call, answer.on(LINES[line]), own)
        verdict, holds = self._asking.verdict(answer, heard.answer)
        result = LineResult(
            {answer.slot: Tally(Counter([verdict]), int(holds), heard.line_s, heard.cpu_s)}
        )
        if verdict != "right":
            result.failures.append(_failure(answer, line, verdict, heard))
        if not is_name:
            return result
        said = answer.full_name
        result.own[outcome(heard.answer, heard.name_evidence, said=said, registered=said)] += 1
        for name in answer.look_alikes:
            other = parts_of(name)
            again, evidence = self._booth.hear_again(call, heard.audio, [other])
            result.look_alikes[outcome(again, evidence, said=said, registered=other)] += 1
        return result


def _failure(answer: SpokenAnswer, line: str, verdict: Verdict, heard: HeardAnswer) -> Failure:
    text = heard.hypotheses[0].text if heard.hypotheses else ""
    return Failure(line, answer.slot, answer.wav.name, answer.expected, verdict, text)
