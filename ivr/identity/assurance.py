"""How sure we are of who called: the four levels and the reasons for not being surer.

Levels are those of DESIGN.md "Deciding who someone is"; ``amr`` values follow RFC 8176
section 2 (``kba``, ``otp``, ``sms``, ``tel``). ``email`` is our own: that registry has no
value for it, and NIST SP 800-63B-4 does not accept e-mail as an out-of-band factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: From knowing nothing to a code entered from a registered phone; each includes the one before.
LEVELS = ("none", "claimed", "matched", "verified")

#: Channel of the accepted code -> what it proves possession of (RFC 8176).
_AMR_OF_CHANNEL = {"sms": "sms", "voice": "tel", "email": "email"}
#: Channels that prove possession of a registered phone.
_PHONE_CHANNELS = frozenset({"sms", "voice"})

#: Evidence ``match`` that is not ``one`` -> why.
_WHY_NOT_MATCHED = {
    "none": "no_match",
    "several": "several_customers",
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
    a caller could prove to be one customer and be served as another."""

    level: str
    amr: tuple[str, ...]
    flags: tuple[str, ...]
    why: tuple[str, ...]
    customer: str | None = None


def assess(
    *, said_birthdate: bool, said_name: bool, evidence: Mapping[str, str], flags: tuple[str, ...]
) -> Assurance:
    """What the evidence of a call amounts to. Pure.

    ``said_birthdate`` and ``said_name``: given in this call, or in the call it resumes.
    ``evidence``: see docs/identity.md "Evidence". A caller who speaks for somebody else
    (flag ``proxy``) is always ``none``; a lookalike or uncertain name is never a match.
    """
    if "proxy" in flags:
        return Assurance("none", (), flags, ("proxy",))
    unsaid = _unsaid(said_birthdate, said_name)
    if unsaid:
        return Assurance("none", (), flags, unsaid)
    unmatched = _unmatched(evidence, flags)
    if unmatched:
        return Assurance("claimed", (), flags, unmatched)
    channel, customer = evidence.get("channel", ""), evidence.get("customer")
    if evidence.get("code") != "ok" or channel not in _AMR_OF_CHANNEL:
        return Assurance("matched", ("kba",), flags, _unproven(evidence, flags), customer)
    amr = ("kba", "otp", _AMR_OF_CHANNEL[channel])
    if channel not in _PHONE_CHANNELS:
        return Assurance("matched", amr, flags, ("email_only",), customer)
    return Assurance("verified", amr, flags, (), customer)


def _unsaid(said_birthdate: bool, said_name: bool) -> tuple[str, ...]:
    missing = (("no_birthdate", said_birthdate), ("no_name", said_name))
    return tuple(reason for reason, said in missing if not said)


def _unmatched(evidence: Mapping[str, str], flags: tuple[str, ...]) -> tuple[str, ...]:
    if "locked" in flags:
        return ("locked",)
    match = evidence.get("match")
    if match == "one":
        return ()
    if match == "none" and "name_uncertain" in flags:
        return ("name_uncertain",)
    return (_WHY_NOT_MATCHED.get(match or "", "not_checked"),)


def _unproven(evidence: Mapping[str, str], flags: tuple[str, ...]) -> tuple[str, ...]:
    first = _WHY_NOT_VERIFIED.get(evidence.get("code", ""), "no_code")
    return (first, *(flag for flag in _WHY_NO_CODE if flag in flags))
