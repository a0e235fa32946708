"""Who is let in, what is too much, and that nothing is lost when a socket or the server goes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from fakes.answers import FakeAnswers
from media_rig import ACCOUNT, AUTH_TOKEN, PUBLIC, STREAM_URL, WORD, MediaRig, ask, media_rig
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ivr.clock import ManualClock
from ivr.dialogue.actions import Check
from ivr.dialogue.events import Heard
from ivr.errors import RehearsalError
from ivr.rehearsal.media_stream import MediaStream
from ivr.settings import Settings
from ivr.telephony.media import question as question_module
from ivr.telephony.media import server as server_module
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.signatures import SignatureCheck
from ivr.understanding.value import Hypothesis

FIRST = ask("first", "一つ目の質問")
SECOND = ask("second", "二つ目の質問")
THIRD = ask("third", "三つ目の質問")


def close_code(line: MediaStream) -> int | None:
    line.until(lambda: line.closed is not None)
    return line.closed


# --- who is let in ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"signed": False},
        {"auth_token": "somebody-else"},
        {"token": ""},
        {"token": "x"},
        {"token": "9999999999.nonce.seal"},
        {"token": "x.y.z"},
        {"account": "AC" + "9" * 32},
        {"url": STREAM_URL + "/more"},
        {"url": STREAM_URL.replace("/media", "/")},
    ],
)
def test_strangers_are_refused(wrong: dict[str, Any]) -> None:
    with media_rig(FIRST) as rig:
        line = rig.call(**wrong)
        assert close_code(line) == 1008
        assert line.events == []
        assert rig.events() == []


def test_a_token_opens_one_stream_once() -> None:
    with media_rig(FIRST) as rig:
        first = rig.call()
        first.hear_out()
        token = StreamTokens(b"k" * 32, FakeAnswers(), rig.clock).issue("CA" + "9" * 32)
        assert close_code(rig.call(token=token)) == 1008  # another call's
        first.hang_up()


def tokens(answers: FakeAnswers, clock: ManualClock, key: bytes = b"k" * 32) -> StreamTokens:
    return StreamTokens(key, answers, clock)


def test_tokens_are_for_one_call_once_and_for_five_minutes(clock: ManualClock) -> None:
    used = FakeAnswers()
    here, there = tokens(used, clock), tokens(used, clock)
    token = here.issue("CA1")
    assert len(token) < 100
    assert not there.redeem(token, "CA2")
    assert there.redeem(token, "CA1")
    assert not there.redeem(token, "CA1")
    assert not here.redeem(token, "CA1")
    late = here.issue("CA1")
    assert late != token
    clock.advance(301)
    assert not there.redeem(late, "CA1")
    other = tokens(used, clock, b"x" * 32)
    assert not other.redeem(here.issue("CA1"), "CA1")


@pytest.mark.parametrize("token", ["", ".", "..", "1..", "x.y.", "ü.ü.ü", "1" * 5000])
def test_what_is_no_token_is_refused(token: str, clock: ManualClock) -> None:
    assert not tokens(FakeAnswers(), clock).redeem(token, "CA1")


def test_a_token_is_good_after_the_database_was_away(clock: ManualClock) -> None:
    used = FakeAnswers(away=True)
    keeper = tokens(used, clock)
    token = keeper.issue("CA1")
    with pytest.raises(Exception, match="locked"):
        keeper.redeem(token, "CA1")
    used.away = False
    assert keeper.redeem(token, "CA1")


@pytest.mark.parametrize(
    ("base", "signed", "fault"),
    [
        (PUBLIC, "wss://voice.example.co.jp/media", None),
        (PUBLIC, "wss://voice.example.co.jp:443/media", None),
        (PUBLIC, "https://voice.example.co.jp/media", "wrong"),
        (PUBLIC, "wss://voice.example.co.jp/media?x=1", "wrong"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/media", None),
        (PUBLIC + "/below", "wss://voice.example.co.jp/below/media", None),
    ],
)
def test_the_public_url_is_what_is_signed(base: str, signed: str, fault: str | None) -> None:
    settings = Settings(public_url=base, twilio_auth_token=AUTH_TOKEN)  # type: ignore[arg-type]
    made = RequestValidator(AUTH_TOKEN).compute_signature(signed, {})
    check = SignatureCheck(settings)
    assert check.upgrade_fault("/media", signature=made) == fault
    assert check.upgrade_fault("/media", signature="") == "missing"
    assert check.upgrade_fault("/media", signature=made, scheme="algorithm=MD5") == "algorithm"
    off = SignatureCheck(replace_settings(settings, check_signatures=False))
    assert off.upgrade_fault("/media", signature="") is None


def replace_settings(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update=changes)


# --- damage -------------------------------------------------------------------------------


def raw(rig: MediaRig, *frames: str | bytes) -> int | None:
    """Open a signed socket, send ``frames`` and wait for the server to close it."""
    signature = RequestValidator(AUTH_TOKEN).compute_signature(STREAM_URL, {})
    line = socket.create_connection(("127.0.0.1", rig.server.port))
    with connect(
        STREAM_URL.replace("wss", "ws"),
        sock=line,
        compression=None,
        additional_headers={"X-Twilio-Signature": signature},
    ) as opened:
        for frame in frames:
            opened.send(frame)
        with pytest.raises(ConnectionClosed) as over:
            while True:
                opened.recv()
        return None if over.value.rcvd is None else over.value.rcvd.code


def start(rig: MediaRig, call_sid: str = "CA" + "7" * 32, **changes: Any) -> str:
    rig.dialogue.begin(call_sid=call_sid, caller="", called="")
    about = {
        "streamSid": "MZ1",
        "callSid": call_sid,
        "accountSid": ACCOUNT,
        "customParameters": {"token": rig.tokens.issue(call_sid)},
        **changes,
    }
    return json.dumps({"event": "start", "start": about})


@pytest.mark.parametrize(
    "frame", ["", "no json", "[]", b"\x00\x01", '{"event": "media", "media": {"payload": "?"}}']
)
def test_damaged_messages_close_the_socket(frame: str | bytes) -> None:
    with media_rig(FIRST) as rig:
        assert raw(rig, frame) == 1007
        assert raw(rig, start(rig), frame) == 1007
        assert rig.server.calls == 0


def test_other_audio_than_a_telephones_is_refused() -> None:
    with media_rig(FIRST) as rig:
        form = {"encoding": "audio/l16", "sampleRate": 8000, "channels": 1}
        assert raw(rig, start(rig, mediaFormat=form)) == 1007


def test_who_says_nothing_is_not_waited_for() -> None:
    with media_rig(FIRST, start_s=0.05, silent_s=0.05) as rig:
        assert raw(rig, '{"event": "connected"}') == 1008
        assert raw(rig, start(rig)) == 1000


def test_what_nobody_knows_is_passed_over() -> None:
    with media_rig(FIRST) as rig:
        frames = ['{"event": "connected"}', '{"event": "new"}', start(rig), '{"event": "new"}']
        assert raw(rig, *frames, '{"event": "stop"}') == 1000


# --- too much -----------------------------------------------------------------------------


def test_no_more_calls_are_taken_than_can_be_heard() -> None:
    with media_rig(FIRST, most=2) as rig:
        lines = [rig.call(), rig.call()]
        for line in lines:
            line.hear_out()
        assert rig.server.calls == 2
        assert close_code(rig.call()) == 1013
        lines[0].hang_up()
        while rig.server.calls == 2:
            lines[1].run(0.1)
        another = rig.call()
        assert another.hear_out()
        another.hang_up()
        lines[1].hang_up()


def test_nobody_is_let_in_while_calls_wait_to_be_heard() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        free = threading.Event()
        rig.ears.before_work = lambda: void(free.wait())
        line = rig.call()
        line.hear_out()
        line.say(WORD * 4)
        line.run(0.7 * 4)
        assert close_code(rig.call()) == 1013
        free.set()
        line.hear_out()
        line.hang_up()


def test_a_call_that_cannot_be_kept_up_with_is_left_to_twiml() -> None:
    with media_rig(
        ask("story", "どうされましたか", end_silence_s=5), SECOND, texts=["あの"]
    ) as rig:
        free = threading.Event()
        rig.ears.before_work = lambda: void(free.wait())
        line = rig.call()
        line.hear_out()
        line.say(WORD * 30)
        assert close_code(line) == 1000
        free.set()
        assert rig.events() == []


def test_an_answer_that_is_never_decoded_is_left_to_twiml(monkeypatch: pytest.MonkeyPatch) -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        free = threading.Event()
        rig.ears.before_finish = lambda: void(free.wait())
        monkeypatch.setattr(question_module, "MOST_BEHIND_S", 1.0)
        line = rig.call()
        line.hear_out()
        line.say(WORD)
        line.until(lambda: line.closed is not None, 9000)
        free.set()
        assert line.closed == 1000
        assert rig.events() == []


def void(_value: object) -> None:
    pass


# --- the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["hang_up", "die"])
def test_a_socket_that_ends_leaves_the_call_where_it_is(how: str) -> None:
    with media_rig(FIRST, SECOND, THIRD, texts=["はい"]) as rig:
        line = rig.call()
        line.hear_out()
        line.say(WORD)
        line.hear_out()
        getattr(line, how)()
        rig.do(gone(rig))
        assert [type(event) for event in rig.events()] == [Heard]
        (call_sid,) = rig.dialogue._turns
        assert rig.dialogue.current(call_sid=call_sid).action == SECOND


async def gone(rig: MediaRig) -> None:
    while rig.server.calls:
        await asyncio.sleep(0)


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
        line.hear_out()
        line.say(WORD)
        line.until(taking.is_set)
        line.die()
        free.set()
        rig.do(gone(rig))
        assert rig.events() == [Heard(rig.clock.now(), (Hypothesis("はい", 0.9),))]


def test_the_database_is_away_for_a_moment() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        line.hear_out()
        rig.dialogue.away = 2
        line.say(WORD)
        line.hear_out()
        assert [type(event) for event in rig.events()] == [Heard]
        line.hang_up()


def test_the_database_is_away_for_good() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        line.hear_out()
        rig.dialogue.away = 99
        line.say(WORD)
        assert close_code(line) == 1011
        assert rig.events() == []


def test_our_own_errors_leave_the_call_to_twiml() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        line.hear_out()
        rig.dialogue.broken = 1
        line.say(WORD)
        assert close_code(line) == 1011


def test_an_ear_that_breaks_leaves_the_call_to_twiml() -> None:
    def broken() -> None:
        raise OSError

    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        rig.ears.before_work = broken
        line = rig.call()
        line.hear_out()
        line.say(WORD)
        assert close_code(line) == 1011


def test_a_language_that_cannot_be_heard_is_left_to_twiml() -> None:
    with media_rig(FIRST) as rig:
        rig.ears.deaf = True
        assert close_code(rig.call()) == 1000


def test_a_turn_that_somebody_else_took_is_gone_on_from() -> None:
    with media_rig(FIRST, SECOND, THIRD, texts=["はい"]) as rig:
        line = rig.call()
        line.hear_out()
        (call_sid,) = rig.dialogue._turns
        rig.dialogue._turns[call_sid] = 1  # by a webhook
        line.say(WORD)
        assert line.hear_out().strip(b"\xff") == rig.prompts.sound("二つ目の質問")
        assert rig.events() == []
        line.hang_up()


# --- shutting down ------------------------------------------------------------------------


def test_a_server_that_stops_lets_a_begun_answer_end() -> None:
    with media_rig(FIRST, SECOND, texts=["昭和"]) as rig:
        answering, waiting = rig.call(), rig.call()
        answering.hear_out()
        waiting.hear_out()
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
        line.hear_out()
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


def test_calls_do_not_hear_each_other() -> None:
    with media_rig(FIRST, SECOND, texts=["はい", "いいえ"]) as rig:
        one, other = rig.call(), rig.call()
        one.hear_out()
        other.hear_out()
        one.say(WORD)
        one.hear_out()
        assert not other.bot_speaks
        other.say(WORD)
        other.hear_out()
        assert [event.hypotheses[0].text for event in rig.events() if isinstance(event, Heard)] == [
            "はい",
            "いいえ",
        ]
        one.hang_up()
        other.hang_up()
