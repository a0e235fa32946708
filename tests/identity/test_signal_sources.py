"""Signals of other systems: in time or not at all, and never alone. The example works."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from desk import Desk
from people import ELSEWHERE, STRANGER, customer, register

from ivr.clock import ManualClock
from ivr.errors import SettingsError
from ivr.identity.risk.sources import MOST_AT_ONCE, Occasion, Sources
from ivr.records.database import Database
from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening
from ivr.settings import Settings
from ivr.wiring.signal_sources import signal_sources

ROOT = Path(__file__).parents[2]
OCCASION = Occasion("call", "CA1", "identify", "ja", ELSEWHERE, {"hour": 3})


class Says:
    """A source that says the same to everybody and keeps what it was asked."""

    def __init__(self, name: str, signals: Any) -> None:
        self.name = name
        self.asked: list[Occasion] = []
        self._signals = signals

    def signals(self, occasion: Occasion) -> Mapping[str, int]:
        self.asked.append(occasion)
        if isinstance(self._signals, Exception):
            raise self._signals
        said: Mapping[str, int] = self._signals
        return said


class Hangs:
    """A source that answers when it is let go."""

    name = "hangs"

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = 0

    def signals(self, occasion: Occasion) -> Mapping[str, int]:
        self.asked += 1
        self.let_go.wait(60)
        return {"late": 1}


@pytest.fixture
def hanging() -> Iterator[Hangs]:
    source = Hangs()
    yield source
    source.let_go.set()


def test_what_several_say_is_put_together() -> None:
    sources = Sources([Says("a", {"odd": 80}), Says("b", {"voice_mismatch": 7})], limit_s=30)
    assert sources.ask(OCCASION) == {"odd": 80, "voice_mismatch": 7}


@pytest.mark.parametrize(
    "said",
    [
        ValueError("+819012345678"),
        None,
        {"odd": "80"},
        {"odd": 0.5},
        {"odd": -1},
        {"odd": 10**7},
        {"Odd One": 1},
        {7: 1},
        # Names of our own would let a source decide what is heard.
        {"identities_day": 99},
        {"relay_risk": 1},
    ],
)
def test_what_is_no_signal_counts_for_nothing(
    said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = Sources([Says("broken", said), Says("sound", {"odd": 1})], limit_s=30)
    assert sources.ask(OCCASION) == {"odd": 1}
    assert "+819012345678" not in "".join(capsys.readouterr())


def test_one_that_hangs_keeps_nobody_waiting_and_is_left_alone(hanging: Hangs) -> None:
    sources = Sources([hanging, Says("quick", {"odd": 1})], limit_s=0.05)
    for _ in range(MOST_AT_ONCE + 4):
        found = sources.ask(OCCASION)
        assert "late" not in found
    assert hanging.asked == MOST_AT_ONCE


def test_sources_are_asked_when_there_is_a_person_in_question(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    source = Says("model", {"odd": 80})
    with Desk(sqlite_database, clock, sources=Sources([source], limit_s=30)) as desk:
        assert "odd" not in desk.ask("resume").signals
        assert desk.identify(caller=ELSEWHERE).signals["odd"] == 80
        assert "odd" not in desk.ask("send_code").signals
        assert desk.enter(desk.wrong_code(), caller=ELSEWHERE).signals["odd"] == 80
    assert [asked.check for asked in source.asked] == ["identify", "check_code"]
    assert source.asked[0].caller == ELSEWHERE


def test_a_source_cannot_tell_customers_from_strangers(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    source = Says("model", {})
    with Desk(sqlite_database, clock, sources=Sources([source], limit_s=30)) as desk:
        desk.identify()
        desk.identify(caller=ELSEWHERE, name=STRANGER)
    (known, unknown) = source.asked
    assert known.signals == unknown.signals


# --- the example ---------------------------------------------------------------------------


class Service(LoopbackHandler):
    """The fraud service of the example."""

    asked: ClassVar[list[dict[str, Any]]] = []
    answers: ClassVar[bytes] = b'{"oddness": 85}'

    def answer(self, body: bytes) -> None:
        self.asked.append(json.loads(body))
        self.say(200, self.answers)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Service]]:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.setattr(Service, "asked", [])
    with listening(LoopbackServer(("127.0.0.1", 0), Service)) as port:
        monkeypatch.setenv("FRAUD_SERVICE_URL", f"http://127.0.0.1:{port}/score")
        yield Service


def test_the_example_asks_a_service(
    service: type[Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(signal_sources="fraud_service:make", signal_timeout_ms=3000)
    sources = signal_sources(settings)
    assert sources.ask(OCCASION) == {"oddness": 85}
    assert service.asked == [
        {"call": "CA1", "caller": ELSEWHERE, "check": "identify", "signals": {"hour": 3}}
    ]
    monkeypatch.setattr(Service, "answers", b"<html>")
    assert sources.ask(OCCASION) == {}


def test_the_example_says_what_the_policy_needs() -> None:
    text = (ROOT / "examples" / "fraud_service.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    for line in ("outside: [oddness]", "odd_call: {signal: oddness, at_least: 80, points: 20}"):
        assert line in text
        assert line in page


@pytest.mark.parametrize("named", ["nothing_there:make", "json:nothing_there", "json"])
def test_a_source_that_cannot_be_loaded_is_named(named: str) -> None:
    with pytest.raises(SettingsError, match=f"IVR_SIGNAL_SOURCES: {named} cannot be loaded"):
        signal_sources(Settings(signal_sources=named))


def test_without_sources_nobody_is_asked() -> None:
    assert not signal_sources(Settings())
    assert importlib.import_module("ivr.identity.risk.sources").Sources().ask(OCCASION) == {}
