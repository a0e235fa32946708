"""kill -9 while a CRM is being told: nothing is lost, and the CRM has everything once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest
from phone_rig import Phone
from sqlalchemy import create_engine, text
from test_killed_process import Served, environment, serving

from ivr.clock import SystemClock
from ivr.rehearsal.crm import RehearsedCrm, answering

__all__ = ["environment"]  # a fixture
KINDS = ["result.issued", "transfer.ended"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_events_of_a_killed_process_reach_the_crm(
    environment: dict[str, str],
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    with answering(RehearsedCrm(("hangs",))) as crm:
        environment |= {
            "IVR_DATABASE_URL": url,
            "IVR_EMAIL_SENDER": "off",
            "IVR_CRM_WEBHOOKS": json.dumps({"crm": crm.url}),
            "IVR_CRM_SECRETS": json.dumps({"crm": crm.setting}),
            "IVR_CRM_TIMEOUT_S": "30",
        }
        with serving(environment) as process:
            phone = Phone(Served(environment["IVR_BIND"]), "+819099990000")
            phone.until_consent().press("0")
            assert phone.dials
            # The CRM has the first event and says nothing; the second waits behind it.
            phone.transfer_ends("completed", DialBridged="true")
            _await(lambda: len(crm.attempts) > 0)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
        assert crm.taken == []
        crm.acts = ("takes",)
        _let_the_lease_end(url)
        with serving(environment):
            assert crm.settle(KINDS) == []
        first, again = crm.attempts[:2]
        assert first.headers["webhook-id"] == again.headers["webhook-id"]
        assert first.body == again.body
        data = crm.taken[0]["data"]
        assert data["token"].count(".") == 2
        assert data["reference"] == crm.taken[1]["data"]["reference"]


def _await(reached: Callable[[], bool]) -> None:
    clock = SystemClock()
    for _ in range(1200):
        if reached():
            return
        clock.sleep(0.05)
    raise AssertionError("it never came to that")


def _let_the_lease_end(url: str) -> None:
    """As if a minute and a quarter had passed: the lease of the process that is dead."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            held = connection.execute(
                text("UPDATE outbox SET claimed_until = created_at WHERE claim IS NOT NULL")
            )
            assert held.rowcount == 1
    finally:
        engine.dispose()
