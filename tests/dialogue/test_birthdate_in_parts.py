"""A birthdate said part by part: each part is asked for once, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dialogue_path import PATH, START
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialogue.actions import Ask
from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import Event, Heard, Pressed, Silence
from ivr.dialogue.machine import new_call, step
from ivr.flow.flow import Flow
from ivr.understanding.value import Hypothesis

AtState = Callable[[str], Call]


def say(text: str, confidence: float = 0.9) -> Heard:
    return Heard(START, (Hypothesis(text, confidence),))


def run(flow: Flow, call: Call, *events: Event | str) -> Call:
    for event in events:
        call, _ = step(flow, call, say(event) if isinstance(event, str) else event)
        assert call_from_json(call_to_json(call)) == call
    return call


def keys_of(call: Call) -> list[str]:
    assert isinstance(call.action, Ask)
    return [line.key for line in call.action.lines]


@pytest.mark.parametrize(
    "said",
    [
        ("昭和六十年です", "三月です", "五日です"),
        ("昭和六十年", "三", "五"),
        ("昭和六十年", "さんです", "ご"),
        ("昭和六十年", "3", "5"),
        ("昭和六十年", "三月五日です"),
        ("三月五日", "昭和六十年"),
        ("三月五日", "昭和六十"),
        ("五日です", "一九八五年", "三月"),
        ("昭和六十年三月", "いつか"),
        ("昭和六十年", "えーと", "三月", "五日"),
        ("昭和六十一年", "いいえ", "昭和六十年三月五日"),
        ("昭和六十年二月", "三十日", "昭和六十年三月五日"),
    ],
)
def test_the_parts_make_the_birthdate(
    verify_flow: Flow, at_state: AtState, said: tuple[str, ...]
) -> None:
    call = run(verify_flow, at_state("birthdate"), *said)
    assert call.state == "name"
    assert call.slots["birthdate"] == "1985-03-05"
    assert call.said is None


def test_parts_in_english(verify_flow: Flow, at_state: AtState) -> None:
    said = ("英語でお願いします", "March", "nineteen eighty five")
    call = run(verify_flow, at_state("birthdate"), *said)
    assert keys_of(call) == ["birthdate_day"]
    assert run(verify_flow, call, "the fifth").slots["birthdate"] == "1985-03-05"


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        (("昭和六十年",), ["birthdate_month"]),
        (("昭和六十年", "三"), ["birthdate_day"]),
        (("三月五日",), ["birthdate_year"]),
        (("三月",), ["birthdate_year"]),
        # Two figures are no year; a month has one of twelve numbers.
        (("三月五日", "六十"), ["not_understood", "birthdate_year"]),
        (("三月五日", "85"), ["not_understood", "birthdate_year"]),
        (("昭和六十年", "十五"), ["not_understood", "birthdate_month"]),
        (("昭和六十年", Silence(START)), ["not_heard", "birthdate_month"]),
        # Taken back, or impossible: everything is asked anew.
        (("昭和六十年", "違います"), ["not_right", "birthdate"]),
        (("昭和六十年二月", "三十日"), ["not_possible", "birthdate"]),
        (("三月", "昭和六十年、いえ"), ["birthdate_retry"]),
    ],
)
def test_what_is_missing_is_asked_for(
    verify_flow: Flow, at_state: AtState, said: tuple[Event | str, ...], keys: list[str]
) -> None:
    call = run(verify_flow, at_state("birthdate"), *said)
    assert call.state == "birthdate"
    assert keys_of(call) == keys


def test_a_part_is_no_failure(verify_flow: Flow, at_state: AtState) -> None:
    assert run(verify_flow, at_state("birthdate"), "昭和六十年", "三").counts == {}


def test_a_bare_number_is_nothing_before_the_first_part(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = run(verify_flow, at_state("birthdate"), "五")
    assert call.said is None
    assert call.counts == {"birthdate.no_match": 1}


def test_another_year_is_read_back(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), "昭和六十一年", "昭和六十年", "三月五日")
    assert call.confirming == "1985-03-05"
    assert keys_of(call) == ["birthdate_confirm"]


def test_saying_the_same_part_again_ends_at_the_keys(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), *["昭和六十年"] * 3)
    assert call.state == "birthdate_keys"
    assert call.said is None


def test_a_part_corrects_what_is_read_back(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), say("昭和六十年四月五日です", 0.2))
    assert call.confirming == "1985-04-05"
    call = run(verify_flow, call, "いえ、三月です")
    assert call.confirming == "1985-03-05"
    assert "birthdate" not in call.slots
    assert run(verify_flow, call, "はい").slots["birthdate"] == "1985-03-05"
    # The same month again is no yes.
    assert run(verify_flow, call, "三月です").confirming == "1985-03-05"


def test_keys_forget_what_was_said(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), "昭和六十年", Pressed(START, "3"))
    assert call.state == "birthdate_keys"
    assert call.said is None


def test_a_command_keeps_the_question(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), "昭和六十年", "もう一度お願いします")
    assert keys_of(call) == ["birthdate_month"]
    assert run(verify_flow, call, "三", "五").slots["birthdate"] == "1985-03-05"


SAID = ("昭和六十年", "三月", "五日", "三", "五", "六十", "いいえ", "はい", "十五", "違います")


@given(st.lists(st.sampled_from(SAID), max_size=8))
def test_no_other_date_comes_of_these_parts(verify_flow: Flow, said: list[str]) -> None:
    call = start_of(verify_flow)
    for text in said:
        call, _ = step(verify_flow, call, say(text))
    assert str(call.slots.get("birthdate", "1985-")).startswith("1985-")


def start_of(flow: Flow) -> Call:
    call = new_call(flow, START)
    for event, reached in PATH:
        call, _ = step(flow, call, event)
        if reached == "birthdate":
            return call
    raise AssertionError
