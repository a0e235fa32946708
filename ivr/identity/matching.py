"""Which of the customers born on a day said their name. Pure.

The registered reading decides; the caller's number never does. *Near* is never *pass*
(DESIGN.md "Deciding who someone is").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Literal

from ivr.identity.listened_names import FullName
from ivr.identity.name_evidence import NameEvidence
from ivr.identity.ports import Customer
from ivr.understanding.compare import Comparison, Decision, compare
from ivr.understanding.customer_number import compare_numbers
from ivr.understanding.mora import level
from ivr.understanding.phone_number import compare_phones
from ivr.understanding.value import HeardName

#: Compared where a day has few customers, so that an empty day takes as long as a full one: a
#: million customers leave about 40 to a birthdate. Nobody is called so.
_STAND_INS = tuple(map("ヌ".join, product("ラリルレロヤユヨ", "ベボパピプペポビ")))
_NOBODY = HeardName(text="", surnames=_STAND_INS[:1], givens=_STAND_INS[1:2])

_STRANGER = Customer("", "00000000", "", "", "", "", date.min, "+819000000000", "+81300000000")


@dataclass(frozen=True, slots=True)
class Match:
    """``customer`` is set for ``one`` only. ``uncertain``: nobody fits, but somebody is near."""

    kind: Literal["one", "none", "several"]
    customer: Customer | None = None
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Factors:
    """What else the caller gave: a phone number in E.164, the digits of a customer number.
    ``evidence``: what the sound of the name said for registered names, where that was weighed."""

    phone: str | None = None
    customer_number: str | None = None
    evidence: NameEvidence | None = None


def match_name(
    candidates: Sequence[Customer], heard: HeardName | None, factors: Factors = Factors()
) -> Match:
    """Find the one candidate whose registered name is what was heard.

    Several who fit are ``several``: nothing else that is known without proof, such as the
    caller's number, makes one of them the caller. So is one who fits beside another who would
    need a confirmation: 東節子 may be アズマ as well as ヒガシ, and a code must not go to the
    wrong one of two. ``heard`` None matches nobody. Of those who fit, ``factors`` can only rule
    out: a number that is not theirs makes nobody of a customer, a near one an uncertain one.
    Where the sound of the name was weighed, nobody fits without it; see :func:`_sounded`.
    """
    decisions = [
        (customer, _sounded(_compared(heard or _NOBODY, customer).decision, customer, factors))
        for customer in candidates
    ]
    for kana in _STAND_INS[len(candidates) :]:
        compare(heard or _NOBODY, surname="", given="", surname_kana=kana, given_kana=kana)
        _sounded("fail", _STRANGER, factors)
    if heard is None:
        return Match("none")
    found = [(customer, _limited(decision, customer, factors)) for customer, decision in decisions]
    if not any(decision != "fail" for _, decision in found):
        _limited("pass", _STRANGER, factors)  # a stranger takes as long
    fitting = [customer for customer, decision in found if decision == "pass"]
    near = any(decision == "confirm" for _, decision in found)
    if len(fitting) > 1 or (fitting and near):
        return Match("several")
    if fitting:
        return Match("one", fitting[0])
    return Match("none", uncertain=near)


def _sounded(decision: Decision, customer: Customer, factors: Factors) -> Decision:
    """A decision by the words that were heard, after what their sound says.

    It passes nobody for whom the sound does not speak beyond doubt. Where it does, other words
    do not matter that the recogniser took it for, unless the caller has said yes to them.
    """
    evidence = factors.evidence
    if evidence is None:
        return decision
    name = FullName(level(customer.surname_kana), level(customer.given_kana))
    beyond_doubt = evidence.whole and evidence.decision == "pass"
    if name not in evidence.names:
        return "fail" if decision == "fail" else "confirm"
    return "pass" if beyond_doubt and (decision == "pass" or not evidence.confirmed) else "confirm"


def _limited(decision: Decision, customer: Customer, factors: Factors) -> Decision:
    """A decision about the name after what else was given."""
    if decision == "fail":
        return decision
    given: list[Decision] = [decision]
    if factors.phone is not None:
        phones = (customer.mobile, customer.landline)
        given.append(compare_phones(factors.phone, phones).decision)
    if factors.customer_number is not None:
        given.append(compare_numbers(factors.customer_number, customer.number).decision)
    return "fail" if "fail" in given else "confirm" if "confirm" in given else "pass"


def claim_of(birthdate: str | None, heard: HeardName | None) -> str:
    """The claimed identity as one string, for a blind index only: the ISO birthdate and the
    likeliest reading as it sounds. The same words give the same claim, whoever exists, and names
    from abroad do in either order."""
    return f"{birthdate or ''}|{_reading(heard) if heard else ''}"


def _compared(heard: HeardName, customer: Customer) -> Comparison:
    return compare(
        heard,
        surname=customer.surname,
        given=customer.given,
        surname_kana=customer.surname_kana,
        given_kana=customer.given_kana,
    )


def _reading(heard: HeardName) -> str:
    if heard.wholes and set(heard.surnames) <= set(heard.rare):
        return min(map(level, heard.wholes))
    if heard.surnames or heard.givens:
        return level("".join((*heard.surnames[:1], *heard.givens[:1])))
    return heard.text.casefold().replace(" ", "")
