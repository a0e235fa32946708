"""Past calls under another policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivr.flow.loader import load_policy
from ivr.flow.policy import PolicyFile
from ivr.identity.replay import Otherwise, PastRow, replayed

BANK = load_policy(Path(__file__).parents[2] / "flows/policies/bank.yaml")
AT = "2026-11-22T01:00:00.000000+00:00"
ALL = ["general", "letter", "account", "contact", "money"]
#: A verified call under the shipped policy.
ISSUED: dict[str, Any] = {
    "level": "verified",
    "factors": ["birthdate", "code_sms", "name"],
    "flags": [],
    "signals": {"hour": 10, "calls_hour": 1},
    "intent": "",
    "risk": "low",
    "may": ALL,
}


def issued(**changes: Any) -> PastRow:
    return PastRow(AT, "result.issued", "call", ISSUED | changes)


def begun(**signals: int) -> PastRow:
    details = {"check": "resume", "outcome": "fresh", "signals": signals}
    return PastRow(AT, "check.ended", "call", details)


def bank(**changes: Any) -> PolicyFile:
    """The shipped policy with parts replaced."""
    return PolicyFile.model_validate_json(json.dumps(json.loads(BANK.model_dump_json()) | changes))


def stricter() -> PolicyFile:
    risk = json.loads(BANK.risk.model_dump_json())
    risk["rules"]["morning"] = {"signal": "hour", "at_least": 9, "at_most": 11, "points": 45}
    return bank(risk=risk)


def test_under_the_same_policy_nothing_changes() -> None:
    rows = [
        issued(),
        issued(level="claimed", factors=[], may=["general"]),
        issued(level="none", factors=[], may=["general"], flags=["proxy"]),
        issued(flags=["relay_risk"], may=ALL[:3]),
        issued(
            flags=["relay_risk", "risk_elevated"],
            signals={"number_foreign": 1},
            risk="elevated",
            may=ALL[:3],
        ),
        begun(calls_hour=3),
    ]
    found = replayed(rows, BANK)
    assert (found.results, found.beginnings, found.otherwise) == (5, 1, ())


@pytest.mark.parametrize(
    ("row", "policy", "changes"),
    [
        (
            issued(),
            stricter(),
            (
                "risk: low → elevated (morning 45)",
                "may no longer: contact",
                "may no longer: money",
            ),
        ),
        (
            issued(),
            bank(levels={"verified": [["birthdate", "name", "code_voice"]]}),
            (
                "level: verified → matched",
                "may no longer: account",
                "may no longer: contact",
                "may no longer: money",
            ),
        ),
        (
            issued(flags=["relay_risk"], may=ALL[:3]),
            bank(withhold=[]),
            ("may now: contact", "may now: money"),
        ),
        (
            begun(calls_hour=6, birthdates_day=3),
            bank(risk=json.loads(BANK.risk.model_dump_json()) | {"person": 60}),
            ("straight to a person: no → yes",),
        ),
    ],
)
def test_what_would_change(row: PastRow, policy: PolicyFile, changes: tuple[str, ...]) -> None:
    assert replayed([row], policy).otherwise == (Otherwise(AT, "call", changes),)


def test_a_call_that_was_sent_to_a_person_is_known_by_its_result() -> None:
    grave = {"birthdates_day": 3, "calls_hour": 6, "wrong_codes_day": 6}
    sent = issued(
        level="none",
        factors=[],
        flags=["screened", "risk_high"],
        signals=grave,
        risk="high",
        may=["general"],
    )
    assert replayed([begun(**grave), sent], BANK).otherwise == ()
    calmer = bank(risk=json.loads(BANK.risk.model_dump_json()) | {"person": 100})
    (change,) = replayed([begun(**grave), sent], calmer).otherwise
    assert change.changes == ("straight to a person: yes → no",)


def test_rows_of_before_there_were_signals_are_left_alone() -> None:
    old = PastRow(AT, "result.issued", "call", {"level": "verified", "flags": []})
    checked = PastRow(AT, "check.ended", "call", {"check": "resume", "outcome": "fresh"})
    assert replayed([old, checked], stricter()).results == 0
