"""Who may read which result when, over all processes, and what the audit says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ivr.clock import ManualClock
from ivr.errors import KeyExpired, SettingsError, TooOften
from ivr.identity.assurance import Assurance
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.records import audit_chain, calls, results
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.results import ResultRecord
from ivr.setting_values import ResultReader
from ivr.settings import Settings, load_settings
from ivr.telephony.stored import StoredResults, audience_of
from ivr.wiring.crm import check_readers

KEY = new_signing_key()
HALF_AN_HOUR = timedelta(minutes=30)
Process = Callable[..., StoredResults]


@pytest.fixture
def process(database: Database, clock: ManualClock) -> Process:
    """One more process on the same database, with these readers."""
    with database.writing() as session:
        call = CallRecord(
            id="call-1",
            call_sid="CA1",
            flow_name="verify",
            flow_digest="d",
            language="ja",
            caller="+819087654321",
            called="+81300001111",
            turn=1,
            status="active",
            state="{}",
            started_at=clock.now(),
        )
        calls.insert(session, call)
        for turn, reference in enumerate(("ref", "other")):
            token = _token(reference, clock)
            now = clock.now()
            record = ResultRecord(reference, "call-1", token, now, now + HALF_AN_HOUR, turn)
            results.insert(session, record)

    def make(most_a_minute: int = 1000, **readers: ResultReader) -> StoredResults:
        return StoredResults(database, clock, readers=readers, most_a_minute=most_a_minute)

    return make


def _token(reference: str, clock: ManualClock, audience: str = "agents") -> str:
    signer = ResultSigner(KEY, "https://example.test", audience, clock, HALF_AN_HOUR)
    return signer.issue(
        reference=reference,
        assurance=Assurance("claimed", (), (), ()),
        language="ja",
        verified_at=None,
        flow="verify",
        flow_digest="d",
        destination="agents",
    )


def told(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reading() as session:
        rows = list(audit_chain.rows(session))
    return [(row.who, row.what, json.loads(row.details)) for row in rows]


def reads(process: StoredResults, reference: str = "ref", by: str = "crm") -> bool:
    return process.fetch(reference, by=by) is not None


def test_without_a_policy_a_result_is_read_until_it_expires(
    process: Process, database: Database, clock: ManualClock
) -> None:
    one = process()
    assert [reads(one), reads(one)] == [True, True]
    clock.advance(HALF_AN_HOUR.total_seconds())
    assert not reads(one)
    assert not reads(one, "no-such")
    assert told(database) == [
        ("system crm", "result.fetched", {}),
        ("system crm", "result.fetched", {}),
        ("system crm", "result.refused", {"reason": "expired"}),
        ("system crm", "result.refused", {"reason": "unknown"}),
    ]


def test_a_single_reading_is_single_over_all_processes(
    process: Process, database: Database
) -> None:
    once = {"crm": ResultReader(again_s=0)}
    one, other = process(**once), process(**once)
    assert [reads(one), reads(one), reads(other)] == [True, False, False]
    # Another system has a reading of its own, and so has another result.
    assert reads(other, by="desk")
    assert reads(other, "other")
    assert ("system crm", "result.refused", {"reason": "replayed"}) in told(database)


def test_a_window_begins_with_the_first_reading(process: Process, clock: ManualClock) -> None:
    one = process(crm=ResultReader(again_s=60))
    clock.advance(600)
    assert reads(one)
    clock.advance(59)
    assert reads(one)
    clock.advance(1)
    assert not reads(one)


@pytest.mark.parametrize(
    ("readers", "later"),
    [({}, False), ({"crm": ResultReader()}, False), ({"crm": ResultReader(again_s=None)}, True)],
)
def test_nobody_reads_a_result_for_long_unless_it_is_said(
    process: Process, clock: ManualClock, readers: dict[str, ResultReader], later: bool
) -> None:
    one = process(**readers)
    assert reads(one)
    clock.advance(299)
    assert reads(one)
    clock.advance(1)
    assert reads(one) is later


def test_a_result_for_somebody_else_is_not_read(process: Process, database: Database) -> None:
    assert not reads(process(crm=ResultReader(audience="branch")))
    assert reads(process(crm=ResultReader(audience="agents")))
    assert [details for *_, details in told(database)] == [{"reason": "audience"}, {}]
    # What was refused was no reading.
    assert reads(process(crm=ResultReader(audience="agents", again_s=60)))


def test_a_key_counts_until_the_end_of_its_last_day_in_japan(
    process: Process, database: Database, clock: ManualClock
) -> None:
    one = process(crm=ResultReader(until=date(2026, 11, 22)))
    assert reads(one)
    # It is 10 o'clock in Japan.
    clock.advance(14 * 3600)
    with pytest.raises(KeyExpired):
        reads(one)
    assert told(database)[-1][1:] == ("result.refused", {"reason": "key_expired"})


def test_a_key_still_counts_in_the_last_second_of_its_last_day(
    process: Process, clock: ManualClock
) -> None:
    one = process(crm=ResultReader(until=date(2026, 11, 22)))
    clock.advance(14 * 3600 - 1)
    assert not reads(one, "no-such")


def test_all_processes_count_together_and_the_audit_is_not_flooded(
    process: Process, database: Database, clock: ManualClock
) -> None:
    one, other = process(most_a_minute=3), process(most_a_minute=3)
    clock.advance(43)
    assert [reads(one), reads(other), reads(one, "no-such")] == [True, True, False]
    for each in (one, other, one):
        with pytest.raises(TooOften) as caught:
            reads(each)
        assert caught.value.again_s == 17
    assert reads(other, by="desk")
    assert [details for *_, details in told(database)].count({"reason": "too_many"}) == 1
    clock.advance(17)
    assert reads(one)


def test_whose_a_token_is() -> None:
    clock = ManualClock(datetime(2026, 11, 22, 1, tzinfo=UTC))
    for audience in ("agents", "branch"):
        assert audience_of(_token("ref", clock, audience)) == audience


def test_readers_in_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"crm": {"audience": "branch", "until": "2027-03-31", "again_s": 0}}
    monkeypatch.setenv("IVR_RESULT_READERS", json.dumps(given))
    assert load_settings().result_readers == {
        "crm": ResultReader(audience="branch", until=date(2027, 3, 31), again_s=0)
    }
    monkeypatch.setenv("IVR_RESULT_READERS", '{"crm": {"fetches": 1}}')
    with pytest.raises(SettingsError, match="IVR_RESULT_READERS"):
        load_settings()


def test_a_reader_without_a_key_stops_the_start() -> None:
    readers = {"crm": ResultReader(), "desk": ResultReader()}
    keys = {"desk": "key-of-the-desk"}
    settings = Settings(result_readers=readers, result_keys=keys)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="crm"):
        check_readers(settings)
    check_readers(settings.model_copy(update={"result_readers": {"desk": ResultReader()}}))
