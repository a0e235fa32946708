"""The headers of every answer: those that harden it, and none that names what we are built of."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from web_rig import Rig

Build = Callable[..., Rig]

#: What an answer may carry, in small letters.
KNOWN = {
    "cache-control": r"no-store|no-cache|public, max-age=[0-9]+, must-revalidate",
    "content-length": r"[0-9]+",
    "content-security-policy": r"default-src 'none'; frame-ancestors 'none'",
    "content-type": r"(text/(xml|plain|html)|application/([a-z-]+\+)?json)(; [a-z0-9=.; -]+)?",
    "date": r"[A-Za-z0-9:, ]+ GMT",
    "etag": r'"[0-9a-f]+"',
    "referrer-policy": r"no-referrer",
    "www-authenticate": r"Bearer",
    "allow": r"[A-Z, ]+",
    "x-content-type-options": r"nosniff",
}
HARDENED = {
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "x-content-type-options",
}
PATHS = [
    "/healthz", "/readyz", "/metrics", "/results/x", "/.well-known/jwks.json", "/openapi.json",
    "/voice/incoming", "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "TRACE"])
def test_an_answer_carries_these_headers_and_no_others(rig: Build, path: str, method: str) -> None:
    answer = rig().client.open(path, method=method)
    headers = {name.lower(): value for name, value in answer.headers}
    unknown = {
        f"{name}: {value}"
        for name, value in headers.items()
        if not re.fullmatch(KNOWN.get(name, "(?!)"), value)
    }
    assert unknown == set()
    assert set(headers) >= HARDENED


@pytest.mark.parametrize("path", PATHS)
def test_nothing_takes_a_trace(rig: Build, path: str) -> None:
    """It would send a key back to whoever can have one sent."""
    answer = rig().client.open(path, method="TRACE", headers={"Authorization": "Bearer hush-hush"})
    assert answer.status_code in (404, 405)
    assert "hush-hush" not in answer.text


def test_flask_is_not_in_debug_mode(rig: Build) -> None:
    assert not rig().app.debug
