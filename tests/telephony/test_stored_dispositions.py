"""Dispositions in the database: kept once, changed with their history, in order of their time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from fixtures_databases import new_database
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.clock import ManualClock
from ivr.errors import KeyExpired, TooOften
from ivr.records import audit_chain, calls, dispositions, results
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.results import ResultRecord
from ivr.setting_values import ResultReader
from ivr.telephony.dispositions import OPEN_FOR, StoredDispositions
from ivr.telephony.ports import Kept, Said

#: {"aud": "branch"} between a header and a signature that nobody looks at here.
TOKEN = "eyJhbGciOiAiRWREU0EifQ.eyJhdWQiOiAiYnJhbmNoIn0.eA"
CRM = "system crm"
_START = datetime(2026, 11, 22, 1, tzinfo=UTC)


def transferred(db: Database, clock: ManualClock, name: str = "1") -> None:
    """A call with one result."""
    now, called = clock.now(), "+815012345678"
    own, sid = f"c{name}", f"CA{name}"
    call = CallRecord(own, sid, "verify", "d", "ja", "", called, 3, "ended", "{}", now)
    with db.writing() as session:
        calls.insert(session, call)
        expires = now + timedelta(minutes=30)
        results.insert(session, ResultRecord(f"R{name}", own, TOKEN, now, expires, 3))


@pytest.fixture
def stored(database: Database, clock: ManualClock) -> StoredDispositions:
    transferred(database, clock)
    return StoredDispositions(database, clock, readers={}, most_a_minute=1000)


def history(db: Database) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(each.by, each.label) for each in dispositions.history(session, "c1")]


def test_the_first_word_is_the_label(database: Database, stored: StoredDispositions) -> None:
    assert stored.keep(Said("R1", True), by=CRM) == Kept("person", True, 1)
    assert history(database) == [(CRM, "person")]
    with database.reading() as session:
        (row,) = [r for r in audit_chain.rows(session) if r.what == "call.labelled"]
    assert (row.who, row.subject, json.loads(row.details)) == (
        CRM,
        "c1",
        {"label": "person", "turn": 3},
    )


def test_the_same_again_changes_nothing(database: Database, stored: StoredDispositions) -> None:
    for changed in (True, False, False):
        assert stored.keep(Said("R1", False), by=CRM) == Kept("not_person", changed, 1)


def test_another_word_changes_the_label_and_the_first_stays(
    database: Database, stored: StoredDispositions, clock: ManualClock
) -> None:
    stored.keep(Said("R1", True), by=CRM)
    clock.advance(60)
    assert stored.keep(Said("R1", False), by=CRM) == Kept("not_person", True, 2)
    assert history(database) == [(CRM, "person"), (CRM, "not_person")]


def test_a_repeated_event_does_not_undo_a_later_word(
    database: Database, stored: StoredDispositions, clock: ManualClock
) -> None:
    stored.keep(Said("R1", True, "crm:1"), by=CRM)
    clock.advance(60)
    stored.keep(Said("R1", False, "crm:2"), by=CRM)
    clock.advance(60)
    assert stored.keep(Said("R1", True, "crm:1"), by=CRM) == Kept("not_person", False, 2)


def test_events_that_overtake_each_other_count_by_their_own_time(
    database: Database, stored: StoredDispositions, clock: ManualClock
) -> None:
    first, second = clock.now(), clock.now() + timedelta(seconds=40)
    clock.advance(100)
    stored.keep(Said("R1", False, "EV2", second), by="taskrouter")
    assert stored.keep(Said("R1", True, "EV1", first), by="taskrouter") == Kept(
        "not_person", False, 2
    )


def test_nobody_speaks_from_the_future(
    database: Database, stored: StoredDispositions, clock: ManualClock
) -> None:
    stored.keep(Said("R1", True, "EV1", clock.now() + timedelta(days=9)), by="taskrouter")
    clock.advance(60)
    assert stored.keep(Said("R1", False), by=CRM) == Kept("not_person", True, 2)


def test_a_result_that_is_not_there_or_too_old(
    stored: StoredDispositions, clock: ManualClock
) -> None:
    assert stored.keep(Said("R9", True), by=CRM) is None
    clock.advance(OPEN_FOR.total_seconds() - 1)
    assert stored.keep(Said("R1", True), by=CRM) is not None
    clock.advance(1)
    assert stored.keep(Said("R1", False), by=CRM) is None


@pytest.mark.parametrize(("audience", "may"), [("", True), ("branch", True), ("others", False)])
def test_a_key_for_other_results_labels_none_of_these(
    database: Database, clock: ManualClock, audience: str, may: bool
) -> None:
    transferred(database, clock)
    readers = {"crm": ResultReader(audience=audience)}
    stored = StoredDispositions(database, clock, readers=readers, most_a_minute=1000)
    assert (stored.keep(Said("R1", True), by=CRM) is not None) is may


def test_a_key_counts_up_to_its_last_day_in_japan(database: Database, clock: ManualClock) -> None:
    transferred(database, clock)
    readers = {"crm": ResultReader(until=date(2026, 11, 22))}
    stored = StoredDispositions(database, clock, readers=readers, most_a_minute=1000)
    clock.advance(14 * 3600 - 1)
    assert stored.keep(Said("R1", True), by=CRM) is not None
    clock.advance(1)
    with pytest.raises(KeyExpired):
        stored.keep(Said("R1", False), by=CRM)
    # What TaskRouter tells is signed by Twilio, whatever a system is called.
    assert stored.keep(Said("R1", False), by="taskrouter") is not None


def test_many_at_once_are_one(
    database: Database, database_url: str, clock: ManualClock, stored: StoredDispositions
) -> None:
    other = new_database(database_url, clock)
    twice = [stored, StoredDispositions(other, clock, readers={}, most_a_minute=1000)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: twice[n % 2].keep(Said("R1", True), by=CRM), range(12)))
    assert {kept.said for kept in done if kept} == {1}
    assert sum(kept.changed for kept in done if kept) == 1
    assert history(database) == [(CRM, "person")]
    other.dispose()


def test_all_processes_count_together_and_nothing_fills_up(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    transferred(database, clock)
    other = new_database(database_url, clock)
    one, two = (
        StoredDispositions(db, clock, readers={}, most_a_minute=3) for db in (database, other)
    )
    clock.advance(43)
    assert one.keep(Said("R1", True, "crm:1"), by=CRM) == Kept("person", True, 1)
    assert two.keep(Said("R9", True), by=CRM) is None  # whatever it asks counts
    assert one.keep(Said("R1", False, "crm:2"), by=CRM) == Kept("not_person", True, 2)
    for number, each in enumerate((two, one, two)):
        with pytest.raises(TooOften) as caught:
            each.keep(Said("R1", True, f"crm:more{number}"), by=CRM)
        assert caught.value.again_s == 17
    assert len(history(database)) == 2
    with database.reading() as session:
        assert [row.what for row in audit_chain.rows(session)].count("call.labelled") == 2
    # Others go on: another system, Twilio, and an operator.
    for by, times in (("system desk", 3), ("taskrouter", 4), ("operator ops", 4)):
        for number in range(times):
            assert two.keep(Said("R1", True, f"{by} {number}"), by=by) is not None
    clock.advance(17)
    assert two.keep(Said("R1", True, "crm:3"), by=CRM) is not None
    other.dispose()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for many examples, long after their calls."""
    clock = ManualClock(_START)
    db = new_database(f"sqlite:///{tmp_path_factory.mktemp('d')}/d.sqlite3", clock)
    db.upgrade()
    clock.advance(1000)
    yield db
    db.dispose()


_NAMES = count(1)


@settings(max_examples=40)
@given(
    said=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 50)), min_size=1, max_size=8
    )
)
def test_the_label_is_what_was_said_last(calm: Database, said: list[tuple[int, bool, int]]) -> None:
    """Events of TaskRouter's in any order, each any number of times."""
    events: dict[int, tuple[bool, int]] = {}
    for number, word, at in said:
        events.setdefault(number, (word, at))
    name = str(next(_NAMES))
    transferred(calm, ManualClock(_START), name)
    stored = StoredDispositions(calm, calm.clock, readers={}, most_a_minute=1000)
    kept = None
    for number, _, _ in said:
        word, at = events[number]
        instant = _START + timedelta(seconds=at)
        kept = stored.keep(Said(f"R{name}", word, f"EV{number}", instant), by="taskrouter")
    newest = max(at for _, at in events.values())
    last = {word for word, at in events.values() if at == newest}
    assert kept is not None
    assert (kept.label == "person") in last
    assert kept.said == len(events)
