"""A directory that is slow, hangs or fails: no call waits longer, and no caller can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from desk import Desk
from fakes.directories import BrokenDirectory, HangingDirectory, ListedDirectory
from people import BORN, HANAKO, STRANGER, customer
from structlog.testing import capture_logs

from ivr.clock import ManualClock
from ivr.errors import RecordsError, RecordsUnavailable
from ivr.identity import identification
from ivr.identity.circuit_breaker import CircuitBreaker
from ivr.identity.paced_directory import PacedDirectory
from ivr.identity.ports import Candidate, Directory
from ivr.records.database import Database

_DAY = date.fromisoformat(BORN)
#: Waited for an answer that never comes; on the manual clock everything takes 5 s.
_MOMENT = 0.05


class SlowDirectory(ListedDirectory):
    """Takes so many seconds of the manual clock."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        super().__init__(customer())
        self._clock, self._seconds = clock, seconds

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        self._clock.advance(self._seconds)
        return super().born_on(birthdate)


class BuggyDirectory(ListedDirectory):
    """Fails with a text that quotes what it was asked for."""

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        raise KeyError(f"no such day: {birthdate}")


class RefusingDirectory(ListedDirectory):
    """Answers, but not about one birthdate."""

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        if birthdate == date(1900, 1, 1):
            raise RecordsError("more than 5000 customers have one birthdate")
        return super().born_on(birthdate)


def seconds_of(clock: ManualClock, look_up: Callable[[], object]) -> float:
    """Seconds that a look-up takes on the clock, whether or not it fails."""
    began = clock.now()
    with suppress(RecordsError):
        look_up()
    return (clock.now() - began).total_seconds()


@pytest.mark.parametrize("kind", ["at once", "slow", "nobody", "away", "buggy", "left alone"])
def test_every_look_up_takes_the_same_time(clock: ManualClock, kind: str) -> None:
    inner: Directory = {
        "slow": SlowDirectory(clock, 4.5),
        "nobody": ListedDirectory(),
        "away": BrokenDirectory(),
        "buggy": BuggyDirectory(),
        "left alone": BrokenDirectory(),
    }.get(kind, ListedDirectory(customer()))
    paced = PacedDirectory(inner, clock, seconds=5, breaker=CircuitBreaker(clock, failures=1))
    if kind == "left alone":
        seconds_of(clock, lambda: paced.born_on(_DAY))
    assert seconds_of(clock, lambda: paced.born_on(_DAY)) == pytest.approx(5)


def test_several_together_take_the_time_of_one(clock: ManualClock) -> None:
    paced = PacedDirectory(ListedDirectory(customer()), clock, seconds=5)
    taken = seconds_of(
        clock,
        lambda: paced.together(lambda open_: (open_.born_on(_DAY), open_.by_ids(["c1"]))),
    )
    assert taken == pytest.approx(5)


def test_what_is_found_comes_through(clock: ManualClock) -> None:
    person = customer()
    paced = PacedDirectory(ListedDirectory(person), clock, seconds=5)
    assert paced.born_on(_DAY) == [person]
    assert paced.by_id("c1") == person
    assert set(paced.with_phones([str(person.mobile)])) == {"c1"}


def test_a_directory_that_hangs_is_not_waited_for(clock: ManualClock) -> None:
    hanging = HangingDirectory(customer())
    paced = PacedDirectory(hanging, clock, seconds=_MOMENT, at_once=2)
    try:
        for _ in range(2):
            with pytest.raises(RecordsUnavailable, match="did not answer in time"):
                paced.born_on(_DAY)
        # Its threads are all taken: nobody else waits in vain.
        with pytest.raises(RecordsUnavailable, match="busy with earlier look-ups"):
            paced.born_on(_DAY)
        assert hanging.asked == 2
    finally:
        hanging.released.set()


def test_it_is_asked_again_once_it_has_answered(clock: ManualClock) -> None:
    hanging = HangingDirectory(customer())
    paced = PacedDirectory(hanging, clock, seconds=_MOMENT, at_once=1)
    with pytest.raises(RecordsUnavailable):
        paced.born_on(_DAY)
    hanging.released.set()
    patient = PacedDirectory(hanging, clock, seconds=30)
    assert patient.born_on(_DAY) == [customer()]


