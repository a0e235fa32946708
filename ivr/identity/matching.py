"""Which of the customers born on a day said their name. Pure.

The registered reading decides; the caller's number is a hint between those it leaves. *Near* is
never *pass* (DESIGN.md "Deciding who someone is"). Names are searched coarsely by rapidfuzz's edit
distance and finely by mora, both in :mod:`ivr.understanding.compare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Literal

from ivr.identity.callers import is_registered
from ivr.identity.listened_names import FullName
from ivr.identity.name_evidence import NameEvidence
from ivr.identity.ports import Candidate, Customer
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
    """``customer`` is set for ``one`` and ``hinted`` only; ``hinted``: several fit, and the call
    seems to come from a phone of this one alone. ``uncertain``: nobody fits, but somebody is
    near."""

    kind: Literal["one", "none", "several", "hinted"]
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
    """Find the one candidate whose registered name is what was heard: :func:`named`, then
    :func:`settled` without a caller's number."""
    fits = named(candidates, heard, factors)
    return settled([each for each in candidates if each.id in fits], fits, factors)


def named(
    candidates: Sequence[Candidate], heard: HeardName | None, factors: Factors = Factors()
) -> dict[str, Decision]:
    """Who of the candidates has the name that was heard, or nearly: id -> pass or confirm.

    ``heard`` None names nobody. A customer number that is not theirs makes nobody of a customer.
    Where the sound of the name was weighed, nobody fits without it; see :func:`_sounded`.
    """
    decisions = [
        (each, _sounded(_compared(heard or _NOBODY, each).decision, each, factors))
        for each in candidates
    ]
    for kana in _STAND_INS[len(candidates) :]:
        compare(heard or _NOBODY, surname="", given="", surname_kana=kana, given_kana=kana)
        _sounded("fail", _STRANGER, factors)
    if heard is None:
        return {}
    found = {each.id: _numbered(decision, each, factors) for each, decision in decisions}
    fits: dict[str, Decision] = {
        each: decision for each, decision in found.items() if decision != "fail"
    }
    if not fits:
        _numbered("pass", _STRANGER, factors)  # a stranger takes as long
    return fits


def settled(
    customers: Sequence[Customer],
    fits: Mapping[str, Decision],
    factors: Factors = Factors(),
    *,
    caller: str = "",
) -> Match:
    """Which one of those who have the name it is, ``fits`` being what :func:`named` said.

    A phone number that the caller gave can only rule out: one that is not theirs makes nobody of
    a customer, a near one an uncertain one. Several who fit are ``several``; so is one who fits
    beside another who would need a confirmation: 東節子 may be アズマ as well as ヒガシ, and a code
    must not go to the wrong one of two. Where the ``caller``'s number is registered for one who
    fits and for none of the others, it says whom to send a code to, and no more: it can be forged,
    and proves nothing before the code is entered.
    """
    decided = [
        (each, _phoned(decision, each, factors))
        for each in customers
        if (decision := fits.get(each.id))
    ]
    if not decided:
        _phoned("pass", _STRANGER, factors)  # a stranger takes as long
    fitting = [customer for customer, decision in decided if decision == "pass"]
    near = [customer for customer, decision in decided if decision == "confirm"]
    if len(fitting) > 1 or (fitting and near):
        calling = [each for each in (*fitting, *near) if is_registered(caller, each)]
        if len(calling) == 1 and calling[0] in fitting:
            return Match("hinted", calling[0])
        return Match("several")
    if fitting:
        return Match("one", fitting[0])
    return Match("none", uncertain=bool(near))


def _sounded(decision: Decision, customer: Candidate, factors: Factors) -> Decision:
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


def _numbered(decision: Decision, customer: Candidate, factors: Factors) -> Decision:
    """A decision about the name after the customer number that was given."""
    if decision == "fail" or factors.customer_number is None:
        return decision
    return _weaker(decision, compare_numbers(factors.customer_number, customer.number).decision)


def _phoned(decision: Decision, customer: Customer, factors: Factors) -> Decision:
    """A decision about the name after the phone number that was given."""
    if factors.phone is None:
        return decision
    phones = (customer.mobile, customer.landline)
    return _weaker(decision, compare_phones(factors.phone, phones).decision)


def _weaker(one: Decision, other: Decision) -> Decision:
    return "fail" if "fail" in (one, other) else "confirm" if "confirm" in (one, other) else "pass"


def claim_of(birthdate: str | None, heard: HeardName | None) -> str:
    """The claimed identity as one string, for a blind index only: the ISO birthdate and the
    likeliest reading as it sounds. The same words give the same claim, whoever exists, and names
    from abroad do in either order."""
    return f"{birthdate or ''}|{_reading(heard) if heard else ''}"


def _compared(heard: HeardName, customer: Candidate) -> Comparison:
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
