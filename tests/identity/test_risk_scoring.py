"""Signals, points and reasons, as tables; what a number tells of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.loader import load_policy
from ivr.flow.policy import Risk
from ivr.flow.signals import FLAGS, OF_THE_NUMBER, SIGNALS
from ivr.identity.risk.numbers import signals_of
from ivr.identity.risk.scoring import goes_to_a_person, weigh

BANK = load_policy(Path(__file__).parents[2] / "flows/policies/bank.yaml").risk


@pytest.mark.parametrize(
    ("signals", "points", "severity", "reasons"),
    [
        ({}, 0, "low", []),
        ({"hour": 12, "calls_hour": 1, "calls_day": 1, "birthdates_day": 1}, 0, "low", []),
        ({"number_withheld": 1}, 15, "low", ["withheld_number"]),
        ({"number_foreign": 1, "number_voip": 1}, 35, "low", ["foreign_number", "internet_number"]),
        ({"hour": 0}, 10, "low", ["night"]),
        ({"hour": 4}, 10, "low", ["night"]),
        ({"hour": 5}, 0, "low", []),
        ({"calls_hour": 5}, 0, "low", []),
        ({"calls_hour": 6}, 20, "low", ["many_calls"]),
        ({"calls_day": 15}, 20, "low", ["many_calls_today"]),
        ({"birthdates_day": 2}, 0, "low", []),
        ({"birthdates_day": 3}, 40, "elevated", ["many_people"]),
        ({"birthdates_day": 1, "identities_day": 5}, 0, "low", []),
        ({"birthdates_day": 1, "identities_day": 6}, 20, "low", ["many_names"]),
        ({"wrong_codes_day": 6}, 30, "low", ["guessing"]),
        ({"identity_wrong_codes_week": 9}, 0, "low", []),
        ({"identity_wrong_codes_week": 10}, 40, "elevated", ["guessed_at"]),
        ({"near_misses_day": 3}, 25, "low", ["near_misses"]),
        ({"withheld_calls_hour": 200}, 20, "low", ["withheld_flood"]),
        (
            {"number_invalid": 1, "number_tollfree": 1},
            50,
            "elevated",
            ["impossible_number", "nobodys_number"],
        ),
        ({"relay_risk": 1, "contact_changed": 1}, 40, "elevated", ["new_contact", "relay"]),
        ({"relay_risk": 1, "number_withheld": 1}, 35, "low", ["relay", "withheld_number"]),
        ({"birthdates_day": 3, "wrong_codes_day": 6}, 70, "high", ["many_people", "guessing"]),
        ({"unheard_of": 9}, 0, "low", []),
    ],
)
def test_what_signals_come_to_at_the_shipped_bank(
    signals: dict[str, int], points: int, severity: str, reasons: list[str]
) -> None:
    found = weigh(BANK, signals)
    assert (found.points, found.severity, list(found.reasons)) == (points, severity, reasons)
    assert sum(found.reasons.values()) == points


@pytest.mark.parametrize(
    ("signals", "person"),
    [
        ({"calls_hour": 500, "calls_day": 500}, False),
        ({"birthdates_day": 30}, False),
        ({"birthdates_day": 3, "calls_hour": 6}, False),
        ({"birthdates_day": 3, "calls_hour": 6, "wrong_codes_day": 5}, False),
        ({"birthdates_day": 3, "calls_hour": 6, "wrong_codes_day": 6}, True),
        # Nothing of the directory is heard.
        (
            {"birthdates_day": 3, "calls_hour": 6, "near_misses_day": 9, "relay_risk": 1}
            | {"identity_wrong_codes_week": 99}
            | {"contact_changed": 1, "locked": 1},
            False,
        ),
    ],
)
def test_who_goes_straight_to_a_person(signals: dict[str, int], person: bool) -> None:
    assert goes_to_a_person(BANK, signals) is person


def test_a_policy_without_the_rule_sends_nobody() -> None:
    assert not goes_to_a_person(Risk(), dict.fromkeys(SIGNALS, 99))


@given(
    st.dictionaries(st.sampled_from(sorted({*SIGNALS, *FLAGS})), st.integers(0, 300)),
    st.dictionaries(
        st.sampled_from(sorted({*SIGNALS, *FLAGS, "outside"} - set(OF_THE_NUMBER))),
        st.integers(0, 300),
    ),
)
def test_only_the_number_and_behaviour_decide_what_is_heard(
    signals: dict[str, int], hidden: dict[str, int]
) -> None:
    assert goes_to_a_person(BANK, {**signals, **hidden}) == goes_to_a_person(BANK, signals)


@pytest.mark.parametrize(
    ("caller", "signals"),
    [
        ("+819012345678", {}),
        ("+817012345678", {}),
        ("+81312345678", {}),
        ("+815012345678", {"number_voip": 1}),
        ("+81120000000", {"number_tollfree": 1}),
        ("+12025550123", {"number_foreign": 1}),
        ("+81600", {"number_withheld": 1}),
        ("+819012345", {"number_invalid": 1}),
        ("+1202555012", {"number_invalid": 1}),
        ("+999123456789", {"number_invalid": 1}),
        ("", {"number_withheld": 1}),
        ("anonymous", {"number_withheld": 1}),
        ("+266696687", {"number_withheld": 1}),
        ("sip:desk@pbx.example.co.jp", {"number_withheld": 1}),
    ],
)
def test_what_a_number_tells_of_itself(caller: str, signals: dict[str, int]) -> None:
    assert signals_of(caller) == signals


@given(st.text(alphabet="+0123456789abc@ ", max_size=20))
def test_no_number_whatever_breaks_it(caller: str) -> None:
    assert set(signals_of(caller)) <= set(OF_THE_NUMBER)
