"""From year, month and day to a birthdate that can be trusted, in every language."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ivr.understanding.value import Status, Understood

#: Nobody alive is older (the oldest person on record reached 122); beyond it, it was misheard.
MAX_AGE_YEARS = 120


Part = Literal["year", "month", "day"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one utterance says about a birthdate, before anyone believes it.

    ``day`` -1 is the last day of the month (晦日 *misoka*). ``doubt`` is the reason code of
    anything that keeps the value from being certain. ``hidden``: doubt so deep that no value
    may be offered. ``sure`` weighs the confidence (0..1). ``span``: first and last day of the
    era the year was said in (``last`` None: the present one). ``weekday``: 0 is Monday.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    doubt: str = ""
    hidden: bool = False
    sure: float = 1.0
    span: tuple[date, date | None] | None = None
    weekday: int | None = None

    @classmethod
    def of(cls, day: date) -> Reading:
        """A whole date."""
        return cls(day.year, day.month, day.day)

    @property
    def missing(self) -> tuple[Part, ...]:
        """The parts not said yet, of ``year``, ``month`` and ``day`` in this order."""
        return tuple(part for part in _PARTS if getattr(self, part) is None)


_PARTS: tuple[Part, ...] = ("year", "month", "day")
#: Doubts that end when the part is said.
_UNTIL_SAID = ("year_missing", "month_missing", "day_missing")


def merge(held: Reading, said: Reading) -> Reading:
    """Parts of a birthdate given in several utterances, ``said`` being the latest, as one.

    A whole date replaces what was held; of an utterance without a value (``hidden``) nothing
    is taken. A part given again with another value replaces the first and leaves the doubt
    ``said_anew``, so that the date is confirmed, never taken silently.
    """
    if said.hidden:
        return held
    if held.hidden or not said.missing:
        return said
    anew = any(
        getattr(held, part) is not None and getattr(said, part) not in (None, getattr(held, part))
        for part in _PARTS
    )
    doubts = [one.doubt for one in (held, said) if one.doubt and one.doubt not in _UNTIL_SAID]
    doubt = "said_anew" if anew else next(iter(doubts), "")
    year = held if said.year is None else said
    return Reading(
        year=year.year,
        month=held.month if said.month is None else said.month,
        day=held.day if said.day is None else said.day,
        doubt=doubt,
        sure=min(held.sure, said.sure),
        span=year.span,
        weekday=held.weekday if said.weekday is None else said.weekday,
    )


def uneven(*figures: str) -> bool:
    """2006/07/1: some are padded, others are not, so a figure may be lost."""
    return any(part[0] == "0" for part in figures) and any(len(part) == 1 for part in figures)


def conclude(reading: Reading, *, today: date, confidence: float) -> Understood:
    """The birthdate of ``reading`` as :class:`Understood`; ``confidence`` is the recogniser's.

    Never ``ok`` unless year, month and day are all there and the day exists, is not after
    ``today`` and not more than ``MAX_AGE_YEARS`` before it.
    """
    if reading.hidden:
        return Understood("unclear", None, 0.0, reading.doubt)
    # A month or day that cannot be is wrong whatever else is missing.
    if not _possible(reading):
        return Understood("invalid", None, confidence * reading.sure, "impossible_date")
    if reading.missing:
        return Understood("unclear", None, 0.0, reading.doubt or f"{reading.missing[0]}_missing")
    assert reading.year is not None and reading.month is not None and reading.day is not None  # noqa: S101
    last = calendar.monthrange(reading.year, reading.month)[1]
    born = date(reading.year, reading.month, last if reading.day == -1 else reading.day)
    doubt = reading.doubt or _contradiction(reading, born)
    return judge(born, today=today, confidence=confidence * reading.sure, doubt=doubt)


def _contradiction(reading: Reading, born: date) -> str:
    """昭和64年5月, 令和元年4月30日: the era had ended, or not begun. Or another weekday."""
    if reading.span is not None:
        first, last = reading.span
        if born < first or (last is not None and born > last):
            return "era_mismatch"
    if reading.weekday is not None and born.weekday() != reading.weekday:
        return "weekday_mismatch"
    return ""


def judge(born: date, *, today: date, confidence: float, doubt: str = "") -> Understood:
    """A day that exists, as a birthdate: in the future or too long ago it is ``invalid``.

    An invalid day keeps its value so that it can be told apart in a test; it must not be used.
    ``doubt``: a reason code that makes the day ``unclear``.
    """
    status: Status = "unclear" if doubt else "ok"
    if born > today:
        status, doubt = "invalid", "future"
    elif born < _years_before(today, MAX_AGE_YEARS):
        status, doubt = "invalid", "too_old"
    sure = 0.5 if status == "unclear" else 1.0
    return Understood(status, born.isoformat(), confidence * sure, doubt)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a year without one
        return day.replace(year=day.year - years, day=28)


def _possible(reading: Reading) -> bool:
    if reading.year is not None and not 1 <= reading.year <= 9999:
        return False
    if reading.month is not None and not 1 <= reading.month <= 12:
        return False
    if reading.day is None or reading.day == -1:
        return True
    # Without a year the 29th of February may be; without a month the 31st.
    longest = calendar.monthrange(reading.year or 2000, reading.month or 1)[1]
    return 1 <= reading.day <= longest
