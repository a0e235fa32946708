"""How sure we are of who called: the four levels and the reasons for not being surer.

Levels are those of DESIGN.md "Deciding who someone is"; ``amr`` values follow RFC 8176
section 2 (``kba``, ``otp``, ``sms``, ``tel``). ``email`` is our own: that registry has no
value for it, and NIST SP 800-63B-4 does not accept e-mail as an out-of-band factor. So is
``recent``, for a code of an earlier call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from ivr.flow.policy import (
    FLOOR,
    KNOWLEDGE,
    PHONE_CODES,
    RECENT,
    SECOND,
    UNWRITTEN,
    Level,
    PolicyFile,
)
from ivr.identity.decision import Decision

#: From knowing nothing to a code entered from a registered phone; each includes the one before.
LEVELS = ("none", "claimed", "matched", "verified")

#: Channel of the accepted code -> what it proves possession of (RFC 8176).
_AMR_OF_CHANNEL = {"sms": "sms", "voice": "tel", "email": "email"}

#: Evidence ``match`` that is not ``one`` -> why.
_WHY_NOT_MATCHED = {
    "none": "no_match",
    "several": "several_customers",
    "hinted": "several_customers",
    "error": "directory_error",
    "locked": "locked",
}
#: Evidence ``code`` that is not ``ok`` -> why.
_WHY_NOT_VERIFIED = {
    "wrong": "wrong_code",
    "expired": "expired_code",
    "exhausted": "codes_exhausted",
}
#: Flags that say why no code could be entered.
_WHY_NO_CODE = ("no_contact", "send_capped", "send_error")


@dataclass(frozen=True, slots=True)
class Assurance:
    """A level of :data:`LEVELS`, how it was reached (``amr``), hints for the agent (``flags``)
    and reason codes why it is not higher (``why``; empty for ``verified``).

    ``customer``: the number of the customer the level is about, from ``matched`` on. Without it
    a caller could prove to be one customer and be served as another. ``factors``: what was shown
    about that customer, of :data:`ivr.flow.policy.FACTORS`. ``decision``: what the policy makes of
    it, where the flow has one."""

    level: str
    amr: tuple[str, ...]
    flags: tuple[str, ...]
    why: tuple[str, ...]
    customer: str | None = None
    factors: frozenset[str] = frozenset()
    decision: Decision | None = None


def assess(
    *,
    said_birthdate: bool,
    said_name: bool,
    evidence: Mapping[str, str],
    flags: tuple[str, ...],
    also_said: Collection[str] = (),
    policy: PolicyFile = UNWRITTEN,
) -> Assurance:
    """What the evidence of a call amounts to. Pure.

    ``said_birthdate`` and ``said_name``: given in this call, or in the call it resumes.
    ``evidence``: see docs/identity.md "Evidence". ``also_said``: what else was given in this call
    before the customer was looked up (``customer_number``, ``phone_number``). A caller who speaks
    for somebody else (flag ``proxy``) is always ``none``; a lookalike or uncertain name is never a
    match. ``policy`` may ask for more than :data:`ivr.flow.policy.FLOOR`, never for less.
    """
    if "proxy" in flags:
        return Assurance("none", (), flags, ("proxy",))
    unsaid = _unsaid(said_birthdate, said_name)
    if unsaid:
        return Assurance("none", (), flags, unsaid)
    unmatched = _unmatched(evidence, flags)
    if unmatched:
        return Assurance("claimed", (), flags, unmatched)
    codes, recent = accepted(evidence), _recent(evidence)
    shown = [f"code_{code}" for code in codes]
    shown += [RECENT] if recent else []
    shown += [SECOND] if len(codes) > 1 else []
    factors = frozenset({*KNOWLEDGE, *also_said, *shown})
    if recent:
        flags = (*flags, RECENT)
    if evidence.get("second", "ok") != "ok":
        flags = (*flags, "second_missing")
    level = reached(policy, factors)
    if level == "claimed":
        return Assurance(level, (), flags, ("policy",), factors=factors)
    amr = ("kba", *(("otp",) if codes else ()), *(_AMR_OF_CHANNEL[code] for code in codes))
    if recent:
        amr = (*amr, "recent")
    why: tuple[str, ...] = ()
    if level == "matched" and not shown:
        why = _unproven(evidence, flags)
    elif level == "matched":
        why = ("policy",) if {*PHONE_CODES, RECENT} & factors else ("email_only",)
    return Assurance(level, amr, flags, why, evidence.get("customer"), factors)


def reached(policy: PolicyFile, factors: Collection[str]) -> Level:
    """The level that ``factors`` about one customer reach: the highest that both the policy and
    the floor grant. The floor holds for a policy that lint has never seen, too, and a code of an
    earlier call counts in those of its ways only that name it."""
    higher: tuple[Literal["verified", "matched"], ...] = ("verified", "matched")
    without = frozenset(factors) - {RECENT}
    for level in higher:
        ways: tuple[tuple[str, ...], ...] = getattr(policy.levels, level)
        for way in ways:
            counting = factors if RECENT in way else without
            if set(way) <= set(counting) and FLOOR.reach(level, counting):
                return level
    return "claimed"


def accepted(evidence: Mapping[str, str]) -> tuple[str, ...]:
    """The channels of the codes that were accepted in this call, each once: none, one, or that of
    a second contact as well, which is none without a first."""
    found: dict[str, None] = {}
    for outcome, channel in (("code", "channel"), ("second", "second_channel")):
        if evidence.get(outcome) != "ok" or evidence.get(channel) not in _AMR_OF_CHANNEL:
            break
        found[evidence[channel]] = None
    return tuple(found)


def _recent(evidence: Mapping[str, str]) -> bool:
    """Whether a code that was entered in an earlier call counts. The caller's number is a part of
    that, so it never chooses one of several customers as well."""
    return evidence.get("recent") in ("sms", "voice") and evidence.get("match") == "one"


def _unsaid(said_birthdate: bool, said_name: bool) -> tuple[str, ...]:
    missing = (("no_birthdate", said_birthdate), ("no_name", said_name))
    return tuple(reason for reason, said in missing if not said)


def _unmatched(evidence: Mapping[str, str], flags: tuple[str, ...]) -> tuple[str, ...]:
    if "locked" in flags:
        return ("locked",)
    match = evidence.get("match")
    # The caller's number chose one of several: no evidence before that customer's own contact is.
    if match == "one" or (match == "hinted" and accepted(evidence)):
        return ()
    if match == "none" and "name_uncertain" in flags:
        return ("name_uncertain",)
    return (_WHY_NOT_MATCHED.get(match or "", "not_checked"),)


def _unproven(evidence: Mapping[str, str], flags: tuple[str, ...]) -> tuple[str, ...]:
    first = _WHY_NOT_VERIFIED.get(evidence.get("code", ""), "no_code")
    return (first, *(flag for flag in _WHY_NO_CODE if flag in flags))
