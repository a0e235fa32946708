"""A media server on fakes in a thread, and Twilio's end of its streams."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from fakes.answers import FakeAnswers
from fakes.dialogue import FakeDialogue
from fakes.line_sounds import mulaw, silence, speech, tone
from pydantic import SecretStr

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, Line, Listening
from ivr.dialogue.expectation import Expectation, NameQuestion
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import SILENCE, MediaStream
from ivr.rehearsal.webhooks import Server
from ivr.settings import Settings
from ivr.telephony.media.ears import Ear, Ears, Said
from ivr.telephony.media.metrics import MediaMetrics
from ivr.telephony.media.pages import Pages
from ivr.telephony.media.server import Gate, MediaServer
from ivr.telephony.media.session import Floor, KeepAudio
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.signatures import SignatureCheck
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

PUBLIC = "https://voice.example.co.jp"
STREAM_URL = "wss://voice.example.co.jp/media"
ACCOUNT = "AC" + "0" * 32
AUTH_TOKEN = "the-auth-token-of-the-account"
METRICS_KEY = "key-of-the-prometheus"
CALLER, CALLED = "+819012345678", "+815012345678"

_T = TypeVar("_T")


def ask(state: str, *texts: str, **listen: Any) -> Ask:
    listening: dict[str, Any] = {"speech": True, "keys": True, "timeout_s": 4, **listen}
    lines = tuple(Line(f"{state}{number}", text) for number, text in enumerate(texts or (state,)))
    return Ask(state, lines, Listening(**listening))


FIRST = ask("first", "一つ目の質問")
SECOND = ask("second", "二つ目の質問")
THIRD = ask("third", "三つ目の質問")
#: A word: half a second of speech, a little silence before it.
WORD = mulaw(silence(0.2) + speech(0.5))
COUGH = mulaw(silence(0.2) + speech(0.3))


@dataclass
class FakeEar:
    """Hears ``text`` whatever is said."""

    text: str
    ears: FakeEars
    heard: int = 0

    def accept(self, pcm: bytes) -> None:
        self.ears.before_work()
        self.heard += len(pcm) // 2
        self.ears.heard[-1] = self.heard

    def partial(self) -> str:
        return self.text

    def finish(self) -> Said:
        self.ears.before_finish()
        words = () if not self.text else (Hypothesis(self.text, 0.9),)
        return Said(words, foreign=self.text == "[unk]")


@dataclass
class FakeEars:
    """``texts``: what the next utterances will be. ``heard``: samples of each."""

    texts: list[str] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    before_work: Callable[[], None] = lambda: None
    before_finish: Callable[[], None] = lambda: None
    deaf: bool = False

    def prepare(
        self, language: str, grammars: Sequence[Grammar], names: NameQuestion | None = None
    ) -> Callable[[], Ear] | None:
        return None if self.deaf else self._make

    def _make(self) -> Ear:
        self.heard.append(0)
        return FakeEar(self.texts.pop(0), self)


@dataclass
class FakeExpectations:
    """``keep_audio``: every caller allows that answers are kept as sound."""

    whole: set[str] = field(default_factory=lambda: {"はい", "いいえ"})
    keep_audio: bool = False

    def of(self, *, call_sid: str, turn: int) -> Expectation | None:
        return Expectation(
            (),
            lambda text: text in self.whole,
            lambda text: text == "はい",
            keep_audio=self.keep_audio,
        )


@dataclass
class FakePrompts:
    """Every prompt is a tone of ``seconds``; texts in ``silent`` have no sound."""

    seconds: float = 0.5
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, bool]] = field(default_factory=list)

    def __call__(self, key: str, text: str, language: str, slow: bool) -> bytes | None:
        self.asked.append((text, language, slow))
        return None if text in self.silent else self.sound(text)

    def sound(self, text: str) -> bytes:
        pitch = 200 + 20 * (sum(text.encode()) % 50)
        return mulaw(tone(self.seconds, 8000, pitch)).strip(b"\xff")


@dataclass
class MediaRig:
    server: MediaServer
    loop: asyncio.AbstractEventLoop
    dialogue: FakeDialogue
    ears: FakeEars
    prompts: FakePrompts
    tokens: StreamTokens
    clock: ManualClock

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Have ``work`` done by the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @property
    def network(self) -> Server:
        address = f"http://127.0.0.1:{self.server.port}"
        return Server(address, PUBLIC, AUTH_TOKEN, ACCOUNT, CALLED)

    def call(
        self,
        *,
        url: str = STREAM_URL,
        token: str | None = None,
        signed: bool = True,
        auth_token: str = AUTH_TOKEN,
        account: str = ACCOUNT,
        **parameters: str,
    ) -> MediaStream:
        """A call that has begun, and its stream."""
        leg = Leg(CALLER, CALLED, account)
        self.dialogue.begin(call_sid=leg.sid, caller=CALLER, called=CALLED)
        network = self.network
        given = self.tokens.issue(leg.sid) if token is None else token
        return MediaStream(
            Server(network.address, PUBLIC, auth_token, ACCOUNT, CALLED),
            url,
            leg,
            ManualClock(self.clock.now()),
            parameters={"token": given, **parameters},
            signed=signed,
            in_step=True,
        )

    def events(self) -> list[object]:
        return [event for _, event in self.dialogue.events]


@contextmanager
def media_rig(
    *script: Any,
    most: int = 4,
    ears: Ears | None = None,
    expectations: Any = None,
    texts: Sequence[str] = (),
    silent_s: float = 300.0,
    start_s: float = 300.0,
    reaches: Callable[[str], bool] = bool,
    keep_audio: KeepAudio | None = None,
    is_ready: Callable[[], None] = lambda: None,
    check_signatures: bool = True,
    **dialogue: Any,
) -> Iterator[MediaRig]:
    """Run a server whose calls walk through ``script``; utterances will be ``texts``."""
    clock = ManualClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    service = FakeDialogue(script, **dialogue)
    metrics = MediaMetrics()
    fakes, prompts = FakeEars(list(texts)), FakePrompts()
    tokens = StreamTokens(b"k" * 32, FakeAnswers(), clock)
    settings = Settings(
        public_url=PUBLIC,
        twilio_auth_token=AUTH_TOKEN,  # type: ignore[arg-type]
        twilio_account_sid=ACCOUNT,
        twilio_webhook_key="",  # type: ignore[arg-type]
        check_signatures=check_signatures,
    )
    with ThreadPoolExecutor(2) as decoding, ThreadPoolExecutor(4) as waiting:
        floor = Floor(
            service=service,
            expectations=expectations or FakeExpectations(),
            ears=ears or fakes,
            prompt_audio=prompts,
            clock=clock,
            decoding=decoding,
            waiting=waiting,
            metrics=metrics,
            silent_s=silent_s,
            reaches=reaches,
            keep_audio=keep_audio,
        )
        gate = Gate(SignatureCheck(settings), tokens, most, ACCOUNT, start_s)
        pages = Pages(metrics, SecretStr(METRICS_KEY), is_ready, waiting)
        server = MediaServer(gate, floor, pages)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        rig = MediaRig(server, loop, service, fakes, prompts, tokens, clock)
        try:
            rig.do(server.start("127.0.0.1", 0))
            yield rig
        finally:
            rig.do(server.drain(0))
            rig.do(loop.shutdown_asyncgens())
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


def hear_out(line: MediaStream, limit_s: float = 120.0) -> bytes:
    """Wait until the bot has begun to speak and has finished; what it said, after a little
    silence."""
    began = len(line.played)
    line.until(lambda: line.bot_speaks, limit_s)
    line.until(lambda: not line.bot_speaks, limit_s)
    return bytes(line.played[began:])


def close_code(line: MediaStream) -> int | None:
    """What the server closes ``line`` with, when it does."""
    line.until(lambda: line.closed is not None)
    return line.closed


async def gone(rig: MediaRig) -> None:
    """When no call is heard any more."""
    while rig.server.calls:
        await asyncio.sleep(0)


def said(line: MediaStream) -> bytes:
    """What the bot says next."""
    return hear_out(line).strip(SILENCE)


def heard(text: str) -> tuple[Hypothesis, ...]:
    return (Hypothesis(text, 0.9),)
