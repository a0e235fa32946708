"""Past calls decided again under another policy: from what the audit keeps of each, without any
personal data. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.flow.policy import PolicyFile
from ivr.identity.assurance import LEVELS, Assurance, reached
from ivr.identity.policy import decide
from ivr.identity.risk.scoring import goes_to_a_person

#: Kinds of audit rows that a replay needs.
ISSUED, CHECKED = "result.issued", "check.ended"
_SCREENED = "screened"
_STRAIGHT = "straight to a person"


@dataclass(frozen=True, slots=True)
class PastRow:
    """A row of the audit: when, of which kind, about which call, and its details."""

    at: str
    what: str
    call_id: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was, or would be, decided about a call when it was transferred."""

    level: str
    risk: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A call that would be decided otherwise: each difference in words, with codes only."""

    at: str
    call_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Of how many calls something was decided, and would be."""

    was: int = 0
    would_be: int = 0


@dataclass(frozen=True, slots=True)
class Replay:
    """``results`` and ``beginnings``: how many of each were decided again. ``figures``: what was
    and would be decided, in words, with how many calls; in the order of a table."""

    results: int
    beginnings: int
    otherwise: tuple[Otherwise, ...]
    figures: Mapping[str, Compared]


def replayed(rows: Iterable[PastRow], policy: PolicyFile) -> Replay:
    """Decide again what ``rows`` tell of: every result, and every call's beginning."""
    issued: list[PastRow] = []
    begun: list[PastRow] = []
    for row in rows:
        if row.what == ISSUED and "signals" in row.details:
            issued.append(row)
        elif row.what == CHECKED and row.details.get("outcome") == "fresh":
            begun.extend([row] if "signals" in row.details else [])
    tally = _Tally(policy)
    screened = {row.call_id for row in issued if _SCREENED in row.details.get("flags", ())}
    found = [*_beginnings(begun, screened, policy, tally), *_results(issued, policy, tally)]
    otherwise = tuple(sorted(found, key=lambda each: each.at))
    return Replay(len(issued), len(begun), otherwise, tally.figures())


class _Tally:
    """Counts what was and would be decided."""

    def __init__(self, policy: PolicyFile) -> None:
        self._was: Counter[str] = Counter()
        self._would_be: Counter[str] = Counter()
        self._order = [
            _STRAIGHT,
            *(f"level {level}" for level in LEVELS),
            *(f"risk {severity}" for severity in ("low", "elevated", "high")),
            *(f"may {action}" for action in policy.actions),
        ]

    def begun(self, was: bool, would_be: bool) -> None:
        """A call began."""
        self._was[_STRAIGHT] += was
        self._would_be[_STRAIGHT] += would_be

    def issued(self, was: Verdict, would_be: Verdict) -> None:
        """A result was made."""
        for counted, verdict in ((self._was, was), (self._would_be, would_be)):
            counted.update([f"level {verdict.level}", f"risk {verdict.risk}"])
            counted.update(f"may {action}" for action in verdict.may)

    def figures(self) -> dict[str, Compared]:
        """Of everything that was decided of any call, or would be."""
        # Actions of the former policy that the other does not have come last.
        names = dict.fromkeys([*self._order, *sorted(self._was)])
        found = {name: Compared(self._was[name], self._would_be[name]) for name in names}
        return {name: each for name, each in found.items() if each.was or each.would_be}


def _beginnings(
    rows: Iterable[PastRow], screened: set[str], policy: PolicyFile, tally: _Tally
) -> Iterator[Otherwise]:
    for row in rows:
        was = row.call_id in screened
        now = goes_to_a_person(policy.risk, row.details["signals"])
        tally.begun(was, now)
        if was != now:
            change = f"{_STRAIGHT}: {_yes(was)} → {_yes(now)}"
            yield Otherwise(row.at, row.call_id, (change,))


def _results(rows: Iterable[PastRow], policy: PolicyFile, tally: _Tally) -> Iterator[Otherwise]:
    for row in rows:
        was, now, reasons = before(row.details), *again(row.details, policy)
        tally.issued(was, now)
        changes = []
        if was.level != now.level:
            changes.append(f"level: {was.level} → {now.level}")
        if was.risk != now.risk:
            why = ", ".join(f"{name} {points}" for name, points in reasons.items()) or "no reason"
            changes.append(f"risk: {was.risk} → {now.risk} ({why})")
        changes += [f"may no longer: {name}" for name in sorted(was.may - now.may)]
        changes += [f"may now: {name}" for name in sorted(now.may - was.may)]
        if changes:
            yield Otherwise(row.at, row.call_id, tuple(changes))


def before(details: Mapping[str, Any]) -> Verdict:
    """What was decided, as the row of the result has it."""
    risk, may = details.get("risk", "low"), details.get("may", ())
    return Verdict(str(details.get("level")), str(risk), frozenset(may))


def again(details: Mapping[str, Any], policy: PolicyFile) -> tuple[Verdict, Mapping[str, int]]:
    """What ``policy`` would decide, and the reasons that it would give with their points."""
    factors = frozenset(details.get("factors", ()))
    flags = tuple(flag for flag in details.get("flags", ()) if not flag.startswith("risk_"))
    level = str(details.get("level"))
    if factors:
        level = reached(policy, factors)
    sure = Assurance(level, (), flags, (), factors=factors)
    intent = str(details.get("intent") or "") or None
    decided = decide(policy, sure, signals=details["signals"], intent=intent)
    verdict = Verdict(level, decided.doubt.severity, frozenset(decided.may))
    return verdict, decided.doubt.reasons


def _yes(value: bool) -> str:
    return "yes" if value else "no"
