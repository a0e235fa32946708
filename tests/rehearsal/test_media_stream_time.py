"""How time passes on a media stream, and what it tells of the sound that is played."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from stream_bot import Script, StreamBot, stream_bot

from ivr.clock import ManualClock
from ivr.rehearsal.callfile import DEFAULT_NOW
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import FRAME, FRAME_S, MediaStream, NoStream
from ivr.rehearsal.webhooks import Server

URL = "wss://bot.invalid/media"
PUBLIC = "https://bot.invalid"


class LateClock(ManualClock):
    """Every wait takes a little longer than it should."""

    def sleep(self, seconds: float) -> None:
        self.advance(seconds + 0.004)


@contextmanager
def stream(
    clock: ManualClock, *script: tuple[str, float], quiet_pace: float = 0.0, **impaired: Any
) -> Iterator[tuple[MediaStream, StreamBot]]:
    listens: Script = [("ask:1::1", 0.0)]
    with stream_bot(script or listens) as (bot, address):
        server = Server("http://127.0.0.1:9", PUBLIC, "token", media=address)
        leg = Leg("+819012345678", server.number, server.account_sid)
        line = MediaStream(server, URL, leg, clock, in_step=True, quiet_pace=quiet_pace, **impaired)
        try:
            yield line, bot
        finally:
            line.die()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of real time that were waited."""
    waited: list[float] = []
    monkeypatch.setattr("ivr.clock.SystemClock.sleep", lambda _, seconds: waited.append(seconds))
    return waited


def test_a_late_frame_delays_no_other() -> None:
    clock = LateClock(DEFAULT_NOW)
    with stream(clock) as (line, _):
        began = clock.now()
        line.run(2.0)
        took = (clock.now() - began).total_seconds()
    assert 2.0 <= took < 2.01
    assert line.began == began


def test_nothing_waits_for_real_time_unless_told(waits: list[float]) -> None:
    with stream(ManualClock(DEFAULT_NOW)) as (line, _):
        line.run(1.0)
    assert waits == []


def test_while_nobody_speaks_time_keeps_to_a_pace(waits: list[float]) -> None:
    with stream(ManualClock(DEFAULT_NOW), quiet_pace=0.5) as (line, _):
        line.until(lambda: bool(line.reached))
        waits.clear()
        line.run(0.2)
        assert len(waits) == 10
        assert all(0.5 * FRAME_S / 0.5 < wait <= FRAME_S / 0.5 for wait in waits)
        line.say(b"\x00" * 1600)
        line.run(0.2)
    assert len(waits) == 10, "somebody spoke"


def test_a_stream_tells_what_is_played_and_what_was() -> None:
    clock = ManualClock(DEFAULT_NOW)
    with stream(clock, ("say:1:greeting:1", 1.0), ("ask:1:consent:2", 1.0)) as (line, _):
        line.until(lambda: line.playing == "say:1:greeting:1")
        assert not line.reached
        line.until(lambda: line.playing == "ask:1:consent:2")
        assert list(line.reached) == ["say:1:greeting:1"]
        line.until(lambda: len(line.reached) == 2)
        assert line.playing == ""
        assert not line.bot_speaks


def test_nobody_listens_there(clock: ManualClock) -> None:
    server = Server("http://127.0.0.1:9", PUBLIC, "token", media="http://127.0.0.1:9")
    with pytest.raises(NoStream, match="no media stream could be opened"):
        MediaStream(server, URL, Leg("+81312345678", server.number, ""), clock)


def test_the_moment_it_began(clock: ManualClock) -> None:
    later: datetime = clock.now() + timedelta(seconds=7)
    clock.advance(7)
    with stream(clock) as (line, _):
        assert line.began == later


@pytest.mark.parametrize("late", [1, 3, 25])
def test_the_bot_comes_back_from_the_line_when_the_line_says(late: int) -> None:
    """In frames: what is played in one comes back so many later."""
    echoes: list[bytes] = []

    def carry(said: bytes, echoed: bytes) -> bytes:
        echoes.append(echoed)
        return said

    script = [("ask:1::1", 0.4)]
    with stream(ManualClock(DEFAULT_NOW), *script, carry=carry, echo_s=late * FRAME_S) as (line, _):
        line.until(lambda: bool(line.reached))
        line.run(1.0)
        played = bytes(line.played)
    came = b"".join(echoes)
    assert came == b"\xff" * (late * FRAME) + played[: len(came) - late * FRAME]
    assert came.strip(b"\xff")
