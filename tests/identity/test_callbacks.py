"""Call-backs: promised only where somebody will call, and only once the number is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fixtures_databases import new_database
from hypothesis import given
from hypothesis import strategies as st

from ivr.clock import ManualClock
from ivr.identity.callbacks import CallBacks, _callable
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.records import audit_chain, callbacks, calls
from ivr.records.calls import CallRecord
from ivr.records.database import Database

TARO = "+819012345678"


class Others:
    """The checks that are not about call-backs."""

    def perform(self, request: CheckRequest) -> CheckResult:
        return CheckResult("done", {"match": request.check})


def made(
    db: Database,
    clock: ManualClock,
    *,
    most: int = 2,
    per_caller: int = 3,
    withheld: int = 3,
    days: int = 3,
) -> CallBacks:
    return CallBacks(
        Others(),
        db,
        clock,
        most=most,
        per_caller=per_caller,
        withheld=withheld,
        kept_for=timedelta(days=days),
    )


def asked(db: Database, check: str, caller: str = TARO, phone: str | None = None) -> CheckRequest:
    """A request in a call of its own."""
    with db.writing() as session:
        number = calls.count(session)
        called = "+815012345678"
        calls.insert(
            session,
            CallRecord(
                f"c{number}", f"CA{number}", "verify", "d", "ja", caller, called, 3, "active", "{}",
                db.clock.now(),
            ),
        )  # fmt: skip
    return CheckRequest(f"i{number}", f"c{number}", check, "ja", caller, None, phone=phone)


def numbers(db: Database) -> list[str | None]:
    with db.reading() as session:
        return [each.number for each in callbacks.of_status(session, "open")]


def audited(db: Database) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(r.what, r.details) for r in audit_chain.rows(session) if "callback" in r.what]


def test_other_checks_are_performed_as_before(database: Database, clock: ManualClock) -> None:
    result = made(database, clock).perform(asked(database, "identify"))
    assert result == CheckResult("done", {"match": "identify"})


@pytest.mark.parametrize(
    ("caller", "outcome"),
    [
        (TARO, "known"),
        ("+81312345678", "known"),
        ("+815012345678", "known"),
        ("", "unknown"),
        ("+12025550123", "unknown"),
        ("+81120123456", "unknown"),
        ("+81990123456", "unknown"),
    ],
)
def test_whether_the_number_can_be_called(
    database: Database, clock: ManualClock, caller: str, outcome: str
) -> None:
    request = asked(database, "callback_number", caller)
    assert made(database, clock).perform(request).outcome == outcome


def test_where_nobody_calls_nobody_is_promised_it(database: Database, clock: ManualClock) -> None:
    nobody = made(database, clock, most=0)
    assert nobody.perform(asked(database, "callback_number")).outcome == "not_offered"
    assert nobody.perform(asked(database, "callback_here")).outcome == "failed"
    assert numbers(database) == []


def test_the_number_they_call_from_is_kept_encrypted(
    database: Database, clock: ManualClock
) -> None:
    result = made(database, clock).perform(asked(database, "callback_here"))
    assert result == CheckResult("kept", {})
    assert numbers(database) == [TARO]
    with database.reading() as session:
        (stored,) = session.connection().exec_driver_sql("SELECT number FROM callbacks").scalars()
    assert "9012345678" not in stored
    assert audited(database) == [("callback.requested", '{"again":false}')]


def test_another_number_is_kept_instead(database: Database, clock: ManualClock) -> None:
    request = asked(database, "callback_there", phone="+81312345678")
    assert made(database, clock).perform(request).outcome == "kept"
    assert numbers(database) == ["+81312345678"]


@pytest.mark.parametrize("phone", [None, "+12025550123", "+81120123456", "nonsense"])
def test_a_number_that_nobody_calls_is_not_kept(
    database: Database, clock: ManualClock, phone: str | None
) -> None:
    request = asked(database, "callback_there", phone=phone)
    assert made(database, clock).perform(request).outcome == "failed"
    assert numbers(database) == []


def test_the_same_check_twice_is_one_wish(database: Database, clock: ManualClock) -> None:
    request, performer = asked(database, "callback_here"), made(database, clock)
    assert [performer.perform(request).outcome for _ in range(3)] == ["kept"] * 3
    assert numbers(database) == [TARO]
    assert len(audited(database)) == 1


def test_who_asks_again_is_called_once(database: Database, clock: ManualClock) -> None:
    performer = made(database, clock, most=1)
    for _ in range(3):
        assert performer.perform(asked(database, "callback_here")).outcome == "kept"
    assert numbers(database) == [TARO]
    assert [details for _, details in audited(database)] == [
        '{"again":false}',
        '{"again":true}',
        '{"again":true}',
    ]


def test_no_more_is_promised_than_can_be_kept(database: Database, clock: ManualClock) -> None:
    performer = made(database, clock, most=2)
    for last in (1, 2):
        caller = f"+8190111122{last:02d}"
        assert performer.perform(asked(database, "callback_here", caller)).outcome == "kept"
    assert performer.perform(asked(database, "callback_number")).outcome == "not_offered"
    # Somebody else took the last place after this caller was asked.
    assert performer.perform(asked(database, "callback_here")).outcome == "failed"
    with database.writing() as session:
        callbacks.end(session, 1, "operator ops", clock.now())
    assert performer.perform(asked(database, "callback_number")).outcome == "known"


def test_a_number_that_nobody_called_is_forgotten(database: Database, clock: ManualClock) -> None:
    performer = made(database, clock, most=1, days=3)
    performer.perform(asked(database, "callback_here"))
    clock.advance(3 * 86_400 - 1)
    assert performer.perform(asked(database, "callback_number")).outcome == "not_offered"
    clock.advance(1)
    assert performer.perform(asked(database, "callback_number")).outcome == "known"
    with database.reading() as session:
        (gone,) = callbacks.of_status(session)
    assert (gone.status, gone.number, gone.ended_at) == ("expired", None, clock.now())
    assert audited(database)[-1][0] == "callback.expired"


@given(st.text() | st.from_regex(r"\+81[0-9]{6,12}", fullmatch=True))
def test_only_numbers_in_japan_are_ever_called(number: str) -> None:
    if _callable(number):
        assert number.startswith("+81")
        assert number[1:].isascii() and number[1:].isdigit()
        assert 11 <= len(number[1:]) <= 12
        assert not number.startswith(("+81120", "+81800", "+81570", "+81990"))


def test_many_who_ask_at_once_get_no_more_than_there_are_places(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    offices = [made(db, clock, most=3) for db in (database, other)]
    wishes = [asked(database, "callback_here", f"+8190222200{n:02d}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda n: offices[n % 2].perform(wishes[n]).outcome, range(8)))
    assert sorted(ended) == ["failed"] * 5 + ["kept"] * 3
    assert len(numbers(database)) == 3
    other.dispose()


def test_one_caller_who_names_many_numbers_leaves_places(
    database: Database, clock: ManualClock
) -> None:
    performer = made(database, clock, most=9, per_caller=2)

    def names(last: int, caller: str = TARO) -> str:
        request = asked(database, "callback_there", caller, f"+8190333300{last:02d}")
        return performer.perform(request).outcome

    assert [names(n) for n in (1, 2, 1, 3)] == ["kept", "kept", "kept", "failed"]
    assert len(numbers(database)) == 2
    assert performer.perform(asked(database, "callback_number")).outcome == "not_offered"
    # It says nothing to others, and a promise that was kept counts too.
    assert names(4, "+818011112222") == "kept"
    with database.writing() as session:
        callbacks.end(session, 1, "operator ops", clock.now())
    assert names(5) == "failed"
    # 10:00 in Japan: over at midnight.
    clock.advance(14 * 3600 - 1)
    assert names(5) == "failed"
    clock.advance(1)
    assert performer.perform(asked(database, "callback_number")).outcome == "known"
    assert names(5) == "kept"


@pytest.mark.parametrize("word", ["", "anonymous", "+266696687"])
def test_who_withholds_the_number_shares_a_few(
    database: Database, clock: ManualClock, word: str
) -> None:
    performer = made(database, clock, most=9, withheld=2)
    for last, (caller, outcome) in enumerate((("", "kept"), (word, "kept"), (word, "failed"))):
        request = asked(database, "callback_there", caller, f"+8190333300{last:02d}")
        assert performer.perform(request).outcome == outcome
    assert performer.perform(asked(database, "callback_number", word)).outcome == "not_offered"
    assert performer.perform(asked(database, "callback_number")).outcome == "known"


def test_the_same_check_twice_counts_once(database: Database, clock: ManualClock) -> None:
    performer = made(database, clock, per_caller=1)
    request = asked(database, "callback_there", phone="+819033330001")
    assert [performer.perform(request).outcome for _ in range(3)] == ["kept"] * 3


def test_who_asked_is_counted_without_the_number(database: Database, clock: ManualClock) -> None:
    made(database, clock).perform(asked(database, "callback_here"))
    with database.reading() as session:
        query = "SELECT key_index FROM failure_counters WHERE scope = 'callbacks'"
        (key,) = session.connection().exec_driver_sql(query).scalars()
    assert "9012345678" not in key


def test_one_caller_at_many_telephones_at_once_gets_no_more_than_a_day_allows(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    offices = [made(db, clock, most=9, per_caller=3) for db in (database, other)]
    wishes = [asked(database, "callback_there", phone=f"+8190222200{n:02d}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda n: offices[n % 2].perform(wishes[n]).outcome, range(8)))
    assert sorted(ended) == ["failed"] * 5 + ["kept"] * 3
    assert len(numbers(database)) == 3
    other.dispose()


def test_one_number_that_is_asked_for_at_once_is_called_once(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    offices = [made(db, clock, most=3) for db in (database, other)]
    wishes = [asked(database, "callback_here") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(lambda n: offices[n % 2].perform(wishes[n]).outcome, range(6)))
    assert ended == ["kept"] * 6
    assert numbers(database) == [TARO]
    other.dispose()
