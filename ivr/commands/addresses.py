"""Addresses that processes of ours listen on."""

from __future__ import annotations

import socket

from ivr.errors import SettingsError


def host_and_port(bind: str) -> tuple[str, int]:
    """The parts of ``ADDRESS:PORT``; an IPv6 address has brackets around it. An empty address is
    every one of this machine."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def url_of(bind: str) -> str:
    """Where a process of this machine reaches what listens on ``bind``."""
    host, port = host_and_port(bind)
    place = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{place}]:{port}" if ":" in place else f"http://{place}:{port}"


def check_free(setting: str, bind: str) -> None:
    """
    Raises:
        SettingsError: nobody can listen on ``bind``, or somebody does already.
    """
    host, port = host_and_port(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise cannot_listen(setting, bind, error) from None


def cannot_listen(setting: str, bind: str, error: OSError) -> SettingsError:
    """What to tell whoever chose the address."""
    reason = (error.strerror or type(error).__name__).partition(" (")[0]
    return SettingsError(
        f"cannot listen on {setting}={bind}: {reason}",
        hint="stop what listens there, or choose another address",
    )
