"""Identify and resume: what is found, and that the caller cannot tell."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from desk import Desk
from fakes.directories import BrokenDirectory
from people import (
    ELSEWHERE,
    HANAKO,
    MOBILE,
    NEARLY_HANAKO,
    STRANGER,
    UNSURE_HANAKO,
    customer,
    register,
)

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import verifications
from ivr.records.database import Database
from ivr.understanding.value import HeardName


@pytest.mark.parametrize(
    ("said", "match", "flags"),
    [
        ({}, "one", ()),
        ({"name": STRANGER}, "none", ()),
        ({"name": NEARLY_HANAKO}, "none", ()),
        ({"name": UNSURE_HANAKO}, "none", ("name_uncertain",)),
        ({"name": None}, "none", ()),
        ({"birthdate": "1985-03-06"}, "none", ()),
        ({"birthdate": None}, "none", ()),
        ({"birthdate": "1985-02-30"}, "none", ()),
        ({"birthdate": "1940-01-02"}, "several", ("several_customers",)),
        ({"birthdate": "1940-01-02", "caller": ELSEWHERE}, "several", ("several_customers",)),
    ],
)
def test_what_is_found_is_evidence_and_never_the_outcome(
    desk: Desk, said: dict[str, Any], match: str, flags: tuple[str, ...]
) -> None:
    old: dict[str, Any] = {"birthdate": date(1940, 1, 2), "mobile": None, "landline": None}
    register(
        desk.db,
        customer(),
        customer(id="c2", number="2", **old),
        customer(id="c3", number="3", given="華子", **old),
    )

    result = desk.identify(**said)

    assert result.outcome == "done"
    who = {"customer": customer().number} if match == "one" else {}
    assert (result.evidence, result.flags) == ({"match": match, **who}, flags)
    with desk.db.reading() as session:
        stored = verifications.get(session, result.verification_id or "")
    assert stored is not None
    assert (stored.customer_id is not None) == (match == "one")


def test_a_directory_out_of_order_looks_like_a_stranger(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, directory=BrokenDirectory()) as desk:
        result = desk.identify()
        assert result.outcome == "done"
        assert result.evidence == {"match": "error"}
        assert result.flags == ("directory_error",)
        assert desk.ask("send_code").outcome == "sent"
        assert desk.sent == 0


def test_a_repeated_request_opens_nothing_new(any_desk: Desk) -> None:
    register(any_desk.db, customer())

    first = any_desk.identify(intent_id="again")
    second = any_desk.identify(intent_id="again", name=STRANGER)

    assert second == first
    assert any_desk.identify().verification_id != first.verification_id


def test_a_missing_database_is_told(desk: Desk, tmp_path: Any) -> None:
    desk.db.dispose()
    (tmp_path / "honnin.sqlite3").unlink()

    with pytest.raises(RecordsUnavailable):
        desk.identify()


@pytest.mark.parametrize("name", [HANAKO, STRANGER], ids=["customer", "stranger"])
def test_a_caller_resumes_after_hanging_up(any_desk: Desk, name: HeardName) -> None:
    register(any_desk.db, customer())
    opened = any_desk.identify(name=name)
    sent = any_desk.ask("send_code")
    any_desk.enter(any_desk.wrong_code())
    any_desk.clock.advance(9 * 60)

    resumed = any_desk.ask("resume", verification_id=None)

    assert resumed.outcome == "resumed"
    assert resumed.verification_id == opened.verification_id
    # A number is no evidence; what was found comes with the next check.
    assert (resumed.evidence, resumed.flags) == ({}, ())
    again = any_desk.enter(any_desk.wrong_code())
    assert again.evidence == {**sent.evidence, "code": "wrong"}


@pytest.mark.parametrize("caller", ["", "anonymous", "+266696687"])
def test_a_withheld_number_never_resumes(desk: Desk, caller: str) -> None:
    register(desk.db, customer())
    desk.identify(caller=caller)
    desk.ask("send_code", caller=caller)

    assert desk.ask("resume", caller=caller).outcome == "fresh"


def test_there_is_nothing_to_resume(desk: Desk) -> None:
    register(desk.db, customer())

    def outcome(caller: str = MOBILE) -> str:
        return desk.ask("resume", caller=caller, verification_id=None).outcome

    assert outcome() == "fresh"
    desk.identify()
    assert outcome() == "fresh", "no code was sent yet"
    desk.ask("send_code")
    assert outcome(ELSEWHERE) == "fresh", "somebody else's number"
    assert outcome() == "resumed"
    desk.clock.advance(10 * 60)
    assert outcome() == "fresh", "ten minutes are over"
    desk.ask("send_code_again")
    assert outcome() == "resumed"
    desk.enter(desk.sms.last_code)
    assert outcome() == "fresh", "already verified"


def test_an_unknown_check_is_a_mistake_of_ours(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no such check"):
        desk.ask("guess")
