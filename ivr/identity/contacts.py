"""Where a customer's codes may go: registered contacts only, in a fixed order."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from ivr.identity.callers import usable_number
from ivr.identity.ports import Channel, Customer

#: A phone proves more than a mailbox, and a text arrives while the caller holds the line.
CHANNELS: tuple[Channel, ...] = ("sms", "voice", "email")


@dataclass(frozen=True, slots=True)
class Contact:
    """A registered destination: E.164, or an e-mail address for ``email``."""

    channel: Channel
    destination: str

    @property
    def prefix(self) -> str:
        """What the daily limit per prefix counts: the first six digits, or the mail domain."""
        if self.channel == "email":
            return self.destination.rpartition("@")[2].lower()
        return self.destination.lstrip("+")[:6]


def contacts_of(
    customer: Customer, *, caller: str, available: Container[Channel]
) -> tuple[Contact, ...]:
    """The contacts that may get a code now, best first.

    ``caller``: never called back with a code, for whoever holds that phone would hear it; where
    the number is withheld no landline can be told from it, so none is called.
    ``available``: channels that have a sender.
    """
    number = usable_number(caller)
    landline = customer.landline if number is not None and customer.landline != number else None
    registered = {"sms": customer.mobile, "voice": landline, "email": customer.email}
    return tuple(
        Contact(channel, destination)
        for channel in CHANNELS
        if channel in available and (destination := registered[channel])
    )


def after(contacts: tuple[Contact, ...], channel: str | None) -> tuple[Contact, ...]:
    """The contacts behind ``channel`` in order; all of them where nothing was tried before."""
    if channel is None:
        return contacts
    return tuple(c for c in contacts if CHANNELS.index(c.channel) > _rank(channel))


def since(contacts: tuple[Contact, ...], channel: str | None) -> tuple[Contact, ...]:
    """The contacts from ``channel`` on; all of them where that leaves none."""
    if channel is None:
        return contacts
    rest = tuple(c for c in contacts if CHANNELS.index(c.channel) >= _rank(channel))
    return rest or contacts


def _rank(channel: str) -> int:
    return next(rank for rank, known in enumerate(CHANNELS) if known == channel)
