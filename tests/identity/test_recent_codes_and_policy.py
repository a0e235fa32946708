"""What a policy makes of a code of an earlier call, and when a second contact is worth asking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.loader import load_policy
from ivr.flow.policy import FACTORS, FLOOR, RECENT, UNWRITTEN, PolicyFile
from ivr.identity.assurance import Assurance, accepted, assess
from ivr.identity.policy import decided, further, spares_a_code
from ivr.identity.replay import again

CAREFUL = load_policy(Path(__file__).parents[2] / "examples/flows/policies/careful.yaml")
BANK = load_policy(Path(__file__).parents[2] / "flows/policies/bank.yaml")
_ONE = {"match": "one", "customer": "1"}
_RECENT = _ONE | {"recent": "sms", "recent_at": "2026-11-22T00:59:00+00:00"}
_SMS = _ONE | {"sent": "sms", "code": "ok", "channel": "sms"}
_EMAIL = _SMS | {"channel": "email"}


def sure(evidence: dict[str, str], policy: PolicyFile, *flags: str) -> Assurance:
    return assess(
        said_birthdate=True, said_name=True, evidence=evidence, flags=flags, policy=policy
    )


def policy(**parts: Any) -> PolicyFile:
    """A policy as its file would have it."""
    return PolicyFile.model_validate_json(json.dumps({"policy": "small", **parts}))


@pytest.mark.parametrize(
    ("evidence", "policy", "level", "why"),
    [
        (_RECENT, CAREFUL, "verified", ()),
        (_RECENT | {"recent": "voice"}, CAREFUL, "verified", ()),
        (_RECENT | {"recent": "email"}, CAREFUL, "matched", ("no_code",)),
        # Where the policy does not list it, it counts for nothing.
        (_RECENT, BANK, "matched", ("policy",)),
        (_RECENT, UNWRITTEN, "matched", ("policy",)),
    ],
)
def test_a_code_of_an_earlier_call_counts_where_the_policy_lists_it(
    evidence: dict[str, str], policy: PolicyFile, level: str, why: tuple[str, ...]
) -> None:
    found = sure(evidence, policy)
    assert (found.level, found.why) == (level, why)
    assert (RECENT in found.factors) == (RECENT in found.flags) == ("recent" in found.amr)
    # It is never taken for a code of this call.
    assert "otp" not in found.amr
    assert {"code_sms", "code_voice", "code_email", "second_contact"}.isdisjoint(found.factors)


@pytest.mark.parametrize("match", ["none", "several", "hinted", "error", "locked"])
def test_it_is_about_exactly_one_customer(match: str) -> None:
    found = sure(_RECENT | {"match": match}, CAREFUL)
    assert (found.level, found.factors, found.customer) == ("claimed", frozenset(), None)


def test_a_proxy_is_spared_nothing() -> None:
    assert sure(_RECENT, CAREFUL, "proxy").level == "none"


def test_what_is_withheld_from_it_is_withheld() -> None:
    strict = policy(
        levels={"verified": [["birthdate", "name", "code_sms"], ["birthdate", "name", RECENT]]},
        actions={
            name: {"level": "verified", "words": {"ja": name, "en": name}}
            for name in ("account", "money")
        },
        withhold=[{"when": [RECENT], "actions": ["money"]}],
        risk={
            "rules": {"spared": {"signal": RECENT, "points": 40}},
            "elevated": {"points": 40},
        },
    )
    for evidence, may, flags in (
        (_SMS, ("account", "money"), ()),
        (_RECENT, ("account",), (RECENT, "risk_elevated")),
    ):
        found = decided(strict, sure(evidence, strict), signals={}, intent=None)
        assert found.decision is not None
        assert (found.decision.may, found.flags) == (may, flags)


_WAYS = st.lists(
    st.lists(st.sampled_from(sorted(FACTORS)), min_size=1, unique=True).map(tuple), min_size=1
).map(tuple)


@given(_WAYS, _WAYS, st.sampled_from([_RECENT, _SMS, _EMAIL, _RECENT | _EMAIL, _ONE]))
def test_no_policy_gives_it_unless_it_says_so(
    matched: Any, verified: Any, evidence: dict[str, str]
) -> None:
    """Whatever stands in a file that lint has never seen."""
    made = policy(levels={"matched": matched, "verified": verified})
    found = sure(evidence, made)
    phone = {"sms", "voice"} & set(accepted(evidence))
    listed = any(RECENT in way and set(way) <= found.factors for way in verified)
    if found.level == "verified":
        assert phone or ("recent" in evidence and listed)
        assert FLOOR.reach("verified", found.factors)


def test_past_results_are_decided_again_with_it() -> None:
    details = {
        "level": "verified",
        "factors": ["birthdate", "name", RECENT],
        "flags": [RECENT],
        "signals": {},
        "intent": "account",
    }
    for file, level, may in (
        (CAREFUL, "verified", {"general", "account"}),
        (BANK, "matched", {"general", "letter"}),
    ):
        verdict, _ = again(details, file)
        assert (verdict.level, verdict.may) == (level, may)


# --- whom the policy may spare -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "evidence", "flags", "signals", "intent", "spared"),
    [
        (CAREFUL, _ONE, (), {}, None, True),
        (CAREFUL, _ONE, (), {}, "account", True),
        # Moving money takes codes of two contacts: whoever wants that is asked for them.
        (CAREFUL, _ONE, (), {}, "money", False),
        (CAREFUL, _ONE, (), {"number_foreign": 1}, None, True),
        (CAREFUL, _ONE, (), {"birthdates_day": 3}, None, False),
        (CAREFUL, _ONE, ("contact_changed",), {"number_foreign": 1}, None, False),
        (CAREFUL, {"match": "none"}, (), {}, None, False),
        (CAREFUL, _ONE, ("locked",), {}, None, False),
        (BANK, _ONE, (), {}, None, False),
        (UNWRITTEN, _ONE, (), {}, None, False),
    ],
)
def test_whom_a_policy_may_spare_a_code(
    file: PolicyFile,
    evidence: dict[str, str],
    flags: tuple[str, ...],
    signals: dict[str, int],
    intent: str | None,
    spared: bool,
) -> None:
    found = sure(evidence, file, *flags)
    assert spares_a_code(file, found, signals=signals, intent=intent) == spared


# --- when a second contact is of use -------------------------------------------------------------


def two(*needs: str, level: str = "verified") -> PolicyFile:
    return policy(
        actions={"money": {"level": level, "needs": needs, "words": {"ja": "な", "en": "n"}}},
        intents={"any": "money"},
    )


@pytest.mark.parametrize(
    ("file", "evidence", "by"),
    [
        (two(), _SMS, ()),
        (two("second_contact"), _SMS, ("sms", "voice", "email")),
        (two("code_sms", "code_email"), _SMS, ("email",)),
        (two("code_sms", "code_email"), _EMAIL, ("sms",)),
        # A mailbox is not enough for the level, so a phone is asked.
        (two(), _EMAIL, ("sms", "voice")),
        (two("second_contact"), _EMAIL, ("sms", "voice")),
        (two("code_voice"), _SMS, ("voice",)),
        # What one more code cannot give is not asked for.
        (two("code_voice", "code_email"), _SMS, ()),
        (two("customer_number"), _EMAIL, ()),
        (two(level="matched"), _EMAIL, ()),
        (two("second_contact", level="none"), _SMS, ("sms", "voice", "email")),
        (policy(), _SMS, None),
    ],
)
def test_by_which_channels_a_second_code_would_be_enough(
    file: PolicyFile, evidence: dict[str, str], by: tuple[str, ...] | None
) -> None:
    assert further(file, sure(evidence, file), None) == by


def test_what_the_call_is_about_decides() -> None:
    found = sure(_SMS, CAREFUL)
    assert further(CAREFUL, found, None) == further(CAREFUL, found, "account") == ()
    assert further(CAREFUL, found, "money") == ("sms", "voice", "email")
