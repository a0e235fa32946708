"""Headers of every answer, bearer keys, and errors as JSON (RFC 9457)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address

from flask import Request, Response
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


def harden(response: Response) -> Response:
    """Set the headers that every answer carries, unless it brought its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def bearer_of(request: Request, keys: Mapping[str, SecretStr]) -> str | None:
    """The name of the key that ``request`` carries as its bearer token; None: none of them.

    Compares with every key in constant time, so that the time taken tells nothing.
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    offered = given.strip().encode()
    found = None
    for name, key in keys.items():
        secret = key.get_secret_value().encode()
        if hmac.compare_digest(offered, secret) and secret:
            found = name
    return found if scheme.lower() == "bearer" else None


def from_this_machine(request: Request) -> bool:
    """Whether ``request`` comes from loopback and was not passed on by a proxy.

    A reverse proxy on this machine has a loopback address as well; most add a header that says
    so (docs/security.md "Metrics" on those that do not).
    """
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON problem document; ``detail`` says what to do and holds no personal data."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    response.headers.update(headers or {})
    return response
