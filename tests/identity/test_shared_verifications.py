"""Two calls that go on with one verification, since they come from one number: attacks on what
each of them may have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from desk import Desk
from fakes.held_verifier import HeldVerifier
from people import customer, register
from returning_caller import verified
from second_contact import newest, sure

from ivr.clock import ManualClock
from ivr.records import verifications
from ivr.records.database import Database

RECENT = {"recent", "recent_at", "recent_from"}


def stored(desk: Desk) -> str:
    with desk.db.reading() as session:
        record = verifications.get(session, desk.verification or "")
    assert record is not None
    return record.evidence


# --- a code of an earlier call -------------------------------------------------------------------


@pytest.mark.parametrize("anew", [{}, {"birthdate": None, "name": None}])
def test_who_asks_after_a_known_caller_is_not_known(desk: Desk, anew: dict[str, Any]) -> None:
    caller = verified(desk).rings().identifies()
    assert caller.is_known().outcome == "known"
    result = caller.is_known(call_id="forged", **anew)
    assert result.outcome == "unknown"
    assert RECENT.isdisjoint(result.evidence)
    # Nor by anything that they do afterwards.
    assert RECENT.isdisjoint(desk.ask("send_code", call_id="forged").evidence)


def test_who_was_known_stays_so_whoever_asks_after_them(desk: Desk) -> None:
    caller = verified(desk).rings().identifies()
    before = caller.is_known()
    caller.is_known(call_id="forged")
    after = desk.ask("send_code", call_id=caller.call_id, caller=caller.number)
    assert {key: after.evidence.get(key) for key in RECENT} == {
        key: before.evidence[key] for key in RECENT
    }


# --- a provider that checks codes itself ---------------------------------------------------------


@pytest.fixture
def verifier() -> HeldVerifier:
    return HeldVerifier()


@pytest.fixture
def provided(database: Database, clock: ManualClock, verifier: HeldVerifier) -> Iterator[Desk]:
    register(database, customer())
    senders: dict[Any, Any] = {"sms": verifier, "voice": verifier}
    with Desk(database, clock, senders=senders, check_seconds=60.0, sends=5, attempts=5) as made:
        yield made


def test_a_code_counts_in_a_call_where_another_one_was_proven_before(
    provided: Desk, verifier: HeldVerifier
) -> None:
    """As a code does that is checked here."""
    verifier.says = "right"
    provided.identify()
    provided.ask("send_code")
    assert provided.enter("123456", call_id="dropped").outcome == "ok"
    provided.ask("send_code")
    result = provided.enter("123456")
    assert (result.outcome, sure(result).level) == ("ok", "verified")


# --- repeated requests ---------------------------------------------------------------------------


@pytest.mark.parametrize("entered", ["right", "wrong"])
def test_what_a_call_was_about_to_hear_stays_whatever_another_enters(
    desk: Desk, entered: str
) -> None:
    """A process dies between commit and answer; its checks are asked again."""
    register(desk.db, customer())
    desk.identify()
    desk.ask("send_code")
    code = desk.sms.last_code if entered == "right" else desk.wrong_code()
    first = desk.enter(code, intent_id="repeated")
    desk.enter(desk.wrong_code(), call_id="forged")
    again = desk.enter(code, intent_id="repeated")
    assert (again.outcome, again.evidence) == (first.outcome, first.evidence)


@pytest.mark.parametrize("entered", ["right", "wrong"])
def test_the_same_where_a_provider_checks_codes(
    provided: Desk, verifier: HeldVerifier, entered: str
) -> None:
    provided.identify()
    provided.ask("send_code")
    verifier.says = entered
    first = provided.enter("123456", intent_id="repeated")
    verifier.says = "wrong"
    provided.enter("654321", call_id="forged")
    asked = len(verifier.checked)
    again = provided.enter("123456", intent_id="repeated")
    assert (again.outcome, again.evidence) == (first.outcome, first.evidence)
    assert len(verifier.checked) == asked


def test_calling_again_and_again_does_not_make_a_verification_grow(desk: Desk) -> None:
    register(desk.db, customer())
    desk.identify()
    desk.ask("send_code")
    sizes = []
    for number in range(30):
        desk.enter("000000", call_id=f"call {number:02}", intent_id=f"entry {number:02}")
        sizes.append(len(stored(desk)))
    assert sizes[-1] == sizes[10]


# --- begun by another version --------------------------------------------------------------------


def test_a_verification_that_the_version_before_began_goes_on(desk: Desk) -> None:
    """A process is replaced while a caller holds the line, or runs beside the new one for a
    while: one knows fields that the other does not."""
    register(desk.db, customer())
    desk.identify()
    desk.ask("send_code")
    first = desk.enter(desk.sms.last_code)
    assert desk.ask("send_code_second").outcome == "sent"
    with desk.db.writing() as session:
        document = json.loads(stored(desk))
        for field in ("shown", "entries"):
            del document[field]
        document |= {"checked": ["intent3", "ok"], "of_a_version_to_come": {"any": ["thing"]}}
        verifications.save_evidence(
            session, desk.verification or "", json.dumps(document), desk.clock.now()
        )
    result = desk.enter(newest(desk))
    assert (first.outcome, result.outcome) == ("ok", "ok")
    assert "second_contact" in sure(result).factors
