"""Sending codes: where to, how often, and what the caller can tell."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from desk import Desk
from fakes.senders import FakeSender, HangingSender
from people import ELSEWHERE, EMAIL, LANDLINE, MOBILE, STRANGER, customer, register, said
from structlog.testing import capture_logs

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.ports import CodeMessage
from ivr.records import codes
from ivr.records.database import Database


def _sent_to(desk: Desk) -> list[tuple[str, str]]:
    return [
        (message.channel, message.destination)
        for sender in (desk.sms, desk.voice, desk.email)
        for message in sender.messages
    ]


@pytest.mark.parametrize(
    ("contacts", "caller", "sent"),
    [
        ({}, MOBILE, [("sms", MOBILE)]),
        ({}, "anonymous", [("sms", MOBILE)]),
        ({"mobile": None}, ELSEWHERE, [("voice", LANDLINE)]),
        ({"mobile": None}, LANDLINE, [("email", EMAIL)]),
        ({"mobile": None}, "anonymous", [("email", EMAIL)]),
        ({"mobile": None, "landline": None}, ELSEWHERE, [("email", EMAIL)]),
        ({"mobile": None, "email": None}, LANDLINE, []),
        ({"mobile": None, "landline": None, "email": None}, MOBILE, []),
    ],
)
def test_a_code_goes_to_the_best_registered_contact(
    desk: Desk, contacts: dict[str, Any], caller: str, sent: list[tuple[str, str]]
) -> None:
    register(desk.db, customer(**contacts))
    desk.identify(caller=caller)

    result = desk.ask("send_code", caller=caller)

    assert result.outcome == "sent"
    assert _sent_to(desk) == sent
    assert result.evidence["sent"] == (sent[0][0] if sent else "none")
    assert result.flags == (() if sent else ("no_contact",))


def test_the_message_is_worded_in_the_language_the_customer_registered(desk: Desk) -> None:
    register(desk.db, customer(language="en"))
    desk.identify()

    desk.ask("send_code", intent_id="send")

    (message,) = desk.sms.messages
    assert "Tsubame Bank" in message.text
    assert message.code in message.text
    assert (message.language, message.idempotency_key) == ("en", "send:1")


def test_again_uses_the_last_channel_and_other_the_next(desk: Desk) -> None:
    register(desk.db, customer())
    desk.identify()

    for check in ("send_code", "send_code_again", "send_code_other"):
        assert desk.ask(check).outcome == "sent"

    assert _sent_to(desk) == [("sms", MOBILE), ("sms", MOBILE), ("voice", LANDLINE)]
    assert len({m.code for s in (desk.sms, desk.voice) for m in s.messages}) == 3


def test_where_there_is_no_other_way_nothing_is_sent_and_the_code_stays_good(desk: Desk) -> None:
    register(desk.db, customer(landline=None, email=None))
    desk.identify()
    desk.ask("send_code")

    result = desk.ask("send_code_other")

    assert (result.outcome, result.evidence["sent"]) == ("sent", "sms")
    assert desk.sent == 1
    assert desk.enter(desk.sms.last_code).outcome == "ok"


@pytest.mark.parametrize("known", [True, False], ids=["customer", "stranger"])
def test_a_verification_asks_three_times_at_most(desk: Desk, known: bool) -> None:
    if known:
        register(desk.db, customer())
    desk.identify()

    checks = ("send_code", "send_code_again", "send_code_other", "send_code_again", "send_code")

    assert [desk.ask(check).outcome for check in checks] == ["sent"] * 3 + ["limit"] * 2
    assert desk.sent == (3 if known else 0)


def test_the_same_request_sends_once(any_desk: Desk) -> None:
    register(any_desk.db, customer())
    any_desk.identify()

    first = any_desk.ask("send_code", intent_id="same")
    second = any_desk.ask("send_code", intent_id="same")

    assert first == second
    assert any_desk.sms.asked == 1


def test_after_a_crash_nothing_is_sent_again_and_the_code_that_left_is_good(
    sqlite_database: Database, clock: ManualClock
) -> None:
    class PowerCut(BaseException):
        """Not an Exception: nothing of ours handles it."""

    left: list[CodeMessage] = []

    def cut(message: CodeMessage) -> None:
        left.append(message)
        raise PowerCut

    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": FakeSender(before=cut)}) as desk:
        opened = desk.identify()
        with pytest.raises(PowerCut):
            desk.ask("send_code", intent_id="cut")
    with sqlite_database.reading() as session:
        stored = codes.by_intent(session, "cut:1")
    assert stored is not None
    assert stored.status == "sending"

    with Desk(sqlite_database, clock) as after:
        after.verification = opened.verification_id
        assert after.ask("send_code", intent_id="cut").outcome == "sent"
        assert after.sent == 0
        assert after.enter(left[0].code).outcome == "ok"


def test_sending_is_committed_before_the_provider_is_asked(
    sqlite_database: Database, clock: ManualClock
) -> None:
    seen: list[str] = []

    def look(message: CodeMessage) -> None:
        with sqlite_database.reading() as session:
            stored = codes.by_intent(session, message.idempotency_key)
        seen.append(stored.status if stored else "nothing")

    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": FakeSender(before=look)}) as desk:
        desk.identify()
        desk.ask("send_code", intent_id="look")
    with sqlite_database.reading() as session:
        stored = codes.by_intent(session, "look:1")

    assert seen == ["sending"]
    assert stored is not None
    assert stored.status == "sent"


@pytest.mark.parametrize(
    "failure",
    ["blocked", "refused", "retry_later", "configuration", RuntimeError(f"no such {MOBILE}")],
    ids=str,
)
def test_a_provider_that_fails_is_the_agents_business_only(
    sqlite_database: Database,
    clock: ManualClock,
    failure: str | Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    register(sqlite_database, customer())
    with (
        capture_logs() as logs,
        Desk(sqlite_database, clock, senders={"sms": FakeSender(failure)}) as desk,
    ):
        desk.identify()
        result = desk.ask("send_code")

    assert result.outcome == "sent"
    assert result.evidence["sent"] == "none"
    assert result.flags == ("send_error",)
    assert MOBILE not in f"{logs} {caplog.text}"
    assert logs


def test_a_channel_that_cannot_reach_the_contact_gives_way_to_the_next(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    senders = {"sms": FakeSender("other_channel"), "voice": FakeSender("other_channel")}
    with Desk(sqlite_database, clock, senders=senders) as desk:  # type: ignore[arg-type]
        desk.identify()
        result = desk.ask("send_code", intent_id="chain")
        assert result.evidence["sent"] == "email"
        assert result.flags == ()
        assert desk.enter(desk.email.last_code).evidence["channel"] == "email"
    with sqlite_database.reading() as session:
        chain = [codes.by_intent(session, f"chain:{number}") for number in (1, 2, 3)]

    assert [code and (code.channel, code.status) for code in chain] == [
        ("sms", "failed"),
        ("voice", "failed"),
        ("email", "sent"),
    ]


def test_where_no_channel_reaches_the_contact_the_agent_learns_it(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer(landline=None, email=None))
    with Desk(sqlite_database, clock, senders={"sms": FakeSender("other_channel")}) as desk:
        desk.identify()
        result = desk.ask("send_code")

    assert (result.outcome, result.evidence["sent"]) == ("sent", "none")
    assert result.flags == ("send_error",)


def test_a_resend_that_fails_leaves_the_code_before_it_good(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, without=("voice", "email")) as desk:
        desk.identify()
        desk.ask("send_code")
        first = desk.sms.last_code
        desk.sms._failures = ["blocked"]
        assert desk.ask("send_code_again").flags == ("send_error",)
        assert desk.enter(first).outcome == "ok"


def test_a_code_whose_sending_got_no_answer_may_have_arrived(
    sqlite_database: Database, clock: ManualClock
) -> None:
    left: list[CodeMessage] = []
    sender = FakeSender("retry_later", before=left.append)
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": sender}) as desk:
        desk.identify()
        desk.ask("send_code")
        assert desk.enter(left[0].code).outcome == "ok"


@pytest.mark.parametrize("kind", ["customer", "stranger", "failing", "no contact"])
def test_a_send_takes_the_same_time_for_everybody(
    sqlite_database: Database, clock: ManualClock, kind: str
) -> None:
    contacts = {"mobile": None, "landline": None, "email": None} if kind == "no contact" else {}
    register(sqlite_database, customer(**contacts))
    sender = FakeSender("blocked") if kind == "failing" else FakeSender()
    with Desk(sqlite_database, clock, senders={"sms": sender}, send_seconds=1.25) as desk:
        desk.identify(**({"name": STRANGER} if kind == "stranger" else {}))
        began = clock.now()
        desk.ask("send_code")

        assert (clock.now() - began).total_seconds() == 1.25


def test_a_provider_that_hangs_keeps_nobody_waiting(
    sqlite_database: Database, clock: ManualClock
) -> None:
    hanging = HangingSender()
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": hanging}, send_seconds=0.05) as desk:
        desk.identify()
        result = desk.ask("send_code")
        assert (result.outcome, result.evidence["sent"], result.flags) == ("sent", "sms", ())
        assert hanging.asked.is_set()

        hanging.release()
        desk.checks.close()
        assert desk.enter(hanging.messages[0].code).outcome == "ok"


def test_what_became_of_a_slow_send_comes_with_the_next_check(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    hanging = HangingSender()
    refusing = FakeSender("blocked", before=hanging.send)
    with Desk(sqlite_database, clock, senders={"sms": refusing}, send_seconds=0.05) as desk:
        desk.identify()
        assert desk.ask("send_code").flags == ()
        hanging.release()
        desk.checks.close()

        result = desk.enter("000000")

        assert (result.outcome, result.flags) == ("wrong", ("send_error",))
        found = {"match": "one", "customer": customer().number}
        assert result.evidence == {**found, "sent": "none", "code": "wrong"}


def test_a_customer_gets_so_many_codes_a_day(desk: Desk) -> None:
    register(desk.db, customer())
    for _ in range(2):
        desk.identify()
        for _ in range(3):
            assert desk.ask("send_code").flags == ()
    assert desk.sent == 6

    desk.identify()
    result = desk.ask("send_code")

    assert (result.outcome, result.evidence["sent"]) == ("sent", "none")
    assert result.flags == ("send_capped",)
    assert desk.sent == 6
    desk.clock.advance(24 * 3600)
    desk.identify()
    desk.ask("send_code")
    assert desk.sent == 7


def test_a_prefix_gets_so_many_codes_a_day(sqlite_database: Database, clock: ManualClock) -> None:
    register(
        sqlite_database,
        customer(),
        customer(
            id="c2",
            number="2",
            surname="鈴木",
            surname_kana="スズキ",
            mobile="+819012999999",
            landline=None,
        ),
    )
    with Desk(sqlite_database, clock, prefix_sends_per_day=1) as desk:
        desk.identify()
        desk.ask("send_code")
        desk.identify(name=said("スズキ", "ハナコ"))
        result = desk.ask("send_code")
        assert result.flags == ("send_capped",)
        assert desk.sent == 1


def test_a_capped_resend_leaves_the_code_before_it_good(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, customer_sends_per_day=1) as desk:
        desk.identify()
        desk.ask("send_code")
        result = desk.ask("send_code_again")
        assert (result.flags, result.evidence["sent"]) == (("send_capped",), "sms")
        assert desk.enter(desk.sms.last_code).outcome == "ok"


def test_without_verification_nothing_is_sent(desk: Desk) -> None:
    for verification in (None, "gone"):
        result = desk.ask("send_code", verification_id=verification)
        assert (result.outcome, result.evidence) == ("sent", {"sent": "none"})
    assert desk.sent == 0


def test_without_database_nothing_is_sent(desk: Desk, tmp_path: Any) -> None:
    register(desk.db, customer())
    desk.identify()
    desk.db.dispose()
    (tmp_path / "honnin.sqlite3").unlink()

    with pytest.raises(RecordsUnavailable):
        desk.ask("send_code")
    assert desk.sent == 0


def test_a_database_that_goes_while_sending_does_not_stop_the_call(
    sqlite_database: Database, clock: ManualClock, tmp_path: Any
) -> None:
    path = tmp_path / "honnin.sqlite3"

    def vanish(message: CodeMessage) -> None:
        sqlite_database.dispose()
        path.rename(path.with_suffix(".gone"))

    register(sqlite_database, customer())
    sender = FakeSender(before=vanish)
    with capture_logs() as logs, Desk(sqlite_database, clock, senders={"sms": sender}) as desk:
        desk.identify()
        result = desk.ask("send_code")
        assert (result.outcome, result.evidence["sent"]) == ("sent", "sms")
        path.with_suffix(".gone").rename(path)
        assert desk.enter(sender.last_code).outcome == "ok"

    assert [entry["event"] for entry in logs] == ["send_not_noted"]
