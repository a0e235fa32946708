"""When a delivery that failed is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from ivr.records.outbox import EventRecord
from ivr.telephony.crm.post import Answer

#: Seconds after the first failure; each further one waits three times as long.
_FIRST_S, _GROWTH = 5.0, 3.0
#: The longest pause, and the most that a CRM may ask for.
LONGEST = timedelta(hours=3)
#: From here on the pauses are the longest anyway.
_MOST_STEPS = 10
#: "The endpoint is no longer wanted": trying again would be rude (Standard Webhooks).
GONE = 410


def next_attempt(
    event: EventRecord, answer: Answer, now: datetime, chance: Random
) -> datetime | None:
    """When to try again after ``answer``, or None to give up.

    5 s, 15 s, 45 s … up to 3 h, each shortened by up to half at random, so that the events of an
    outage do not come back all at once; not before the CRM's ``Retry-After``. The last attempt is
    made when the event's time is over.
    """
    if answer.status == GONE or now >= event.give_up_at:
        return None
    steps = min(event.attempts - 1, _MOST_STEPS)
    longest = min(LONGEST.total_seconds(), _FIRST_S * _GROWTH**steps)
    pause = timedelta(seconds=longest * chance.uniform(0.5, 1.0))
    asked = min(LONGEST, _asked_for(answer.retry_after, now))
    return min(event.give_up_at, now + max(pause, asked))


def _asked_for(text: str, now: datetime) -> timedelta:
    """How long a ``Retry-After`` (RFC 9110 section 10.2.3) wants us to wait; 0 if it is none."""
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), LONGEST.total_seconds()))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return timedelta(0)
    return timedelta(0) if at.tzinfo is None else max(timedelta(0), at - now)
