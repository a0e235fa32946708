"""A small media server that says what a test tells it, and notes what it hears."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fakes.line_sounds import mulaw, tone
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

SILENT_FRAME = b"\xff" * 160
#: What is said on one stream: questions, each a mark and the seconds of sound before it. A mark
#: that begins with ``ask`` waits for an answer. ``("clear", 0)`` forgets what was not played.
Script = Sequence[tuple[str, float]]
#: Frames of silence after which an answer is over, and after which there is none.
_OVER, _NONE = 40, 150


@dataclass
class StreamBot:
    """``start``: the start message of each stream. ``answers``: what was heard after each
    question: keys, ``spoken``, or nothing. ``marks``: those that came back. ``heard``: all that
    was no silence. ``stopped``: streams that the network ended."""

    scripts: list[Script]
    starts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    stopped: int = 0

    def talk(self, socket: ServerConnection) -> None:
        script = self.scripts.pop(0)
        assert socket.request is not None
        self.headers.append(dict(socket.request.headers))
        try:
            for message in socket:
                content = json.loads(message)
                if content["event"] == "start":
                    self.starts.append(content)
                    _Talk(self, socket, content["streamSid"]).run(script)
                    return
        except ConnectionClosed:
            return


class _Talk:
    def __init__(self, bot: StreamBot, socket: ServerConnection, stream: str) -> None:
        self._bot, self._socket, self._stream = bot, socket, stream

    def run(self, script: Script) -> None:
        for mark, seconds in script:
            if mark == "clear":
                self._send("clear")
                continue
            if seconds:
                sound = mulaw(tone(seconds, 8000))
                self._send("media", payload=base64.b64encode(sound).decode())
            self._send("mark", name=mark)
            if mark.startswith("ask"):
                self._bot.answers.append(self._answer(mark))

    def _answer(self, mark: str) -> str:
        keys, spoke, silent, asked = "", False, 0, False
        while silent < (_OVER if spoke or keys else _NONE):
            content = json.loads(self._socket.recv(timeout=30))
            match content["event"]:
                case "media":
                    frame = base64.b64decode(content["media"]["payload"])
                    silent = silent + 1 if frame == SILENT_FRAME and (asked or spoke) else 0
                    if frame != SILENT_FRAME:
                        spoke = True
                        self._bot.heard += frame
                case "dtmf":
                    keys, silent = keys + content["dtmf"]["digit"], 0
                case "mark":
                    self._bot.marks.append(content["mark"]["name"])
                    asked = asked or content["mark"]["name"] == mark
                case "stop":
                    self._bot.stopped += 1
                    return "stop"
        return keys or ("spoken" if spoke else "")

    def _send(self, event: str, **about: str) -> None:
        self._socket.send(json.dumps({"event": event, "streamSid": self._stream, event: about}))


@contextmanager
def stream_bot(*scripts: Script) -> Iterator[tuple[StreamBot, str]]:
    """Run a media server on loopback; gives it and its address. Each stream takes the next of
    ``scripts``."""
    bot = StreamBot(list(scripts))
    with serve(bot.talk, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield bot, f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()
