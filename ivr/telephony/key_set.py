"""The public keys that check results, with headers that say how long they may be kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256

import structlog
from flask import Request, Response

from ivr.errors import RecordsUnavailable
from ivr.identity.result import PublishedKeys
from ivr.telephony.logging import crash
from ivr.telephony.security import problem

_log = structlog.get_logger(__name__)

#: RFC 7517 section 8.5.2.
KEY_SET_TYPE = "application/jwk-set+json"


def key_set(published: Callable[[], PublishedKeys], request: Request) -> Response:
    """The key set; 304 where the caller's copy (``If-None-Match``) is the same; 503 while nobody
    knows which keys there are.

    ``max-age`` is part of the promise that no result is signed by a key that its reader cannot
    know (:mod:`ivr.identity.signing_keys`), ``must-revalidate`` as well: a cache that goes on
    with an old copy would break it.
    """
    try:
        found = published()
    except RecordsUnavailable as error:
        _log.error("records_unavailable", **crash(error))
        return problem(503, "the database does not answer; try again", {"Retry-After": "2"})
    text = json.dumps(found.jwks, sort_keys=True)
    response = Response(text, mimetype=KEY_SET_TYPE)
    response.set_etag(sha256(text.encode()).hexdigest()[:32])
    keep = f"public, max-age={found.max_age_s}, must-revalidate" if found.max_age_s else "no-cache"
    response.headers["Cache-Control"] = keep
    response.make_conditional(request)
    return response
