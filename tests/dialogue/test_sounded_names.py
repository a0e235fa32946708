"""What the sound of a name says goes with the name to its check, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from dialogue_path import START, say

from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import Event, Heard
from ivr.dialogue.machine import step
from ivr.dialogue.request import check_request
from ivr.flow.flow import Flow
from ivr.identity.listened_names import FullName
from ivr.identity.name_evidence import NameEvidence
from ivr.identity.ports import CheckRequest

TARO, HANAKO = FullName("ヤマダ", "タロー"), FullName("ヤマダ", "ハナコ")
CLEAR = NameEvidence("pass", frozenset({TARO}), 4.0, 0.9)
SURNAME = NameEvidence("pass", frozenset({TARO, HANAKO}), 4.0, 0.9, whole=False)
GIVEN = NameEvidence("uncertain", frozenset({TARO}), 0.1, 0.9, whole=False)
Walk = Callable[[str], Call]


def heard(text: str, evidence: NameEvidence | None, confidence: float = 0.9) -> Heard:
    return replace(say(text, confidence), name_evidence=evidence)


def after(flow: Flow, call: Call, *events: Event) -> Call:
    for event in events:
        call, _ = step(flow, call, event)
    return call


def request(flow: Flow, call: Call) -> CheckRequest:
    assert call.state == "identify"
    return check_request(
        flow, call, intent_id="i", call_id="c", check="identify", caller="", verification_id=None
    )


def test_the_check_gets_the_evidence(verify_flow: Flow, at_state: Walk) -> None:
    call = after(verify_flow, at_state("name"), heard("山田太郎です", CLEAR))
    assert request(verify_flow, call).name_evidence == CLEAR
    assert call_from_json(call_to_json(call)) == call


def test_a_name_that_was_not_weighed_has_none(verify_flow: Flow, at_state: Walk) -> None:
    call = after(verify_flow, at_state("name"), say("山田太郎です"))
    assert request(verify_flow, call).name_evidence is None


def test_surname_and_given_name_are_merged(verify_flow: Flow, at_state: Walk) -> None:
    call = after(
        verify_flow, at_state("name"), heard("山田です", SURNAME), heard("太郎です", GIVEN)
    )
    evidence = request(verify_flow, call).name_evidence
    assert evidence is not None
    assert (evidence.decision, evidence.names) == ("uncertain", frozenset({TARO}))
    assert evidence.whole


@pytest.mark.parametrize(("first", "second"), [(SURNAME, None), (None, GIVEN)])
def test_half_a_name_weighed_is_no_whole_one(
    verify_flow: Flow, at_state: Walk, first: NameEvidence | None, second: NameEvidence | None
) -> None:
    call = after(verify_flow, at_state("name"), heard("山田です", first), heard("太郎です", second))
    evidence = request(verify_flow, call).name_evidence
    assert evidence is not None
    assert not evidence.whole


def test_a_yes_to_what_was_heard_is_remembered(verify_flow: Flow, at_state: Walk) -> None:
    call = after(verify_flow, at_state("name"), heard("山田太郎です", CLEAR, 0.2))
    assert call.confirming is not None
    call = after(verify_flow, call, say("はい"))
    assert request(verify_flow, call).name_evidence == replace(CLEAR, confirmed=True)


def test_what_is_denied_is_forgotten(verify_flow: Flow, at_state: Walk) -> None:
    call = after(
        verify_flow,
        at_state("name"),
        heard("山本太郎です", CLEAR, 0.2),
        say("いいえ"),
        heard("山田です", SURNAME),
        heard("次郎です", None, 0.2),
        say("はい"),
    )
    evidence = request(verify_flow, call).name_evidence
    assert evidence is not None
    assert evidence.names == SURNAME.names


@pytest.mark.parametrize("evidence", [None, CLEAR, GIVEN, NameEvidence("none")])
@pytest.mark.parametrize("confidence", [0.9, 0.2])
def test_the_conversation_is_the_same_whatever_it_says(
    verify_flow: Flow, at_state: Walk, evidence: NameEvidence | None, confidence: float
) -> None:
    without = after(verify_flow, at_state("name"), say("山田太郎です", confidence))
    with_it = after(verify_flow, at_state("name"), heard("山田太郎です", evidence, confidence))
    assert with_it.action == without.action
    assert replace(with_it, sounded={}, sounding=None) == without
    assert with_it.started_at == START
