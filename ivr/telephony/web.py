"""The web process: a Flask app from its parts, so that any WSGI server can run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from ivr.clock import Clock
from ivr.identity.result import PublishedKeys
from ivr.records.outbox import Backlog
from ivr.settings import Settings
from ivr.telephony.conversation import Conversation
from ivr.telephony.disposition_routes import disposition_routes
from ivr.telephony.dispositions import task_told
from ivr.telephony.ladder import Ladder, Streams
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Answers, Dialogue, Dispositions, Results
from ivr.telephony.public_routes import public_routes
from ivr.telephony.queueing import assignment
from ivr.telephony.security import harden, problem
from ivr.telephony.signatures import SignatureCheck
from ivr.telephony.texts import load_texts
from ivr.telephony.twiml import FlowHints, Renderer
from ivr.telephony.voice_routes import voice_routes
from ivr.telephony.whisper import Whisper

_log = structlog.get_logger(__name__)

#: Bytes; Twilio's webhooks are a few hundred.
MOST_BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class WebDeps:
    """What the web process stands on.

    ``flow_hints`` gives the ``hints`` text of a Gather from (language, grammar names);
    ``jwks`` the public keys that results are signed with; ``readiness`` maps a name to a check
    that raises while calls cannot be taken. ``streams``: None where no call is to be led to the
    media process. ``backlogs``: what CRMs have not been told, by CRM; None where there are none.
    """

    settings: Settings
    service: Dialogue
    flow_hints: FlowHints
    answers: Answers
    results: Results
    dispositions: Dispositions
    jwks: Callable[[], PublishedKeys]
    readiness: Mapping[str, Callable[[], None]]
    clock: Clock
    streams: Streams | None = None
    backlogs: Callable[[], Mapping[str, Backlog]] | None = None
    metrics: Metrics = field(default_factory=Metrics)


def create_web(deps: WebDeps) -> Flask:
    """Build the app.

    Raises:
        SettingsError: signatures would go unchecked beyond loopback, or there is no key.
        FilesError: a text file of the package is broken.
    """
    settings, metrics = deps.settings, deps.metrics
    signatures = SignatureCheck(settings)
    texts = load_texts()
    renderer = Renderer(settings, texts, deps.flow_hints)
    conversation = Conversation(
        settings=settings,
        service=deps.service,
        renderer=renderer,
        ladder=Ladder(settings.hearing, deps.streams),
        clock=deps.clock,
        metrics=metrics,
    )
    whisper = Whisper(service=deps.service, renderer=renderer, texts=texts, metrics=metrics)

    app = Flask("ivr.telephony", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    # A redirect to a tidier path would be followed by nobody; such a path is simply unknown.
    app.url_map.merge_slashes = False
    app.register_blueprint(
        voice_routes(
            signatures=signatures,
            conversation=conversation,
            whisper=whisper,
            answers=deps.answers,
            metrics=metrics,
            assign=lambda form: assignment(
                form, caller_id=settings.twilio_number, after_work=settings.after_work_activity
            ),
            task_told=lambda form: task_told(form, deps.dispositions),
        )
    )
    app.register_blueprint(disposition_routes(settings=settings, dispositions=deps.dispositions))
    app.register_blueprint(
        public_routes(
            settings=settings,
            results=deps.results,
            jwks=deps.jwks,
            readiness=deps.readiness,
            backlogs=deps.backlogs,
            metrics=metrics,
        )
    )

    @app.before_request
    def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule is not None else "none"
        seconds = perf_counter() - g.began
        metrics.requests.labels(route, str(response.status_code)).inc()
        metrics.seconds.labels(route).observe(seconds)
        _log.info(
            "request",
            route=route,
            method=request.method,
            status=response.status_code,
            ms=round(seconds * 1000),
        )
        return harden(response)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return problem(error.code or 500, error.description or error.name)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        _log.error("request_failed", **crash(error))
        if request.blueprint == "voice":
            # Twilio would read an error page to nobody and hang up.
            return Response(renderer.person("ja"), mimetype="text/xml")
        return problem(500, "something of ours broke; see the log")

    return app
