"""Messages of Media Streams, as Twilio's pages show them and as no page shows them."""

from __future__ import annotations

import base64
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.media import messages
from ivr.telephony.media.messages import (
    Audio,
    Connected,
    Damaged,
    Key,
    Marked,
    Message,
    Started,
    Stopped,
    Unknown,
    read,
)

STREAM, CALL, ACCOUNT = "MZ" + "1" * 32, "CA" + "2" * 32, "AC" + "3" * 32
START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": ACCOUNT,
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "abc", "turn": "3"},
    },
    "streamSid": STREAM,
}


def media(payload: Any, **more: Any) -> dict[str, Any]:
    about = {"track": "inbound", "chunk": "2", "timestamp": "40", "payload": payload, **more}
    return {"event": "media", "sequenceNumber": "3", "media": about, "streamSid": STREAM}


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


STARTED = Started(STREAM, CALL, ACCOUNT, {"token": "abc", "turn": "3"}, number=1)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, Connected("Call")),
        (START, STARTED),
        (media("//8="), Audio(b"\xff\xff", chunk=2, at_ms=40, number=3)),
        (media(""), Audio(b"", chunk=2, at_ms=40, number=3)),
        (media("//8=", chunk=2, timestamp=40), Audio(b"\xff\xff", chunk=2, at_ms=40, number=3)),
        (media("//8=", track="outbound"), Audio(b"\xff\xff", False, 2, 40, 3)),
        (media("//8=", chunk="x", timestamp=None), Audio(b"\xff\xff", number=3)),
        (
            {
                "event": "dtmf",
                "streamSid": STREAM,
                "sequenceNumber": "5",
                "dtmf": {"track": "inbound_track", "digit": "#"},
            },
            Key("#", 5),
        ),
        ({"event": "mark", "sequenceNumber": "4", "mark": {"name": "line-1"}}, Marked("line-1", 4)),
        ({"event": "stop", "stop": {"accountSid": ACCOUNT, "callSid": CALL}}, Stopped()),
        ({"event": "stop"}, Stopped()),
        ({"event": "weather", "weather": 3}, Unknown()),
        ({"event": ""}, Unknown()),
    ],
)
def test_messages_of_twilio_are_read(sent: dict[str, Any], expected: Message) -> None:
    assert read(json.dumps(sent)) == expected
    assert read(json.dumps({**sent, "new": {"field": [1, None]}})) == expected


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("", "no_json"),
        ("{", "no_json"),
        ("[" * 100_000, "no_json"),
        ("[]", "no_object"),
        ("null", "no_object"),
        ("{}", "no_event"),
        ('{"event": 3}', "no_event"),
        ('{"event": "start"}', "start_without_names"),
        (json.dumps({**START, "start": without(START["start"], "callSid")}), "start_without_names"),  # type: ignore[arg-type]
        ('{"event": "media"}', "media_without_payload"),
        (json.dumps(media(None)), "media_without_payload"),
        (json.dumps(media("ÿ")), "media_not_base64"),
        (json.dumps(media("//8")), "media_not_base64"),
        (json.dumps(media("/ /8=")), "media_not_base64"),
        ('{"event": "dtmf", "dtmf": {"digit": "12"}}', "no_such_key"),
        ('{"event": "dtmf", "dtmf": {"digit": 1}}', "no_such_key"),
        ('{"event": "dtmf", "dtmf": "1"}', "no_such_key"),
        ('{"event": "mark", "mark": {}}', "mark_without_name"),
        (b"\xff", "binary"),
    ],
)
def test_what_is_no_message_is_damaged(sent: str | bytes, reason: str) -> None:
    assert read(sent) == Damaged(reason)


def test_the_stream_may_be_named_outside_and_the_format_left_out() -> None:
    start = {**START, "start": without(START["start"], "streamSid", "mediaFormat")}  # type: ignore[arg-type]
    found = read(json.dumps(start))
    assert found == STARTED
    assert isinstance(found, Started)
    assert found.is_telephone_audio


@pytest.mark.parametrize(
    "form",
    [
        {"encoding": "audio/l16", "sampleRate": 8000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": "2"},
        {"encoding": None, "sampleRate": True, "channels": -1},
    ],
)
def test_other_audio_is_told_from_a_telephones(form: dict[str, Any]) -> None:
    start = {**START, "start": {**START["start"], "mediaFormat": form}}  # type: ignore[dict-item]
    found = read(json.dumps(start))
    assert isinstance(found, Started)
    assert not found.is_telephone_audio


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = ("start", "media", "dtmf", "mark", "stop", "connected")
FIELDS = (
    "streamSid", "callSid", "customParameters", "mediaFormat", "payload", "track", "chunk",
    "timestamp", "digit", "name", "encoding", "sampleRate", "channels",
)  # fmt: skip


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING) | ANYTHING,
    st.dictionaries(st.sampled_from(["sequenceNumber", "streamSid", "x"]), ANYTHING),
)
def test_nothing_that_comes_in_raises(event: str, about: Any, more: dict[str, Any]) -> None:
    found = read(json.dumps({**more, "event": event, event: about}))
    assert isinstance(found, get_args(Message))


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(read(text), get_args(Message))


@given(st.binary(max_size=2000))
def test_audio_of_any_length_comes_back_as_it_went(sound: bytes) -> None:
    sent = json.loads(messages.audio(STREAM, sound))
    assert sent["streamSid"] == STREAM
    assert base64.b64decode(sent["media"]["payload"]) == sound
    assert read(json.dumps(sent)) == Audio(sound)


def test_marks_and_clear_are_what_twilio_takes() -> None:
    assert json.loads(messages.mark(STREAM, "line-1")) == {
        "event": "mark",
        "streamSid": STREAM,
        "mark": {"name": "line-1"},
    }
    assert json.loads(messages.clear(STREAM)) == {"event": "clear", "streamSid": STREAM}
