"""Where a customer's codes may go: registered contacts only, the preferred way first."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.identity.callers import usable_number
from ivr.identity.ports import Channel, Customer
from ivr.records.phone_numbers import may_be_mobile, to_e164

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
    customer: Customer, *, caller: str, available: Container[str], prefixes: tuple[str, ...] = ()
) -> tuple[Contact, ...]:
    """The contacts that may get a code now, best first.

    ``caller``: never called back with a code, for whoever holds that phone would hear it; where
    the number is withheld no landline can be told from it, so none is called.
    ``available``: channels that may be used now.
    ``prefixes``: how phones that may get a code begin (E.164); empty: any way.

    A mobile that cannot get text messages by its number is taken for a landline. Free, shared and
    malformed numbers get nothing, wherever the directory has them from.
    """
    number = usable_number(caller)
    registered = registered_contacts(customer, prefixes)
    if number is None or registered["voice"] == number:
        registered["voice"] = None
    return tuple(
        Contact(channel, destination)
        for channel in order_of(customer)
        if channel in available and (destination := registered[channel])
    )


def order_of(customer: Customer | None) -> tuple[Channel, ...]:
    """Channels in the order in which they are tried: the one a customer prefers comes first."""
    preferred = customer.preferred if customer else None
    return tuple(sorted(CHANNELS, key=lambda channel: channel != preferred))


def registered_contacts(
    customer: Customer, prefixes: tuple[str, ...] = ()
) -> dict[Channel, str | None]:
    """Channel -> where this customer is reached by it, whoever calls; as :func:`contacts_of`."""
    mobile, landline = (_own(phone, prefixes) for phone in (customer.mobile, customer.landline))
    if mobile is not None and not may_be_mobile(mobile):
        mobile, landline = None, landline or mobile
    return {"sms": mobile, "voice": landline, "email": customer.email}


def besides(
    contacts: tuple[Contact, ...],
    customer: Customer,
    proven: Container[str],
    further: Container[str] | None,
    prefixes: tuple[str, ...] = (),
) -> tuple[Contact, ...]:
    """The contacts that may get a second code: not those of channels in ``proven``, under whatever
    channel, and only by a channel in ``further`` (None: by any)."""
    registered = registered_contacts(customer, prefixes)
    same = {destination for channel, destination in registered.items() if channel in proven}
    return tuple(
        contact
        for contact in contacts
        if contact.destination not in same and (further is None or contact.channel in further)
    )


def changed_lately(customer: Customer, now: datetime, days: int) -> bool:
    """Whether a phone or the e-mail changed less than ``days`` days ago."""
    changed = customer.contact_changed
    return changed is not None and now - changed < timedelta(days=days)


def _own(phone: str | None, prefixes: tuple[str, ...]) -> str | None:
    """A phone of one customer alone, in a country that codes go to; None otherwise."""
    if not phone or (prefixes and not phone.startswith(prefixes)):
        return None
    try:
        return to_e164(phone) if phone.startswith("+") else None
    except ValueError:
        return None


def after(
    contacts: tuple[Contact, ...], channel: str | None, order: Sequence[Channel] = CHANNELS
) -> tuple[Contact, ...]:
    """The contacts behind ``channel`` in ``order``; all of them where nothing was tried before."""
    if channel is None:
        return contacts
    return tuple(c for c in contacts if order.index(c.channel) > _rank(channel, order))


def since(
    contacts: tuple[Contact, ...], channel: str | None, order: Sequence[Channel] = CHANNELS
) -> tuple[Contact, ...]:
    """The contacts from ``channel`` on; all of them where that leaves none."""
    if channel is None:
        return contacts
    rest = tuple(c for c in contacts if order.index(c.channel) >= _rank(channel, order))
    return rest or contacts


def _rank(channel: str, order: Sequence[Channel]) -> int:
    return next(rank for rank, known in enumerate(order) if known == channel)
