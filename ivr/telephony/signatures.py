"""Whether a webhook was signed by Twilio, for our account.

The URL that was signed is our configured public base plus path and query exactly as received;
``Host`` and ``X-Forwarded-*`` are never looked at (TWILIO.md "Signatures").
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import parse_qs

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
    get_signature_algorithm,
)

from ivr.errors import SettingsError
from ivr.settings import Settings

#: Why a webhook was refused; also a metric label.
Fault = Literal["missing", "algorithm", "malformed", "no_body_hash", "wrong", "account"]


class Form(Protocol):
    """All form fields, unknown and repeated ones too (Flask's MultiDict)."""

    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers, and the signature. ``query`` is the raw query string;
    ``signature`` and ``scheme`` are the headers X-Twilio-Signature and
    X-Twilio-Webhooks-Signature-Settings; ``json_body`` is the body of a JSON request, else None.
    """

    path: str
    query: bytes
    form: Form
    signature: str
    scheme: str = ""
    json_body: bytes | None = None


class SignatureCheck:
    """Checks webhooks against the keys of ``settings``.

    Raises:
        SettingsError: checking is off although others than this machine can reach us, or it
            is on and there is no key.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.check_signatures and not settings.listens_on_loopback:
            raise SettingsError(
                "IVR_CHECK_SIGNATURES is off, but IVR_BIND listens beyond loopback",
                hint="set IVR_CHECK_SIGNATURES=true, or IVR_BIND to 127.0.0.1:PORT",
            )
        token = settings.twilio_auth_token.get_secret_value()
        shared = settings.twilio_webhook_key.get_secret_value() or token
        if settings.check_signatures and not shared:
            raise SettingsError(
                "there is no key to check webhook signatures with",
                hint="set IVR_TWILIO_AUTH_TOKEN to the auth token of your Twilio account",
            )
        self._on = settings.check_signatures
        self._base = settings.public_url
        self._account = settings.twilio_account_sid
        self._validators = {
            name: RequestValidator(key)
            for name, key in ((HMAC_SHA1, token), (HMAC_SHA256, shared))
            if key
        }

    def fault(self, request: SignedRequest) -> Fault | None:
        """Why ``request`` is refused; None: it is Twilio's and for our account."""
        if self._on:
            found = self._signature_fault(request)
            if found is not None:
                return found
        if self._account:
            accounts = request.form.getlist("AccountSid")
            same = [hmac.compare_digest(sid.encode(), self._account.encode()) for sid in accounts]
            if not same or not all(same):
                return "account"
        return None

    def upgrade_fault(self, path: str, *, signature: str, scheme: str = "") -> Fault | None:
        """Why the upgrade of a WebSocket to ``path`` (with its query) is refused; None: it is
        Twilio's. ``signature`` and ``scheme`` are the headers of :class:`SignedRequest`."""
        if not self._on:
            return None
        if not signature:
            return "missing"
        named = get_signature_algorithm(scheme)
        validator = self._validators.get(named.upper())
        if validator is None:
            return "algorithm"
        protocol, _, rest = self._base.partition("://")
        host, slash, below = rest.partition("/")
        port = 443 if protocol == "https" else 80
        # Twilio signs with or without the port.
        for place in (host, f"{host}:{port}"):
            url = f"{'wss' if protocol == 'https' else 'ws'}://{place}{slash}{below}{path}"
            if validator.validate(url, {}, signature, algorithm=named):
                return None
        return "wrong"

    def _signature_fault(self, request: SignedRequest) -> Fault | None:
        if not request.signature:
            return "missing"
        named = get_signature_algorithm(request.scheme)
        validator = self._validators.get(named.upper())
        if validator is None:
            return "algorithm"
        try:
            query = request.query.decode("ascii")
            body = None if request.json_body is None else request.json_body.decode("utf-8")
        except UnicodeDecodeError:
            return "malformed"
        # A signature covers a JSON body only through bodySHA256; without it, anything could be
        # in the body, and the SDK would not object.
        if body is not None and not parse_qs(query).get("bodySHA256"):
            return "no_body_hash"
        url = f"{self._base}{request.path}" + (f"?{query}" if query else "")
        params: object = request.form if body is None else body
        if not validator.validate(url, params, request.signature, algorithm=named):
            return "wrong"
        return None