def test_after_failures_it_is_left_alone_and_then_tried(clock: ManualClock) -> None:
    broken = BrokenDirectory()
    breaker = CircuitBreaker(clock, pause=timedelta(hours=1))
    paced = PacedDirectory(broken, clock, seconds=5, breaker=breaker)
    with capture_logs() as logs:
        for _ in range(20):
            with pytest.raises(RecordsUnavailable):
                paced.born_on(_DAY)
    assert broken.asked == 5
    assert [entry["event"] for entry in logs] == ["directory_left_alone"]
    clock.advance(3600)
    with pytest.raises(RecordsUnavailable, match="away"):
        paced.born_on(_DAY)
    assert broken.asked == 6


def test_a_question_that_it_cannot_answer_keeps_nobody_else_from_asking(clock: ManualClock) -> None:
    """Such as a birthdate that stands for all that are not known: whoever says it five times must
    not shut the directory for everybody."""
    refusing = RefusingDirectory(customer())
    paced = PacedDirectory(refusing, clock, seconds=5)
    for _ in range(20):
        with pytest.raises(RecordsError, match="one birthdate"):
            paced.born_on(date(1900, 1, 1))
    assert paced.born_on(_DAY) == [customer()]


def test_an_end_of_the_trouble_is_logged(clock: ManualClock) -> None:
    breaker = CircuitBreaker(clock, failures=1)
    with pytest.raises(RecordsUnavailable):
        PacedDirectory(BrokenDirectory(), clock, seconds=5, breaker=breaker).born_on(_DAY)
    clock.advance(60)
    with capture_logs() as logs:
        PacedDirectory(ListedDirectory(), clock, seconds=5, breaker=breaker).born_on(_DAY)
    assert [entry["event"] for entry in logs] == ["directory_answers_again"]


def test_an_error_of_ours_tells_nothing_of_whom_it_was_asked_about(clock: ManualClock) -> None:
    paced = PacedDirectory(BuggyDirectory(), clock, seconds=5)
    with capture_logs() as logs, pytest.raises(RecordsError) as caught:
        paced.born_on(_DAY)
    told = f"{caught.value} {caught.value.__cause__} {logs}"
    assert "KeyError" in told
    assert "1985" not in told


@pytest.mark.parametrize("kind", ["found", "nobody", "buggy", "away", "left alone", "hangs"])
def test_comparing_names_takes_none_of_a_callers_time(
    sqlite_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Some twenty milliseconds: behind the time of a look-up that failed they could be heard."""
    hanging = HangingDirectory(customer())
    inner: Directory = {
        "nobody": ListedDirectory(),
        "buggy": BuggyDirectory(),
        "away": BrokenDirectory(),
        "left alone": BrokenDirectory(),
        "hangs": hanging,
    }.get(kind, ListedDirectory(customer()))
    seconds = _MOMENT if kind == "hangs" else 5
    breaker = CircuitBreaker(clock, failures=1 if kind == "left alone" else 99)
    paced = PacedDirectory(inner, clock, seconds=seconds, breaker=breaker)
    if kind == "left alone":
        seconds_of(clock, lambda: paced.born_on(_DAY))
    for name in ("named", "match_name"):
        compare = getattr(identification, name)

        def compared(*given: Any, compare: Callable[..., Any] = compare) -> Any:
            clock.advance(0.02)
            return compare(*given)

        monkeypatch.setattr(identification, name, compared)
    with Desk(sqlite_database, clock, directory=paced) as desk:
        assert seconds_of(clock, desk.identify) == pytest.approx(seconds)
    hanging.released.set()


@pytest.mark.parametrize("trouble", [None, "away", "hangs"])
def test_callers_cannot_tell_who_is_in_it_or_that_it_is_out_of_order(
    sqlite_database: Database, clock: ManualClock, trouble: str | None
) -> None:
    hanging = HangingDirectory(customer())
    inner: Directory = {"away": BrokenDirectory(), "hangs": hanging}.get(
        str(trouble), ListedDirectory(customer())
    )
    paced = PacedDirectory(inner, clock, seconds=_MOMENT if trouble == "hangs" else 5)
    noticed = []
    for number, name in enumerate((HANAKO, STRANGER)):
        # A send that outlasts its time ends on its own, and its queries would be counted or not.
        with Desk(sqlite_database, clock, directory=paced, send_seconds=60) as desk:
            desk.new_intent = (f"{number}-{n}" for n in range(9)).__next__  # type: ignore[method-assign]
            with sqlite_database.count_queries() as queries:
                outcomes = [desk.identify(name=name).outcome, desk.ask("send_code").outcome]
            noticed.append((outcomes, queries.count))
    hanging.released.set()
    assert noticed[0] == noticed[1]
    assert noticed[0][0] == ["done", "sent"]
