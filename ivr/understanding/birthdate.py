"""From year, month and day to a birthdate that can be trusted, in every language."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from ivr.understanding.value import Status, Understood

#: Nobody alive is older (the oldest person on record reached 122); beyond it, it was misheard.
MAX_AGE_YEARS = 120


@dataclass(frozen=True, slots=True)
class Reading:
    """What one utterance says about a birthdate, before anyone believes it.

    ``day`` -1 is the last day of the month (晦日 *misoka*). ``doubt`` is the reason code of
    anything that keeps the value from being certain. ``hidden``: doubt so deep that no value
    may be offered. ``sure`` weighs the confidence (0..1).
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    doubt: str = ""
    hidden: bool = False
    sure: float = 1.0


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
    missing = _missing(reading)
    if missing:
        return Understood("unclear", None, 0.0, reading.doubt or missing)
    assert reading.year is not None and reading.month is not None and reading.day is not None  # noqa: S101
    last = calendar.monthrange(reading.year, reading.month)[1]
    born = date(reading.year, reading.month, last if reading.day == -1 else reading.day)
    return judge(born, today=today, confidence=confidence * reading.sure, doubt=reading.doubt)


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


def _missing(reading: Reading) -> str:
    for part in ("year", "month", "day"):
        if getattr(reading, part) is None:
            return f"{part}_missing"
    return ""


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
