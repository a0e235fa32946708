"""A CRM on this machine that takes signed webhooks, or fails as a call file wants it to.

It checks what it gets as any receiver should: the signature, the age, and whether it has the event
already. It shares no code with the sender.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ivr.clock import Clock, ManualClock, SystemClock
from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening

#: What becomes of an attempt: ``takes`` it; ``down`` (500), ``busy`` (429, wait a minute), ``gone``
#: (410), ``redirects``; ``closes`` the connection half-way; ``drips``: answers too slowly;
#: ``hangs``: never answers.
CrmAct = Literal["takes", "down", "busy", "gone", "redirects", "closes", "drips", "hangs"]
CRM_ACTS: tuple[CrmAct, ...] = get_args(CrmAct)

_STATUS = {"takes": 204, "down": 500, "busy": 429, "gone": 410, "redirects": 307}
#: Seconds that a webhook's clock and ours may differ, as Standard Webhooks proposes.
_TOLERANCE_S = 300
#: Real seconds of one look for further events, and how many of them at most.
_LOOK_S, _LOOKS = 0.1, 1200
#: How far a clock of ours goes on with each: slowly enough for a request under way on a busy
#: machine to be no older than it may be.
_FORWARD_S = 5.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request as it came, and what was made of it. Header names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes
    act: str


@dataclass
class RehearsedCrm:
    """``acts`` says what becomes of the first, second … attempt; the last one repeats.

    ``taken`` are the events it took, in order, each once; ``problems`` what was wrong with a
    request, in words without its content. ``clock``: whose time signatures are compared with.
    """

    acts: Sequence[CrmAct] = ("takes",)
    clock: Clock = field(default_factory=SystemClock)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    scheme: str = "http"
    port: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it takes webhooks."""
        return f"{self.scheme}://127.0.0.1:{self.port}/events"

    @property
    def setting(self) -> str:
        """Its secret, as ``IVR_CRM_SECRETS`` has it."""
        return f"whsec_{base64.b64encode(self.secret).decode()}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the events that it took, in order."""
        with self._lock:
            return tuple(str(event.get("type")) for event in self.taken)

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> str:
        """What becomes of this attempt: one of :data:`CRM_ACTS`."""
        with self._lock:
            act = self.acts[min(len(self.attempts), len(self.acts) - 1)]
            self.attempts.append(Attempt(path, headers, body, act))
            problem = self._problem(headers, body)
            if problem:
                self.problems.append(f"webhook to the CRM: {problem}")
            elif act == "takes" and headers["webhook-id"] not in self._ids:
                self._ids.add(headers["webhook-id"])
                self.taken.append(json.loads(body))
        return act

    def settle(self, expected: Sequence[str]) -> list[str]:
        """Let time pass until it took as many events as ``expected`` (kinds, in order), or for
        long enough. What is not as it should be, in words."""
        for _ in range(_LOOKS):
            if len(self.kinds) >= len(expected):
                break
            self._released.wait(_LOOK_S)
            if isinstance(self.clock, ManualClock):
                self.clock.advance(_FORWARD_S)
        wrong = list(self.problems)
        if self.kinds != tuple(expected):
            got = ", ".join(self.kinds) or "nothing"
            wrong.append(f"crm: expected {', '.join(expected) or 'nothing'}, got {got}")
        return wrong

    def release(self) -> None:
        """Let go of everybody who is kept waiting."""
        self._released.set()

    def _problem(self, headers: dict[str, str], body: bytes) -> str:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        if not all(name in headers for name in names):
            return "a header is missing"
        event_id, at, signatures = (headers[name] for name in names)
        signed = f"{event_id}.{at}.".encode() + body
        mine = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest())
        if f"v1,{mine.decode()}" not in signatures.split():
            return "the signature does not fit"
        if not at.isdecimal() or abs(self.clock.now().timestamp() - int(at)) > _TOLERANCE_S:
            return "it is too old, or from the future"
        return ""


class _Handler(LoopbackHandler):
    server: _Server

    def answer(self, body: bytes) -> None:
        crm = self.server.crm
        headers = {name.lower(): value for name, value in self.headers.items()}
        act = crm.receive(self.path, headers, body)
        self.close_connection = True
        match act:
            case "closes":
                self.wfile.write(b"HTTP/1.1 20")
            case "hangs":
                crm._released.wait()
            case "drips":
                for byte in b"HTTP/1.1 204 No Content\r\nX-Slow: " + b"0" * 65536:
                    self.wfile.write(bytes([byte]))
                    if crm._released.wait(0.05):
                        break
            case _:
                further = {
                    "busy": {"Retry_After": "60"},
                    "redirects": {"Location": f"{crm.url}/elsewhere"},
                }
                self.say(_STATUS[act], b"", Connection="close", **further.get(act, {}))


class _Server(LoopbackServer):
    crm: RehearsedCrm


@contextmanager
def answering(crm: RehearsedCrm, tls: ssl.SSLContext | None = None) -> Iterator[RehearsedCrm]:
    """Have ``crm`` listen on a port of its own until the block ends; by HTTPS with ``tls``."""
    server = _Server(("127.0.0.1", crm.port), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        crm.scheme = "https"
    server.crm = crm
    with listening(server, crm.release) as crm.port:
        yield crm
