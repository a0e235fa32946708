"""How a rehearsed call went, and whether that is what its file expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr.rehearsal.callfile import CallFile


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ended``: ``transfer`` (an agent took the call), ``end`` (the bot ended it), ``hangup``
    (the caller did) or ``error``. ``level`` is None where nobody could read the result.

    ``turns`` counts questions, ``streamed`` those that were asked on media streams, ``seconds``
    the time on the line over all calls, ``messages`` the codes that were sent. ``claims`` is the
    result token's content, ``label`` what an agent made of the call. ``problems`` is whatever went
    otherwise than it should.
    """

    call: str
    ended: str
    level: str | None
    destination: str | None
    turns: int
    seconds: float
    amr: tuple[str, ...]
    flags: tuple[str, ...]
    messages: int
    fallbacks: int
    said: frozenset[str]
    streamed: int = 0
    claims: Mapping[str, Any] | None = None
    label: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything went as it should."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The one JSON object of ``ivr call --json``."""
        return {
            "call": self.call,
            "ok": self.ok,
            "level": self.level,
            "ended": self.ended,
            "destination": self.destination,
            "label": self.label,
            "turns": self.turns,
            "seconds": round(self.seconds, 1),
            "amr": list(self.amr),
            "flags": list(self.flags),
            "messages": self.messages,
            "fallbacks": self.fallbacks,
            "streamed": self.streamed,
            "result": None if self.claims is None else dict(self.claims),
            "problems": list(self.problems),
        }


def judged(outcome: Outcome, call: CallFile) -> Outcome:
    """``outcome`` with every difference from what ``call`` expects among its problems."""
    return replace(outcome, problems=(*outcome.problems, *_differences(outcome, call)))


def _differences(outcome: Outcome, call: CallFile) -> Iterator[str]:
    expect = call.expect
    for name in ("level", "ended", "destination", "label", "messages"):
        wanted, got = getattr(expect, name), getattr(outcome, name)
        if wanted is not None and wanted != got:
            yield f"{name}: expected {wanted}, got {_shown(got)}"
    for name in ("amr", "flags"):
        wanted, got = getattr(expect, name), getattr(outcome, name)
        if wanted is not None and set(wanted) != set(got):
            yield f"{name}: expected {_listed(wanted)}, got {_listed(got)}"
    may = tuple((outcome.claims or {}).get("may", ()))
    if expect.may is not None and set(expect.may) != set(may):
        yield f"may: expected {_listed(expect.may)}, got {_listed(may)}"
    if expect.max_turns is not None and outcome.turns > expect.max_turns:
        yield f"turns: expected at most {expect.max_turns}, got {outcome.turns}"
    for key in expect.said:
        if key not in outcome.said:
            yield f"said: prompt '{key}' was not heard"
    for key in expect.not_said:
        if key in outcome.said:
            yield f"not_said: prompt '{key}' was heard"
    # A call whose world has no trouble in it needs no fallback.
    calm = call.world.fallback is None and call.world.database is None
    wanted = 0 if expect.fallbacks is None and calm else expect.fallbacks
    if wanted is not None and wanted != outcome.fallbacks:
        yield f"fallbacks: expected {wanted}, got {outcome.fallbacks}"


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)


def _listed(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(sorted(values)) + "]"
