"""``POST /results/<reference>/disposition``: an agents' system says whether it was the person."""

from __future__ import annotations

import re

import structlog
from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, ValidationError

from ivr.errors import KeyExpired, RecordsUnavailable, TooOften
from ivr.settings import Settings
from ivr.telephony.logging import crash
from ivr.telephony.ports import Dispositions, Said
from ivr.telephony.security import ASK_FOR_KEY, RESULTS_NEED_KEY, bearer_of, problem

_log = structlog.get_logger(__name__)

PATH = "/results/<reference>/disposition"
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_EVENT = re.compile(r"[!-~]{1,100}", re.ASCII)
_EVENT_HEADER = "Idempotency-Key"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    was_person: bool


def disposition_routes(*, settings: Settings, dispositions: Dispositions) -> Blueprint:
    """The blueprint with that one route."""
    routes = Blueprint("dispositions", __name__)

    @routes.post(PATH)
    def disposition(reference: str) -> Response:
        """The same body again changes nothing; another one changes the label, and both stay."""
        system = bearer_of(request.headers, settings.result_keys)
        if system is None:
            return problem(401, RESULTS_NEED_KEY, ASK_FOR_KEY)
        event = request.headers.get(_EVENT_HEADER, "")
        if event and not _EVENT.fullmatch(event):
            return problem(400, f"{_EVENT_HEADER} must be 1 to 100 printable ASCII characters")
        if not request.is_json:
            return problem(415, "send JSON")
        try:
            body = _Body.model_validate_json(request.get_data())
        except ValidationError:
            return problem(400, 'send {"was_person": true} or {"was_person": false}')
        if not _REFERENCE.fullmatch(reference):
            return _unknown()
        # The key of one system is no key of another's.
        said = Said(reference, body.was_person, f"{system}:{event}" if event else "")
        try:
            kept = dispositions.keep(said, by=f"system {system}")
        except KeyExpired as error:
            _log.warning("result_key_expired", **crash(error))
            return problem(401, RESULTS_NEED_KEY, ASK_FOR_KEY)
        except TooOften as error:
            _log.warning("dispositions_sent_too_often", system=system)
            return problem(429, "too many requests", {"Retry-After": str(error.again_s)})
        except RecordsUnavailable as error:
            _log.error("records_unavailable", **crash(error))
            return problem(503, "the database does not answer; try again", {"Retry-After": "2"})
        if kept is None:
            return _unknown()
        _log.info("call_labelled", system=system, changed=kept.changed)
        return jsonify(reference=reference, label=kept.label, changed=kept.changed)

    return routes


def _unknown() -> Response:
    return problem(404, "no such result, or it is too late to say so, or not for this key")
