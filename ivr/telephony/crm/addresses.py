"""Where webhooks may go: public addresses, and private networks that settings allow.

A URL in settings, or the name server behind its host, must not lead our requests to what only this
machine can reach (OWASP, Server-Side Request Forgery): cloud metadata, neighbours, ourselves.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: NAT64 (RFC 6052): the last 32 bits are an IPv4 address.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """A host has an address that nothing may be sent to."""


class Unresolved(Exception):
    """A host has no address now."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """``networks`` are allowed although they are not public; ``loopback``: so is this machine."""

    networks: Sequence[Network] = ()
    loopback: bool = False

    @classmethod
    def of(cls, networks: str, *, loopback: bool) -> AddressPolicy:
        """From networks with commas between, such as ``10.20.0.0/16``; a ValueError where one is
        none."""
        names = filter(None, (each.strip() for each in networks.split(",")))
        return cls(tuple(ipaddress.ip_network(name) for name in names), loopback)

    def allows(self, address: Address) -> bool:
        """Whether a webhook may be sent there."""
        address = _inner(address)
        if self.loopback and address.is_loopback:
            return True
        if any(address in network for network in self.networks):
            return True
        hidden = isinstance(address, ipaddress.IPv6Address) and (
            address.sixtofour is not None or address.teredo is not None
        )
        return address.is_global and not address.is_multicast and not hidden

    def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of ``host``, which are to be connected to as they are: asked again, a name
        server might say something else.

        Raises:
            Unresolved: there is none now.
            NotAllowed: one of them must not be sent to.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unresolved from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(self.allows(ipaddress.ip_address(each)) for each in addresses):
            raise NotAllowed
        return addresses


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
