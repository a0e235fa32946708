"""Past calls decided again under another policy: from what the audit keeps of each, without any
personal data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.flow.policy import PolicyFile
from ivr.identity.assurance import Assurance, reached
from ivr.identity.policy import decide
from ivr.identity.risk.scoring import goes_to_a_person

#: Kinds of audit rows that a replay needs.
ISSUED, CHECKED = "result.issued", "check.ended"
_SCREENED = "screened"


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
class Replay:
    """``results`` and ``beginnings``: how many of each were decided again."""

    results: int
    beginnings: int
    otherwise: tuple[Otherwise, ...]


def replayed(rows: Iterable[PastRow], policy: PolicyFile) -> Replay:
    """Decide again what ``rows`` tell of: every result, and every call's beginning."""
    issued: list[PastRow] = []
    begun: list[PastRow] = []
    for row in rows:
        if row.what == ISSUED and "signals" in row.details:
            issued.append(row)
        elif row.what == CHECKED and row.details.get("outcome") == "fresh":
            begun.extend([row] if "signals" in row.details else [])
    screened = {row.call_id for row in issued if _SCREENED in row.details.get("flags", ())}
    found = [*_beginnings(begun, screened, policy), *_results(issued, policy)]
    return Replay(len(issued), len(begun), tuple(sorted(found, key=lambda each: each.at)))


def _beginnings(
    rows: Iterable[PastRow], screened: set[str], policy: PolicyFile
) -> Iterator[Otherwise]:
    for row in rows:
        was = row.call_id in screened
        now = goes_to_a_person(policy.risk, row.details["signals"])
        if was != now:
            change = f"straight to a person: {_yes(was)} → {_yes(now)}"
            yield Otherwise(row.at, row.call_id, (change,))


def _results(rows: Iterable[PastRow], policy: PolicyFile) -> Iterator[Otherwise]:
    for row in rows:
        was, now, reasons = before(row.details), *again(row.details, policy)
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
