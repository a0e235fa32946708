"""Webhooks signed as Standard Webhooks wants it (standardwebhooks.com, version 1.0.0), so that a
CRM can check them with a library of its own language, or with ten lines (``examples/``)."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from ivr import __version__
from ivr.errors import SettingsError
from ivr.settings import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
#: Neither a password nor a fragment in it.
_REST = r"(:[0-9]{1,5})?(/[!-\"$-~]*)?"
_HTTPS = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])" + _REST)
_HTTP_HERE = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])" + _REST)
_PREFIX = "whsec_"
#: Bytes of a secret.
_SHORTEST, _LONGEST = 24, 64


@dataclass(frozen=True, slots=True)
class CrmWebhook:
    """A CRM: its name, its URL, and the secrets that sign, newest first, at least one."""

    name: str
    url: str
    secrets: Sequence[bytes] = field(repr=False)


def webhooks_of(settings: Settings) -> list[CrmWebhook]:
    """The CRMs that the settings name.

    Raises:
        SettingsError: naming all that are malformed or lack a secret, never a URL or a secret.
    """
    found, problems = [], []
    for name in settings.crm_secrets.keys() - settings.crm_webhooks.keys():
        problems.append(f"IVR_CRM_SECRETS: there is no webhook {name}")
    for name, url in settings.crm_webhooks.items():
        if not _NAME.fullmatch(name):
            problems.append("IVR_CRM_WEBHOOKS: names are small letters, digits, - and _")
        elif not _is_address(url, plain=settings.mode == "rehearsal"):
            problems.append(f"IVR_CRM_WEBHOOKS: {name} must look like https://crm.example.co.jp/")
        given = settings.crm_secrets.get(name)
        secrets = [_secret(text) for text in given.get_secret_value().split()] if given else []
        known = [secret for secret in secrets if secret is not None]
        if not known or len(known) < len(secrets):
            problems.append(
                f"IVR_CRM_SECRETS: {name} needs secrets of {_PREFIX} and"
                f" {_SHORTEST} to {_LONGEST} bytes in base64"
            )
        found.append(CrmWebhook(name, url, known))
    if problems:
        raise SettingsError(
            "CRMs cannot be told:\n  " + "\n  ".join(sorted(problems)),
            hint='echo "whsec_$(openssl rand -base64 32)" makes a secret',
        )
    return found


def headers_of(webhook: CrmWebhook, event_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """Headers of one attempt: the event's id, which is the same for every attempt, the time of
    this attempt (seconds since 1970), and a signature by each secret over
    ``<id>.<time>.<body>``."""
    at = str(int(now.timestamp()))
    signed = f"{event_id}.{at}.".encode() + body
    signatures = (hmac.digest(secret, signed, "sha256") for secret in webhook.secrets)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"honnin-ivr/{__version__}",
        "webhook-id": event_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(s).decode()}" for s in signatures),
    }


def _is_address(url: str, *, plain: bool) -> bool:
    """Whether a webhook may be sent there; ``plain``: also by HTTP on this machine."""
    if not (_HTTPS.fullmatch(url) or (plain and _HTTP_HERE.fullmatch(url))):
        return False
    try:
        return urlsplit(url).port != 0
    except ValueError:  # no such port, or no IPv6 address
        return False


def _secret(text: str) -> bytes | None:
    if not text.startswith(_PREFIX):
        return None
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return None
    return secret if _SHORTEST <= len(secret) <= _LONGEST else None
