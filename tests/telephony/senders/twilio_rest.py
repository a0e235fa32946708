"""Twilio's REST side on loopback: a server that misbehaves on order, and a way to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

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


class RestHandler(BaseHTTPRequestHandler):
    """Reads and writes as every REST side of Twilio's does."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = tuple(parse_qsl(body, keep_blank_values=True))
        self.reply(Received("POST", self.path, form, self.headers.get("Authorization", "")))

    def reply(self, request: Received) -> None:
        raise AssertionError("each service says what it answers")

    def answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def serving(server: ThreadingHTTPServer, released: threading.Event) -> Iterator[None]:
    """``server`` while it is needed; its hanging answers are ``released`` at the end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


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
            self.answer(201, b"<html>It works!</html>")
        elif manner == "empty":
            self.answer(500, b"")
        elif manner == "truncated":
            self.answer(201, b'{"sid": "SM1111')
        elif manner == "list":
            self.answer(201, b"[]")
        elif manner == "cut":
            self.answer(201, b'{"sid": "SM1111', length=400)
        elif isinstance(manner, tuple):
            # Like Twilio, it repeats the number it was given.
            status, code = manner
            told: dict[str, Any] = {"status": status, "message": f"bad: {request.fields}"}
            self.answer(status, json.dumps(told | ({"code": code} if code else {})).encode())
        else:
            self.answer(201, json.dumps({"sid": "SM" + "1" * 32, "status": "queued"}).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    twilio: FakeTwilio


@contextmanager
def fake_twilio() -> Iterator[FakeTwilio]:
    """A running server; gone, with its threads, at the end."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.twilio = FakeTwilio(port=server.server_address[1])
    with serving(server, server.twilio.released):
        yield server.twilio


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
