"""The media server: takes Twilio's streams, as many as this machine can hear at once."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ivr.errors import RecordsUnavailable
from ivr.telephony import links
from ivr.telephony.logging import crash
from ivr.telephony.media import messages
from ivr.telephony.media.lag import Lag
from ivr.telephony.media.messages import Connected, Started, Unknown
from ivr.telephony.media.pages import Pages
from ivr.telephony.media.session import (
    BROKEN,
    DAMAGED,
    FULL,
    REFUSED,
    RESTARTING,
    Floor,
    Session,
)
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.signatures import SignatureCheck

_log = structlog.get_logger(__name__)

#: Bytes of one message; Twilio's are a few hundred.
_MOST_BYTES = 1 << 20
#: Messages that wait to be read, on top of those that the network holds: half a second.
_MOST_WAITING = 32
#: Seconds for the other side to take leave.
_CLOSE_S = 3.0
#: Seconds that this process may be late before no more calls are let in: later than that, and
#: those that are in would wait for their replies.
_MOST_LATE_S = 1.0
#: Seconds between two looks how far behind each call is.
_LOOK_S = 0.5


@dataclass(frozen=True)
class Gate:
    """Who may come in: ``most`` calls at once, signed, with a token, of ``account`` (any where it
    is empty). ``start_s``: seconds for a stream to say what it is."""

    signatures: SignatureCheck
    tokens: StreamTokens
    most: int
    account: str = ""
    start_s: float = 10.0


@dataclass
class MediaServer:
    """Serves until :meth:`drain`."""

    gate: Gate
    floor: Floor
    pages: Pages
    port: int = 0
    _sockets: int = 0
    _sessions: set[Session] = field(default_factory=set)
    _server: Server | None = None
    _draining: bool = False
    _watching: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        pools = {"decoding": self.floor.decoding, "waiting": self.floor.waiting}
        self._metrics = self.floor.metrics
        self._lag = Lag(pools, self._metrics.late)

    @property
    def calls(self) -> int:
        """Calls that are being heard now."""
        return len(self._sessions)

    async def start(self, host: str, port: int) -> None:
        """Listen on ``host`` and :attr:`port`, from now on ``port`` (0: any that is free).

        Raises:
            OSError: nobody can listen there.
        """
        self._server = await serve(
            self._handle,
            host,
            port,
            process_request=self._answer,
            compression=None,
            max_size=_MOST_BYTES,
            max_queue=_MOST_WAITING,
            close_timeout=_CLOSE_S,
            server_header=None,
        )
        self.port = int(next(iter(self._server.sockets)).getsockname()[1])
        self._watching = [asyncio.create_task(each) for each in (self._lag.watch(), self._look())]

    async def drain(self, limit_s: float) -> None:
        """Take no more streams, let running turns end within ``limit_s``, and close the rest."""
        self._draining = True
        for task in self._watching:
            task.cancel()
        if self._server is None:
            return
        self._server.close(close_connections=False)
        for session in self._sessions:
            session.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._server.wait_closed()
                return
        rest = [connection.close(RESTARTING) for connection in self._server.connections]
        await asyncio.gather(*rest)
        await self._server.wait_closed()

    async def _handle(self, connection: ServerConnection) -> None:
        self._sockets += 1
        try:
            code = await self._serve(connection)
        except ConnectionClosed:
            return
        except RecordsUnavailable as error:
            _log.error("stream_not_admitted", **crash(error))
            code = self._refused("database", BROKEN)
        except Exception as error:
            _log.error("stream_broken", **crash(error))
            code = BROKEN
        finally:
            self._sockets -= 1
        with contextlib.suppress(ConnectionClosed):
            await connection.close(code)

    async def _serve(self, connection: ServerConnection) -> int:
        """Everything that happens on a socket; the code to close it with."""
        refused = self._refusal(connection)
        if refused:
            return refused
        frames = _frames(connection)
        try:
            async with asyncio.timeout(self.gate.start_s):
                started = await _started(frames)
        except TimeoutError:
            return self._refused("no_start", REFUSED)
        if started is None or not started.is_telephone_audio:
            return self._refused("damaged", DAMAGED)
        if not await self._admitted(started):
            return self._refused("token", REFUSED)
        session = Session(started, connection.send, self.floor)
        self._sessions.add(session)
        self._metrics.streams.set(self.calls)
        try:
            if self._draining:
                session.drain()
            return await session.run(frames)
        finally:
            self._sessions.discard(session)
            self._metrics.streams.set(self.calls)

    def _refusal(self, connection: ServerConnection) -> int:
        """Why nobody is let in here; 0 where they are."""
        request = connection.request
        assert request is not None  # noqa: S101
        fault = self.gate.signatures.upgrade_fault(
            request.path,
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            scheme=request.headers.get(SIGNATURE_SETTINGS_HEADER, ""),
        )
        if urlsplit(request.path).path != links.MEDIA or fault is not None:
            return self._refused(fault or "path", REFUSED)
        if self._draining:
            return self._refused("draining", RESTARTING)
        if self._sockets > self.gate.most:
            return self._refused("full", FULL)
        if self._late:
            return self._refused("late", FULL)
        return 0

    def _refused(self, reason: str, code: int) -> int:
        self._metrics.refused.labels(reason).inc()
        _log.warning("stream_refused", reason=reason, calls=self.calls)
        return code

    @property
    def _late(self) -> bool:
        """Whether this machine could not hear one call more in time."""
        behind = max((session.behind_s for session in self._sessions), default=0.0)
        return max(behind, self._lag.seconds) > _MOST_LATE_S

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            for session in self._sessions:
                self._metrics.behind.observe(session.behind_s)

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What is no stream; see :class:`Pages`."""
        troubles = {"full": self._sockets >= self.gate.most, "late": self._late}
        return await self.pages.answer(
            connection, request, [name for name, is_so in troubles.items() if is_so]
        )

    async def _admitted(self, started: Started) -> bool:
        """
        Raises:
            RecordsUnavailable: nobody can tell now.
        """
        account = self.gate.account.encode()
        if account and not hmac.compare_digest(account, started.account_sid.encode()):
            return False
        return await asyncio.get_running_loop().run_in_executor(
            self.floor.waiting,
            self.gate.tokens.redeem,
            started.parameters.get("token", ""),
            started.call_sid,
        )


async def _frames(connection: ServerConnection) -> AsyncIterator[str | bytes]:
    """All that comes, until the socket is closed by whomever."""
    try:
        while True:
            yield await connection.recv()
    except ConnectionClosed:
        return


async def _started(frames: AsyncIterator[str | bytes]) -> Started | None:
    """What the stream says it is; None where it says something else first."""
    async for frame in frames:
        match messages.read(frame):
            case Started() as started:
                return started
            case Connected() | Unknown():
                continue
            case _:
                return None
    return None
