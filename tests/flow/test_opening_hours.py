"""When somebody answers: weekdays, holidays, closed days, the minute before and after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ivr.clock import JAPAN
from ivr.flow.opening_hours import OpeningHours, national_holidays

OFFICE = OpeningHours(
    mon=("9:00-12:00", "13:00-17:00"),
    fri=("00:00-24:00",),
    sun=("8:30-9:00",),
    holidays=("10:00-11:00",),
    closed_days=("12-31", "2026-11-13"),
)


#: Any minute of the years in which holidays are known.
INSTANTS = st.integers(0, 79 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=JAPAN) + timedelta(minutes=minutes)
)


def tokyo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Monday: two spans; the first minute belongs to a span, the one after its end does not.
        ("2026-11-16T08:59:59", False),
        ("2026-11-16T09:00:00", True),
        ("2026-11-16T11:59:59", True),
        ("2026-11-16T12:00:00", False),
        ("2026-11-16T13:00:00", True),
        ("2026-11-16T17:00:00", False),
        # Tuesday has no hours.
        ("2026-11-17T10:00:00", False),
        # Friday: all day, and not a minute of Saturday.
        ("2026-11-20T00:00:00", True),
        ("2026-11-20T23:59:59", True),
        ("2026-11-21T00:00:00", False),
        # A Friday closed once, another year it is open.
        ("2026-11-13T10:00:00", False),
        ("2027-11-12T10:00:00", True),
        # Monday 23 November is a holiday, with hours of its own.
        ("2026-11-23T09:30:00", False),
        ("2026-11-23T10:30:00", True),
        # New Year's Eve is closed in every year, on Thursdays and on Fridays.
        ("2027-12-31T10:00:00", False),
        ("2032-12-31T10:00:00", False),
        # A substitute holiday (6 May 2026), and the day between two holidays (22 September 2026).
        ("2026-05-06T10:30:00", True),
        ("2026-09-22T10:30:00", True),
        # A holiday on a Sunday keeps a holiday's hours.
        ("2026-05-03T08:45:00", False),
        ("2026-05-03T10:45:00", True),
    ],
)
def test_open_or_not(at: str, expected: bool) -> None:
    assert OFFICE.open_at(tokyo(at)) is expected


def test_the_hours_are_japans_wherever_the_server_is() -> None:
    assert OFFICE.open_at(datetime(2026, 11, 16, 0, 30, tzinfo=UTC))
    assert not OFFICE.open_at(datetime(2026, 11, 16, 9, 30, tzinfo=UTC))


def test_the_holidays_of_two_years() -> None:
    """As the Cabinet Office announced them (内閣府「国民の祝日」について)."""
    announced = {
        2026: "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21"
        " 09-22 09-23 10-12 11-03 11-23",
        2027: "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20"
        " 09-23 10-11 11-03 11-23",
    }
    for year, days in announced.items():
        assert national_holidays(year) == {
            date.fromisoformat(f"{year}-{day}") for day in days.split()
        }


@given(INSTANTS)
def test_without_hours_a_day_is_closed(at: datetime) -> None:
    assert not OpeningHours().open_at(at)
    assert not OpeningHours().ever_open()


@given(INSTANTS)
def test_open_around_the_clock_is_always_open(at: datetime) -> None:
    day = ("00:00-24:00",)
    hours = OpeningHours(
        mon=day, tue=day, wed=day, thu=day, fri=day, sat=day, sun=day, holidays=day
    )
    assert hours.open_at(at)
    closed = hours.model_copy(update={"closed_days": (f"{at:%m-%d}",)})
    assert not closed.open_at(at)
    assert closed.open_at(at + timedelta(days=2))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mon", ("9-17",), "must be a time of day such as 9:00-17:00"),
        ("mon", ("9:00-17:00 ",), "must be a time of day"),
        ("mon", ("９:00-17:00",), "must be a time of day"),
        ("mon", ("9:60-17:00",), "there is no such time of day"),
        ("mon", ("9:00-24:01",), "there is no such time of day"),
        ("mon", ("24:00-24:00",), "there is no such time of day"),
        ("mon", ("17:00-9:00",), "must end after it begins"),
        ("mon", ("9:00-9:00",), "must end after it begins"),
        ("mon", ("9:00-12:00", "11:59-13:00"), "must be in order and not overlap"),
        ("mon", ("13:00-17:00", "9:00-12:00"), "must be in order and not overlap"),
        ("holidays", ("later",), "must be a time of day"),
        ("closed_days", ("02-30",), "there is no such day"),
        ("closed_days", ("2026-02-29",), "there is no such day"),
        ("closed_days", ("1-1",), "must be a day such as 12-31"),
    ],
)
def test_hours_that_cannot_be(field: str, value: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        OpeningHours.model_validate({field: value})


def test_hours_that_can() -> None:
    OpeningHours(mon=("9:00-12:00", "12:00-17:00"), closed_days=("02-29", "2028-02-29"))
