"""Whom a verification is about: looked up alike for all, and nobody but whom its seal names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.directories import ListedDirectory
from people import customer
from structlog.testing import capture_logs

from ivr.clock import ManualClock
from ivr.errors import HonninError, RecordsError, RecordsUnavailable
from ivr.identity.claimed_customer import NOBODY, ClaimedCustomer, claimed_customer
from ivr.identity.findings import Findings
from ivr.identity.ports import Customer
from ivr.records import verifications
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

_HANAKO = customer()
_SEALED = Findings({"match": "one", "customer": _HANAKO.number})
_OTHER = Findings({"match": "one", "customer": "9999999"})
_UNSEALED = Findings({"match": "none"})
_OPEN, _DECOY = "verification", "decoy"
_BY_MISTAKE = [{"event": "verification_of_somebody_else", "log_level": "error"}]


class AskedDirectory(ListedDirectory):
    """Remembers for whom it was asked; fails with ``trouble``."""

    def __init__(self, *people: Customer, trouble: Exception | None = None) -> None:
        super().__init__(*people)
        self.ids: list[str] = []
        self._trouble = trouble

    def by_id(self, customer_id: str) -> Customer | None:
        self.ids.append(customer_id)
        if self._trouble is not None:
            raise self._trouble
        return super().by_id(customer_id)


def record(clock: ManualClock, name: str, customer_id: str | None) -> VerificationRecord:
    return VerificationRecord(
        id=name,
        caller_index=None,
        claim_index="claim",
        customer_id=customer_id,
        language="ja",
        attempts=0,
        sends=0,
        verified_at=None,
        expires_at=clock.now() + timedelta(minutes=10),
        created_at=clock.now(),
        evidence=(_SEALED if customer_id else _UNSEALED).to_json(),
    )


@pytest.fixture
def db(sqlite_database: Database, clock: ManualClock) -> Database:
    """With a verification of 山田花子 and one of nobody."""
    with sqlite_database.writing() as session:
        verifications.create(session, record(clock, _OPEN, _HANAKO.id))
        verifications.create(session, record(clock, _DECOY, None))
    return sqlite_database


@pytest.mark.parametrize(
    ("verification_id", "registered", "asked", "found"),
    [
        (_OPEN, [_HANAKO], _HANAKO.id, _HANAKO),
        # No customer any more.
        (_OPEN, [], _HANAKO.id, None),
        (_DECOY, [_HANAKO], NOBODY, None),
        # Whatever a directory says about nobody.
        (_DECOY, [customer(id=NOBODY)], NOBODY, None),
        ("unknown", [_HANAKO], NOBODY, None),
        (None, [_HANAKO], NOBODY, None),
        (None, [customer(id=NOBODY)], NOBODY, None),
    ],
)
def test_whom_it_is_about_costs_everybody_the_same(
    db: Database,
    verification_id: str | None,
    registered: list[Customer],
    asked: str,
    found: Customer | None,
) -> None:
    directory = AskedDirectory(*registered)
    with capture_logs() as logs, db.count_queries() as queries:
        claimed = claimed_customer(db, directory, verification_id)
        assert (claimed.customer, claimed.sealed()) == (found, found)
    assert (queries.count, directory.ids, logs) == (1, [asked], [])
    assert (claimed.answered, claimed.flags) == (True, ())
    known = verification_id if verification_id in {_OPEN, _DECOY} else None
    assert (claimed.record and claimed.record.id) == known


@pytest.mark.parametrize("verification_id", [_OPEN, _DECOY, "unknown", None])
@pytest.mark.parametrize("trouble", [RecordsUnavailable("no answer"), RecordsError("garbage")])
def test_a_directory_that_fails_is_asked_once_whoever_it_is(
    db: Database, trouble: HonninError, verification_id: str | None
) -> None:
    directory = AskedDirectory(_HANAKO, trouble=trouble)
    with capture_logs() as logs, db.count_queries() as queries:
        claimed = claimed_customer(db, directory, verification_id)
        assert (claimed.customer, claimed.sealed(), claimed.sealed(_SEALED)) == (None, None, None)
    assert (queries.count, len(directory.ids), logs) == (1, 1, [])
    assert (claimed.answered, claimed.flags) == (False, ("directory_error",))


def test_what_is_no_failure_of_a_directory_is_not_hidden(db: Database) -> None:
    directory = AskedDirectory(_HANAKO, trouble=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        claimed_customer(db, directory, _OPEN)


def test_a_database_that_is_away_is_told(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise RecordsUnavailable("away")

    monkeypatch.setattr(verifications, "get", away)
    directory = AskedDirectory(_HANAKO)
    with pytest.raises(RecordsUnavailable, match="away"):
        claimed_customer(db, directory, _OPEN)
    assert directory.ids == []


@pytest.mark.parametrize(
    ("then", "again", "theirs"),
    [
        (_SEALED, None, True),
        (_OTHER, None, False),
        (_UNSEALED, None, False),
        # Read again, it counts what it says now.
        (_SEALED, _SEALED, True),
        (_OTHER, _SEALED, True),
        (_SEALED, _OTHER, False),
        (_SEALED, _UNSEALED, False),
        (_SEALED, Findings(), False),
    ],
)
def test_only_who_is_sealed_counts_and_anybody_else_is_told_of(
    clock: ManualClock, then: Findings, again: Findings | None, theirs: bool
) -> None:
    kept = replace(record(clock, _OPEN, _HANAKO.id), evidence=then.to_json())
    claimed = ClaimedCustomer(kept, _HANAKO, answered=True)
    with capture_logs() as logs:
        assert claimed.sealed(again) == (_HANAKO if theirs else None)
    assert logs == ([] if theirs else _BY_MISTAKE)
