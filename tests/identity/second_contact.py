"""Somebody whose first contact is proven, for tests of a second."""

from __future__ import annotations

from typing import Any

from desk import Desk
from people import HANAKO, customer, register

from ivr.identity.assurance import Assurance, assess
from ivr.identity.lockout import day_of
from ivr.identity.matching import claim_of
from ivr.identity.ports import Channel, CheckResult
from ivr.records import counters


def proven(desk: Desk, first: Channel = "sms", **changes: Any) -> CheckResult:
    """花子 has entered the code of her first contact."""
    register(desk.db, customer(**changes))
    desk.identify()
    desk.ask("send_code")
    result = desk.enter(newest(desk))
    assert (result.outcome, result.evidence["channel"]) == ("ok", first)
    return result


def newest(desk: Desk) -> str:
    """The code of the newest message: fakes number codes upwards."""
    return max(m.code for s in (desk.sms, desk.voice, desk.email) for m in s.messages)


def sure(result: CheckResult) -> Assurance:
    return assess(said_birthdate=True, said_name=True, evidence=result.evidence, flags=result.flags)


def destinations(desk: Desk) -> list[str]:
    messages = [m for s in (desk.sms, desk.voice, desk.email) for m in s.messages]
    return [message.destination for message in sorted(messages, key=lambda each: each.code)]


def failures(desk: Desk) -> list[int]:
    """Wrong codes today, of the claim and of the customer."""
    claim = desk.db.index.of("claim", claim_of("1985-03-05", HANAKO))
    with desk.db.reading() as session:
        return [
            counters.value(session, scope, key, day_of(desk.clock.now()))
            for scope, key in (
                ("failures_claim", claim),
                ("failures_customer", desk.db.index.of("customer", "c1")),
            )
        ]
