"""When somebody answers: hours for each weekday, Japanese holidays, closed days.

All times are Japan's. Which days are holidays is known from the Act on National Holidays, by the
package ``holidays`` (1949 to 2099); days that the law does not know are written down as closed.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from typing import Annotated

from holidays import country_holidays
from pydantic import AfterValidator

from ivr.clock import JAPAN
from ivr.flow.model import Strict

_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})", re.ASCII)
_DAY = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})", re.ASCII)
#: A year in which every day of every year exists.
_LEAP_YEAR = 2000


def _minutes(span: str) -> tuple[int, int]:
    """First minute of a span and the minute after its last, counted from midnight.

    Raises:
        ValueError: it is no span of a day.
    """
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError("must be a time of day such as 9:00-17:00")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= 24 * 60 or end > 24 * 60:
        raise ValueError("there is no such time of day; a day ends at 24:00")
    if start >= end:
        raise ValueError("must end after it begins; hours past midnight belong to the next day")
    return start, end


def _span(span: str) -> str:
    _minutes(span)
    return span


def _apart(spans: tuple[str, ...]) -> tuple[str, ...]:
    parts = [_minutes(span) for span in spans]
    if any(later[0] < earlier[1] for earlier, later in pairwise(parts)):
        raise ValueError("must be in order and not overlap")
    return spans


def _closed_day(day: str) -> str:
    found = _DAY.fullmatch(day)
    if found is None:
        raise ValueError("must be a day such as 12-31 (every year) or 2026-08-13")
    try:
        date(int(found[1] or _LEAP_YEAR), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError("there is no such day") from None
    return day


Spans = Annotated[
    tuple[Annotated[str, AfterValidator(_span)], ...],
    AfterValidator(_apart),
]
ClosedDay = Annotated[str, AfterValidator(_closed_day)]


class OpeningHours(Strict):
    """Opening hours by weekday, as ``9:00-17:00``; a day without hours is closed.

    ``holidays`` are the hours of national holidays, whatever weekday they fall on.
    ``closed_days`` (``12-31`` every year, ``2026-08-13`` once) win over everything.
    """

    mon: Spans = ()
    tue: Spans = ()
    wed: Spans = ()
    thu: Spans = ()
    fri: Spans = ()
    sat: Spans = ()
    sun: Spans = ()
    holidays: Spans = ()
    closed_days: tuple[ClosedDay, ...] = ()

    def open_at(self, at: datetime) -> bool:
        """Whether somebody answers at ``at`` (aware)."""
        local = at.astimezone(JAPAN)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in map(_minutes, self._spans(local.date())))

    def ever_open(self) -> bool:
        """Whether there is a weekday on which somebody answers."""
        return any((self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun))

    def _spans(self, day: date) -> tuple[str, ...]:
        if day.isoformat() in self.closed_days or f"{day:%m-%d}" in self.closed_days:
            return ()
        if day in national_holidays(day.year):
            return self.holidays
        week = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)
        return week[day.weekday()]


@cache
def national_holidays(year: int) -> frozenset[date]:
    """The national holidays of Japan in ``year``, substitute holidays and the days between two
    holidays among them (Act on National Holidays, article 3)."""
    return frozenset(country_holidays("JP", years=year))
