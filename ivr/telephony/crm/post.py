"""One HTTPS request to a CRM: to an address that was checked, without redirects, within a time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import urlsplit

from ivr.telephony.crm.addresses import AddressPolicy, NotAllowed, Unresolved

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status, or 0 and what failed before there was one: ``unresolved``,
    ``address_not_allowed``, ``refused``, ``timeout``, ``certificate``, ``tls``, ``closed`` or
    ``broken`` (by us). ``retry_after`` is that header as it came."""

    status: int
    failure: str = ""
    retry_after: str = ""


class Post(Protocol):
    """Sends one request."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class HttpPost:
    """Over the network. Proxies of the environment are not used, cookies not kept, and of the
    answer only status and headers are read."""

    def __init__(
        self, policy: AddressPolicy, *, timeout_s: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """``timeout_s``: for connecting, and once more for all that follows, up to the answer's
        headers. ``tls``: trusts others than this system does."""
        self._policy = policy
        self._timeout_s = timeout_s
        self._tls = tls or ssl.create_default_context()

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        try:
            addresses = self._policy.resolve(host, port)
        except Unresolved:
            return Answer(0, "unresolved")
        except NotAllowed:
            return Answer(0, "address_not_allowed")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            raw = _connected(addresses, port, self._timeout_s)
        except OSError as error:
            return Answer(0, _failure(error))
        raw.settimeout(self._timeout_s)
        plain = parts.scheme == "http"
        connection = _Plain(host, port, raw) if plain else _Secure(host, port, raw, self._tls)
        with raw, contextlib.closing(connection), _Deadline(self._timeout_s) as deadline:
            try:
                connection.open(deadline)
                connection.request("POST", target, body, {**headers, "Connection": "close"})
                answer = connection.getresponse()
                return Answer(answer.status, "", answer.headers.get("Retry-After", ""))
            except (OSError, HTTPException, ValueError) as error:
                return Answer(0, "timeout" if deadline.over else _failure(error))


class _Deadline:
    """Shuts a socket down after some time, whatever comes over it meanwhile: a time-out of a
    socket begins anew with every byte."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self.over = False

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def ends(self, connected: socket.socket) -> None:
        """It is this socket that ends, at once where the time is over already."""
        with self._lock:
            self._socket = connected
        if self.over:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self.over = True
            if self._socket is not None:
                with contextlib.suppress(OSError):  # closed already
                    # Not SSLSocket's own, which would pull its state from under a reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _connected(addresses: list[str], port: int, timeout_s: float) -> socket.socket:
    """A connection to the first address that takes one."""
    failed: OSError = ConnectionRefusedError()
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout_s / len(addresses))
        except OSError as error:
            failed = error
    raise failed


def _failure(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    # A ValueError: a host that no certificate can be for.
    return "tls" if isinstance(error, ssl.SSLError | ValueError) else "closed"


class _Plain(HTTPConnection):
    """On a socket that is connected already."""

    def __init__(self, host: str, port: int, connected: socket.socket) -> None:
        super().__init__(host, port)
        self._connected = connected

    def open(self, deadline: _Deadline) -> None:
        self.sock = self._connected
        deadline.ends(self.sock)


class _Secure(HTTPSConnection):
    """On a socket that is connected already; the certificate must be the host's."""

    def __init__(self, host: str, port: int, connected: socket.socket, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, context=tls)
        self._connected, self._tls = connected, tls

    def open(self, deadline: _Deadline) -> None:
        self.sock = self._tls.wrap_socket(
            self._connected, server_hostname=self.host, do_handshake_on_connect=False
        )
        deadline.ends(self.sock)
        self.sock.do_handshake()
