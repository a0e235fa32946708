"""The telephone network's end of a media stream: Twilio's, in software.

Frames of 20 ms go out as the clock lets time pass, whatever the caller does; what the server sends
is played as long as it lasts, marks come back when the sound before them has been played, and
``clear`` makes all of it unheard.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from ivr.clock import Clock, SystemClock
from ivr.errors import RehearsalError
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.webhooks import Server, signature

#: Bytes of µ-law that Twilio sends in one message, and the seconds they last.
FRAME, FRAME_S = 160, 0.02
#: Nobody speaks.
SILENCE = b"\xff"
_CONNECT_S = 5.0
#: Frames between two looks whether the server keeps up.
_STEP = 5
_LOOK_S = 0.05

#: What becomes of a frame of the caller's on its way, where the bot's echo is mixed into it.
Carry = Callable[[bytes, bytes], bytes]


class NoStream(RehearsalError):
    """No media stream could be opened; Twilio goes on with the document."""


class MediaStream:
    """One stream of the caller's ``leg``. Not for several threads.

    ``began`` is when. ``played`` is all that the caller heard of the bot, ``said`` all that went
    out, both from the beginning and equally long.
    """

    def __init__(
        self,
        server: Server,
        url: str,
        leg: Leg,
        clock: Clock,
        *,
        parameters: Mapping[str, str] | None = None,
        signed: bool = True,
        in_step: bool = False,
        quiet_pace: float = 0.0,
        carry: Carry | None = None,
        echo_s: float = FRAME_S,
    ) -> None:
        """Connect as ``<Stream url>`` says: to the media server of ``server``, with the signature
        over the public ``url`` unless ``signed`` is false.

        ``in_step``: time does not run away from the server, however fast the ``clock`` is: now
        and then it has to have taken all that was sent. ``quiet_pace``: how many times faster
        than real time at most it passes while nobody speaks, because then the server may be at
        work; 0: no limit. ``carry``: what the line does to the caller's sound, where the bot's
        comes back after ``echo_s``.

        Raises:
            NoStream: there is nobody, or no WebSocket.
            RehearsalError: the URL is not the server's.
        """
        self._leg, self._clock, self._in_step = leg, clock, in_step
        self._quiet_s = FRAME_S / quiet_pace if quiet_pace else 0.0
        self._real, self._carry = SystemClock(), carry
        self._echo = max(1, round(echo_s / FRAME_S)) * FRAME
        self._stream = "MZ" + leg.sid[2:]
        self._numbers = self._chunks = 0
        self._to_play: deque[bytes | str] = deque()
        self._to_say = bytearray()
        self.played = bytearray()
        self.said = bytearray()
        #: The events that the server sent, in order.
        self.events: list[str] = []
        #: Marks whose sound was played to its end, to be taken by whoever wants to know.
        self.reached: deque[str] = deque()
        #: The code that the server closed the socket with; None while it is open.
        self.closed: int | None = None
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(socket_to(server, url, signed=signed))
        self.began = clock.now()
        self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"}, numbered=False)
        self._send(
            {
                "event": "start",
                "start": {
                    "accountSid": leg.account_sid,
                    "streamSid": self._stream,
                    "callSid": leg.sid,
                    "tracks": ["inbound"],
                    "mediaFormat": {
                        "encoding": "audio/x-mulaw",
                        "sampleRate": 8000,
                        "channels": 1,
                    },
                    "customParameters": dict(parameters or {}),
                },
            }
        )

    @property
    def bot_speaks(self) -> bool:
        """Whether sound of the bot's is left to be played."""
        return bool(self._to_play)

    @property
    def caller_speaks(self) -> bool:
        """Whether sound of the caller's is left to go out."""
        return bool(self._to_say)

    @property
    def playing(self) -> str:
        """The mark after the sound that is played now; empty where nothing is played, or the
        server has not sent the mark yet."""
        if not self._to_play or isinstance(self._to_play[0], str):
            return ""
        return next((item for item in self._to_play if isinstance(item, str)), "")

    def say(self, sound: bytes) -> None:
        """The caller says ``sound`` (µ-law) as time passes."""
        self._to_say += sound

    def press(self, keys: str) -> None:
        """The caller presses keys, now."""
        for key in keys:
            self._send({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": key}})

    def run(self, seconds: float) -> None:
        """Let ``seconds`` pass, or as many as there are before the server closes the socket."""
        for _ in range(round(seconds / FRAME_S)):
            if self.closed is not None:
                return
            self._frame()

    def until(self, happened: Callable[[], bool], limit_s: float = 120.0) -> None:
        """Let time pass until something has happened, or the server closes the socket.

        Raises:
            RehearsalError: it did not happen in ``limit_s``.
        """
        for _ in range(round(limit_s / FRAME_S)):
            if happened() or self.closed is not None:
                return
            self._frame()
        raise RehearsalError(f"nothing happened on the stream for {limit_s:g} seconds")

    def hang_up(self) -> None:
        """The caller hangs up: Twilio says so and closes."""
        self._send({"event": "stop", "stop": {"accountSid": self._leg.account_sid}})
        self._open.close()
        self._take_all()

    def die(self) -> None:
        """The connection breaks without a word."""
        with contextlib.suppress(OSError):  # the server was faster
            self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._open.close()
        self.closed = 1006

    # --- 20 milliseconds ---------------------------------------------------------------------

    def _frame(self) -> None:
        begins = self._real.now() if self._quiet_s and self._is_quiet else None
        sound = bytes(self._to_say[:FRAME]).ljust(FRAME, SILENCE)
        del self._to_say[:FRAME]
        if self._carry is not None:
            echoed = bytes(self.played[-self._echo :][:FRAME]).rjust(FRAME, SILENCE)
            sound = self._carry(sound, echoed)
        self._chunks += 1
        self.said += sound
        about = {
            "track": "inbound",
            "chunk": str(self._chunks),
            "timestamp": str(round((self._chunks - 1) * FRAME_S * 1000)),
            "payload": base64.b64encode(sound).decode(),
        }
        self._send({"event": "media", "media": about})
        self._play()
        self._pace()
        if begins is not None:
            took = (self._real.now() - begins).total_seconds()
            self._real.sleep(max(0.0, self._quiet_s - took))
        if self._in_step and not self._chunks % _STEP:
            self._keep_in_step()
        self._take_all()

    @property
    def _is_quiet(self) -> bool:
        return not self._to_say and not self._to_play

    def _pace(self) -> None:
        """Wait for the end of this frame, counted from the first: a late one delays no other."""
        due = self.began + timedelta(seconds=self._chunks * FRAME_S)
        left = (due - self._clock.now()).total_seconds()
        if left > 0:
            self._clock.sleep(left)

    def _keep_in_step(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            taken = self._socket.ping()
            while self._socket.close_code is None and not taken.wait(_LOOK_S):
                pass

    def _play(self) -> None:
        """Play what 20 ms hold; marks come back as soon as they are reached."""
        room = FRAME
        while self._to_play and (room or isinstance(self._to_play[0], str)):
            item = self._to_play.popleft()
            if isinstance(item, str):
                self._send({"event": "mark", "mark": {"name": item}})
                self.reached.append(item)
                continue
            self.played += item[:room]
            if item[room:]:
                self._to_play.appendleft(item[room:])
            room -= len(item[:room])
        self.played += SILENCE * room

    def _take_all(self) -> None:
        """Take what the server has sent until now."""
        with contextlib.suppress(TimeoutError):
            while self.closed is None:
                try:
                    self._take(json.loads(self._socket.recv(timeout=0)))
                except ConnectionClosed as over:
                    self.closed = 1006 if over.rcvd is None else over.rcvd.code

    def _take(self, message: Mapping[str, Any]) -> None:
        """
        Raises:
            RehearsalError: it is no message that Twilio takes.
        """
        event = str(message.get("event"))
        self.events.append(event)
        if message.get("streamSid") != self._stream:
            raise RehearsalError(f"the server sent '{event}' for another stream")
        match event:
            case "media":
                sound = base64.b64decode(message["media"]["payload"], validate=True)
                if sound:
                    self._to_play.append(sound)
            case "mark":
                self._to_play.append(str(message["mark"]["name"]))
            case "clear":
                marks = [item for item in self._to_play if isinstance(item, str)]
                self._to_play.clear()
                for name in marks:
                    self._send({"event": "mark", "mark": {"name": name}})
            case _:
                raise RehearsalError(f"Twilio knows no message '{event}' of a server")

    def _send(self, message: Mapping[str, Any], *, numbered: bool = True) -> None:
        if numbered:
            self._numbers += 1
            message = {
                **message,
                "sequenceNumber": str(self._numbers),
                "streamSid": self._stream,
            }
        with contextlib.suppress(ConnectionClosed):
            self._socket.send(json.dumps(message))


@contextlib.contextmanager
def socket_to(server: Server, url: str, *, signed: bool = True) -> Iterator[ClientConnection]:
    """A WebSocket to the media server of ``server``, as Twilio opens it; ``url`` is the public one.

    Raises:
        NoStream: no connection, or no WebSocket.
        RehearsalError: the URL is not the server's.
    """
    address = urlsplit(server.media or server.address)
    public = urlsplit(url)
    if public.scheme not in {"ws", "wss"} or public.netloc != urlsplit(server.public).netloc:
        raise RehearsalError(
            "the server sent the telephone's stream to another host than its public URL",
            hint="check IVR_PUBLIC_URL against --public-url",
        )
    headers = {"X-Twilio-Signature": signature(server.auth_token, url, {})} if signed else {}
    with contextlib.ExitStack() as stack:
        try:
            place = (address.hostname or "", address.port or 80)
            line = socket.create_connection(place, _CONNECT_S)
            opening = connect(
                # Twilio's connection is encrypted; the proxy in front of the server ends that.
                public._replace(scheme="ws").geturl(),
                sock=line,
                compression=None,
                additional_headers=headers,
                user_agent_header=None,
                open_timeout=_CONNECT_S,
                # All is read as it comes: what the caller does depends on nobody's buffers.
                max_queue=None,
                ping_interval=None,
            )
            connection = stack.enter_context(opening)
        except (OSError, InvalidHandshake):
            raise NoStream("no media stream could be opened") from None
        yield connection
