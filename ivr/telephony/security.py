"""Headers of every answer, bearer keys, and errors as JSON (RFC 9457)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Protocol

from flask import Response
from pydantic import SecretStr

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
#: Headers by which a reverse proxy shows itself.
_OF_PROXIES = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
)
PROBLEM_TYPE = "application/problem+json"
METRICS_NEED_KEY = "metrics need the bearer key IVR_METRICS_KEY, or loopback"
RESULTS_NEED_KEY = "send one of IVR_RESULT_KEYS as a bearer token"
ASK_FOR_KEY = {"WWW-Authenticate": "Bearer"}


def harden(response: Response) -> Response:
    """Set the headers that every answer carries, unless it brought its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


class Headers(Protocol):
    """The headers of a request, whatever reads it; names in any case."""

    def get(self, name: str, default: str, /) -> str: ...
    def __contains__(self, name: str, /) -> bool: ...


def bearer_of(headers: Headers, keys: Mapping[str, SecretStr]) -> str | None:
    """The name of the key that a request carries as its bearer token; None: none of them.

    Compares with every key in constant time, so that the time taken tells nothing.
    """
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    offered = given.strip().encode()
    found = None
    for name, key in keys.items():
        secret = key.get_secret_value().encode()
        if hmac.compare_digest(offered, secret) and secret:
            found = name
    return found if scheme.lower() == "bearer" else None


def from_this_machine(headers: Headers, address: str) -> bool:
    """Whether a request comes from loopback (``address``) and was not passed on by a proxy.

    A reverse proxy on this machine has a loopback address as well; most add a header that says
    so (docs/security.md "Metrics" on those that do not).
    """
    if any(name in headers for name in _OF_PROXIES):
        return False
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def may_read_metrics(headers: Headers, address: str, key: SecretStr) -> bool:
    """Whether a request from ``address`` may read metrics: with the ``key``, or from loopback."""
    return from_this_machine(headers, address) or bearer_of(headers, {"metrics": key}) is not None


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON problem document; ``detail`` says what to do and holds no personal data."""
    response = Response(problem_text(status, detail), status, mimetype=PROBLEM_TYPE)
    response.headers.update(headers or {})
    return response


def problem_text(status: int, detail: str) -> str:
    """See :func:`problem`."""
    return json.dumps({"title": HTTPStatus(status).phrase, "status": status, "detail": detail})
