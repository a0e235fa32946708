"""Who is let in, what is damaged, and what is too much."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
from fakes.answers import FakeAnswers
from media_rig import (
    ACCOUNT,
    AUTH_TOKEN,
    FIRST,
    SECOND,
    STREAM_URL,
    WORD,
    MediaRig,
    ask,
    close_code,
    hear_out,
    media_rig,
)
from twilio.request_validator import RequestValidator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ivr.dialogue.events import Heard
from ivr.telephony.media import question as question_module
from ivr.telephony.media.tokens import StreamTokens

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
        hear_out(first)
        token = StreamTokens(b"k" * 32, FakeAnswers(), rig.clock).issue("CA" + "9" * 32)
        assert close_code(rig.call(token=token)) == 1008  # another call's
        first.hang_up()


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
            hear_out(line)
        assert rig.server.calls == 2
        assert close_code(rig.call()) == 1013
        lines[0].hang_up()
        while rig.server.calls == 2:
            lines[1].run(0.1)
        another = rig.call()
        assert hear_out(another)
        another.hang_up()
        lines[1].hang_up()


def test_nobody_is_let_in_while_calls_wait_to_be_heard() -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        free = threading.Event()
        rig.ears.before_work = lambda: void(free.wait())
        line = rig.call()
        hear_out(line)
        line.say(WORD * 4)
        line.run(0.7 * 4)
        assert close_code(rig.call()) == 1013
        free.set()
        hear_out(line)
        line.hang_up()


def test_a_call_that_cannot_be_kept_up_with_is_left_to_twiml() -> None:
    with media_rig(
        ask("story", "どうされましたか", end_silence_s=5), SECOND, texts=["あの"]
    ) as rig:
        free = threading.Event()
        rig.ears.before_work = lambda: void(free.wait())
        line = rig.call()
        hear_out(line)
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
        hear_out(line)
        line.say(WORD)
        line.until(lambda: line.closed is not None, 9000)
        free.set()
        assert line.closed == 1000
        assert rig.events() == []


def void(_value: object) -> None:
    pass


def test_calls_do_not_hear_each_other() -> None:
    with media_rig(FIRST, SECOND, texts=["はい", "いいえ"]) as rig:
        one, other = rig.call(), rig.call()
        hear_out(one)
        hear_out(other)
        one.say(WORD)
        hear_out(one)
        assert not other.bot_speaks
        other.say(WORD)
        hear_out(other)
        assert [event.hypotheses[0].text for event in rig.events() if isinstance(event, Heard)] == [
            "はい",
            "いいえ",
        ]
        one.hang_up()
        other.hang_up()
