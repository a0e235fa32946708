"""A code is proof of the contact it was sent to, while that is the customer's; whoever can write to
the tables cannot have it sent to somebody else."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date

import pytest
from desk import Desk
from fakes.directories import ListedDirectory
from people import BORN, HANAKO, MOBILE, customer, register, said
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.identity.ports import Customer, KnownCallerRule
from ivr.records import calls, customers
from ivr.records.calls import CallRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database

_ELSEWHERE = "+819099998888"
_THIEF = customer(
    id="thief", number="9999999", surname="盗", given="人",
    surname_kana="ヌスト", given_kana="ヒト",
    birthdate=date(1990, 1, 1), mobile=_ELSEWHERE, landline=None, email=None,
)  # fmt: skip


def import_again(db: Database, changed: Customer, clock: ManualClock) -> None:
    with db.writing() as session:
        customers.put_all(session, [CustomerData(**asdict(changed))], clock.now())


@pytest.mark.parametrize("changes", [{"mobile": _ELSEWHERE}, {"mobile": None}])
def test_a_contact_that_a_file_replaced_is_worth_nothing_any_more(
    database: Database, clock: ManualClock, changes: dict[str, str | None]
) -> None:
    """The phone was stolen, the customer told the bank, the bank imported a new number."""
    register(database, customer())
    with Desk(database, clock) as desk:
        desk.identify()
        desk.ask("send_code")
        assert desk.sms.messages[-1].destination == MOBILE
        import_again(database, customer(**changes), clock)
        result = desk.enter(desk.sms.last_code)
        assert (result.outcome, result.evidence["code"]) == ("wrong", "wrong")


def test_other_changes_leave_a_code_as_it_is(database: Database, clock: ManualClock) -> None:
    register(database, customer())
    with Desk(database, clock) as desk:
        desk.identify()
        desk.ask("send_code")
        import_again(database, customer(email="new@example.jp", landline=None), clock)
        assert desk.enter(desk.sms.last_code).outcome == "ok"


def test_a_contact_that_another_system_replaced_is_worth_nothing_any_more(
    sqlite_database: Database, clock: ManualClock
) -> None:
    directory = ListedDirectory(customer())
    with Desk(sqlite_database, clock, directory=directory) as desk:
        desk.identify()
        desk.ask("send_code")
        directory.people = (replace(customer(), mobile=_ELSEWHERE),)
        assert desk.enter(desk.sms.last_code).outcome == "wrong"


def point_to_the_thief(db: Database) -> None:
    """What a plain column lets anybody do who may write to the tables."""
    with db.writing() as session:
        session.execute(text("UPDATE verifications SET customer_id = 'thief'"))


def test_no_code_for_one_customer_goes_to_another(database: Database, clock: ManualClock) -> None:
    register(database, customer(), _THIEF)
    with Desk(database, clock) as desk:
        desk.identify()
        point_to_the_thief(database)
        assert desk.ask("send_code").outcome == "sent"
        assert desk.sent == 0


def test_the_code_of_one_customer_does_not_prove_another(
    database: Database, clock: ManualClock
) -> None:
    register(database, customer(), _THIEF)
    with Desk(database, clock) as desk:
        desk.identify()
        desk.ask("send_code")
        point_to_the_thief(database)
        assert desk.enter(desk.sms.last_code).outcome == "wrong"


@pytest.mark.parametrize("swapped", [True, False])
def test_the_proof_of_one_customer_spares_another_no_code(
    database: Database, clock: ManualClock, swapped: bool
) -> None:
    """The thief was verified as who he is, and makes his row look like the victim's."""
    register(database, customer(), _THIEF)
    rule = KnownCallerRule(seconds=600, after_agent=True)
    with Desk(database, clock) as desk:
        first = {"call_id": "first", "caller": _ELSEWHERE if swapped else MOBILE}
        with database.writing() as session:
            calls.insert(session, CallRecord(
                "first", "CA1", "verify", "digest", "ja", first["caller"], "+8150", 1, "ended",
                "{}", clock.now(), ended_at=clock.now(), ended_how="hangup",
            ))  # fmt: skip
        thief = {"birthdate": "1990-01-01", "name": said("ヌスト", "ヒト")} if swapped else {}
        desk.identify(**first, **thief)
        proof = desk.verification
        desk.ask("send_code", **first)
        assert desk.enter(desk.sms.last_code, **first).outcome == "ok"
        desk.identify(call_id="second")
        with database.writing() as session:
            session.execute(
                text(
                    "UPDATE verifications SET (caller_index, claim_index, customer_id) ="
                    " (SELECT caller_index, claim_index, customer_id FROM verifications"
                    " WHERE id = :second) WHERE id = :proof"
                ),
                {"second": desk.verification, "proof": proof},
            )
        known = desk.ask(
            "known_caller", call_id="second", birthdate=BORN, name=HANAKO, known_caller=rule
        )
        assert known.outcome == ("unknown" if swapped else "known")
