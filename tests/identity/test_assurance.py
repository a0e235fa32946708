"""Levels, amr values and reasons, as a table and as properties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.identity.assurance import LEVELS, accepted, assess

_SMS = {"match": "one", "sent": "sms", "code": "ok", "channel": "sms"}
_SAID = {"said_birthdate": True, "said_name": True}


@pytest.mark.parametrize(
    ("evidence", "flags", "level", "amr", "why"),
    [
        (_SMS, (), "verified", ("kba", "otp", "sms"), ()),
        (_SMS, ("relay_risk",), "verified", ("kba", "otp", "sms"), ()),
        (_SMS | {"channel": "voice"}, (), "verified", ("kba", "otp", "tel"), ()),
        (_SMS | {"channel": "email"}, (), "matched", ("kba", "otp", "email"), ("email_only",)),
        (_SMS | {"channel": "pigeon"}, (), "matched", ("kba",), ("no_code",)),
        ({"match": "one"}, (), "matched", ("kba",), ("no_code",)),
        (_SMS | {"code": "wrong"}, (), "matched", ("kba",), ("wrong_code",)),
        (_SMS | {"code": "expired"}, (), "matched", ("kba",), ("expired_code",)),
        (_SMS | {"code": "exhausted"}, (), "matched", ("kba",), ("codes_exhausted",)),
        (
            {"match": "one", "sent": "none"},
            ("send_error",),
            "matched",
            ("kba",),
            ("no_code", "send_error"),
        ),
        (
            {"match": "one", "sent": "none"},
            ("no_contact",),
            "matched",
            ("kba",),
            ("no_code", "no_contact"),
        ),
        (
            _SMS | {"second": "ok", "second_channel": "voice"},
            (),
            "verified",
            ("kba", "otp", "sms", "tel"),
            (),
        ),
        (
            _SMS | {"channel": "email", "second": "ok", "second_channel": "sms"},
            (),
            "verified",
            ("kba", "otp", "email", "sms"),
            (),
        ),
        # Without a first code there is no second, and one contact is not two.
        (
            _SMS | {"code": "wrong", "second": "ok", "second_channel": "voice"},
            (),
            "matched",
            ("kba",),
            ("wrong_code",),
        ),
        (
            _SMS | {"second": "ok", "second_channel": "sms"},
            (),
            "verified",
            ("kba", "otp", "sms"),
            (),
        ),
        # A code of an earlier call is none, unless a policy says that it counts.
        ({"match": "one", "recent": "email"}, (), "matched", ("kba",), ("no_code",)),
        ({"match": "none", "recent": "sms"}, (), "claimed", (), ("no_match",)),
        ({"match": "hinted", "recent": "sms"}, (), "claimed", (), ("several_customers",)),
        (_SMS | {"match": "none"}, (), "claimed", (), ("no_match",)),
        ({"match": "none"}, ("name_uncertain",), "claimed", (), ("name_uncertain",)),
        ({"match": "several"}, ("several_customers",), "claimed", (), ("several_customers",)),
        ({"match": "error"}, ("directory_error",), "claimed", (), ("directory_error",)),
        ({"match": "locked"}, ("locked",), "claimed", (), ("locked",)),
        (_SMS, ("locked",), "claimed", (), ("locked",)),
        ({}, (), "claimed", (), ("not_checked",)),
        (_SMS, ("proxy",), "none", (), ("proxy",)),
    ],
)
def test_what_evidence_amounts_to(
    evidence: dict[str, str],
    flags: tuple[str, ...],
    level: str,
    amr: tuple[str, ...],
    why: tuple[str, ...],
) -> None:
    found = assess(evidence=evidence, flags=flags, **_SAID)

    assert (found.level, found.amr, found.why, found.flags) == (level, amr, why, flags)


@pytest.mark.parametrize(
    ("birthdate", "name", "why"),
    [
        (False, False, ("no_birthdate", "no_name")),
        (True, False, ("no_name",)),
        (False, True, ("no_birthdate",)),
    ],
)
def test_without_birthdate_and_name_there_is_no_level(
    birthdate: bool, name: bool, why: tuple[str, ...]
) -> None:
    found = assess(said_birthdate=birthdate, said_name=name, evidence=_SMS, flags=())

    assert (found.level, found.amr, found.why) == ("none", (), why)


_VALUES = {
    "match": ["one", "none", "several", "error", "locked", "x"],
    "sent": ["sms", "voice", "email", "none"],
    "code": ["ok", "wrong", "expired", "exhausted", "x"],
    "channel": ["sms", "voice", "email", "x"],
    "code_call": ["registered", "unregistered"],
    "second": ["none", "sent", "ok", "wrong", "expired", "exhausted"],
    "second_channel": ["sms", "voice", "email", "x"],
    "recent": ["sms", "voice", "email"],
}
_ANY_EVIDENCE = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in _VALUES.items()}
)
#: Drawn alone, hardly any would come near a level.
_EVIDENCE = st.one_of(
    _ANY_EVIDENCE,
    _ANY_EVIDENCE.map(lambda found: {**found, "match": "one"}),
    _ANY_EVIDENCE.map(lambda found: {**found, "match": "one", "code": "ok"}),
    _ANY_EVIDENCE.map(lambda found: {**found, "match": "one", "code": "ok", "channel": "email"}),
)
_FLAGS = st.lists(
    st.sampled_from(["locked", "proxy", "relay_risk", "name_uncertain", "send_error"]), unique=True
).map(tuple)


@given(_EVIDENCE, _FLAGS, st.booleans(), st.booleans())
def test_verified_needs_everything(
    evidence: dict[str, str], flags: tuple[str, ...], birthdate: bool, name: bool
) -> None:
    found = assess(said_birthdate=birthdate, said_name=name, evidence=evidence, flags=flags)

    assert found.level in LEVELS
    assert (found.level == "verified") == (
        birthdate
        and name
        and evidence.get("match") == "one"
        and bool({"sms", "voice"} & set(accepted(evidence)))
        and not {"locked", "proxy"} & set(flags)
    )
    assert (found.why == ()) == (found.level == "verified")
    assert bool(found.amr) == (LEVELS.index(found.level) >= LEVELS.index("matched"))


@given(_EVIDENCE, _FLAGS, st.sampled_from(sorted(_VALUES)))
def test_less_evidence_never_gives_more(
    evidence: dict[str, str], flags: tuple[str, ...], lost: str
) -> None:
    less: dict[str, Any] = {key: value for key, value in evidence.items() if key != lost}

    before = assess(evidence=evidence, flags=flags, **_SAID)
    after = assess(evidence=less, flags=flags, **_SAID)

    assert LEVELS.index(after.level) <= LEVELS.index(before.level)


@pytest.mark.parametrize(
    ("evidence", "customer"),
    [
        (_SMS, "1000001"),
        ({**_SMS, "channel": "email"}, "1000001"),
        ({"match": "one"}, "1000001"),
        ({"match": "locked"}, None),
        ({"match": "several"}, None),
    ],
)
def test_a_customer_is_named_from_matched_on(
    evidence: dict[str, str], customer: str | None
) -> None:
    found = {**evidence, "customer": "1000001"}
    said = assess(said_birthdate=True, said_name=True, evidence=found, flags=())
    assert said.customer == customer
    unsaid = assess(said_birthdate=False, said_name=True, evidence=found, flags=())
    proxy = assess(said_birthdate=True, said_name=True, evidence=found, flags=("proxy",))
    assert (unsaid.customer, proxy.customer) == (None, None)
