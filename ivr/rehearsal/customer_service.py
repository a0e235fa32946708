"""A company's own service on this machine that says who its customers are, as
docs/directory-api.yaml describes it: at a speed that tells who is one, and out of order for some.

It shares no code with whoever asks it.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.clock import Clock
from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening

#: What becomes of a request. ``hangs``: no answer before whoever asked has given up; ``fails``:
#: 500; ``garbage``: something that is not documented.
ServiceAct = Literal["answers", "slow", "hangs", "fails", "garbage"]
#: Parts of the time of a look-up that a customer takes who is found, and one who is slow.
_FOUND, _SLOW = 0.1, 0.6
_CANDIDATE = ("id", "number", "surname", "given", "surname_kana", "given_kana")

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ServiceTrouble:
    """``act`` becomes of the request about somebody that is number ``at`` since their birthdate
    was last searched for: 0 is the search, 1 gets them to compare, 2 to send a code, 3 to check
    one. All others are answered."""

    act: ServiceAct
    at: int = 0


@dataclass
class CustomerService:
    """``seconds``: how long a look-up may take on ``clock``. ``down``: fails for everybody;
    ``strict``: where nobody is found. Use :func:`serving_customers` around it."""

    clock: Clock
    seconds: float
    down: bool = False
    strict: bool = False
    key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    port: int = 0
    #: Requests by what became of them.
    done: Counter[str] = field(default_factory=Counter)
    _born: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _by_id: dict[str, Row] = field(default_factory=dict)
    _phones: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _troubles: dict[str, ServiceTrouble] = field(default_factory=dict)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What the paths are added to."""
        return f"http://127.0.0.1:{self.port}/honnin"

    def register(self, rows: Iterable[Row], troubles: Mapping[str, ServiceTrouble]) -> None:
        """Add customers, as /customers/get answers them; ``troubles`` by their ids."""
        for row in rows:
            name, born = str(row["id"]), str(row["birthdate"])
            self._born[born].append(row)
            self._by_id[name] = row
            for phone in (row["mobile"], row["landline"]):
                if phone:
                    self._phones[phone].add(name)
            if name in troubles:
                self._troubles[name] = troubles[name]

    def answer(self, path: str, asked: dict[str, Any]) -> tuple[int, object]:
        """Status and body of an answer, after as long as it takes."""
        if path == "/honnin/customers/search":
            found: list[Row] = self._born.get(asked["birthdate"], [])
            body: dict[str, object] = {
                "customers": [{name: row[name] for name in _CANDIDATE} for row in found]
            }
        elif path == "/honnin/customers/get":
            found = [self._by_id[name] for name in asked["ids"] if name in self._by_id]
            body = {"customers": found}
        elif path == "/honnin/customers/phones":
            found = []
            ids: set[str] = set().union(
                *(self._phones.get(each, set()) for each in asked["phones"])
            )
            body = {"ids": sorted(ids)}
        else:
            return 404, {}
        act = self._act(found, searched=path.endswith("search"))
        if self.strict and not any(body.values()):
            act = "fails"
        if found:
            # Strangers are answered at once.
            self.clock.sleep({"slow": _SLOW, "hangs": 1.0}.get(act, _FOUND) * self.seconds)
        if act == "hangs":
            self._released.wait(2 * self.seconds)
        with self._lock:
            self.done[act] += 1
        if act == "fails":
            return 500, {}
        return 200, ["sign in"] if act == "garbage" else body

    def release(self) -> None:
        """Let go of everybody who is kept waiting."""
        self._released.set()

    def _act(self, found: list[Row], *, searched: bool) -> ServiceAct:
        if self.down:
            return "fails"
        with self._lock:
            for row in found:
                name = str(row["id"])
                self._asked[name] = 0 if searched else self._asked[name] + 1
                trouble = self._troubles.get(name)
                if trouble is not None and trouble.at == self._asked[name]:
                    return trouble.act
        return "answers"


class _Handler(LoopbackHandler):
    server: _Server

    def answer(self, body: bytes) -> None:
        service = self.server.service
        known = self.headers.get("Authorization") == f"Bearer {service.key}"
        status, answer = service.answer(self.path, json.loads(body)) if known else (401, {})
        self.say(status, json.dumps(answer).encode())


class _Server(LoopbackServer):
    service: CustomerService


@contextmanager
def serving_customers(service: CustomerService) -> Iterator[CustomerService]:
    """Have ``service`` listen on a port of its own until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.service = service
    with listening(server, service.release) as service.port:
        yield service
