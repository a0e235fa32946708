"""Where a model may be fetched from: encrypted, or this machine itself."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from ivr.errors import HearingError
from ivr.setting_values import is_loopback_host


def check_address(url: str) -> None:
    """
    Raises:
        HearingError: it is neither https, nor http on this machine, or it names a user.
    """
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not (parts.scheme == "https" or (parts.scheme == "http" and is_here(url))):
        raise HearingError(
            f"models are not fetched from {shown(url)}",
            hint="give an https address; http only on this machine, as http://127.0.0.1:8000/…",
        )
    if parts.username is not None or parts.password is not None:
        raise HearingError(
            "a password in an address ends up in logs and in the shell's history",
            hint="put it into ~/.netrc and leave it out of the address",
        )


def is_here(url: str) -> bool:
    """Whether ``url`` is on this machine."""
    return is_loopback_host(urlsplit(url).hostname or "")


def shown(url: str) -> str:
    """``url`` as it may be printed: without user, query and fragment, which may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
