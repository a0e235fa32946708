"""How well understanding does on labelled utterances: right, unclear or wrong, and why.

The rows are JSON objects of a few known shapes (docs/understanding.md, "Measuring").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ivr.understanding import slots
from ivr.understanding.ja import quantities
from ivr.understanding.value import Hypothesis, Understood

Verdict = Literal["right", "unclear", "wrong"]
Row = Mapping[str, Any]
#: (utterance, language) -> ``yes``, ``no`` or None.
YesNo = Callable[[str, str], str | None]

#: Reasons for which a date that is not ``ok`` is still understood: it waits for a confirmation
#: by rule (out of its era), or it was refused by rule (nobody alive was born then).
RIGHT_DOUBT = "era_mismatch"
RIGHT_REFUSALS = ("future", "too_old")


#: The kind of a date amid a sentence about something else: it is found, and confirmed.
SENTENCE = "in a sentence"


@dataclass(frozen=True, slots=True)
class Score:
    """One utterance: ``expected`` is empty where no value is right (an impossible date)."""

    kind: str
    verdict: Verdict
    text: str
    expected: str
    status: str
    value: str | None
    reason: str


@dataclass(slots=True)
class Tally:
    """Counts of verdicts by kind, and every score that is not ``right``."""

    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    failures: list[Score] = field(default_factory=list)

    def add(self, score: Score) -> None:
        """Count one score."""
        self.kinds.setdefault(score.kind, Counter())[score.verdict] += 1
        if score.verdict != "right":
            self.failures.append(score)

    def total(self) -> Counter[str]:
        """Counts over all kinds."""
        return sum(self.kinds.values(), Counter())


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores rows as said on the day ``today``; ``yes_no`` decides about yes and no."""

    today: date
    yes_no: YesNo

    def scores(self, row: Row, *, source: str) -> Iterable[Score]:
        """The scores of one row of the file called ``source``; none where its shape is unknown.

        Dates (``iso``; with ``why`` ambiguous ones; ``lang`` and ``why`` alone: impossible
        ones), the same inside a whole ``utterance``, ``digits``, numbers (``value`` as text),
        yes and no (``value`` true or false).
        """
        text = row.get("text")
        if not isinstance(text, str):
            return
        language = str(row.get("lang") or ("en" if "_en" in source else "ja"))
        if isinstance(row.get("iso"), str):
            ambiguous = "why" in row
            kind = "ambiguous" if ambiguous else str(row.get("form") or row.get("kind") or "date")
            yield self._date(text, row["iso"], language, kind)
            if isinstance(row.get("utterance"), str):
                yield self._date(row["utterance"], row["iso"], language, SENTENCE)
        elif isinstance(row.get("digits"), str):
            found = self._slot("digits", text, language)
            yield _valued("digits", text, row["digits"], found)
        elif isinstance(row.get("value"), bool):
            expected = "yes" if row["value"] else "no"
            meant = self.yes_no(text, language)
            found = Understood("ok" if meant else "unclear", meant, 1.0, "")
            yield _valued("yes-no", text, expected, found)
        elif isinstance(row.get("value"), str):
            found = quantities.parse(text, confidence=1.0)
            yield _valued("number", text, row["value"], found)
        elif "why" in row:
            yield self._impossible(text, language)

    def _slot(self, slot_type: str, text: str, language: str) -> Understood:
        heard = [Hypothesis(text, 1.0)]
        return slots.parse(slot_type, heard, language=language, today=self.today)

    def _date(self, text: str, iso: str, language: str, kind: str) -> Score:
        found = self._slot("birthdate", text, language)
        score = _valued(kind, text, iso, found)
        by_rule = (RIGHT_DOUBT, *RIGHT_REFUSALS, *(("extra_words",) if kind == SENTENCE else ()))
        if found.reason in by_rule and found.value == iso:
            return _with(score, "right")
        # An ambiguous date has done well when it is not taken: asking is the right answer.
        return _with(score, "right") if kind == "ambiguous" and found.status != "ok" else score

    def _impossible(self, text: str, language: str) -> Score:
        found = self._slot("birthdate", text, language)
        refused = found.status == "invalid" or found.reason == RIGHT_DOUBT
        verdict: Verdict = "wrong" if found.status == "ok" else "right" if refused else "unclear"
        return _with(_valued("impossible", text, "", found), verdict)


def _valued(kind: str, text: str, expected: str, found: Understood) -> Score:
    """``right``: taken, and the expected value. ``wrong``: taken with another. Else unclear."""
    value = found.value if isinstance(found.value, str) else None
    verdict: Verdict = "unclear"
    if found.status == "ok":
        verdict = "right" if value == expected else "wrong"
    return Score(kind, verdict, text, expected, found.status, value, found.reason)


def _with(score: Score, verdict: Verdict) -> Score:
    return Score(
        score.kind,
        verdict,
        score.text,
        score.expected,
        score.status,
        score.value,
        score.reason,
    )
