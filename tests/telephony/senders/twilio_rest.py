"""Twilio's REST side on loopback: a server that misbehaves on order, and a way to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening

ACCOUNT = "AC" + "0" * 32
TOKEN = "not-a-token"
HOST = "api.twilio.com"


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came over the wire."""

    method: str
    path: str
    form: tuple[tuple[str, str], ...]
    authorization: str

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.form)


@dataclass
class FakeTwilio:
    """``manner`` decides the next answers: ``accept``, ``hang``, ``drop``, ``garbage``,
    ``empty``, ``truncated`` (half a JSON), ``list``, ``cut`` (less than was announced), or
    ``(HTTP status, Twilio code or None)``."""

    port: int = 0
    manner: str | tuple[int, int | None] = "accept"
    requests: list[Received] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class RestHandler(LoopbackHandler):
    """Reads and writes as every REST side of Twilio's does."""

    def answer(self, body: bytes) -> None:
        form = tuple(parse_qsl(body.decode(), keep_blank_values=True))
        self.reply(Received("POST", self.path, form, self.headers.get("Authorization", "")))

    def reply(self, request: Received) -> None:
        raise AssertionError("each service says what it answers")

    def say_json(self, status: int, body: bytes) -> None:
        self.say(status, body, Content_Type="application/json", Connection="close")


class _Handler(RestHandler):
    server: _Server

    def reply(self, request: Received) -> None:
        twilio = self.server.twilio
        twilio.requests.append(request)
        manner = twilio.manner
        if manner == "hang":
            twilio.released.wait(timeout=30)
            self.close_connection = True
        elif manner == "drop":
            self.close_connection = True
        elif manner == "garbage":
            self.say_json(201, b"<html>It works!</html>")
        elif manner == "empty":
            self.say_json(500, b"")
        elif manner == "truncated":
            self.say_json(201, b'{"sid": "SM1111')
        elif manner == "list":
            self.say_json(201, b"[]")
        elif manner == "cut":
            self.send_response(201)
            self.send_header("Content-Length", "400")
            self.end_headers()
            self.wfile.write(b'{"sid": "SM1111')
            self.close_connection = True
        elif isinstance(manner, tuple):
            # Like Twilio, it repeats the number it was given.
            status, code = manner
            told: dict[str, Any] = {"status": status, "message": f"bad: {request.fields}"}
            self.say_json(status, json.dumps(told | ({"code": code} if code else {})).encode())
        else:
            self.say_json(201, json.dumps({"sid": "SM" + "1" * 32, "status": "queued"}).encode())


class _Server(LoopbackServer):
    twilio: FakeTwilio


@contextmanager
def fake_twilio() -> Iterator[FakeTwilio]:
    """A running server; gone, with its threads, at the end."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.twilio = twilio = FakeTwilio()
    with listening(server, twilio.released.set) as twilio.port:
        yield twilio


class UnmappedHost(AssertionError):
    """A test tried to reach a host that is not on this machine."""


class LoopbackHttpClient(TwilioHttpClient):
    """The SDK's client, with hosts led to this machine; any other host is refused."""

    def __init__(self, hosts: dict[str, str], *, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._hosts = hosts

    def request(  # type: ignore[override]
        self, method: str, url: str, *args: Any, **kwargs: Any
    ) -> Response:
        parts = urlsplit(url)
        to = self._hosts.get(parts.netloc)
        if to is None:
            raise UnmappedHost(f"no loopback address for {parts.netloc}")
        mapped = urlunsplit(("http", to, parts.path, parts.query, ""))
        return super().request(method, mapped, *args, **kwargs)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
