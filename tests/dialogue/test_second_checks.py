"""What a call asks of the checks that spare a code or ask for a second one, and what it keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dialogue_path import START, say

from ivr.dialogue.actions import Ask, Check, Transfer
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallStarted, Checked, Event, Pressed
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.outcome import assurance, proven_at
from ivr.dialogue.request import GIVEN_UP, check_request, from_json, to_json
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.flow.model import CHECK_OUTCOMES
from ivr.identity.ports import CheckRequest, KnownCallerRule
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]
ONE = {"match": "one", "customer": "1"}
OK = {"code": "ok", "channel": "sms", "verified_at": "2026-11-22T01:00:00+00:00"}


@pytest.fixture(scope="session")
def example() -> Flow:
    """The flow that spares a code, and asks for a second contact."""
    return load_flow(
        ROOT / "examples" / "flows" / "step_up",
        grammars_dir=ROOT / "grammars",
        words=Settings().words(),
    )


def walked(flow: Flow, *events: Event, about: str = "1", match: dict[str, str] = ONE) -> Call:
    """A call up to what follows the look for the customer, and then ``events``."""
    call = new_call(flow, START)
    before = [
        CallStarted(START),
        Pressed(START, about),
        Checked(START, "resume", "fresh"),
        say("はい"),
        say("昭和六十年三月五日です"),
        say("山田太郎です"),
        Checked(START, "identify", "done", match),
    ]
    for event in (*before, *events):
        call, _ = step(flow, call, event)
    return call


def with_code(flow: Flow, *events: Event, about: str = "1") -> Call:
    """A call whose first code was accepted."""
    entered = [
        Checked(START, "known_caller", "unknown"),
        say("はい"),
        Checked(START, "send_code", "sent", {"sent": "sms"}),
        Pressed(START, "123456"),
        Checked(START, "check_code", "ok", OK),
    ]
    return walked(flow, *entered, *events, about=about)


def request_of(flow: Flow, call: Call) -> CheckRequest:
    assert isinstance(call.action, Check)
    return check_request(
        flow,
        call,
        intent_id="i",
        call_id="c",
        check=call.action.check,
        caller="+819012345678",
        verification_id="v",
    )


def test_the_policys_rule_travels_with_the_question(example: Flow) -> None:
    asked = request_of(example, walked(example))
    assert asked.check == "known_caller"
    assert asked.known_caller == KnownCallerRule(seconds=600, after_agent=False)
    assert (asked.birthdate, asked.name is None) == ("1985-03-05", False)
    assert from_json(to_json(asked)) == asked


def test_a_call_about_money_is_spared_nothing(example: Flow) -> None:
    assert request_of(example, walked(example, about="2")).known_caller is None


def test_a_doubtful_call_is_spared_nothing(example: Flow) -> None:
    call = replace(walked(example), signals={"birthdates_day": 3})
    assert request_of(example, call).known_caller is None


def test_a_flow_whose_policy_says_nothing_spares_nobody(example: Flow) -> None:
    silent = replace(example, policy=example.policy.model_copy(update={"known_caller": None}))
    assert request_of(silent, walked(silent)).known_caller is None


def test_a_request_of_before_is_still_understood(example: Flow) -> None:
    stored = json.loads(to_json(request_of(example, walked(example))))
    del stored["known_caller"], stored["further"]
    old = from_json(json.dumps(stored))
    assert (old.known_caller, old.further) == (None, None)


@pytest.mark.parametrize(("about", "further"), [("1", ()), ("2", ("sms", "voice", "email"))])
def test_a_second_contact_is_asked_for_what_the_call_is_about(
    example: Flow, about: str, further: tuple[str, ...]
) -> None:
    asked = request_of(example, with_code(example, about=about))
    assert (asked.check, asked.further) == ("send_code_second", further)


def test_who_is_known_goes_to_the_agent(example: Flow) -> None:
    found = {**ONE, "recent": "sms", "recent_at": "2026-11-22T00:55:00+00:00"}
    call = walked(example, Checked(START, "known_caller", "known", found))
    assert isinstance(call.action, Transfer)
    sure = assurance(example, call)
    assert (sure.level, sure.amr, sure.flags) == ("verified", ("kba", "recent"), ("code_recent",))
    assert proven_at(call) == datetime(2026, 11, 22, 0, 55, tzinfo=UTC)


def test_who_is_not_hears_what_a_stranger_hears(example: Flow) -> None:
    heard = []
    for match in (ONE, {"match": "none"}, {"match": "several"}, {"match": "error"}):
        call = walked(example, Checked(START, "known_caller", "unknown", match), match=match)
        heard.append(call.action)
    assert isinstance(heard[0], Ask)
    assert heard == heard[:1] * 4


@pytest.mark.parametrize("outcome", ["wrong", "exhausted", "expired", "failed"])
def test_what_the_first_code_has_shown_stays(example: Flow, outcome: str) -> None:
    evidence = {} if outcome == "failed" else {"code": outcome, "second": outcome}
    call = with_code(
        example,
        Checked(START, "send_code_second", "sent", {"second": "sent"}),
        Pressed(START, "654321"),
        Checked(START, "check_code", outcome, evidence),
        about="2",
    )
    sure = assurance(example, call)
    assert (sure.level, sure.amr) == ("verified", ("kba", "otp", "sms"))
    assert sure.flags == ("second_missing",)
    assert proven_at(call) == START


def test_naming_somebody_else_drops_all_of_it(example: Flow) -> None:
    found = {**ONE, "recent": "sms", "recent_at": "2026-11-22T00:55:00+00:00", **OK}
    call = walked(example, Checked(START, "known_caller", "known", found))
    again = replace(call, state="identify", action=Check("identify", "identify"))
    after, _ = step(example, again, Checked(START, "identify", "done", {"match": "none"}))
    assert after.evidence == {"match": "none"}
    assert assurance(example, after).level == "claimed"


def test_a_check_that_is_given_up_ends_in_one_of_its_outcomes() -> None:
    assert set(GIVEN_UP) == set(CHECK_OUTCOMES)
    assert all(given[0] in CHECK_OUTCOMES[check] for check, given in GIVEN_UP.items())
    assert GIVEN_UP["known_caller"] == ("unknown", {}, ())


def test_an_instant_that_is_none_is_no_proof(example: Flow) -> None:
    call = new_call(example, START)
    assert proven_at(call) is None
    assert proven_at(replace(call, evidence={"recent_at": "yesterday"})) is None
