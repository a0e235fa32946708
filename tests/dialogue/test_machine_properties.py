"""Whatever happens in whatever order: a call ends within its limits, never raises, and is never
`verified` without birthdate, name and code."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialogue.actions import Ask, Check, End, Transfer
from ivr.dialogue.call import call_from_json, call_to_json
from ivr.dialogue.events import (
    CallStarted,
    Checked,
    Failed,
    Heard,
    HungUp,
    Pressed,
    Silence,
    SpeechLost,
    TransferEnded,
)
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.outcome import assurance
from ivr.flow.flow import Flow
from ivr.flow.model import CHECK_OUTCOMES, TRANSFER_OUTCOMES
from ivr.understanding.value import Hypothesis

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)

SAYINGS = [
    "はい", "いいえ", "係", "もう一度", "ゆっくり", "どうして聞くの", "わかりません", "届きません",
    "待って", "カードをなくしました", "娘です", "昭和六十年三月五日です", "三月、いえ四月五日",
    "昭和六十四年五月一日", "令和九十年一月一日", "山田太郎です", "山田です", "太郎",
    "English please", "yes", "no", "agent", "John Smith", "May third nineteen forty five",
    "一二三四五六", "ほげほげ", "。", " ",
]  # fmt: skip

times = st.integers(min_value=0, max_value=90)
words = st.sampled_from(SAYINGS) | st.text(max_size=20)
confidences = st.none() | st.floats(0, 1)
heard = st.lists(st.builds(Hypothesis, words, confidences), min_size=1, max_size=3).map(tuple)
keys = st.text(alphabet=string.digits + "*#", max_size=10) | st.sampled_from(
    ["0", "1", "2", "3", "*", "3600305", "19850305", "123456"]
)
evidence = st.dictionaries(
    st.sampled_from(["match", "sent", "code", "channel", "verified_at", "code_call"]),
    st.sampled_from(["one", "none", "several", "error", "locked", "sms", "email", "ok", "wrong"]),
    max_size=4,
)
checks = st.sampled_from(sorted(CHECK_OUTCOMES))
outcomes = st.sampled_from(
    sorted({o for all_of in CHECK_OUTCOMES.values() for o in all_of} | {"surprise"})
)


@st.composite
def random_events(draw: st.DrawFn) -> list[object]:
    """Events in any order, most of which do not fit."""
    made = []
    at = START
    for _ in range(draw(st.integers(0, 30))):
        at += timedelta(seconds=draw(times))
        made.append(
            draw(
                st.one_of(
                    st.builds(Heard, st.just(at), heard),
                    st.builds(Pressed, st.just(at), keys, st.sampled_from(["", "*", "#"])),
                    st.builds(Silence, st.just(at)),
                    st.builds(SpeechLost, st.just(at)),
                    st.builds(Checked, st.just(at), checks, outcomes, evidence),
                    st.builds(
                        TransferEnded,
                        st.just(at),
                        st.sampled_from([*TRANSFER_OUTCOMES, "surprise"]),
                    ),
                    st.builds(Failed, st.just(at), st.just("test")),
                    st.builds(CallStarted, st.just(at)),
                )
            )
        )
    return made


@given(events=random_events())
@settings(max_examples=60)
def test_any_events_in_any_order_never_raise_and_always_leave_an_action(
    verify_flow: Flow, events: list
) -> None:
    call, action = step(verify_flow, new_call(verify_flow, START), CallStarted(START))
    for event in events:
        before = call
        call, action = step(verify_flow, call, event)
        assert action is call.action
        assert call.turn in {before.turn, before.turn + 1}
        assert (call is before) == (call.turn == before.turn)
        if before.ended:
            assert call is before
        if isinstance(action, Ask):
            assert action.lines and all(line.text for line in action.lines)
            assert action.listen.speech or action.listen.keys
        if isinstance(action, End) and not isinstance(event, HungUp):
            assert call.ended and action.lines, "a call must not end in silence"
        assert call_from_json(call_to_json(call)) == call


def fitting(draw: st.DrawFn, action: object, at: datetime) -> object:
    """An event that the present action waits for."""
    if isinstance(action, Ask):
        return draw(
            st.one_of(
                st.builds(Heard, st.just(at), heard),
                st.builds(Pressed, st.just(at), keys, st.sampled_from(["", "*"])),
                st.builds(Silence, st.just(at)),
            )
        )
    if isinstance(action, Check):
        outcome = draw(st.sampled_from(CHECK_OUTCOMES[action.check]))
        return Checked(at, action.check, outcome, draw(evidence))
    return TransferEnded(at, draw(st.sampled_from(TRANSFER_OUTCOMES)))


@given(data=st.data())
@settings(max_examples=60)
def test_every_call_ends_within_its_limits(verify_flow: Flow, data: st.DataObject) -> None:
    limits = verify_flow.file.limits
    at = START
    call, action = step(verify_flow, new_call(verify_flow, START), CallStarted(at))
    asked = 0
    for _ in range(limits.turns * 2 + 100):
        if call.ended:
            break
        asked += isinstance(action, Ask)
        at += timedelta(seconds=1)
        call, action = step(verify_flow, call, data.draw(st.composite(fitting)(action, at)))
    assert call.ended, "the call went on for ever"
    assert asked <= limits.turns + 1


#: What somebody does who will be verified, by state and by check.
RIGHT_ANSWERS = {
    "birthdate": "昭和六十年三月五日です",
    "name": "山田太郎です",
    "code_entry": "123456",
}
RIGHT_OUTCOMES = {"resume": "fresh", "identify": "done", "send_code": "sent", "check_code": "ok"}


def right_answer(state: str, at: datetime) -> object:
    said = RIGHT_ANSWERS.get(state, "はい")
    return Pressed(at, said) if said.isdecimal() else Heard(at, (Hypothesis(said, 0.9),))


@given(data=st.data())
@settings(max_examples=100)
def test_never_verified_without_birthdate_name_and_code(
    verify_flow: Flow, data: st.DataObject
) -> None:
    """Checks answer as ours do: evidence of a match only from `identify`, of a code only from
    `check_code`; the caller does what leads there, and now and then anything. (A resumed call was
    claimed in the call before.)"""
    walk(verify_flow, data.draw, most_astray=3)


def test_the_right_way_is_verified(verify_flow: Flow) -> None:
    """Or the test above would show nothing."""

    def never(_: object) -> object:
        raise AssertionError("nothing is drawn")

    assert walk(verify_flow, never, most_astray=0)


def walk(verify_flow: Flow, draw: Callable[..., Any], most_astray: int) -> bool:
    """A call that leaves the right way at most so many times: whether it was verified."""
    verified, left = False, most_astray
    at = START
    call, action = step(verify_flow, new_call(verify_flow, START), CallStarted(at))
    slots_seen: set[str] = set()
    code_ok = resumed = False
    for _ in range(80):
        if call.ended:
            break
        at += timedelta(seconds=1)
        astray = left > 0 and draw(st.integers(0, 5)) == 0
        left -= astray
        if isinstance(action, Check):
            outcome = RIGHT_OUTCOMES.get(action.check, "")
            if astray or not outcome:
                outcome = draw(st.sampled_from(CHECK_OUTCOMES[action.check]))
            found = {"match": "one"} if action.check == "identify" or outcome == "resumed" else {}
            if action.check == "check_code" and outcome == "ok":
                found = {"code": "ok", "channel": "sms"}
                code_ok = True
            resumed = resumed or outcome == "resumed"
            event: object = Checked(at, action.check, outcome, found)
        elif isinstance(action, Ask) and not astray:
            event = right_answer(call.state, at)
        elif isinstance(action, Transfer) and not left:
            break
        else:
            event = fitting(draw, action, at)
        call, action = step(verify_flow, call, event)
        slots_seen |= set(call.slots)
        if isinstance(action, Transfer) and assurance(verify_flow, call).level == "verified":
            verified = True
            assert code_ok
            assert resumed or {"birthdate", "name"} <= slots_seen
    return verified


@pytest.mark.parametrize("state", ["consent", "birthdate", "name", "code_ready", "code_entry"])
def test_a_hang_up_ends_the_call_wherever_it_is(verify_flow: Flow, state: str, at_state) -> None:  # type: ignore[no-untyped-def]
    call = at_state(state)
    ended, action = step(verify_flow, call, HungUp(START))
    assert ended.ended == "hangup"
    assert isinstance(action, End)
    assert step(verify_flow, ended, Silence(START))[0] is ended
