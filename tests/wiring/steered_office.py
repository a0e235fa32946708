"""A web process of its own that does what it is told, line by line, on a clock that is told too.

Run as a program it reads one JSON object a line from standard input and answers each with one:
``{"do": "advance", "seconds": 41}``, ``{"do": "call"}`` (a call that asks for a person: the token
of its result), ``{"do": "keys", "etag": "…"}`` (the published keys).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
START = datetime(2026, 11, 22, 1, tzinfo=UTC)


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("IVR_")}


class SteeredOffice:
    """The other end of such a process."""

    def __init__(self, var_dir: Path, database_url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(var_dir), database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**_without_settings(), "PYTHONPATH": f"{TESTS.parent}:{TESTS}"},
        )

    def advance(self, seconds: float) -> None:
        """Let time pass in the process."""
        self._told(do="advance", seconds=seconds)

    def token(self) -> str:
        """What travels with the transfer of a call that this process takes."""
        return str(self._told(do="call")["token"])

    def keys(self, etag: str) -> dict[str, Any]:
        """``status``, ``keys`` (where they are sent), ``etag`` and ``control`` of the answer to
        somebody whose copy has this ``etag``."""
        return self._told(do="keys", etag=etag)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def _told(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _serve(var_dir: Path, database_url: str) -> None:
    from application_rig import RESULT_KEY, Call, by_client, settings_for

    from ivr.clock import ManualClock
    from ivr.telephony.logging import configure_logging
    from ivr.wiring.application import build_app

    configure_logging("error")  # to standard error: standard output is for answers
    clock = ManualClock(START)
    running = build_app(settings_for(var_dir, database_url, result_minutes=240), clock, senders={})
    client = running.app.test_client()

    def keys(etag: str) -> dict[str, Any]:
        answer = client.get("/.well-known/jwks.json", headers={"If-None-Match": etag})
        return {
            "status": answer.status_code,
            "keys": answer.get_json() if answer.status_code == 200 else None,
            "etag": answer.headers["ETag"],
            "control": answer.headers["Cache-Control"],
        }

    def call(number: int) -> dict[str, Any]:
        made = Call([by_client(running.app)], sid=f"CA{id(running):016x}{number:016x}")
        made.rings().press("").say("いいえ")
        key = {"Authorization": f"Bearer {RESULT_KEY}"}
        token: dict[str, Any] = client.get(f"/results/{made.reference}", headers=key).get_json()
        return token

    for number, line in enumerate(sys.stdin):
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if order["do"] == "advance":
            clock.advance(order["seconds"])
        elif order["do"] == "call":
            answer = call(number)
        else:
            answer = keys(order["etag"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    running.close()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2])
