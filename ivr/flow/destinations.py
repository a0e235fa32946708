"""Who answers calls, by logical name: kind, opening hours, what happens when nobody does.

``destinations.yaml`` beside ``flow.yaml``. Phone numbers and SIP addresses belong to a deployment
and are settings (``IVR_DESTINATIONS``); see docs/decisions/0013-destinations-in-two-places.md.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from pydantic import Field, model_validator

from ivr.flow.model import Name, Strict
from ivr.flow.opening_hours import OpeningHours

#: Keys of a destination that only one kind has.
_BELONGS = {
    "ring": "phone",
    "refer": "sip",
    "priority": "taskrouter",
    "wait_minutes": "taskrouter",
}


class Overflow(Strict):
    """Who takes a call that nobody takes here; ``prompt`` is said before they are rung."""

    to: Name
    prompt: Name | None = None


class Priority(Strict):
    """Who is taken first from a queue: the highest of what holds for a call, 0 for the rest.

    Of the levels only ``verified`` counts, for the reason that :class:`ivr.flow.model.Route` has.
    """

    verified: int = Field(default=0, ge=0, le=100)
    urgent: int = Field(default=0, ge=0, le=100)
    proxy: int = Field(default=0, ge=0, le=100)

    def of(self, marks: Collection[str]) -> int:
        """The priority of a call with these flags and this level among them."""
        given = {"verified": self.verified, "urgent": self.urgent, "proxy": self.proxy}
        return max([0, *(value for name, value in given.items() if name in marks)])


class Destination(Strict):
    """Who answers. ``phone``: people with a phone, who hear a whisper. ``sip``: a telephone
    system, which reads headers. ``taskrouter``: people behind a queue of Twilio's.

    ``ring``: all phones at once, or one after the other until somebody takes the call. ``refer``:
    a call that came by SIP is handed back to where it came from (RFC 3515). ``wait_minutes``: how
    long a call stays in a queue at most.
    ``hours`` names opening hours, nothing stands for always open. ``closed`` is said outside of
    them where nobody else is open.
    """

    kind: Literal["phone", "sip", "taskrouter"]
    ring: Literal["together", "in_turn"] = "together"
    refer: bool = False
    priority: Priority = Priority()
    wait_minutes: int = Field(default=10, ge=1, le=60)
    hours: Name | None = None
    closed: Name | None = None
    overflow: Overflow | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Destination:
        for key, kind in _BELONGS.items():
            if key in self.model_fields_set and kind != self.kind:
                raise ValueError(f"'{key}' belongs to kind '{kind}', not to '{self.kind}'")
        if self.closed is not None and self.hours is None:
            raise ValueError("'closed' is said outside of 'hours', which are missing")
        return self

    @property
    def in_turn(self) -> bool:
        """Whether addresses are tried one after the other."""
        return self.kind == "sip" or self.ring == "in_turn"


#: What a destination is that no file describes: phones that ring together, always open.
RING_GROUP = Destination(kind="phone")


class DestinationsFile(Strict):
    """The content of ``destinations.yaml``."""

    hours: dict[Name, OpeningHours] = Field(default={})
    destinations: dict[Name, Destination]

    def get(self, name: str) -> Destination:
        """The destination of that name; :data:`RING_GROUP` where it is not described."""
        return self.destinations.get(name, RING_GROUP)

    def is_open(self, name: str, at: datetime) -> bool:
        """Whether somebody answers there at ``at`` (aware)."""
        hours = self.get(name).hours
        return hours is None or self.hours[hours].open_at(at)

    def open_one(self, name: str, at: datetime) -> str | None:
        """``name``, or the first of those it overflows to that is open; None where none is."""
        asked: set[str] = set()
        following: str | None = name
        while following is not None and following not in asked:
            if self.is_open(following, at):
                return following
            asked.add(following)
            overflow = self.get(following).overflow
            following = overflow.to if overflow else None
        return None


#: A flow without ``destinations.yaml``.
UNDESCRIBED = DestinationsFile(destinations={})
