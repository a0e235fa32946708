"""A source of signals: asks a fraud service over HTTP how odd a call is.

    export PYTHONPATH=examples FRAUD_SERVICE_URL=https://fraud.example.co.jp/score
    export IVR_SIGNAL_SOURCES=fraud_service:make

The service gets ``{"call": "CA…", "caller": "+81…", "check": "identify", "signals": {…}}`` and
answers ``{"oddness": 0…100}``. The policy says what that is worth (docs/policy.md):

    risk:
      outside: [oddness]
      rules:
        odd_call: {signal: oddness, at_least: 80, points: 20}

Voice biometrics look the same from here: the service hears the call by a stream of its own and
knows it by its name; ``{"voice_mismatch": 0…100}`` would be its answer. Callers have to be asked
for their consent to that, and to have another way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from ivr.identity.risk.sources import Occasion
    from ivr.settings import Settings

#: Seconds; what comes later than IVR_SIGNAL_TIMEOUT_MS counts for nothing anyway.
TIMEOUT_S = 2.0


class FraudService:
    """One service at one address."""

    name = "fraud-service"

    def __init__(self, url: str) -> None:
        self._url = url

    def signals(self, occasion: Occasion) -> Mapping[str, int]:
        """The service's answer as the signal ``oddness``."""
        asked = {
            "call": occasion.call_sid,
            "caller": occasion.caller,
            "check": occasion.check,
            "signals": dict(occasion.signals),
        }
        answer = requests.post(self._url, json=asked, timeout=TIMEOUT_S, allow_redirects=False)
        answer.raise_for_status()
        return {"oddness": int(answer.json()["oddness"])}


def make(settings: Settings) -> FraudService:
    """What ``IVR_SIGNAL_SOURCES`` names; is given the settings of the program."""
    return FraudService(os.environ["FRAUD_SERVICE_URL"])
