"""How many codes may go out: caps by day, and the breaker of a channel."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from at_once import at_once
from desk import Desk
from fakes.senders import FakeSender
from people import MOBILE, STRANGER, customer, register, said

from ivr.clock import ManualClock
from ivr.identity.codes import CodePolicy
from ivr.identity.contacts import Contact
from ivr.identity.send_limits import LOOKS_BACK, SendLimits
from ivr.records import codes, verifications
from ivr.records.codes import CodeRecord, Entered
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

_PHONE, _ELSEWHERE = Contact("sms", MOBILE), Contact("sms", "+818099990000")
_POLICY = CodePolicy(customer_sends_per_day=2, prefix_sends_per_day=3, sends_per_day=4)


def _limits(db: Database, customer_id: str | None, policy: CodePolicy = _POLICY) -> SendLimits:
    return SendLimits(policy, db.index, claim_index="claim", customer_id=customer_id)


def test_each_cap_refuses_and_what_one_refuses_uses_up_no_other(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    with database.writing() as session:
        told = [
            _limits(database, who).take(session, contact, now)
            for who, contact in (
                *(("c1", _PHONE),) * 4,
                ("c2", _PHONE),
                ("c2", _PHONE),
                ("c3", _ELSEWHERE),
                ("c4", _ELSEWHERE),
            )
        ]
        tomorrow = _limits(database, "c1").take(session, _PHONE, now + timedelta(days=1))

    assert told == [None, None, "customer", "customer", None, "prefix", None, "day"]
    assert tomorrow is None


def test_decoys_use_up_nothing_of_anybody_else(database: Database, clock: ManualClock) -> None:
    now = clock.now()
    with database.writing() as session:
        for _ in range(5):
            _limits(database, None).take(session, None, now)
        assert _limits(database, "c1").take(session, _PHONE, now) is None


@pytest.mark.parametrize("known", [True, False], ids=["customer", "stranger"])
def test_a_cap_costs_the_same_queries_for_everybody(
    sqlite_database: Database, clock: ManualClock, known: bool
) -> None:
    contact = _PHONE if known else None
    for _ in range(3):
        with sqlite_database.writing() as session, sqlite_database.count_queries() as counted:
            _limits(sqlite_database, "c1" if known else None).take(session, contact, clock.now())
        assert counted.count == 3


def test_no_number_is_in_the_counters(sqlite_database: Database, clock: ManualClock) -> None:
    with sqlite_database.writing() as session:
        _limits(sqlite_database, "c1").take(session, _PHONE, clock.now())
        rows = session.connection().exec_driver_sql("SELECT * FROM failure_counters").all()

    assert len(rows) == 3
    assert "819012" not in str(rows)


def test_fifty_at_once_never_send_more_than_a_day_allows(
    database: Database, clock: ManualClock
) -> None:
    policy = CodePolicy(customer_sends_per_day=50, prefix_sends_per_day=50, sends_per_day=7)

    def take(number: int) -> str | None:
        with database.writing() as session:
            return _limits(database, f"c{number}", policy).take(session, _PHONE, clock.now())

    told = at_once([partial(take, number) for number in range(50)])
    assert sorted(map(str, told)) == ["None"] * 7 + ["day"] * 43


# --- the breaker --------------------------------------------------------------------------


def _went_out(db: Database, clock: ManualClock, *, sent: int, entered: int) -> None:
    """Codes of as many requests as were sent, made now."""
    now = clock.now()
    later = now + timedelta(minutes=10)
    with db.writing() as session:
        for number in range(sent):
            name = f"{now.timestamp()}-{number}"
            verifications.create(
                session,
                VerificationRecord(name, None, "claim", "c1", "ja", 0, 1, None, later, now, "{}"),
            )
            used = now if number < entered else None
            record = CodeRecord(name, name, name, "sms", "hash", "sent", now, later, used)
            codes.create(session, record)


@pytest.mark.parametrize(
    ("sent", "entered", "cut_off"),
    [(9, 0, False), (10, 0, True), (10, 1, True), (10, 2, False), (20, 3, True), (20, 4, False)],
)
def test_a_channel_by_which_few_codes_are_entered_is_cut_off(
    database: Database, clock: ManualClock, sent: int, entered: int, cut_off: bool
) -> None:
    limits = _limits(database, "c1", CodePolicy(breaker_sends=10, breaker_percent=20))
    _went_out(database, clock, sent=sent, entered=entered)
    clock.advance(600)
    with database.reading() as session:
        early = limits.cut_off(session, clock.now())
    clock.advance(1)
    with database.reading() as session:
        told = limits.cut_off(session, clock.now())

    # Codes that may still be entered say nothing yet.
    assert early == {}
    assert told == ({"sms": Entered(sent, entered)} if cut_off else {})


def test_the_breaker_closes_by_itself_and_may_be_off(
    database: Database, clock: ManualClock
) -> None:
    policy = CodePolicy(breaker_sends=10)
    _went_out(database, clock, sent=10, entered=0)
    clock.advance(601)
    with database.reading() as session:
        assert set(_limits(database, "c1", policy).cut_off(session, clock.now())) == {"sms"}
        off = CodePolicy(breaker_sends=10, breaker_percent=0)
        assert _limits(database, "c1", off).cut_off(session, clock.now()) == {}
    clock.advance(LOOKS_BACK.total_seconds() - 601)
    with database.reading() as session:
        assert set(_limits(database, "c1", policy).cut_off(session, clock.now())) == {"sms"}
    clock.advance(1)
    with database.reading() as session:
        assert _limits(database, "c1", policy).cut_off(session, clock.now()) == {}


def test_a_channel_that_is_cut_off_gives_way_to_the_next_and_those_who_run_this_are_told(
    sqlite_database: Database, clock: ManualClock
) -> None:
    _went_out(sqlite_database, clock, sent=10, entered=0)
    clock.advance(601)
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, breaker_sends=10) as desk:
        desk.identify()
        result = desk.ask("send_code")
        assert (result.outcome, result.evidence["sent"], result.flags) == ("sent", "voice", ())
        assert desk.withheld == [("sms", "breaker")]
        assert desk.enter(desk.voice.last_code).outcome == "ok"


def test_where_every_way_is_cut_off_the_caller_hears_the_same(
    sqlite_database: Database, clock: ManualClock
) -> None:
    _went_out(sqlite_database, clock, sent=10, entered=0)
    clock.advance(601)
    register(sqlite_database, customer(landline=None, email=None))
    with Desk(sqlite_database, clock, breaker_sends=10) as desk:
        answers = []
        for name in (said("ヤマダ", "ハナコ"), STRANGER):
            desk.identify(name=name)
            began = clock.now()
            result = desk.ask("send_code")
            answers.append((result.outcome, clock.now() - began, desk.enter("000000").outcome))
            if name is not STRANGER:
                assert result.flags == ("send_capped",)
        assert answers[0] == answers[1]
        assert desk.sent == 0


def test_messages_that_nobody_reads_stop_by_themselves(
    sqlite_database: Database, clock: ManualClock
) -> None:
    """SMS pumping: many customers, each asked for once, nobody enters a code."""
    people = [
        customer(id=f"c{n}", number=f"{n}", birthdate=customer().birthdate.replace(year=1930 + n))
        for n in range(40)
    ]
    register(sqlite_database, *people)
    sms = FakeSender()
    with Desk(
        sqlite_database, clock, senders={"sms": sms}, without=("voice", "email"), breaker_sends=10
    ) as desk:
        for person in people:
            desk.identify(birthdate=person.birthdate.isoformat())
            assert desk.ask("send_code").outcome == "sent"
            clock.advance(115)

    # Ten before anything can be told, those of the next ten minutes, and as many once the first
    # are an hour old and the breaker tries again.
    assert len(sms.messages) < 25
    assert desk.withheld
