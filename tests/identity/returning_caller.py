"""Somebody who calls again, for tests of who is spared a code."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from desk import Desk
from people import BORN, HANAKO, MOBILE, customer, register

from ivr.identity.ports import CheckResult, KnownCallerRule
from ivr.records import calls, results
from ivr.records.calls import CallRecord
from ivr.records.results import ResultRecord

_CALLS = count(1)
TEN_MINUTES = KnownCallerRule(seconds=600, after_agent=False)


class Caller:
    """Somebody who calls more than once; each call is a row, as dialogue stores it."""

    def __init__(self, desk: Desk, number: str = MOBILE) -> None:
        self.desk = desk
        self.number = number
        self.call_id = ""

    def rings(self) -> Caller:
        self.call_id = f"call-{next(_CALLS)}"
        record = CallRecord(
            self.call_id, f"CA{self.call_id}", "verify", "digest", "ja", self.number, "+8150",
            1, "active", "{}", self.desk.clock.now(),
        )  # fmt: skip
        with self.desk.db.writing() as session:
            calls.insert(session, record)
        return self

    def identifies(self, **changes: Any) -> Caller:
        self.desk.identify(call_id=self.call_id, caller=self.number, **changes)
        return self

    def is_verified(self, way: str = "send_code") -> Caller:
        """Asks for a code and enters it."""
        self.desk.ask("send_code", call_id=self.call_id, caller=self.number)
        if way != "send_code":
            self.desk.ask(way, call_id=self.call_id, caller=self.number)
        sent = [m for s in (self.desk.sms, self.desk.voice, self.desk.email) for m in s.messages]
        for message in reversed(sent):
            entered = self.enters(message.code)
            if entered.outcome == "ok":
                return self
        raise AssertionError("no code was right")

    def enters(self, code: str) -> CheckResult:
        return self.desk.enter(code, call_id=self.call_id, caller=self.number)

    def hangs_up(self, how: str = "hangup") -> Caller:
        with self.desk.db.writing() as session:
            record = calls.get(session, self.call_id)
            assert record is not None
            calls.save(
                session,
                replace(record, status="ended", ended_at=self.desk.clock.now(), ended_how=how),
            )
        return self

    def is_known(self, rule: KnownCallerRule | None = TEN_MINUTES, **changes: Any) -> CheckResult:
        values: dict[str, Any] = {
            "birthdate": BORN,
            "name": HANAKO,
            "call_id": self.call_id,
            "caller": self.number,
            "known_caller": rule,
        } | changes
        return self.desk.ask("known_caller", **values)


def verified(desk: Desk, number: str = MOBILE, seconds_ago: int = 60, **registered: Any) -> Caller:
    """花子 was verified in a call that nobody took, and that is over."""
    register(desk.db, customer(**registered))
    caller = Caller(desk, number).rings().identifies().is_verified().hangs_up()
    desk.clock.advance(seconds_ago)
    return caller


def taken(desk: Desk, caller: Caller) -> None:
    """An agent took that call."""
    now = desk.clock.now()
    with desk.db.writing() as session:
        results.insert(session, ResultRecord("ref", caller.call_id, "t", now, now, 9))
        results.answer(session, "ref", True)
