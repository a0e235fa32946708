"""Health, metrics, keys and results: everything but the voice webhooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import structlog
from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from ivr.errors import KeyExpired, RecordsUnavailable, TooOften
from ivr.identity.result import PublishedKeys
from ivr.records.outbox import Backlog
from ivr.settings import Settings
from ivr.telephony.api_document import api_document
from ivr.telephony.key_set import key_set
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Results
from ivr.telephony.security import (
    ASK_FOR_KEY,
    METRICS_NEED_KEY,
    RESULTS_NEED_KEY,
    bearer_of,
    may_read_metrics,
    problem,
)

_log = structlog.get_logger(__name__)

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def public_routes(
    *,
    settings: Settings,
    results: Results,
    jwks: Callable[[], PublishedKeys],
    readiness: Mapping[str, Callable[[], None]],
    backlogs: Callable[[], Mapping[str, Backlog]] | None,
    metrics: Metrics,
) -> Blueprint:
    """The blueprint with all routes that Twilio does not call."""
    public = Blueprint("public", __name__)

    @public.get("/healthz")
    def healthz() -> Response:
        """The process answers; says nothing about what it depends on."""
        return jsonify(status="ok")

    @public.get("/readyz")
    def readyz() -> Response:
        """Whether calls can be taken: 503 names every check that fails."""
        failing = [name for name, check in readiness.items() if not _passes(name, check)]
        if failing:
            return problem(503, f"not ready: {', '.join(failing)}; see the log")
        ready: dict[str, object] = {"status": "ready", "checks": sorted(readiness)}
        if backlogs is not None:
            # Calls can be taken whatever becomes of CRMs: this is for whoever looks.
            try:
                ready["crms"] = {
                    name: {"waiting": backlog.waiting, "dead": backlog.dead}
                    for name, backlog in backlogs().items()
                }
            except RecordsUnavailable as error:
                _log.warning("not_ready", check="outbox", **crash(error))
                return problem(503, "not ready: outbox; see the log")
        return jsonify(ready)

    @public.get("/metrics")
    def exposition() -> Response:
        if not may_read_metrics(request.headers, request.remote_addr or "", settings.metrics_key):
            return problem(401, METRICS_NEED_KEY, ASK_FOR_KEY)
        return Response(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)

    @public.get("/.well-known/jwks.json")
    def keys() -> Response:
        return key_set(jwks, request)

    @public.get("/openapi.json")
    def description() -> Response:
        return jsonify(api_document(settings.public_url))

    @public.get("/results/<reference>")
    def result(reference: str) -> Response:
        """The signed result of a transferred call, for the agents' own systems."""
        if request.method != "GET":  # a HEAD would count as the one reading, and show nothing
            return problem(405, "only GET reads a result", {"Allow": "GET"})
        system = bearer_of(request.headers, settings.result_keys)
        if system is None:
            return problem(401, RESULTS_NEED_KEY, ASK_FOR_KEY)
        try:
            known = reference if _REFERENCE.fullmatch(reference) else ""
            token = results.fetch(known, by=system)
        except KeyExpired as error:
            _log.warning("result_key_expired", **crash(error))
            return problem(401, RESULTS_NEED_KEY, ASK_FOR_KEY)
        except TooOften as error:
            _log.warning("results_asked_too_often", system=system)
            return problem(429, "too many requests", {"Retry-After": str(error.again_s)})
        except RecordsUnavailable as error:
            _log.error("records_unavailable", **crash(error))
            return problem(503, "the database does not answer; try again", {"Retry-After": "2"})
        if token is None:
            return problem(404, "no such result, or none for this key now")
        _log.info("result_fetched", system=system)
        return jsonify(reference=reference, token=token)

    return public


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:
        _log.warning("not_ready", check=name, **crash(error))
        return False
    return True
