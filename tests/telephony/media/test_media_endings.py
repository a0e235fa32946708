"""Nothing is lost when a socket, the database or the server goes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from media_rig import (
    AUTH_TOKEN,
    FIRST,
    SECOND,
    STREAM_URL,
    THIRD,
    WORD,
    close_code,
    gone,
    hear_out,
    media_rig,
)
from twilio.request_validator import RequestValidator

from ivr.dialogue.actions import Check
from ivr.dialogue.events import Heard
from ivr.errors import RehearsalError
from ivr.telephony.media import server as server_module
from ivr.understanding.value import Hypothesis

# --- the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["hang_up", "die"])
def test_a_socket_that_ends_leaves_the_call_where_it_is(how: str) -> None:
    with media_rig(FIRST, SECOND, THIRD, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        hear_out(line)
        getattr(line, how)()
        rig.do(gone(rig))
        assert [type(event) for event in rig.events()] == [Heard]
        (call_sid,) = rig.dialogue._turns
        assert rig.dialogue.current(call_sid=call_sid).action == SECOND


def test_an_answer_that_is_being_taken_when_the_socket_dies_is_taken() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        free, taking = threading.Event(), threading.Event()
        take = rig.dialogue.take

        def slowly(**given: Any) -> Any:
            taking.set()
            free.wait()
            return take(**given)

        rig.dialogue.take = slowly  # type: ignore[method-assign]
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(taking.is_set)
        line.die()
        free.set()
        rig.do(gone(rig))
        assert rig.events() == [Heard(rig.clock.now(), (Hypothesis("はい", 0.9),))]


def test_the_database_is_away_for_a_moment() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        rig.dialogue.away = 2
        line.say(WORD)
        hear_out(line)
        assert [type(event) for event in rig.events()] == [Heard]
        line.hang_up()


def test_the_database_is_away_for_good() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        rig.dialogue.away = 99
        line.say(WORD)
        assert close_code(line) == 1011
        assert rig.events() == []


def test_our_own_errors_leave_the_call_to_twiml() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        rig.dialogue.broken = 1
        line.say(WORD)
        assert close_code(line) == 1011


def test_an_ear_that_breaks_leaves_the_call_to_twiml() -> None:
    def broken() -> None:
        raise OSError

    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        rig.ears.before_work = broken
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        assert close_code(line) == 1011


def test_a_language_that_cannot_be_heard_is_left_to_twiml() -> None:
    with media_rig(FIRST) as rig:
        rig.ears.deaf = True
        assert close_code(rig.call()) == 1000


def test_a_turn_that_somebody_else_took_is_gone_on_from() -> None:
    with media_rig(FIRST, SECOND, THIRD, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        (call_sid,) = rig.dialogue._turns
        rig.dialogue._turns[call_sid] = 1  # by a webhook
        line.say(WORD)
        assert hear_out(line).strip(b"\xff") == rig.prompts.sound("二つ目の質問")
        assert rig.events() == []
        line.hang_up()


# --- shutting down ------------------------------------------------------------------------


def test_a_server_that_stops_lets_a_begun_answer_end() -> None:
    with media_rig(FIRST, SECOND, texts=["昭和"]) as rig:
        answering, waiting = rig.call(), rig.call()
        hear_out(answering)
        hear_out(waiting)
        answering.say(WORD)
        answering.run(0.6)
        draining = asyncio.run_coroutine_threadsafe(rig.server.drain(30), rig.loop)
        assert close_code(waiting) == 1012
        assert close_code(answering) == 1012
        draining.result(30)
        assert rig.events() == [Heard(rig.clock.now(), (Hypothesis("昭和", 0.9),))]
        with pytest.raises(RehearsalError, match="no media stream"):
            rig.call()


def test_a_server_that_stops_does_not_wait_for_ever() -> None:
    with media_rig(Check("identify", "identify"), FIRST, texts=["あの"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD * 20)
        line.run(1)
        draining = asyncio.run_coroutine_threadsafe(rig.server.drain(0), rig.loop)
        assert close_code(line) == 1012
        draining.result(30)


def test_a_server_that_stops_waits_for_all_who_do_not_answer_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "_CLOSE_S", 0.5)
    with media_rig(FIRST, most=9) as rig, ExitStack() as deaf:
        for _ in range(8):
            line = deaf.enter_context(socket.create_connection(("127.0.0.1", rig.server.port)))
            line.sendall(upgrade())
            assert b" 101 " in line.recv(4096)
        began = time.monotonic()
        rig.do(rig.server.drain(0))
        assert time.monotonic() - began < 3, "one after the other takes four seconds"


def upgrade() -> bytes:
    """The request that opens a WebSocket, signed."""
    signature = RequestValidator(AUTH_TOKEN).compute_signature(STREAM_URL, {})
    lines = (
        "GET /media HTTP/1.1",
        "Host: voice.example.co.jp",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"X-Twilio-Signature: {signature}",
    )
    return "\r\n".join((*lines, "", "")).encode()
