"""What a policy makes of a call, as tables and as properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.loader import load_policy
from ivr.flow.policy import FACTORS, PolicyFile
from ivr.identity.assurance import LEVELS, Assurance, assess
from ivr.identity.policy import decide, decided

BANK = load_policy(Path(__file__).parents[2] / "flows/policies/bank.yaml")
_SAID = {"said_birthdate": True, "said_name": True}
_SMS = {"match": "one", "customer": "1", "sent": "sms", "code": "ok", "channel": "sms"}
_VOICE = _SMS | {"channel": "voice"}
_EMAIL = _SMS | {"channel": "email"}
ALL = ("general", "letter", "account", "contact", "money")


def policy(**parts: Any) -> PolicyFile:
    """A policy as its file would have it."""
    return PolicyFile.model_validate_json(json.dumps({"policy": "small", **parts}))


@pytest.mark.parametrize(
    ("evidence", "flags", "signals", "may", "step_up"),
    [
        (_SMS, (), {}, ALL, {}),
        (_VOICE, (), {"hour": 12, "calls_hour": 5}, ALL, {}),
        (
            _EMAIL,
            (),
            {},
            ("general", "letter"),
            {"account": "call_back", "contact": "call_back", "money": "call_back"},
        ),
        (
            {"match": "none"},
            (),
            {},
            ("general",),
            {"account": "call_back", "contact": "call_back", "money": "call_back"},
        ),
        (
            _SMS,
            ("relay_risk",),
            {},
            ALL[:3],
            {"contact": "call_back", "money": "call_back"},
        ),
        # The number that would be rung back may be the one that changed.
        (
            _SMS,
            ("relay_risk", "contact_changed"),
            {"number_withheld": 1},
            ALL[:3],
            {"contact": "counter", "money": "counter"},
        ),
        (_SMS, (), {"birthdates_day": 3}, ALL[:3], {"contact": "call_back", "money": "call_back"}),
        (
            _SMS,
            ("contact_changed",),
            {"birthdates_day": 3, "calls_hour": 6},
            ("general",),
            dict.fromkeys(ALL[1:], "supervisor"),
        ),
    ],
)
def test_what_the_agent_may_do_at_the_shipped_bank(
    evidence: dict[str, str],
    flags: tuple[str, ...],
    signals: dict[str, int],
    may: tuple[str, ...],
    step_up: dict[str, str],
) -> None:
    sure = assess(evidence=evidence, flags=flags, policy=BANK, **_SAID)
    found = decide(BANK, sure, signals=signals, intent=None)
    assert (found.may, found.step_up, found.wants) == (may, step_up, "account")


@pytest.mark.parametrize(
    ("levels", "also_said", "evidence", "level", "why"),
    [
        ({"verified": [["birthdate", "name", "code_sms"]]}, (), _SMS, "verified", ()),
        ({"verified": [["birthdate", "name", "code_sms"]]}, (), _VOICE, "matched", ("policy",)),
        (
            {"verified": [["birthdate", "name", "code_sms", "customer_number"]]},
            (),
            _SMS,
            "matched",
            ("policy",),
        ),
        (
            {"verified": [["birthdate", "name", "code_sms", "customer_number"]]},
            ("customer_number",),
            _SMS,
            "verified",
            (),
        ),
        (
            {"matched": [["birthdate", "name", "phone_number"]]},
            (),
            {"match": "one", "customer": "1"},
            "claimed",
            ("policy",),
        ),
        (
            {"matched": [["birthdate", "name", "phone_number"]]},
            (),
            _SMS,
            "verified",
            (),
        ),
        # Lint refuses these; were they ever in force, the floor would hold.
        ({"verified": [["birthdate", "name"]]}, (), {"match": "one"}, "matched", ("no_code",)),
        (
            {"verified": [["birthdate", "name", "code_email"]]},
            (),
            _EMAIL,
            "matched",
            ("email_only",),
        ),
    ],
)
def test_a_policy_asks_for_more_and_never_for_less(
    levels: dict[str, Any],
    also_said: tuple[str, ...],
    evidence: dict[str, str],
    level: str,
    why: tuple[str, ...],
) -> None:
    found = assess(
        evidence=evidence,
        flags=(),
        also_said=also_said,
        policy=policy(levels=levels),
        **_SAID,
    )
    assert (found.level, found.why) == (level, why)
    assert (found.customer is not None) == (level != "claimed" and "customer" in evidence)


def test_an_action_may_take_a_factor_beside_its_level() -> None:
    actions = {
        "money": {
            "level": "verified",
            "needs": ["customer_number"],
            "step_up": "ask",
            "words": {"ja": "送金", "en": "money"},
        }
    }
    asks = policy(actions=actions, measures={"ask": {"ja": "番号", "en": "the number"}})
    for also_said, may in (((), ()), (("customer_number",), ("money",))):
        sure = assess(evidence=_SMS, flags=(), also_said=also_said, policy=asks, **_SAID)
        found = decide(asks, sure, signals={}, intent=None)
        assert found.may == may
        assert found.step_up == ({} if may else {"money": "ask"})


def test_an_intent_tells_which_action_it_takes() -> None:
    actions = {
        name: {"level": "none", "words": {"ja": name, "en": name}} for name in ("talk", "pay")
    }
    has = policy(actions=actions, intents={"any": "talk", "transfer": "pay"})
    sure = Assurance("none", (), (), ())
    for intent, wants in ((None, "talk"), ("transfer", "pay"), ("unheard_of", "talk")):
        assert decide(has, sure, signals={}, intent=intent).wants == wants


def test_what_the_result_says_is_codes() -> None:
    sure = assess(evidence=_SMS, flags=("relay_risk",), policy=BANK, **_SAID)
    found = decided(BANK, sure, signals={"number_foreign": 1, "hour": 3}, intent=None)
    assert found.flags == ("relay_risk", "risk_elevated")
    assert found.decision is not None
    assert found.decision.claims() == {
        "policy": "bank",
        "wants": "account",
        "may": ["general", "letter", "account"],
        "step_up": {"contact": "call_back", "money": "call_back"},
        "risk": "elevated",
        "risk_reasons": ["foreign_number", "relay", "night"],
    }


_WAYS = st.lists(
    st.lists(st.sampled_from(sorted(FACTORS)), min_size=1, unique=True).map(tuple), min_size=1
).map(tuple)
_EVIDENCE = st.fixed_dictionaries(
    {"match": st.sampled_from(["one", "none", "several", "error"])},
    optional={
        "code": st.sampled_from(["ok", "wrong", "expired"]),
        "channel": st.sampled_from(["sms", "voice", "email", "x"]),
    },
)


@given(_WAYS, _WAYS, _EVIDENCE, st.sets(st.sampled_from(["customer_number", "phone_number"])))
def test_no_policy_whatever_gives_more_than_the_floor(
    matched: Any, verified: Any, evidence: dict[str, str], also_said: set[str]
) -> None:
    any_policy = policy(levels={"matched": matched, "verified": verified})
    found = assess(evidence=evidence, flags=(), also_said=also_said, policy=any_policy, **_SAID)
    floor = assess(evidence=evidence, flags=(), also_said=also_said, **_SAID)
    assert LEVELS.index(found.level) <= LEVELS.index(floor.level)


@given(
    st.sampled_from([_SMS, _VOICE, _EMAIL, {"match": "one"}, {"match": "none"}]),
    st.lists(st.sampled_from(["relay_risk", "contact_changed", "shared_phone"]), unique=True),
    st.dictionaries(
        st.sampled_from(["number_foreign", "calls_hour", "birthdates_day", "wrong_codes_day"]),
        st.integers(0, 30),
    ),
)
def test_doubt_never_allows_more(
    evidence: dict[str, str], flags: list[str], signals: dict[str, int]
) -> None:
    calm = assess(evidence=evidence, flags=(), policy=BANK, **_SAID)
    doubted = assess(evidence=evidence, flags=tuple(flags), policy=BANK, **_SAID)
    before = set(decide(BANK, calm, signals={}, intent=None).may)
    after = set(decide(BANK, doubted, signals=signals, intent=None).may)
    assert after <= before
