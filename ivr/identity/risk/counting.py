"""What callers from one number did lately, counted for all processes together.

Each counter is one row that one statement counts up (:mod:`ivr.records.counters`). Counters are
kept under keyed indexes, so the table holds no number and no claimed identity. Who has no number of
their own (withheld, a switchboard's word) shares one counter and is told apart by nothing.

What is counted costs every caller the same queries, whoever they say to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ivr.clock import JAPAN, Clock
from ivr.identity.callers import usable_number
from ivr.identity.lockout import day_of, failures_this_week
from ivr.identity.matching import claim_of
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.records import counters
from ivr.records.database import Database

_SEEN = "risk_checks_seen"
_HOUR = "risk_calls_hour"
_DAY = "risk_calls_day"
_WITHHELD = "risk_withheld_hour"
_PAIRS = "risk_pairs_day"
_BIRTHDATES = "risk_birthdates_day"
_IDENTITIES = "risk_identities_day"
_NEAR = "risk_near_misses_day"
_CODES = "risk_wrong_codes_day"

#: Outcomes of an entry that was not the code.
_WRONG = frozenset({"wrong", "exhausted"})


@dataclass(frozen=True, slots=True)
class _Counted:
    """One check to count: whose number, when, and how often (0: it was counted before)."""

    number: str
    hour: int
    day: date
    once: int
    request: CheckRequest
    result: CheckResult


class Velocity:
    """Counts what ``resume``, ``identify`` and ``check_code`` tell of the caller's number."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._count: Mapping[str, Callable[[Session, _Counted], Mapping[str, int]]] = {
            "resume": self._call,
            "identify": self._identity,
            "check_code": self._code,
        }
        #: For those who have no number of their own.
        self._of_nobody: Mapping[str, Callable[[Session, _Counted], Mapping[str, int]]] = {
            "resume": self._withheld,
            "identify": self._claim,
        }

    def counted(self, request: CheckRequest, result: CheckResult) -> Mapping[str, int]:
        """Count a check that was performed, once however often it is repeated: its signals.

        Raises:
            RecordsError: nothing was counted.
        """
        number = usable_number(request.caller)
        count = (self._count if number else self._of_nobody).get(request.check)
        if count is None:
            return {}
        now = self._clock.now()
        day, hour = day_of(now), now.astimezone(JAPAN).hour
        with self._db.writing() as session:
            seen = counters.bump(session, _SEEN, self._key(f"intent {request.intent_id}"), day)
            once = int(seen == 1)
            return count(session, _Counted(number or "", hour, day, once, request, result))

    def _withheld(self, session: Session, one: _Counted) -> Mapping[str, int]:
        key = self._key(f"withheld {one.hour}")
        return {"withheld_calls_hour": counters.bump(session, _WITHHELD, key, one.day, one.once)}

    def _call(self, session: Session, one: _Counted) -> Mapping[str, int]:
        own, this_hour = self._key(one.number), self._key(f"{one.number} {one.hour}")
        return {
            "calls_hour": counters.bump(session, _HOUR, this_hour, one.day, one.once),
            "calls_day": counters.bump(session, _DAY, own, one.day, one.once),
            "birthdates_day": counters.value(session, _BIRTHDATES, own, one.day),
            "identities_day": counters.value(session, _IDENTITIES, own, one.day),
            "wrong_codes_day": counters.value(session, _CODES, own, one.day),
        }

    def _identity(self, session: Session, one: _Counted) -> Mapping[str, int]:
        own = self._key(one.number)
        birthdate, name = one.request.birthdate, one.request.name
        new_birthdate = self._is_new(session, one, f"{birthdate}")
        new_identity = self._is_new(session, one, claim_of(birthdate, name))
        near = one.once if "name_uncertain" in one.result.flags else 0
        return {
            "birthdates_day": counters.bump(session, _BIRTHDATES, own, one.day, new_birthdate),
            "identities_day": counters.bump(session, _IDENTITIES, own, one.day, new_identity),
            "near_misses_day": counters.bump(session, _NEAR, own, one.day, near),
            **self._claim(session, one),
        }

    def _claim(self, session: Session, one: _Counted) -> Mapping[str, int]:
        claim = claim_of(one.request.birthdate, one.request.name)
        found = failures_this_week(session, self._db.index, claim, one.day)
        return {"identity_wrong_codes_week": found}

    def _is_new(self, session: Session, one: _Counted, said: str) -> int:
        """1 where nobody said this from the number today, and the check is counted; else 0."""
        pair = self._key(f"{one.number} {said}")
        return int(counters.bump(session, _PAIRS, pair, one.day, one.once) == 1 and one.once)

    def _code(self, session: Session, one: _Counted) -> Mapping[str, int]:
        wrong = one.once if one.result.outcome in _WRONG else 0
        own = self._key(one.number)
        return {"wrong_codes_day": counters.bump(session, _CODES, own, one.day, wrong)}

    def _key(self, whose: str) -> str:
        return self._db.index.of("risk", whose)
