"""Twilio Verify on loopback, as far as it concerns us: codes of its own, limits of its own, and it
forgets a verification that was approved, has run out or was checked too often."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from twilio_rest import Received, RestHandler

from ivr.rehearsal.loopback_server import LoopbackServer, listening

VERIFY_HOST = "verify.twilio.com"
SERVICE = "VA" + "2" * 32
_PATH = re.compile(rf"/v2/Services/{SERVICE}/(Verifications|VerificationCheck)")
_SENDS, _CHECKS = 5, 5


@dataclass
class _Open:
    code: str
    sends: int = 1
    checks: int = 0


@dataclass
class FakeVerify:
    """``opened``: number -> its verification. ``manner`` decides the next answers: ``work``,
    ``hang``, ``drop``, ``garbage``, ``odd`` (a status nobody has heard of), or (HTTP status, Twilio
    code or None). ``run_out`` lets every code expire."""

    port: int = 0
    manner: str | tuple[int, int | None] = "work"
    opened: dict[str, _Open] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    made: int = 0

    def run_out(self) -> None:
        self.opened.clear()

    def begin(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        known = self.opened.get(form["To"])
        if known is not None and known.sends >= _SENDS:
            return 429, {"code": 60203, "message": f"Max send attempts reached: {form['To']}"}
        if known is None:
            self.made += 1
            known = self.opened[form["To"]] = _Open(f"{self.made * 7919 % 10**6:06d}", 0)
        known.sends += 1
        return 201, {"sid": "VE" + "3" * 32, "status": "pending", "to": form["To"]}

    def check(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        known = self.opened.get(form["To"])
        if known is None:
            # Its text repeats the address with the service, and nothing of ours.
            return 404, {"code": 20404, "message": "The requested resource was not found"}
        known.checks += 1
        if known.checks > _CHECKS:
            return 429, {"code": 60202, "message": f"Max check attempts reached: {form['To']}"}
        if form["Code"] != known.code:
            return 201, {"status": "pending", "valid": False, "to": form["To"]}
        del self.opened[form["To"]]
        return 201, {"status": "approved", "valid": True, "to": form["To"]}


class _Handler(RestHandler):
    server: _Server

    def reply(self, request: Received) -> None:
        verify = self.server.verify
        verify.requests.append(request)
        manner, found = verify.manner, _PATH.fullmatch(urlsplit(self.path).path)
        if manner == "hang":
            verify.released.wait(timeout=30)
            self.close_connection = True
        elif manner == "drop":
            self.close_connection = True
        elif manner == "garbage":
            self.say_json(201, b"<html>It works!</html>")
        elif isinstance(manner, tuple):
            status, code = manner
            told: dict[str, Any] = {"status": status, "message": f"bad: {request.fields}"}
            self._json(status, told | ({"code": code} if code else {}))
        elif found is None:
            self._json(404, {"code": 20404, "message": "no such service"})
        elif found[1] == "Verifications":
            self._json(*verify.begin(request.fields))
        elif manner == "odd":
            self._json(201, {"status": "under_review", "valid": None})
        else:
            self._json(*verify.check(request.fields))

    def _json(self, status: int, told: dict[str, Any]) -> None:
        self.say_json(status, json.dumps({"status": status} | told).encode())


class _Server(LoopbackServer):
    verify: FakeVerify


@contextmanager
def fake_verify() -> Iterator[FakeVerify]:
    """A running server; gone, with its threads, at the end."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.verify = verify = FakeVerify()
    with listening(server, verify.released.set) as verify.port:
        yield verify
