from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import codes, verifications
from ivr.records.codes import CodeRecord, Entered
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

NewCode = Callable[..., CodeRecord]

pytestmark = pytest.mark.usefixtures("stored_verification")


def test_a_code_is_found_by_its_intent(database: Database, new_code: NewCode) -> None:
    with database.writing() as session:
        codes.create(session, new_code())
    with database.reading() as session:
        assert codes.by_intent(session, "intent-1") == new_code()
        assert codes.by_intent(session, "intent-2") is None


def test_an_intent_makes_one_code(database: Database, new_code: NewCode) -> None:
    with database.writing() as session:
        codes.create(session, new_code())
    with pytest.raises(RecordsError), database.writing() as session:
        codes.create(session, replace(new_code(2), intent_id="intent-1"))


def test_a_code_needs_its_verification(database: Database, new_code: NewCode) -> None:
    with pytest.raises(RecordsError), database.writing() as session:
        codes.create(session, new_code(verification="no-such"))


def test_whether_codes_are_entered_is_told_by_channel(
    database: Database,
    new_code: NewCode,
    verification: VerificationRecord,
    clock: ManualClock,
) -> None:
    now = clock.now()
    with database.writing() as session:
        verifications.create(session, replace(verification, id="ver-2"))
        # Two codes for one request are one; decoys and what surely did not go out are none.
        codes.create(session, new_code(1))
        codes.create(session, new_code(2, status="sending"))
        codes.create(session, new_code(3, status="failed"))
        codes.create(session, new_code(4, status="decoy"))
        codes.create(session, new_code(5, verification="ver-2"))
        codes.create(session, replace(new_code(6, verification="ver-2"), channel="voice"))
        early = replace(new_code(7), created_at=now - timedelta(seconds=1), channel="email")
        codes.create(session, early)
        assert codes.consume(session, "code-2", now)
    with database.reading() as session:
        told = codes.entered(session, since=now, until=now + timedelta(seconds=1))
        later = codes.entered(session, since=now + timedelta(seconds=1), until=now)

    assert told == {"sms": Entered(2, 1), "voice": Entered(1, 0)}
    assert later == {}


@pytest.mark.parametrize(
    ("status", "seconds", "expected"),
    [
        ("sent", 0, True),
        ("sending", 0, True),
        ("sent", 600, True),
        ("sent", 600.000001, False),
        ("failed", 0, False),
        ("decoy", 0, False),
    ],
)
def test_consuming_works_once_and_only_in_time(
    database: Database,
    new_code: NewCode,
    clock: ManualClock,
    status: str,
    seconds: float,
    expected: bool,
) -> None:
    with database.writing() as session:
        codes.create(session, new_code(status=status))
        at = clock.now() + timedelta(seconds=seconds)
        assert codes.consume(session, "code-1", at) is expected
        assert codes.consume(session, "code-1", at) is False
        assert codes.consume(session, "no-such", at) is False


def test_status_follows_the_provider(database: Database, new_code: NewCode) -> None:
    with database.writing() as session:
        codes.create(session, new_code(status="sending"))
        codes.set_status(session, "code-1", "failed")
        found = codes.by_intent(session, "intent-1")
        assert found == new_code(status="failed")
        with pytest.raises(NotFound):
            codes.set_status(session, "no-such", "sent")
        with pytest.raises(ValueError, match="lost"):
            codes.set_status(session, "code-1", "lost")
