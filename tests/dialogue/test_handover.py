"""To whom a call goes: routes, opening hours, overflow, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dialogue_path import PATH, START, say

from ivr.dialogue.actions import Ask, End, Transfer
from ivr.dialogue.call import Call, Tried, call_from_json, call_to_json
from ivr.dialogue.events import Checked, Pressed, TransferEnded
from ivr.dialogue.machine import new_call, step
from ivr.flow.destinations import Destination, DestinationsFile, Overflow, Priority
from ivr.flow.flow import Flow
from ivr.flow.model import Choice, Route, TransferState
from ivr.flow.opening_hours import OpeningHours

#: START is a Sunday, ten in the morning in Japan.
HOURS = {
    "sundays": OpeningHours(sun=("9:00-17:00",)),
    "mornings": OpeningHours(sun=("9:00-10:01",)),
    "mondays": OpeningHours(mon=("9:00-17:00",)),
}
NOT_TAKEN = ("busy", "no_answer", "declined", "failed")

Change = Callable[..., Flow]


def desk(hours: str | None = None, **more: Any) -> Destination:
    closed = "code_expired" if hours else None
    return Destination(**{"kind": "phone", "hours": hours, "closed": closed, **more})


def to(name: str, prompt: str | None = None) -> Overflow:
    return Overflow(to=name, prompt=prompt)


@pytest.fixture
def with_desks(verify_flow: Flow) -> Change:
    """The shipped flow with other destinations; ``transfer=…`` changes that state."""

    def change(transfer: Mapping[str, Any] | None = None, **desks: Destination) -> Flow:
        state = verify_flow.file.states["transfer"].model_copy(update=dict(transfer or {}))
        states = {**verify_flow.file.states, "transfer": state}
        return replace(
            verify_flow,
            file=verify_flow.file.model_copy(update={"states": states}),
            destinations=DestinationsFile(hours=HOURS, destinations=desks),
        )

    return change


def at_transfer(flow: Flow, *, language: str | None = None, code: str = "ok") -> Call:
    """The shipped way to the state ``transfer``."""
    call = new_call(flow, START, language)
    for event, _ in PATH[:-1]:
        call, _ = step(flow, call, event)
    evidence = {"code": code, "channel": "sms"}
    outcome = "ok" if code == "ok" else "exhausted"
    call, _ = step(flow, call, Checked(START, "check_code", outcome, evidence))
    assert call.state == "transfer" or isinstance(call.action, End)
    return call


def ended(flow: Flow, call: Call, outcome: str, minutes: int = 1) -> Call:
    after, _ = step(flow, call, TransferEnded(START + timedelta(minutes=minutes), outcome))
    return after


def said(call: Call) -> list[str]:
    return [line.key for line in call.action.lines]


def went_to(call: Call) -> str:
    assert isinstance(call.action, Transfer)
    return call.action.destination


def test_an_open_destination_is_rung_as_it_wants(with_desks: Change) -> None:
    flow = with_desks(agents=desk("sundays", kind="sip", refer=True))
    call = at_transfer(flow)
    assert isinstance(call.action, Transfer)
    assert (call.action.by, call.action.in_turn, call.action.refer) == ("sip", True, True)
    assert said(call) == ["transfer"]


@pytest.mark.parametrize("outcome", NOT_TAKEN)
def test_whoever_does_not_take_a_call_hands_it_on(with_desks: Change, outcome: str) -> None:
    flow = with_desks(agents=desk(overflow=to("overflow", "agents_busy")), overflow=desk())
    call = ended(flow, at_transfer(flow), outcome)
    assert (call.state, went_to(call), said(call)) == ("transfer", "overflow", ["agents_busy"])
    call = ended(flow, call, outcome, 2)
    on = flow.file.states["transfer"]
    assert isinstance(on, TransferState)
    assert call.state == on.on[outcome]
    assert [(tried.destination, tried.outcome) for tried in call.tried[:2]] == [
        ("agents", outcome),
        ("overflow", outcome),
    ]


def test_whoever_takes_a_call_is_remembered(with_desks: Change) -> None:
    flow = with_desks(agents=desk(overflow=to("overflow")), overflow=desk())
    call = ended(flow, ended(flow, at_transfer(flow), "busy"), "bridged", 2)
    assert call.connected == "overflow"
    assert said(call) == ["goodbye"]
    assert call.tried == (
        Tried("agents", "busy", START + timedelta(minutes=1)),
        Tried("overflow", "bridged", START + timedelta(minutes=2)),
    )
    assert call_from_json(call_to_json(call)) == call


def test_a_closed_destination_is_not_rung(with_desks: Change) -> None:
    flow = with_desks(
        agents=desk("mondays", overflow=to("overflow", "agents_busy")), overflow=desk("sundays")
    )
    call = at_transfer(flow)
    # Nobody was kept waiting: the words are those of the transfer, not of a second try.
    assert (went_to(call), said(call)) == ("overflow", ["transfer"])
    assert call.tried == (Tried("agents", "closed", START),)


def test_where_everybody_is_closed_the_caller_hears_so(with_desks: Change) -> None:
    flow = with_desks(
        {"on": dict.fromkeys((*NOT_TAKEN, "bridged"), "call_us_back")},
        agents=desk("mondays", overflow=to("overflow")),
        overflow=desk("mondays"),
    )
    call = at_transfer(flow)
    assert isinstance(call.action, End) and call.ended == "end"
    assert said(call) == ["code_expired", "call_us_back"]
    assert [tried.outcome for tried in call.tried] == ["closed"]


def test_closed_leads_where_the_flow_says(with_desks: Change) -> None:
    ways = {"on": {**dict.fromkeys((*NOT_TAKEN, "bridged"), "consent"), "closed": "goodbye"}}
    call = at_transfer(with_desks(ways, agents=desk("mondays")))
    assert said(call) == ["code_expired", "goodbye"]


def test_closed_may_lead_back_to_the_bot(with_desks: Change) -> None:
    flow = with_desks(
        {"on": dict.fromkeys((*NOT_TAKEN, "bridged"), "consent")}, agents=desk("mondays")
    )
    call = at_transfer_or_beyond(flow)
    assert isinstance(call.action, Ask)
    assert said(call)[:2] == ["code_expired", "consent"]
    assert call.ended is None


def at_transfer_or_beyond(flow: Flow) -> Call:
    call = new_call(flow, START)
    for event, _ in PATH:
        call, _ = step(flow, call, event)
    return call


def test_an_overflow_that_closes_meanwhile_is_not_rung(with_desks: Change) -> None:
    flow = with_desks(
        {"on": dict.fromkeys((*NOT_TAKEN, "bridged"), "call_us_back")},
        agents=desk(overflow=to("overflow")),
        overflow=desk("mornings"),
    )
    call = at_transfer(flow)
    assert went_to(ended(flow, call, "busy", 0)) == "overflow"
    # One minute past ten it is closed; nobody is told so who was told that agents are rung.
    late = ended(flow, call, "busy", 1)
    assert said(late) == ["call_us_back"]


def test_states_that_only_lead_to_closed_doors_end(with_desks: Change) -> None:
    """Every transfer of the shipped flow leads to another one; all of them are closed."""
    flow = with_desks(
        {"on": dict.fromkeys((*NOT_TAKEN, "bridged"), "transfer")}, agents=desk("mondays")
    )
    call = at_transfer_or_beyond(flow)
    assert isinstance(call.action, End)
    assert call.ended == "end"
    assert said(call)[-1] == "call_us_back"


@pytest.mark.parametrize(
    ("code", "flags", "expected"),
    [
        ("ok", (), 10),
        ("wrong", (), 0),
        ("ok", ("relay_risk",), 10),
        ("wrong", ("urgent",), 50),
        ("ok", ("urgent",), 50),
        ("wrong", ("proxy",), 5),
    ],
)
def test_a_queue_takes_some_calls_first(
    with_desks: Change, code: str, flags: tuple[str, ...], expected: int
) -> None:
    priority = Priority(verified=10, urgent=50, proxy=5)
    flow = with_desks(agents=desk(kind="taskrouter", priority=priority, wait_minutes=4))
    call = new_call(flow, START)
    for event, _ in PATH[:-1]:
        call, _ = step(flow, call, event)
    outcome = "ok" if code == "ok" else "exhausted"
    evidence = {"code": code, "channel": "sms"}
    call, _ = step(flow, call.flagged(*flags), Checked(START, "check_code", outcome, evidence))
    assert isinstance(call.action, Transfer)
    assert (call.action.by, call.action.priority, call.action.wait_s) == (
        "taskrouter",
        expected,
        240,
    )


ROUTES = (
    Route(to="senior", level="verified", intent="money"),
    Route(to="english", language="en"),
    Route(to="checked", level="verified"),
)


@pytest.mark.parametrize(
    ("intent", "language", "code", "expected"),
    [
        (None, "ja", "ok", "checked"),
        (None, "ja", "wrong", "agents"),
        (None, "en", "wrong", "english"),
        (None, "en", "ok", "english"),
        ("money", "en", "ok", "senior"),
        ("money", "en", "wrong", "english"),
        ("loans", "ja", "wrong", "agents"),
    ],
)
def test_routes_choose_by_level_intent_and_language(
    with_desks: Change, intent: str | None, language: str, code: str, expected: str
) -> None:
    flow = with_desks({"routes": ROUTES})
    call = new_call(flow, START, "ja")
    for event, _ in PATH[:-1]:
        call, _ = step(flow, call, event)
    call = replace(call, intent=intent, language=language)
    outcome = "ok" if code == "ok" else "exhausted"
    evidence = {"code": code, "channel": "sms"}
    call, _ = step(flow, call, Checked(START, "check_code", outcome, evidence))
    assert went_to(call) == expected


def test_who_is_a_customer_does_not_choose_who_answers(with_desks: Change) -> None:
    """``matched`` and ``claimed`` sound alike: a wrong code leads both to the same people."""
    flow = with_desks({"routes": ROUTES})
    reached = set()
    for match in ("one", "none"):
        call = new_call(flow, START)
        identified = Checked(START, "identify", "done", {"match": match})
        for event, state in PATH[:-1]:
            call, _ = step(flow, call, identified if state == "code_ready" else event)
        wrong = Checked(START, "check_code", "exhausted", {"code": "exhausted"})
        call, _ = step(flow, call, wrong)
        reached.add((went_to(call), tuple(said(call))))
    assert len(reached) == 1


def test_a_choice_says_what_the_call_is_about(with_desks: Change) -> None:
    flow = with_desks()
    consent = flow.file.states["consent"]
    choices = {"yes": Choice(go="birthdate", intent="money"), "no": "to_person"}
    states = {**flow.file.states, "consent": consent.model_copy(update={"choices": choices})}
    flow = replace(flow, file=flow.file.model_copy(update={"states": states}))
    call = new_call(flow, START)
    for event, _ in PATH[:3]:
        call, _ = step(flow, call, event)
    call, _ = step(flow, call, say("はい"))
    assert (call.state, call.intent) == ("birthdate", "money")
    # What is said later does not forget it.
    call, _ = step(flow, call, Pressed(START, "0"))
    assert call.intent == "money"


def test_too_long_a_call_at_night_still_ends(with_desks: Change) -> None:
    """The way out of a call that grew too long is a transfer, too."""
    flow = with_desks(agents=desk("mondays"), overflow=desk("mondays"))
    call = new_call(flow, START)
    for event, _ in PATH[:3]:
        call, _ = step(flow, call, event)
    at = START + timedelta(minutes=flow.file.limits.minutes + 1)
    call, _ = step(flow, call, replace(say("ええと"), at=at))
    # Neither is there time left to ask for a number to call back.
    for offered in ("not_offered", "known", "unknown"):
        ended, _ = step(flow, call, Checked(at, "callback_number", offered))
        assert isinstance(ended.action, End)
        assert ended.ended == "end"
    assert "call_limit" in call.flags
    assert {tried.outcome for tried in call.tried} == {"closed"}
