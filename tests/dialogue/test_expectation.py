"""What callers may answer now, asked while they still speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from dialogue_path import say

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, End
from ivr.dialogue.call import Call
from ivr.dialogue.expectation import Expectations, expected
from ivr.dialogue.machine import step
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.errors import NotFound
from ivr.flow.flow import Flow
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.records.database import Database
from ivr.settings import Settings

TODAY = date(2026, 11, 22)
Walk = Callable[[str], Call]


@pytest.mark.parametrize(
    ("state", "text", "whole"),
    [
        ("consent", "はい", True),
        ("consent", "いいえ", True),
        ("consent", "えーっと", False),
        ("consent", "係の人をお願いします", True),
        ("birthdate", "昭和六十年三月五日", True),
        ("birthdate", "昭和六十年", False),
        ("birthdate", "昭和六十年三月", False),
        # Said clearly, and cannot be.
        ("birthdate", "昭和六十年十三月五日", True),
        ("birthdate", "二千四十年三月五日", True),
        ("birthdate", "もう一度お願いします", True),
        ("name", "山田太郎です", True),
        ("name", "山田", False),
        ("name", "[unk]", False),
    ],
)
def test_short_pauses_end_answers_that_lack_nothing(
    verify_flow: Flow, at_state: Walk, state: str, text: str, whole: bool
) -> None:
    expectation = expected(verify_flow, at_state(state), TODAY)
    assert expectation is not None
    assert expectation.is_whole(text) is whole


def test_a_value_read_back_expects_yes_or_no(verify_flow: Flow, at_state: Walk) -> None:
    call, _ = step(verify_flow, at_state("birthdate"), say("昭和六十年三月五日", 0.1))
    assert call.confirming is not None
    expectation = expected(verify_flow, call, TODAY)
    assert expectation is not None
    assert [grammar.name for grammar in expectation.grammars] == ["yes_no", "commands"]
    assert expectation.is_whole("はい")
    assert not expectation.is_whole("えーっと")


def test_the_grammars_are_those_of_the_question_in_its_language(
    verify_flow: Flow, at_state: Walk
) -> None:
    expectation = expected(verify_flow, at_state("birthdate"), TODAY)
    assert expectation is not None
    assert [grammar.name for grammar in expectation.grammars] == ["birthdate", "commands"]
    assert {grammar.language for grammar in expectation.grammars} == {"ja"}


@pytest.mark.parametrize(("text", "nod"), [("はい", True), ("いいえ", False), ("三月", False)])
def test_polite_listeners_say_yes_all_the_time(
    verify_flow: Flow, at_state: Walk, text: str, nod: bool
) -> None:
    expectation = expected(verify_flow, at_state("consent"), TODAY)
    assert expectation is not None
    assert expectation.is_nod(text) is nod


def test_the_call_in_the_database_is_asked(
    database: Database, verify_flow: Flow, clock: ManualClock
) -> None:
    shelf = FlowShelf(verify_flow, database, clock, Settings().words())
    signer = ResultSigner(
        new_signing_key(), "https://example.test", "agents", clock, timedelta(minutes=30)
    )
    service = DialogueService(
        database, shelf, signer, clock, check_deadline_s=12, result_minutes=30
    )
    reply = service.begin(call_sid="CA1", caller="", called="")
    expectations = Expectations(database, shelf, clock)
    expectation = expectations.of(call_sid="CA1", turn=reply.turn)
    assert expectation is not None
    assert isinstance(reply.action, Ask)
    names = [grammar.name for grammar in expectation.grammars]
    assert names == list(reply.action.listen.grammars)
    assert expectations.of(call_sid="CA1", turn=reply.turn + 1) is None
    with pytest.raises(NotFound):
        expectations.of(call_sid="CA2", turn=0)


def test_where_nothing_is_asked_nothing_is_expected(verify_flow: Flow, at_state: Walk) -> None:
    assert expected(verify_flow, at_state("identify"), TODAY) is None
    over = replace(at_state("consent"), action=End("consent"))
    assert expected(verify_flow, over, TODAY) is None
