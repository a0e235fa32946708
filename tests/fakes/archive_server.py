"""A web server on loopback that has one file, and misbehaves as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler

from ivr.rehearsal.loopback_server import LoopbackServer, listening

Manner = Callable[["Handler"], None]


@dataclass
class ArchiveServer:
    """Answers one request in each of the ``manners``, and all further ones :func:`well`.
    ``asked``: the headers of every request; ``etag`` and ``modified``: left out if empty."""

    content: bytes
    manners: list[Manner] = field(default_factory=list)
    etag: str = '"first"'
    modified: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tiny-model-1.0.zip"

    @property
    def ranges(self) -> list[str]:
        """What part each request has asked for."""
        return [headers.get("Range", "all") for headers in self.asked]


@contextmanager
def serving(archive: ArchiveServer) -> Iterator[ArchiveServer]:
    server = LoopbackServer(("127.0.0.1", 0), partial(Handler, archive))
    with listening(server, archive.over.set) as archive.port:
        yield archive


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, archive: ArchiveServer, *arguments: object) -> None:
        self.archive = archive
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.close_connection = True
        self.archive.asked.append(dict(self.headers))
        manners = self.archive.manners
        (manners.pop(0) if manners else well)(self)

    def log_message(self, *arguments: object) -> None:
        pass

    def begins_at(self) -> int:
        """Where to begin, if the version asked for is the one that is there; otherwise 0."""
        version = self.headers.get("If-Range", "")
        if version in (self.archive.etag, self.archive.modified) and version:
            return int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        return 0

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        given = {"ETag": self.archive.etag, "Last-Modified": self.archive.modified, **headers}
        for name, value in given.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def part(self, begin: int, *, length: int | None = None) -> bytes:
        """Headers of a good answer that begins there; what is to follow."""
        content = self.archive.content
        rest = content[begin:]
        size = str(len(rest) if length is None else length)
        if begin:
            place = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self.answer(206, Content_Length=size, Content_Range=place)
        else:
            self.answer(200, Content_Length=size)
        return rest


def well(handler: Handler) -> None:
    """As RFC 9110 wants it."""
    begin, size = handler.begins_at(), len(handler.archive.content)
    if begin >= size:
        handler.answer(416, Content_Range=f"bytes */{size}", Content_Length="0")
    else:
        handler.wfile.write(handler.part(begin))


def cut_after(size: int) -> Manner:
    """The connection breaks after so many bytes."""

    def manner(handler: Handler) -> None:
        handler.wfile.write(handler.part(handler.begins_at())[:size])

    return manner


def stall_after(size: int) -> Manner:
    """Nothing more comes after so many bytes, and the connection stays."""

    def manner(handler: Handler) -> None:
        handler.wfile.write(handler.part(handler.begins_at())[:size])
        handler.wfile.flush()
        handler.archive.over.wait()

    return manner


def silent(handler: Handler) -> None:
    """Not even a status."""
    handler.archive.over.wait()


def ignoring_range(handler: Handler) -> None:
    handler.wfile.write(handler.part(0))


def ignoring_range_and_cut_after(size: int) -> Manner:
    def manner(handler: Handler) -> None:
        handler.wfile.write(handler.part(0)[:size])

    return manner


def ignoring_the_version(handler: Handler) -> None:
    """The part that was asked for, of a version that was not."""
    begin = int(handler.headers["Range"][len("bytes=") : -1])
    handler.wfile.write(handler.part(begin))


def another_part(handler: Handler) -> None:
    handler.wfile.write(handler.part(7))


def without_length(handler: Handler) -> None:
    """All of it, until the connection closes."""
    handler.answer(200)
    handler.wfile.write(handler.archive.content)


def announcing(length: int) -> Manner:
    """A wrong length."""

    def manner(handler: Handler) -> None:
        handler.wfile.write(handler.part(0, length=length))

    return manner


def status(code: int) -> Manner:
    def manner(handler: Handler) -> None:
        handler.answer(code, Content_Length="0")

    return manner


def packed(handler: Handler) -> None:
    """As if the archive were a text to be compressed on the way."""
    handler.answer(200, Content_Encoding="gzip", Content_Length="3")
    handler.wfile.write(b"abc")


def redirect(location: str) -> Manner:
    def manner(handler: Handler) -> None:
        handler.answer(302, Location=location, Content_Length="0")

    return manner
