"""Counters, results, answers to webhooks, versions of flows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import counters, flow_versions, results, webhook_answers
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.results import ResultRecord

TODAY = date(2026, 11, 22)


def test_counters_count_by_scope_key_and_day(database: Database) -> None:
    with database.writing() as session:
        assert counters.value(session, "claim", "a", TODAY) == 0
        assert counters.bump(session, "claim", "a", TODAY) == 1
        assert counters.bump(session, "claim", "a", TODAY, by=3) == 4
        assert counters.bump(session, "customer", "a", TODAY) == 1
        assert counters.bump(session, "claim", "b", TODAY) == 1
        assert counters.bump(session, "claim", "a", TODAY + timedelta(days=1)) == 1
    with database.reading() as session:
        assert counters.value(session, "claim", "a", TODAY) == 4
        assert counters.value(session, "claim", "b", TODAY) == 1


@pytest.fixture
def result(stored_call: CallRecord, clock: ManualClock) -> ResultRecord:
    return ResultRecord(
        reference="ref-1",
        call_id=stored_call.id,
        token="header.payload.signature",
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(minutes=30),
        turn=3,
    )


def test_a_result_is_found_by_reference_and_by_call_and_turn(
    database: Database, result: ResultRecord
) -> None:
    second = replace(result, reference="a-ref", turn=5)
    with database.writing() as session:
        results.insert(session, result)
        results.insert(session, second)
    with database.reading() as session:
        assert results.get(session, "ref-1") == result
        assert results.by_turn(session, "call-1", 3) == result
        assert results.by_turn(session, "call-1", 5) == second
        assert results.get(session, "no-such") is None
        assert results.by_turn(session, "call-1", 4) is None
        assert results.by_turn(session, "call-2", 3) is None


def test_a_result_needs_its_call(database: Database, result: ResultRecord) -> None:
    with pytest.raises(RecordsError), database.writing() as session:
        results.insert(session, replace(result, call_id="no-such"))


@pytest.mark.parametrize(
    ("answers", "kept"),
    [([True], True), ([False], False), ([False, True], True), ([True, False], True)],
)
def test_an_agents_acceptance_stays(
    database: Database, result: ResultRecord, answers: list[bool], kept: bool
) -> None:
    with database.writing() as session:
        results.insert(session, result)
        for accepted in answers:
            assert results.answer(session, "ref-1", accepted)
        assert not results.answer(session, "no-such", True)
    with database.reading() as session:
        assert results.get(session, "ref-1") == replace(result, accepted=kept)


def test_the_first_fetch_stays_on_record(
    database: Database, result: ResultRecord, clock: ManualClock
) -> None:
    first = clock.now()
    with database.writing() as session:
        results.insert(session, result)
        results.mark_fetched(session, "ref-1", "crm", first)
        results.mark_fetched(session, "ref-1", "other", first + timedelta(minutes=1))
        with pytest.raises(NotFound):
            results.mark_fetched(session, "no-such", "crm", first)
    with database.reading() as session:
        found = results.get(session, "ref-1")
    assert found == replace(result, fetched_by="crm", fetched_at=first)


def test_the_first_answer_to_a_webhook_wins(database: Database, clock: ManualClock) -> None:
    with database.writing() as session:
        assert webhook_answers.get(session, "token") is None
        assert webhook_answers.put(session, "token", "<Response/>", clock.now()) == "<Response/>"
    with database.writing() as session:
        assert webhook_answers.put(session, "token", "<Other/>", clock.now()) == "<Response/>"
        assert webhook_answers.get(session, "token") == "<Response/>"


def test_old_answers_are_purged(database: Database, clock: ManualClock) -> None:
    with database.writing() as session:
        webhook_answers.put(session, "old", "<A/>", clock.now())
        webhook_answers.put(session, "older", "<B/>", clock.now() - timedelta(hours=1))
        clock.advance(1)
        webhook_answers.put(session, "new", "<C/>", clock.now())
        assert webhook_answers.purge_before(session, clock.now()) == 2
        assert webhook_answers.purge_before(session, clock.now()) == 0
        assert webhook_answers.get(session, "old") is None
        assert webhook_answers.get(session, "new") == "<C/>"


def test_a_flow_version_is_kept_once(database: Database, clock: ManualClock) -> None:
    sources = {"flow.yaml": "flow: 確認\n", "prompts.ja.yaml": "greeting: もしもし\n"}
    with database.writing() as session:
        flow_versions.put(session, "d1", "verify", sources, clock.now())
        flow_versions.put(session, "d1", "verify", {"flow.yaml": "other"}, clock.now())
    with database.reading() as session:
        assert flow_versions.get(session, "d1") == sources
        assert flow_versions.get(session, "d2") is None
