"""Checks that answer at once, count what they were asked, and may misbehave on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ivr.identity.ports import CheckRequest, CheckResult

#: A caller who is who they say they are.
RIGHT: Mapping[str, CheckResult] = {
    "resume": CheckResult("fresh", {}),
    "identify": CheckResult("done", {"match": "one"}, (), "verification-1"),
    "send_code": CheckResult("sent", {"sent": "sms"}),
    "send_code_again": CheckResult("sent", {"sent": "sms"}),
    "send_code_other": CheckResult("sent", {"sent": "voice"}),
    "check_code": CheckResult(
        "ok", {"code": "ok", "channel": "sms", "verified_at": "2026-11-22T01:00:00+00:00"}
    ),
}


class CountingChecks:
    """Answers from a table; ``asked`` holds every request in order. ``before`` runs first and
    may raise or block."""

    def __init__(
        self,
        answers: Mapping[str, CheckResult] = RIGHT,
        before: Callable[[CheckRequest], None] = lambda request: None,
    ) -> None:
        self.asked: list[CheckRequest] = []
        self._answers = answers
        self._before = before
        self._lock = threading.Lock()

    def perform(self, request: CheckRequest) -> CheckResult:
        with self._lock:
            self.asked.append(request)
        self._before(request)
        return self._answers[request.check]
