"""The messages of Twilio Media Streams, in both directions (TWILIO.md "Media Streams").

Reading never raises for what comes in: events and fields that nobody knows are passed over, and a
message that cannot be what it says is :class:`Damaged`, upon which the socket is closed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: The tracks that carry what the caller does; the other one would be our own voice.
_CALLERS_TRACKS = frozenset({"", "inbound", "inbound_track"})
_KEYS = frozenset("0123456789*#ABCD")
#: Twilio's own limit for one parameter is 500 characters.
_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Connected:
    """The first message: the socket is open."""

    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """What the stream is. ``parameters`` are those of ``<Parameter>``. ``encoding``, ``rate`` (Hz)
    and ``channels`` say how both sides are to be sent."""

    stream_sid: str
    call_sid: str
    account_sid: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "audio/x-mulaw"
    rate: int = 8000
    channels: int = 1
    number: int | None = None

    @property
    def is_telephone_audio(self) -> bool:
        """Whether the audio is what telephones send: µ-law, 8000 samples a second, one channel."""
        return (self.encoding, self.rate, self.channels) == ("audio/x-mulaw", 8000, 1)


@dataclass(frozen=True, slots=True)
class Audio:
    """µ-law bytes of any length. ``chunk`` counts from 1, ``at_ms`` is when it was said, since the
    stream began; None where Twilio does not say. ``callers``: not our own voice."""

    payload: bytes
    callers: bool = True
    chunk: int | None = None
    at_ms: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key: 0-9, ``*``, ``#`` (or A-D, which no telephone has any more)."""

    digit: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """All audio before the mark called ``name`` has been played, or was cleared."""

    name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream has ended: the caller hung up, or the call was taken elsewhere."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that is new to us; nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """No message of Twilio's; ``reason`` is a code."""

    reason: str


Message = Connected | Started | Audio | Key | Marked | Stopped | Unknown | Damaged


def read(frame: str | bytes) -> Message:
    """The message in one WebSocket frame."""
    if isinstance(frame, bytes):
        return Damaged("binary")
    try:
        content = json.loads(frame)
    except (ValueError, RecursionError):
        return Damaged("no_json")
    if not isinstance(content, dict):
        return Damaged("no_object")
    event = content.get("event")
    if not isinstance(event, str):
        return Damaged("no_event")
    number = _number(content.get("sequenceNumber"))
    about = content.get(event)
    about = about if isinstance(about, dict) else {}
    match event:
        case "connected":
            return Connected(_text(content.get("protocol")))
        case "start":
            return _started(content, about, number)
        case "media":
            return _audio(about, number)
        case "dtmf":
            return _key(about, number)
        case "mark":
            name = _text(about.get("name"))
            return Marked(name, number) if name else Damaged("mark_without_name")
        case "stop":
            return Stopped(number)
        case _:
            return Unknown()


def _started(content: Mapping[str, Any], about: Mapping[str, Any], number: int | None) -> Message:
    stream = _text(about.get("streamSid")) or _text(content.get("streamSid"))
    call = _text(about.get("callSid"))
    if not stream or not call:
        return Damaged("start_without_names")
    parameters = about.get("customParameters")
    known = parameters if isinstance(parameters, dict) else {}
    form = about.get("mediaFormat")
    form = form if isinstance(form, dict) else {}
    return Started(
        stream_sid=stream,
        call_sid=call,
        account_sid=_text(about.get("accountSid")),
        parameters={name: _text(value) for name, value in known.items()},
        encoding=_text(form.get("encoding", "audio/x-mulaw")),
        rate=_number(form.get("sampleRate", 8000)) or 0,
        channels=_number(form.get("channels", 1)) or 0,
        number=number,
    )


def _audio(about: Mapping[str, Any], number: int | None) -> Message:
    payload = about.get("payload")
    if not isinstance(payload, str):
        return Damaged("media_without_payload")
    try:
        sound = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return Damaged("media_not_base64")
    return Audio(
        sound,
        callers=_text(about.get("track")) in _CALLERS_TRACKS,
        chunk=_number(about.get("chunk")),
        at_ms=_number(about.get("timestamp")),
        number=number,
    )


def _key(about: Mapping[str, Any], number: int | None) -> Message:
    digit = _text(about.get("digit"))
    return Key(digit, number) if digit in _KEYS else Damaged("no_such_key")


def _number(value: object) -> int | None:
    """Twilio writes some numbers as strings and others as numbers; both are taken."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None


def _text(value: object) -> str:
    return value[:_MOST_CHARACTERS] if isinstance(value, str) else ""


def audio(stream_sid: str, sound: bytes) -> str:
    """Has the stream play ``sound``: µ-law bytes without a header, after all that came before."""
    payload = base64.b64encode(sound).decode()
    return json.dumps({"event": "media", "streamSid": stream_sid, "media": {"payload": payload}})


def mark(stream_sid: str, name: str) -> str:
    """Asks to be told (:class:`Marked`) when all audio sent before has been played."""
    return json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear(stream_sid: str) -> str:
    """Has the stream forget all audio that it has not played; its marks come back at once."""
    return json.dumps({"event": "clear", "streamSid": stream_sid})
