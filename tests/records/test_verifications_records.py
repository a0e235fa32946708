from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ivr.clock import ManualClock
from ivr.errors import NotFound
from ivr.records import verifications
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord


def test_a_verification_comes_back_as_it_went_in(
    database: Database, verification: VerificationRecord
) -> None:
    decoy = replace(verification, id="ver-2", customer_id=None, caller_index=None)
    with database.writing() as session:
        verifications.create(session, verification)
        verifications.create(session, decoy)
        assert verifications.get(session, "ver-1", lock=True) == verification
    with database.reading() as session:
        assert verifications.get(session, "ver-1") == verification
        assert verifications.get(session, "ver-2") == decoy
        assert verifications.get(session, "ver-3") is None


def test_attempts_and_sends_count_apart(
    database: Database, stored_verification: VerificationRecord
) -> None:
    with database.writing() as session:
        counted = [
            verifications.count_attempt(session, "ver-1", 2),
            verifications.count_send(session, "ver-1", 2),
            verifications.count_attempt(session, "ver-1", 2),
            verifications.count_attempt(session, "ver-1", 2),
            verifications.count_send(session, "ver-1", 1),
            verifications.count_attempt(session, "no-such", 2),
        ]
    assert counted == [1, 1, 2, None, None, None]
    with database.reading() as session:
        found = verifications.get(session, "ver-1")
    assert found == replace(stored_verification, attempts=2, sends=1)


def test_evidence_and_end_change_alone(
    database: Database, stored_verification: VerificationRecord, clock: ManualClock
) -> None:
    later = clock.now() + timedelta(minutes=5)
    with database.writing() as session:
        verifications.save_evidence(session, "ver-1", '{"code": "ok"}', clock.now())
        verifications.extend(session, "ver-1", later)
    with database.reading() as session:
        found = verifications.get(session, "ver-1")
    assert found == replace(
        stored_verification,
        evidence='{"code": "ok"}',
        verified_at=clock.now(),
        expires_at=later,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda session, at: verifications.save_evidence(session, "no-such", "{}", None),
        lambda session, at: verifications.extend(session, "no-such", at),
    ],
    ids=["save_evidence", "extend"],
)
def test_changing_an_unknown_one_is_told(
    database: Database, clock: ManualClock, change: Callable[[Session, object], object]
) -> None:
    with pytest.raises(NotFound), database.writing() as session:
        change(session, clock.now())


def test_a_caller_resumes_the_newest_open_one_with_a_send(
    database: Database, verification: VerificationRecord, clock: ManualClock
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "older": {"sends": 1},
        "newest": {"sends": 2},
        "unsent": {},
        "verified": {"sends": 1, "verified_at": clock.now()},
        "expired": {"sends": 1, "expires_at": clock.now()},
        "stranger": {"sends": 1, "caller_index": "other"},
        "withheld": {"sends": 1, "caller_index": None},
    }
    with database.writing() as session:
        assert verifications.open_for_caller(session, "caller", clock.now()) is None
        for name, changes in kinds.items():
            verifications.create(session, replace(verification, id=name, **changes))
    with database.reading() as session:
        found = verifications.open_for_caller(session, "caller", clock.now())
        assert found is not None and found.id == "newest"
        clock.advance(600)
        assert verifications.open_for_caller(session, "caller", clock.now()) is None
