"""An assurance policy as data: ``policies/<name>.yaml`` beside the folders of flows.

What it takes to reach a level, what an agent may then do, what is withheld, and what raises doubt.
These models are the strict schema of the file and what decides at run time
(:mod:`ivr.identity.policy`). That a policy is sound and no weaker than :data:`FLOOR` is checked by
``ivr.flow.rules.policies``; docs/policy.md is the reference for people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from ivr.flow.model import Language, Name, Strict
from ivr.flow.suggestion import did_you_mean, shown

Level = Literal["none", "claimed", "matched", "verified"]

#: What a caller may have shown, and what it is.
FACTORS: Final[Mapping[str, str]] = {
    "birthdate": "said or keyed, and that of exactly one customer together with the name",
    "name": "said, and that of exactly one customer together with the birthdate",
    "customer_number": "given in this call before the customer was looked up, and theirs",
    "phone_number": "given in this call before the customer was looked up, and theirs",
    "code_sms": "the code of a text message to the registered mobile, entered in this call",
    "code_voice": "the code spoken to the registered landline, entered in this call",
    "code_email": "the code of a mail to the registered mailbox, entered in this call",
    "second_contact": "codes of two different registered contacts, entered in this call",
    "code_recent": "a code to a registered phone, entered minutes ago in an earlier call",
}
#: Factors that show possession of a registered phone. E-mail shows none (NIST SP 800-63B-4
#: section 3.1.3.1).
PHONE_CODES: Final = frozenset({"code_sms", "code_voice"})
#: Factors that are codes of this call.
CODES: Final = PHONE_CODES | {"code_email"}
#: The factor of who entered codes of two contacts, whichever they are.
SECOND: Final = "second_contact"
#: The factor of who was verified minutes ago: shown by nothing but :class:`KnownCaller`.
RECENT: Final = "code_recent"
KNOWLEDGE: Final = frozenset({"birthdate", "name"})

#: The intent of a call that told none.
ANY: Final = "any"


def _factor(word: str) -> str:
    if word == "caller_number":
        raise ValueError("the caller's number can be forged: it is never a factor")
    if word not in FACTORS:
        raise ValueError(f"unknown factor {shown(word)}{did_you_mean(word, FACTORS)}")
    return word


Factor = Annotated[str, AfterValidator(_factor)]
#: Factors that reach a level together.
Way = Annotated[tuple[Factor, ...], Field(min_length=1)]
#: Words for the agent, by language.
Words = dict[Language, Annotated[str, Field(min_length=1, max_length=60)]]


class Levels(Strict):
    """Ways to reach a level, each a list of factors; one is enough. What is left out is as
    :data:`FLOOR` has it. ``claimed`` is reached by saying a birthdate and a name."""

    matched: Annotated[tuple[Way, ...], Field(min_length=1)] = (("birthdate", "name"),)
    verified: Annotated[tuple[Way, ...], Field(min_length=1)] = (
        ("birthdate", "name", "code_sms"),
        ("birthdate", "name", "code_voice"),
    )

    def reach(self, level: Literal["matched", "verified"], factors: Collection[str]) -> bool:
        """Whether ``factors`` reach ``level``."""
        ways: tuple[tuple[str, ...], ...] = getattr(self, level)
        return any(set(way) <= set(factors) for way in ways)


#: The least that a level takes, whatever a policy says. A policy that wants :data:`RECENT` to count
#: has to name it.
FLOOR: Final = Levels(
    verified=(*Levels().verified, ("birthdate", "name", RECENT)),
)


class Action(Strict):
    """Something an agent may do for the caller from ``level`` on, if the factors in ``needs`` were
    shown as well. ``step_up``: the measure that may allow it where the call does not."""

    level: Level
    needs: tuple[Factor, ...] = ()
    step_up: Name | None = None
    words: Words


class Withhold(Strict):
    """A call with any of the flags in ``when`` does not allow ``actions``."""

    when: Annotated[tuple[Name, ...], Field(min_length=1)]
    actions: Annotated[tuple[Name, ...], Field(min_length=1)]
    step_up: Name | None = None


#: The longest that a code of an earlier call may count: as long as nothing may happen in a session
#: before NIST SP 800-63B section 4.3.3 asks for authentication anew.
LONGEST_KNOWN_MIN: Final = 15
_MINUTES = re.compile(r"([1-9][0-9]?)m")


def _minutes(text: str) -> str:
    found = _MINUTES.fullmatch(text)
    if found is None or int(found[1]) > LONGEST_KNOWN_MIN:
        raise ValueError(f"must be a time from 1m to {LONGEST_KNOWN_MIN}m")
    return text


class KnownCaller(Strict):
    """Who was verified by a code to a registered phone within ``within`` (such as ``10m``) and
    calls again has shown :data:`RECENT`, where all of :mod:`ivr.identity.known_caller` holds.
    ``after_agent``: also after a call that an agent took."""

    within: Annotated[str, AfterValidator(_minutes)]
    after_agent: bool = False

    @property
    def seconds(self) -> int:
        """``within``, in seconds."""
        return int(self.within.removesuffix("m")) * 60


class Rule(Strict):
    """``points`` for a call whose ``signal`` is at least ``at_least`` and at most ``at_most``."""

    signal: Name
    at_least: int = Field(default=1, ge=0, le=1_000_000)
    at_most: int | None = Field(default=None, ge=0, le=1_000_000)
    points: int = Field(ge=1, le=100)

    def fits(self, value: int | None) -> bool:
        """Whether a signal has a value (None: it is not there) that this rule speaks of."""
        if value is None or value < self.at_least:
            return False
        return self.at_most is None or value <= self.at_most


class Band(Strict):
    """What follows from ``points`` or more: the flag ``risk_elevated`` or ``risk_high``, and what
    is withheld."""

    points: int = Field(ge=1, le=1000)
    withhold: tuple[Name, ...] = ()
    step_up: Name | None = None


class Risk(Strict):
    """Rules by name, which is the reason that the agent and the audit are given.

    ``outside`` names signals that come from other systems (:mod:`ivr.identity.risk.sources`).
    ``person``: points of the caller's number and behaviour alone from which a call goes straight
    to a person, before anything is asked.
    """

    outside: tuple[Name, ...] = ()
    rules: dict[Name, Rule] = Field(default={})
    elevated: Band | None = None
    high: Band | None = None
    person: int | None = Field(default=None, ge=1, le=1000)


class PolicyFile(Strict):
    """The content of ``policies/<name>.yaml``.

    ``intents``: what a call is about -> the action it takes; ``any`` is for calls that told none.
    ``measures``: what an agent does to allow more, in words for the agent.
    """

    policy: Name
    levels: Levels = Levels()
    actions: dict[Name, Action] = Field(default={})
    intents: dict[Name, Name] = Field(default={})
    measures: dict[Name, Words] = Field(default={})
    withhold: tuple[Withhold, ...] = ()
    #: None: everybody enters a code in each call.
    known_caller: KnownCaller | None = None
    risk: Risk = Risk()

    def ways_to(self, action: str) -> tuple[frozenset[str], ...]:
        """Every list of factors with which one of :attr:`actions` is allowed: a way to its level,
        and what it needs beside that."""
        level, needs = self.actions[action].level, self.actions[action].needs
        ways: tuple[tuple[str, ...], ...] = ((),)
        if level in ("matched", "verified"):
            ways = getattr(self.levels, level)
        return tuple(frozenset((*way, *needs)) for way in ways)


def codes_in(way: Collection[str]) -> int:
    """How many contacts have to be asked for a code to show the factors of ``way``."""
    return max(len(CODES & set(way)), 2 if SECOND in way else 0)


#: A flow that names no policy: the levels of :data:`FLOOR`, and nothing said about actions.
UNWRITTEN: Final = PolicyFile(policy="unwritten")
