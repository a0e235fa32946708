"""All that a check tells of the risk of a call: its number, its hour, what was counted, and what
other systems say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import structlog

from ivr.clock import JAPAN, Clock
from ivr.errors import HonninError
from ivr.flow.signals import OF_THE_NUMBER
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.identity.risk.counting import Velocity
from ivr.identity.risk.numbers import signals_of
from ivr.identity.risk.sources import Occasion, Sources
from ivr.records import calls
from ivr.records.database import Database

#: Checks that tell something; sends do not.
_WATCHED = frozenset({"resume", "identify", "check_code"})
#: Checks after which other systems are asked: there is a person in question by then.
_ASKED_AFTER = frozenset({"identify", "check_code"})
_log = structlog.get_logger(__name__)


class Observer:
    """Adds signals to what checks found. Whatever goes wrong here, the check stands: then there
    is no signal."""

    def __init__(self, db: Database, clock: Clock, sources: Sources) -> None:
        self._db = db
        self._clock = clock
        self._velocity = Velocity(db, clock)
        self._sources = sources

    def observed(self, request: CheckRequest, result: CheckResult) -> CheckResult:
        """``result`` with the signals of this check."""
        if request.check not in _WATCHED:
            return result
        hour = self._clock.now().astimezone(JAPAN).hour
        signals = {**signals_of(request.caller), "hour": hour}
        try:
            signals |= self._velocity.counted(request, result)
            signals |= self._said_elsewhere(request, signals)
        except HonninError as error:
            _log.warning("signals_not_counted", check=request.check, error=type(error).__name__)
        return replace(result, signals={**result.signals, **signals})

    def _said_elsewhere(
        self, request: CheckRequest, signals: Mapping[str, int]
    ) -> Mapping[str, int]:
        if not self._sources or request.check not in _ASKED_AFTER:
            return {}
        with self._db.reading() as session:
            call = calls.get(session, request.call_id)
        # What depends on the person in question stays here: a source is outside.
        open_ones = {name: value for name, value in signals.items() if name in OF_THE_NUMBER}
        return self._sources.ask(
            Occasion(
                call_id=request.call_id,
                call_sid="" if call is None else call.call_sid,
                check=request.check,
                language=request.language,
                caller=request.caller,
                signals=open_ones,
            )
        )
