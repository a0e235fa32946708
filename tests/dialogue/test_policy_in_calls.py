"""What the policy of a flow does to a call: who is sent to a person, and what the result says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from dialogue_path import PATH, START

from ivr.dialogue.actions import Transfer
from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import Checked
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.outcome import assurance
from ivr.flow.flow import Flow
from ivr.flow.policy import UNWRITTEN

AtState = Callable[[str], Call]

#: Many people, many calls and wrong codes from one number.
GRAVE = {"birthdates_day": 3, "calls_hour": 6, "wrong_codes_day": 6}


def resumed(flow: Flow, at_state: AtState, outcome: str, signals: dict[str, int]) -> Call:
    call, _ = step(flow, at_state("resume"), Checked(START, "resume", outcome, signals=signals))
    return call


def test_a_number_that_has_shown_too_much_goes_to_a_person(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = resumed(verify_flow, at_state, "fresh", GRAVE)
    assert (call.state, call.flags) == ("to_person", ("screened",))
    assert isinstance(call.action, Transfer)
    sure = assurance(verify_flow, call)
    assert (sure.level, sure.flags) == ("none", ("screened", "risk_high"))
    assert sure.decision is not None
    assert sure.decision.may == ("general",)


@pytest.mark.parametrize("left_out", sorted(GRAVE))
def test_less_than_that_is_served(verify_flow: Flow, at_state: AtState, left_out: str) -> None:
    signals = {name: value for name, value in GRAVE.items() if name != left_out}
    assert resumed(verify_flow, at_state, "fresh", signals).state == "consent"


def test_who_is_in_the_middle_goes_on(verify_flow: Flow, at_state: AtState) -> None:
    assert resumed(verify_flow, at_state, "resumed", GRAVE).state == "code_resume"


def test_a_flow_without_that_way_serves_everybody(verify_flow: Flow, at_state: AtState) -> None:
    state = verify_flow.file.states["resume"]
    on = {outcome: target for outcome, target in state.on.items() if outcome != "person"}  # type: ignore[union-attr]
    states = {**verify_flow.file.states, "resume": state.model_copy(update={"on": on})}
    without = replace(verify_flow, file=verify_flow.file.model_copy(update={"states": states}))
    assert resumed(without, at_state, "fresh", GRAVE).state == "consent"


def test_signals_are_kept_and_the_newest_counts(verify_flow: Flow) -> None:
    call = new_call(verify_flow, START)
    for event, _ in PATH:
        if isinstance(event, Checked):
            number = PATH.index((event, _))
            event = replace(event, signals={"calls_hour": number, f"x{number}": 1})  # noqa: PLW2901
        call, _action = step(verify_flow, call, event)
    assert call.signals == {"calls_hour": 10, "x2": 1, "x6": 1, "x8": 1, "x10": 1}
    assert call_from_json(call_to_json(call)) == call


def test_doubt_changes_the_result_and_nothing_that_is_heard(verify_flow: Flow) -> None:
    """Every signal that depends on the directory, and any from outside, in every check."""
    hidden = {"near_misses_day": 9, "oddness": 100, "relay_risk": 1}
    heard = []
    for signals in ({}, hidden):
        call, actions = new_call(verify_flow, START), []
        for event, _ in PATH:
            said = replace(event, signals=signals) if isinstance(event, Checked) else event
            call, action = step(verify_flow, call, said)
            actions.append(action)
        heard.append(actions)
    assert heard[0] == heard[1]
    assert "risk_elevated" in assurance(verify_flow, call).flags


def test_a_flow_without_a_policy_says_nothing_of_actions(
    verify_flow: Flow, at_state: AtState
) -> None:
    without = replace(verify_flow, policy=UNWRITTEN)
    sure = assurance(without, replace(at_state("transfer"), signals=GRAVE))
    assert (sure.level, sure.flags, sure.decision) == ("verified", (), None)
