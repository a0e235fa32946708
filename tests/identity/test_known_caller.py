"""Who was verified minutes ago is spared a code: once, and by nothing that is a code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from desk import Desk
from people import LANDLINE, customer
from returning_caller import TEN_MINUTES, taken, verified

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.ports import CheckResult
from ivr.records import verifications
from ivr.records.database import Database
from ivr.records.disclosure import disclose


def test_the_same_person_is_spared_the_code(any_desk: Desk) -> None:
    caller = verified(any_desk)
    at = any_desk.clock.now() - timedelta(seconds=60)
    first = any_desk.verification

    result = caller.rings().identifies().is_known()

    assert (result.outcome, result.flags) == ("known", ())
    assert result.evidence == {
        "match": "one",
        "customer": customer().number,
        "recent": "sms",
        "recent_at": at.isoformat(),
        "recent_from": first,
    }
    with any_desk.db.reading() as session:
        proof, now = (verifications.get(session, v or "") for v in (first, any_desk.verification))
    assert proof is not None
    assert now is not None
    assert (proof.reused_at, now.reused_at) == (any_desk.clock.now(), None)
    # It was no code: nothing of this call is verified.
    assert now.verified_at is None


def test_the_landline_of_a_customer_counts_as_well(desk: Desk) -> None:
    caller = verified(desk, LANDLINE)
    assert caller.rings().identifies().is_known().outcome == "known"


def test_it_is_found_once_however_often_it_is_asked(desk: Desk) -> None:
    caller = verified(desk).rings().identifies()
    first = caller.is_known(intent_id="same")
    assert first.outcome == "known"
    assert caller.is_known(intent_id="same") == first
    assert caller.is_known().outcome == "unknown"


def test_a_call_that_was_spared_its_code_spares_none(desk: Desk) -> None:
    caller = verified(desk)
    for outcome in ("known", "unknown", "unknown"):
        assert caller.rings().identifies().is_known().outcome == outcome
        caller.hangs_up()


def test_each_code_spares_one(desk: Desk) -> None:
    caller = verified(desk)
    assert caller.rings().identifies().is_known().outcome == "known"
    caller.hangs_up().rings().identifies().is_verified().hangs_up()
    assert caller.rings().identifies().is_known().outcome == "known"


@pytest.mark.parametrize(("seconds", "known"), [(599, True), (600, True), (601, False)])
def test_not_longer_ago_than_the_policy_says(desk: Desk, seconds: int, known: bool) -> None:
    caller = verified(desk)
    desk.clock.advance(seconds - 60)
    assert (caller.rings().identifies().is_known().outcome == "known") == known


def test_after_an_agent_only_where_the_policy_says_so(desk: Desk) -> None:
    caller = verified(desk)
    taken(desk, caller)
    rule = replace(TEN_MINUTES, after_agent=True)
    assert caller.rings().identifies().is_known(rule).outcome == "known"


def test_without_a_verification_nobody_is_known(desk: Desk) -> None:
    caller = verified(desk).rings()
    assert caller.is_known(verification_id=None) == CheckResult("unknown", {})


def test_the_person_is_told_of_it(desk: Desk) -> None:
    caller = verified(desk)
    caller.rings().identifies().is_known()
    told = disclose(desk.db, customer().number).sections["attempts"]
    assert [attempt["spared_a_code"] for attempt in told] == [desk.clock.now().isoformat(), None]
    assert told[1]["found"]["recent"] == "sms"


def test_a_directory_that_fails_means_a_code(sqlite_database: Database, clock: ManualClock) -> None:
    with Desk(sqlite_database, clock) as desk:
        caller = verified(desk).rings().identifies()
        directory = desk.checks._perform["known_caller"].__self__._directory  # type: ignore[attr-defined]

        class Away:
            def by_id(self, customer_id: str) -> None:
                raise RecordsUnavailable("away")

        known_callers = desk.checks._perform["known_caller"].__self__  # type: ignore[attr-defined]
        known_callers._directory = Away()
        result = caller.is_known()
        assert (result.outcome, result.flags) == ("unknown", ("directory_error",))
        # It stays a reason not to trust the call, also when the directory is back.
        known_callers._directory = directory
        assert caller.is_known().outcome == "unknown"
