from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import codes
from ivr.records.codes import CodeRecord
from ivr.records.database import Database

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


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], None),
        (["sent", "sent"], "code-2"),
        (["sent", "sending"], "code-2"),
        (["sent", "failed"], "code-1"),
        (["failed"], None),
        (["decoy", "decoy"], "code-2"),
    ],
)
def test_the_newest_code_that_did_not_fail_counts(
    database: Database, new_code: NewCode, statuses: list[str], expected: str | None
) -> None:
    with database.writing() as session:
        for number, status in enumerate(statuses, start=1):
            codes.create(session, new_code(number, status=status))
    with database.reading() as session:
        found = codes.newest(session, "ver-1")
        assert (found.id if found else None) == expected
        assert codes.newest(session, "ver-2") is None


def test_a_consumed_newest_code_does_not_revive_an_older_one(
    database: Database, new_code: NewCode, clock: ManualClock
) -> None:
    with database.writing() as session:
        codes.create(session, new_code(1))
        codes.create(session, new_code(2))
        assert codes.consume(session, "code-2", clock.now())
        found = codes.newest(session, "ver-1")
        assert found == replace(new_code(2), consumed_at=clock.now())


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
