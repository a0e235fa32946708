"""A code for a second contact: where it goes, and what it proves. Never the one that was proven."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from people import ELSEWHERE, EMAIL, HANAKO, LANDLINE, MOBILE, STRANGER, customer, register, said
from second_contact import destinations, newest, proven, sure

from ivr.clock import ManualClock
from ivr.identity.ports import Channel, CheckResult
from ivr.records.database import Database

# --- where it goes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "first", "second"),
    [
        ({}, "sms", LANDLINE),
        ({"landline": None}, "sms", EMAIL),
        ({"preferred": "email"}, "email", MOBILE),
        ({"preferred": "voice", "mobile": "+819022223333"}, "voice", "+819022223333"),
        ({"mobile": None}, "voice", EMAIL),
        # One phone under two names is one contact.
        ({"landline": MOBILE, "preferred": "email"}, "email", MOBILE),
        ({"landline": MOBILE}, "sms", EMAIL),
        ({"landline": MOBILE, "email": None}, "sms", None),
        ({"landline": None, "email": None}, "sms", None),
    ],
)
def test_it_goes_to_the_first_other_contact(
    desk: Desk, registered: dict[str, Any], first: Channel, second: str | None
) -> None:
    proven(desk, first, **registered)
    result = desk.ask("send_code_second")
    assert result.outcome == ("none" if second is None else "sent")
    assert result.evidence["second"] == result.outcome
    assert destinations(desk)[1:] == ([] if second is None else [second])


@pytest.mark.parametrize(
    ("caller", "sent"), [(LANDLINE, EMAIL), ("", EMAIL), (ELSEWHERE, LANDLINE)]
)
def test_never_by_voice_to_the_phone_on_the_call(desk: Desk, caller: str, sent: str) -> None:
    register(desk.db, customer())
    desk.identify(caller=caller)
    desk.ask("send_code", caller=caller)
    assert desk.enter(newest(desk), caller=caller).outcome == "ok"
    assert desk.ask("send_code_second", caller=caller).outcome == "sent"
    assert destinations(desk) == [MOBILE, sent]


@pytest.mark.parametrize(
    ("further", "outcome", "sent"),
    [
        (None, "sent", [LANDLINE]),
        (("email",), "sent", [EMAIL]),
        (("sms", "voice", "email"), "sent", [LANDLINE]),
        (("sms",), "none", []),
        ((), "enough", []),
    ],
)
def test_only_by_a_channel_that_the_call_has_a_use_for(
    desk: Desk, further: tuple[Channel, ...] | None, outcome: str, sent: list[str]
) -> None:
    proven(desk)
    result = desk.ask("send_code_second", further=further)
    assert (result.outcome, destinations(desk)[1:]) == (outcome, sent)
    # What nobody asked for is not missing.
    assert ("second_missing" in sure(result).flags) == (outcome != "enough")


def test_again_and_another_way_keep_off_the_proven_contact(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    desk.ask("send_code_again")
    assert destinations(desk) == [MOBILE, LANDLINE, LANDLINE]
    assert desk.ask("send_code_other").outcome == "limit"


def test_another_way_is_the_next_one(sqlite_database: Database, clock: ManualClock) -> None:
    with Desk(sqlite_database, clock, sends=5) as desk:
        proven(desk)
        desk.ask("send_code_second")
        desk.ask("send_code_other")
        assert destinations(desk) == [MOBILE, LANDLINE, EMAIL]
        desk.ask("send_code_other")  # there is none
        assert len(destinations(desk)) == 3
        assert desk.enter(newest(desk)).evidence["second_channel"] == "email"


def test_another_way_never_comes_back_to_the_proven_contact(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, sends=5) as desk:
        register(desk.db, customer())
        desk.identify()
        desk.ask("send_code")
        desk.ask("send_code_other")
        assert desk.enter(newest(desk)).evidence["channel"] == "voice"
        for step in ("send_code_second", "send_code_other"):
            desk.ask(step)
        assert destinations(desk) == [MOBILE, LANDLINE, MOBILE, EMAIL]


def test_the_same_request_sends_once(desk: Desk) -> None:
    proven(desk)
    first = desk.ask("send_code_second", intent_id="same")
    assert desk.ask("send_code_second", intent_id="same") == first
    assert desk.sent == 2


# --- nothing before a code was accepted ----------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
def test_before_a_code_was_accepted_it_says_the_same_to_everybody(desk: Desk, asked: bool) -> None:
    register(desk.db, customer())
    noticed = set()
    for name in (HANAKO, STRANGER, said("ハマダ", "ハナコ")):
        desk.identify(name=name)
        if asked:
            desk.ask("send_code")
            desk.enter(desk.wrong_code())
        before = desk.sent
        with desk.db.count_queries() as queries:
            result = desk.ask("send_code_second")
        assert desk.sent == before
        assert "second" not in result.evidence
        noticed.add((result.outcome, queries.count))
    assert len(noticed) == 1
    assert {outcome for outcome, _ in noticed} == {"none"}


def test_without_a_verification_there_is_none(desk: Desk) -> None:
    assert desk.ask("send_code_second") == CheckResult("none", {"sent": "none"})


def test_a_code_accepted_in_another_call_is_none_of_this_one(desk: Desk) -> None:
    proven(desk)
    assert desk.ask("send_code_second", call_id="another").outcome == "none"
    assert desk.sent == 1


# --- what it proves ------------------------------------------------------------------------------


def test_both_factors_are_shown(any_desk: Desk) -> None:
    first = proven(any_desk)
    any_desk.ask("send_code_second")
    any_desk.clock.advance(60)
    result = any_desk.enter(newest(any_desk))
    assert result.outcome == "ok"
    assert result.evidence == first.evidence | {
        "sent": "voice", "second": "ok", "second_channel": "voice",
    }  # fmt: skip
    found = sure(result)
    assert found.factors >= {"code_sms", "code_voice", "second_contact"}
    assert (found.level, found.amr, found.flags) == ("verified", ("kba", "otp", "sms", "tel"), ())


def test_the_mobile_after_the_mailbox_verifies(desk: Desk) -> None:
    assert sure(proven(desk, "email", preferred="email")).level == "matched"
    desk.ask("send_code_second")
    found = sure(desk.enter(newest(desk)))
    assert (found.level, found.amr) == ("verified", ("kba", "otp", "email", "sms"))


def test_the_first_code_again_is_no_second(desk: Desk) -> None:
    proven(desk)
    code = desk.sms.last_code
    desk.ask("send_code_second")
    result = desk.enter(code)
    assert (result.outcome, result.evidence["second"]) == ("wrong", "wrong")


def test_another_code_of_the_first_contact_proves_nothing_more(desk: Desk) -> None:
    """Somebody in another call that shares the verification has one sent."""
    register(desk.db, customer(landline=None, email=None))
    desk.identify()
    desk.ask("send_code")
    desk.enter(newest(desk))
    desk.ask("send_code", call_id="another")
    result = desk.enter(newest(desk))
    assert result.outcome == "ok"
    assert sure(result).factors == {"birthdate", "name", "code_sms"}


def test_one_phone_under_two_names_is_no_second(desk: Desk) -> None:
    register(desk.db, customer(landline=MOBILE, email=None))
    desk.identify(caller=ELSEWHERE)
    desk.ask("send_code", caller=ELSEWHERE)
    desk.enter(newest(desk), caller=ELSEWHERE)
    # Somebody in another call that shares the verification has the phone rung.
    desk.ask("send_code_other", call_id="another", caller=ELSEWHERE)
    assert destinations(desk) == [MOBILE, MOBILE]
    result = desk.enter(newest(desk), caller=ELSEWHERE)
    assert result.outcome == "ok"
    assert sure(result).factors == {"birthdate", "name", "code_sms"}
