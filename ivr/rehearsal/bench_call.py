"""A lean caller for measuring: walks the verified call of the shipped flow and times each webhook.

The rehearsal telephone plays calls as people hear them; this one wastes no time of the machine
that it measures. It keeps its connection, answers at once and looks at nothing it need not.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from ivr.clock import Clock, SystemClock
from ivr.errors import RehearsalError
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.telephone import INCOMING, STATUS
from ivr.rehearsal.twiml_document import Dial, Gather, Number, Pause, Redirect, Verb, read_twiml
from ivr.rehearsal.webhooks import READ_S, Server, signature

#: Kinds of turns, in the order of a call. A check (resume, identify, compare a code) ends within
#: the webhook that begins it, unless the machine is slow; then the filler is followed.
FIRST = "first webhook"
SILENCE_CHECK = "silence, then a check"
POLL = "check poll"
SPEECH = "speech"
SPEECH_CHECK = "speech, then a check"
#: Takes as long for a decoy as for a customer (docs/identity.md), whatever the machine.
SEND = "code sent (1 s on purpose)"
KEYS_CHECK = "keys, then a check"
WHISPER = "whisper to the agent"
AGENT_KEY = "agent takes the call"
TRANSFER_ENDED = "transfer ended"
STATUS_CALLBACK = "status callback"
KINDS = (
    FIRST, SILENCE_CHECK, POLL, SPEECH, SPEECH_CHECK, SEND, KEYS_CHECK, WHISPER, AGENT_KEY,
    TRANSFER_ENDED, STATUS_CALLBACK,
)  # fmt: skip
#: Documents in one call; the walk takes 13.
_MOST_DOCUMENTS = 60
#: How often a code is looked for, and the seconds between.
_LOOKS, _LOOK_S = 100, 0.1


@dataclass(frozen=True, slots=True)
class Person:
    """A customer and how they answer: ``mobile`` is E.164, the others are spoken words."""

    mobile: str
    birthdate: str
    name: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One webhook: what it was, and the seconds until its answer had been read."""

    kind: str
    seconds: float


class Line(Protocol):
    """Carries requests to a server."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """POST a form to ``path`` (with its query); the status and body of the answer."""
        ...


class HttpLine:
    """One connection to a server at ``host:port``, kept open. For one thread."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=READ_S)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """See :class:`Line`."""
        try:
            self._connection.request("POST", path, body, dict(headers))
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RehearsalError(f"the server did not answer ({type(error).__name__})") from None

    def close(self) -> None:
        self._connection.close()


@dataclass
class SentCodes:
    """The codes in a server's outbox by destination, read as the file grows, by any thread."""

    path: Path
    _offset: int = 0
    _codes: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _clock: Clock = field(default_factory=SystemClock)

    def newest(self, destination: str) -> str:
        """The newest code sent to ``destination``; on a busy machine the first may be late.

        Raises:
            RehearsalError: there is none.
        """
        for _ in range(_LOOKS):
            with self._lock:
                if self.path.exists():
                    self._read()
                code = self._codes.get(destination)
            if code is not None:
                return code
            self._clock.sleep(_LOOK_S)
        raise RehearsalError("no code came", hint="is this customer registered once?")

    def _read(self) -> None:
        with self.path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            entry = json.loads(line)
            self._codes[entry["to"]] = entry["code"]


