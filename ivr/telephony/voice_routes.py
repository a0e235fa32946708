"""The webhooks under ``/voice/``: who may call them, and the same answer for the same request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

import structlog
from flask import Blueprint, Response, abort, jsonify, request
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER
from werkzeug.exceptions import HTTPException

from ivr.errors import RecordsUnavailable
from ivr.telephony import inbound, links
from ivr.telephony.conversation import Answer, Conversation
from ivr.telephony.inbound import Webhook
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Answers
from ivr.telephony.signatures import SignatureCheck, SignedRequest
from ivr.telephony.whisper import Whisper

_log = structlog.get_logger(__name__)

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_TOKEN_HEADER = "I-Twilio-Idempotency-Token"  # noqa: S105
_MOST_TOKEN_CHARACTERS = 256


def voice_routes(
    *,
    signatures: SignatureCheck,
    conversation: Conversation,
    whisper: Whisper,
    answers: Answers,
    metrics: Metrics,
    assign: Callable[[Mapping[str, str]], dict[str, str]],
    task_told: Callable[[Mapping[str, str]], None],
) -> Blueprint:
    """The blueprint with all voice webhooks. ``assign`` answers TaskRouter, which has found a
    worker for a call; ``task_told`` hears of every event of a task."""
    voice = Blueprint("voice", __name__)

    @voice.before_request
    def guard() -> Response | None:
        kind = request.mimetype
        body = request.get_data()  # raises 413 beyond the limit, before anything is parsed
        if kind not in {_FORM, _JSON} and (kind or body):
            abort(415)
        fault = signatures.fault(
            SignedRequest(
                path=request.path,
                query=request.query_string,
                form=request.form,
                signature=request.headers.get(SIGNATURE_HEADER, ""),
                scheme=request.headers.get(SIGNATURE_SETTINGS_HEADER, ""),
                json_body=body if kind == _JSON else None,
            )
        )
        if fault is not None:
            metrics.signature_failures.labels(fault).inc()
            _log.warning("webhook_refused", route=request.path, reason=fault)
            return Response("", 403, mimetype="text/plain")
        if kind == _JSON:
            abort(415)
        if body and not request.form:
            abort(400)
        return None

    def answered(hook: Webhook, work: Callable[[Webhook], Answer]) -> Response:
        """The stored answer of a repeated request, or the answer of ``work``."""
        key = _key(hook)
        stored = _stored(answers, key)
        if stored is not None:
            return _xml(stored)
        answer = work(hook)
        return _xml(_kept(answers, key, answer.twiml) if answer.keep else answer.twiml)

    @voice.post(links.INCOMING)
    def incoming() -> Response:
        return answered(inbound.read(request.args, request.form), conversation.incoming)

    @voice.post(links.CONTINUE)
    def onward() -> Response:
        return answered(inbound.read(request.args, request.form), conversation.onward)

    @voice.post(links.FALLBACK)
    def fallback() -> Response:
        if request.args.get("dialled"):
            hook = inbound.read(request.args, request.form)
        else:
            hook = inbound.read_failed(request.form)
        return answered(hook, conversation.fallback)

    @voice.post(links.WHISPER)
    def announce() -> Response:
        hook = inbound.read(request.args, request.form)
        return answered(hook, lambda hook: Answer(whisper.announce(hook)))

    @voice.post(links.WHISPER_ANSWER)
    def agent_answer() -> Response:
        hook = inbound.read(request.args, request.form)
        return answered(hook, lambda hook: Answer(whisper.answered(hook)))

    @voice.post(links.WAIT)
    def wait() -> Response:
        # The same request twice may be further on: nothing is kept.
        return _xml(conversation.waiting(inbound.read(request.args, request.form)).twiml)

    @voice.post(links.ASSIGNMENT)
    def assigned() -> Response:
        return jsonify(assign(request.form))

    @voice.post(links.TASK_EVENT)
    def task_event() -> Response:
        try:
            task_told(request.form)
        except RecordsUnavailable as error:
            _log.error("task_event_not_kept", **crash(error))
            return Response("", 503, mimetype="text/plain")
        return Response(status=204)

    @voice.post(links.STATUS)
    def status() -> Response:
        hook = inbound.read(request.args, request.form)
        try:
            conversation.ended(hook)
        except Exception as error:
            _log.error("status_not_kept", call_sid=hook.call_sid, **crash(error))
        return Response(status=204)

    @voice.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return Response("", error.code or 400, mimetype="text/plain")

    return voice


def _key(hook: Webhook) -> str | None:
    """Where the answer to this very request is stored; None where it carries no token.

    The token is not covered by the signature: path, query and call are part of the key, so
    that no token fetches an answer that was given to another request.
    """
    token = request.headers.get(_TOKEN_HEADER, "")
    if not token or not hook.call_sid:
        return None
    query = request.query_string.decode("ascii", "replace")
    parts = (request.path, query, hook.call_sid, token[:_MOST_TOKEN_CHARACTERS])
    return sha256("\n".join(parts).encode()).hexdigest()


def _stored(answers: Answers, key: str | None) -> str | None:
    if key is None:
        return None
    try:
        return answers.get(key)
    except RecordsUnavailable as error:
        _log.warning("answers_unavailable", **crash(error))
        return None


def _kept(answers: Answers, key: str | None, twiml: str) -> str:
    """Store ``twiml``; returns what is stored, which another process may have done before."""
    if key is None:
        return twiml
    try:
        return answers.put(key, twiml)
    except RecordsUnavailable as error:
        _log.warning("answers_unavailable", **crash(error))
        return twiml


def _xml(twiml: str) -> Response:
    return Response(twiml, mimetype="text/xml")
