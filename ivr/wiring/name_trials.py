"""Whether a spoken name makes somebody the caller, where the caller or a look-alike is registered.

The way is the one of a call: what the ears heard with that register, what the question makes of it,
what is read back where that is unsure, and :func:`ivr.identity.matching.match_name` in the end.
Callers say yes to their own name, and no to any other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Literal, get_args

from ivr.dialogue.answers import Answer, Given
from ivr.identity.matching import Factors, match_name
from ivr.identity.name_evidence import NameEvidence
from ivr.identity.ports import Customer
from ivr.understanding.compare import compare
from ivr.understanding.value import HeardName

#: ``found``: the one who is registered is taken for the caller. ``found_if_yes``: another name than
#: the caller's is read back, and whoever says yes to it is taken for the one who is registered.
#: ``uncertain``: nobody is found, and an agent sees that the name was near. ``nobody``: nobody is.
#: ``again``: the caller is asked again, or for the rest of the name.
Outcome = Literal["found", "found_if_yes", "uncertain", "nobody", "again"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def outcome(
    heard: Answer | None,
    evidence: NameEvidence | None,
    *,
    said: tuple[str, str],
    registered: tuple[str, str],
) -> Outcome:
    """What becomes of a name that was ``said`` where ``registered`` is the only one with the
    claimed birthdate; both are surname and given name in kana."""
    if not isinstance(heard, Given) or not isinstance(heard.value, HeardName) or not heard.whole:
        return "again"
    if evidence is not None and not heard.sure:
        evidence = replace(evidence, confirmed=True)
    match = match_name([_customer(registered)], heard.value, Factors(evidence=evidence))
    if not heard.sure and not is_name(heard.value, said):
        return "found_if_yes" if match.kind == "one" else "again"
    if match.kind == "one":
        return "found"
    return "uncertain" if match.uncertain else "nobody"


def is_name(heard: HeardName, name: tuple[str, str]) -> bool:
    """Whether what was heard sounds like ``name``, surname and given name in kana."""
    surname, given = name
    found = compare(heard, surname="", given="", surname_kana=surname, given_kana=given)
    return found.decision == "pass"


def _customer(registered: tuple[str, str]) -> Customer:
    surname, given = registered
    return Customer("registered", "1", "", "", surname, given, date.min)
