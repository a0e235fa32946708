"""A company's CRM on loopback that answers as docs/directory-api.yaml says, or behaves badly."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from ivr.identity.ports import Candidate, Customer
from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening

KEY = "the key of the tests"


class DirectoryServer:
    """Use as a context manager. ``trouble`` is what it does in place of an answer: a status, or
    ``hang``, ``trickle``, ``drop``, ``cut``, ``garbage``, ``other``, ``flood``, ``bomb``,
    ``redirect``. ``asked``: the paths and bodies of every request."""

    def __init__(self, people: Sequence[Customer] = ()) -> None:
        self.people = people
        self.trouble: str | int | None = None
        #: The trouble is over after so many requests.
        self.troubled: int | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.cookies: list[str] = []
        self.released = threading.Event()
        self._server = LoopbackServer(("127.0.0.1", 0), self._handler())
        self._listening = listening(self._server, self.released.set)

    @property
    def url(self) -> str:
        """What the paths are added to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/honnin"

    def __enter__(self) -> Self:
        self._listening.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.__exit__(kind, error, trace)

    def answer(self, path: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The documented answer, or None where there is no such path."""
        if path == "/honnin/customers/search":
            born = [p for p in self.people if p.birthdate.isoformat() == asked["birthdate"]]
            names = Candidate.__dataclass_fields__
            return {"customers": [{name: getattr(p, name) for name in names} for p in born]}
        if path == "/honnin/customers/get":
            found = [p for p in self.people if p.id in asked["ids"]]
            return {"customers": [json.loads(json.dumps(asdict(p), default=str)) for p in found]}
        if path == "/honnin/customers/phones":
            phones = set(asked["phones"])
            return {"ids": [p.id for p in self.people if {p.mobile, p.landline} & phones]}
        return None

    def _trouble(self) -> str | int | None:
        if self.troubled is None:
            return self.trouble
        self.troubled -= 1
        return self.trouble if self.troubled >= 0 else None

    def _handler(self) -> type[LoopbackHandler]:
        server = self

        class Handler(LoopbackHandler):
            def answer(self, body: bytes) -> None:
                asked = json.loads(body)
                server.asked.append((self.path, asked))
                server.cookies.append(self.headers.get("Cookie", ""))
                if self.headers.get("Authorization") != f"Bearer {KEY}":
                    self._say(401, b"{}")
                    return
                trouble = server._trouble()
                if trouble is None:
                    answer = server.answer(self.path, asked)
                    self._say(404 if answer is None else 200, json.dumps(answer).encode())
                elif isinstance(trouble, int):
                    self._say(trouble, b"{}")
                else:
                    getattr(self, f"_{trouble}")()

            def _say(self, status: int, body: bytes, **headers: str) -> None:
                self.say(status, body, Set_Cookie="session=1", **headers)

            def _hang(self) -> None:
                server.released.wait(60)
                self.close_connection = True

            def _trickle(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.close_connection = True
                while not server.released.wait(0.01):
                    self.wfile.write(b" ")

            def _drop(self) -> None:
                self.close_connection = True

            def _cut(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b'{"cust')
                self.close_connection = True

            def _garbage(self) -> None:
                self._say(200, b"<html>sign in</html>")

            def _other(self) -> None:
                self._say(200, json.dumps({"customers": [{"id": 7}], "ids": [7]}).encode())

            def _flood(self) -> None:
                self._say(200, b" " * 3_000_000)

            def _bomb(self) -> None:
                packed = gzip.compress(b" " * 30_000_000)
                self._say(200, packed, Content_Encoding="gzip")

            def _redirect(self) -> None:
                self._say(307, b"{}", Location=f"{server.url}/elsewhere")

        return Handler