class BenchCaller:
    """Places calls over one line. For one thread."""

    def __init__(self, line: Line, server: Server, codes: SentCodes, clock: Clock) -> None:
        """``clock`` passes the pauses of fillers."""
        self._line = line
        self._server = server
        self._codes = codes
        self._clock = clock
        self._turns: list[Turn] = []

    def knock(self, times: int) -> list[Turn]:
        """Send one and the same signed webhook ``times`` times, whatever is answered."""
        leg = Leg(self._server.number, self._server.number, self._server.account_sid)
        self._turns = []
        for _ in range(times):
            self._send(FIRST, self._server.public + INCOMING, leg.fields("ringing"))
        return self._turns

    def place(self, person: Person) -> list[Turn]:
        """Call as ``person`` from the first ring until an agent has taken the call and ended it.

        Raises:
            RehearsalError: the server did not answer, or not as in a verified call.
        """
        self._turns = []
        public = self._server.public
        leg = Leg(person.mobile, self._server.number, self._server.account_sid)
        answers = self._answers(person)
        verbs = self._send(FIRST, public + INCOMING, leg.fields("ringing"))
        for _ in range(_MOST_DOCUMENTS):
            verb = _leading(verbs)
            if isinstance(verb, Dial):
                self._transfer(leg, verb)
                self._send(STATUS_CALLBACK, public + STATUS, leg.fields("completed"))
                return self._turns
            if isinstance(verb, Redirect):
                self._pause(verbs)
                verbs = self._send(POLL, verb.url, leg.fields("in-progress"))
                continue
            kind, more = next(answers, ("", {}))
            if verb is None or not kind:
                break
            if self._turns[-1].kind == SILENCE_CHECK:
                # As Twilio would ask after a filler: here the check has ended meanwhile.
                self._send(POLL, f"{verb.action}&poll=1", leg.fields("in-progress"))
            verbs = self._send(kind, verb.action, leg.fields("in-progress", **more))
        raise RehearsalError(
            "the call did not go like the verified call of the shipped flow",
            hint="the benchmark walks flows/verify as it is shipped",
        )

    def _answers(self, person: Person) -> Iterator[tuple[str, dict[str, str]]]:
        """What the caller does at each question of the shipped flow."""
        yield SILENCE_CHECK, {"Digits": ""}
        yield SPEECH, _spoken("はい")
        yield SPEECH, _spoken(person.birthdate)
        yield SPEECH_CHECK, _spoken(person.name)
        yield SEND, _spoken("はい")
        yield KEYS_CHECK, {"Digits": self._codes.newest(person.mobile), "FinishedOnKey": ""}

    def _transfer(self, leg: Leg, dial: Dial) -> None:
        """The agent hears the whisper, takes the call by key, and ends it."""
        dialled = dial.numbers[0]
        if not isinstance(dialled, Number):
            raise RehearsalError("the agents of a bench have phones", hint="kind: phone")
        agent = Leg(leg.called, dialled.number, leg.account_sid, "outbound-dial", leg.sid)
        verbs = self._send(WHISPER, dialled.url, agent.fields("in-progress"))
        asked = _leading(verbs)
        if not isinstance(asked, Gather):
            raise RehearsalError("the whisper does not ask the agent for a key")
        self._send(AGENT_KEY, asked.action, agent.fields("in-progress", Digits="1"))
        ended = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallSid": agent.sid}
        self._send(TRANSFER_ENDED, dial.action, leg.fields("completed", **ended))

    def _send(self, kind: str, url: str, fields: Mapping[str, str]) -> tuple[Verb, ...]:
        """One webhook, timed; the document it was answered with."""
        parts = urlsplit(url)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(self._server.auth_token, url, fields),
            "I-Twilio-Idempotency-Token": f"{fields['CallSid']}-{len(self._turns)}",
        }
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = urlencode(fields).encode()
        began = perf_counter()
        status, document = self._line.post(path, body, headers)
        self._turns.append(Turn(kind, perf_counter() - began))
        if status == 204:
            return ()
        if status != 200:
            raise RehearsalError(f"{parts.path} answered {status}")
        return read_twiml(document)

    def _pause(self, verbs: tuple[Verb, ...]) -> None:
        self._clock.sleep(sum(verb.length_s for verb in verbs if isinstance(verb, Pause)))


def _spoken(text: str) -> dict[str, str]:
    return {"SpeechResult": text, "Confidence": "0.93", "Language": "ja-JP"}


def _leading(verbs: tuple[Verb, ...]) -> Gather | Redirect | Dial | None:
    """Where the document leads: its first verb that is answered with another webhook."""
    return next((verb for verb in verbs if isinstance(verb, Gather | Redirect | Dial)), None)
