"""What callers may answer now, asked while they still speak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from dialogue_path import say

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, End
from ivr.dialogue.call import Call, call_to_json
from ivr.dialogue.expectation import Expectations, expected
from ivr.dialogue.machine import step
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.errors import NotFound, RecordsUnavailable
from ivr.flow.flow import Flow
from ivr.identity.ports import Customer
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.records import calls
from ivr.records.calls import CallRecord
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


def test_names_are_expected_with_what_is_known_before_them(
    verify_flow: Flow, at_state: Walk
) -> None:
    expectation = expected(verify_flow, at_state("name"), TODAY)
    assert expectation is not None
    names = expectation.names
    assert names is not None
    assert (names.asked, names.birthdate, names.number) == ("full", "1985-03-05", None)
    assert names.registered is None
    assert names.is_answer("山田太郎です")
    assert names.is_answer("もう一度お願いします")
    assert not names.is_answer("いい天気ですね")
    call, _ = step(verify_flow, at_state("name"), say("山田です"))
    part = expected(verify_flow, call, TODAY)
    assert part is not None
    assert part.names is not None
    assert part.names.asked == "given"


def test_no_name_is_expected_elsewhere(verify_flow: Flow, at_state: Walk) -> None:
    reading_back, _ = step(verify_flow, at_state("name"), say("山田太郎です", 0.2))
    for call in (at_state("birthdate"), at_state("consent"), reading_back):
        expectation = expected(verify_flow, call, TODAY)
        assert expectation is not None
        assert expectation.names is None


def test_bare_numbers_are_listened_for_where_a_part_is_asked(
    verify_flow: Flow, at_state: Walk
) -> None:
    call, _ = step(verify_flow, at_state("birthdate"), say("昭和六十年です"))
    expectation = expected(verify_flow, call, TODAY)
    assert expectation is not None
    names = [grammar.name for grammar in expectation.grammars]
    assert names == ["birthdate", "birthdate_part", "yes_no", "commands"]


class FakeDirectory:
    """``people`` were born on every day; None: it is out of order."""

    def __init__(self, *people: Customer, broken: bool = False) -> None:
        self._people, self._broken = people, broken

    def born_on(self, birthdate: date) -> Sequence[Customer]:
        if self._broken:
            raise RecordsUnavailable("out of order")
        return self._people

    def by_id(self, customer_id: str) -> Customer | None:
        return None


def born(number: str, surname: str, given: str) -> Customer:
    return Customer(number, number, "", "", surname, given, date(1985, 3, 5))


PEOPLE = (born("K-1", "ヤマダ", "タロウ"), born("K-2", "サトウ", "ハナコ"))


@pytest.mark.parametrize(
    ("directory", "number", "registered"),
    [
        (None, None, None),
        (FakeDirectory(broken=True), None, None),
        (FakeDirectory(), None, ()),
        (FakeDirectory(*PEOPLE), None, (("ヤマダ", "タロウ"), ("サトウ", "ハナコ"))),
        (FakeDirectory(*PEOPLE), "2", (("サトウ", "ハナコ"),)),
        (FakeDirectory(*PEOPLE), "3", ()),
    ],
)
def test_candidates_have_the_birthdate_and_the_number(
    database: Database,
    verify_flow: Flow,
    at_state: Walk,
    clock: ManualClock,
    directory: FakeDirectory | None,
    number: str | None,
    registered: tuple[tuple[str, str], ...] | None,
) -> None:
    shelf = FlowShelf(verify_flow, database, clock, Settings().words())
    shelf.keep(verify_flow)
    call = at_state("name")
    call = call if number is None else call.filled("number", number)
    with database.writing() as session:
        calls.insert(
            session,
            CallRecord(
                id="c",
                call_sid="CA1",
                flow_name="verify",
                flow_digest=verify_flow.digest,
                language="ja",
                caller="",
                called="",
                turn=call.turn,
                status="active",
                state=call_to_json(call),
                started_at=clock.now(),
            ),
        )
    expectation = Expectations(database, shelf, clock, directory).of(call_sid="CA1", turn=call.turn)
    assert expectation is not None
    assert expectation.names is not None
    assert expectation.names.registered == registered
