"""Where nobody can hear the caller: which questions keys can answer, and where the others lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from dialogue_path import START, say

from ivr.dialogue.actions import Ask, Line
from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import Pressed, SpeechLost
from ivr.dialogue.machine import step
from ivr.flow.flow import Flow

AtState = Callable[[str], Call]
LOST = SpeechLost(START)


@pytest.mark.parametrize(
    ("state", "by_keys", "leads_to"),
    [
        ("opening", True, "opening"),
        ("consent", True, "consent"),
        ("birthdate", False, "birthdate_keys"),
        # A name has no keys: a person.
        ("name", False, "to_person_sorry"),
        ("code_ready", True, "code_ready"),
        ("code_entry", True, "code_entry"),
    ],
)
def test_where_a_question_leads_whom_nobody_can_hear(
    verify_flow: Flow, at_state: AtState, state: str, by_keys: bool, leads_to: str
) -> None:
    call = at_state(state)
    assert isinstance(call.action, Ask)
    assert call.action.listen.by_keys is by_keys
    after, action = step(verify_flow, call, LOST)
    assert after.state == leads_to
    assert (after is call) is by_keys
    if isinstance(action, Ask):
        assert action.listen.by_keys
    assert after.counts == call.counts


def test_a_read_back_is_confirmed_by_keys(verify_flow: Flow, at_state: AtState) -> None:
    call, action = step(verify_flow, at_state("name"), say("山田太郎です", 0.3))
    assert call.confirming is not None and isinstance(action, Ask)
    assert action.listen.by_keys
    assert step(verify_flow, call, LOST)[0] is call


def test_what_leads_up_to_a_question_is_not_lost(verify_flow: Flow, at_state: AtState) -> None:
    call = at_state("birthdate")
    assert isinstance(call.action, Ask)
    led = call.action.lines[-1]
    before = Line("purpose", "ご本人確認のためにお伺いします。")
    asked = Ask(call.action.state, (before, led), call.action.listen)
    after, action = step(verify_flow, replace(call, action=asked), LOST)
    assert [line.key for line in action.lines] == ["purpose", "birthdate_keys"]
    assert after.turn == call.turn + 1


def test_only_questions_are_left(verify_flow: Flow, at_state: AtState) -> None:
    for state in ("identify", "transfer"):
        call = at_state(state)
        assert step(verify_flow, call, LOST)[0] is call


def test_by_keys_alone_to_the_birthdate_and_then_a_person(
    verify_flow: Flow, at_state: AtState
) -> None:
    call, _ = step(verify_flow, at_state("birthdate"), LOST)
    call, _ = step(verify_flow, call, Pressed(START, "3600305"))
    assert call.state == "name" and call.slots["birthdate"] == "1985-03-05"
    call, _ = step(verify_flow, call, LOST)
    assert call.state == "to_person_sorry"
    assert call.flags == ()


def test_questions_stored_before_this_was_known_are_asked(at_state: AtState) -> None:
    call = at_state("consent")
    older = call_to_json(call).replace(',"by_keys":true', "")
    assert older != call_to_json(call)
    assert call_from_json(older) == call
