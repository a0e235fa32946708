"""What a media process answers to plain HTTP requests, on the port of the streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ivr.telephony.logging import crash
from ivr.telephony.media.metrics import MediaMetrics
from ivr.telephony.security import (
    ASK_FOR_KEY,
    METRICS_NEED_KEY,
    PROBLEM_TYPE,
    may_read_metrics,
    problem_text,
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pages:
    """``/healthz``, ``/readyz`` and ``/metrics``, as the web process has them.

    ``ready`` raises while calls cannot be stored; ``waiting`` is the pool of threads it is asked
    in.
    """

    metrics: MediaMetrics
    metrics_key: SecretStr
    ready: Callable[[], None]
    waiting: Executor

    async def answer(
        self, connection: ServerConnection, request: Request, troubles: Sequence[str]
    ) -> Response | None:
        """The answer to a request for a page; None: it is no page. ``troubles`` keep streams from
        being taken now."""
        match request.path.partition("?")[0]:
            case "/healthz":
                return _page(connection, 200, json.dumps({"status": "ok"}))
            case "/readyz":
                failing = [*troubles, *await self._failing()]
                if failing:
                    return _problem(connection, 503, f"not ready: {', '.join(failing)}")
                return _page(connection, 200, json.dumps({"status": "ready"}))
            case "/metrics":
                address = (connection.remote_address or ("",))[0]
                if not may_read_metrics(request.headers, address, self.metrics_key):
                    answer = _problem(connection, 401, METRICS_NEED_KEY)
                    answer.headers.update(ASK_FOR_KEY)
                    return answer
                text = self.metrics.exposition().decode()
                return _page(connection, 200, text, CONTENT_TYPE_LATEST)
            case _:
                return None

    async def _failing(self) -> list[str]:
        try:
            await asyncio.get_running_loop().run_in_executor(self.waiting, self.ready)
        except Exception as error:
            _log.warning("not_ready", check="database", **crash(error))
            return ["database"]
        return []


def _problem(connection: ServerConnection, status: int, detail: str) -> Response:
    return _page(connection, status, problem_text(status, detail), PROBLEM_TYPE)


def _page(
    connection: ServerConnection, status: int, text: str, kind: str = "application/json"
) -> Response:
    answer = connection.respond(status, text)
    del answer.headers["Content-Type"]
    answer.headers["Content-Type"] = kind
    answer.headers["Cache-Control"] = "no-store"
    return answer
