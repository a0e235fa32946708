"""A policy is sound, no weaker than it may be, and fits the flow that names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ivr.errors import Problem
from ivr.flow.draft import Draft
from ivr.flow.model import SCREENED, CheckState, Choice, ChooseState, FlowFile
from ivr.flow.nodes import Where
from ivr.flow.policy import (
    ANY,
    CODES,
    KNOWLEDGE,
    PHONE_CODES,
    RECENT,
    SECOND,
    Band,
    PolicyFile,
    Rule,
    codes_in,
)
from ivr.flow.signals import FLAGS, OF_THE_NUMBER, SIGNALS
from ivr.flow.source import Document
from ivr.flow.suggestion import did_you_mean, shown

#: Languages that agents read.
_LANGUAGES = ("ja", "en")


def alone(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """What is wrong with a policy whatever flow names it."""
    yield from _levels(document, file)
    yield from _known_caller(document, file)
    yield from _words(document, file)
    yield from _names(document, file)
    yield from _needless(document, file)
    yield from _signals(document, file)
    yield from _points(document, file)


def fits(draft: Draft) -> Iterator[Problem]:
    """Where a flow and the policy it names do not go together."""
    policy = draft.policy
    if policy is None:
        return
    yield from alone(policy.document, policy.file)
    yield from _intents(draft, policy.document, policy.file)
    yield from _out_of_reach(draft, policy.document, policy.file)
    yield from _recognised(draft, policy.document, policy.file)
    yield from _second(draft, policy.document, policy.file)
    yield from _person(draft, policy.document, policy.file)


def intents_of(file: FlowFile) -> dict[str, Where]:
    """Every intent that a choice of the flow gives, and where."""
    return {
        choice.intent: ("states", name, "choices", meaning, "intent")
        for name, state in file.states.items()
        if isinstance(state, ChooseState)
        for meaning, choice in state.choices.items()
        if isinstance(choice, Choice) and choice.intent is not None
    }


# --- a policy on its own -----------------------------------------------------------------------


def _levels(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """No level takes less than the floor has it."""
    for level in ("matched", "verified"):
        for index, way in enumerate(getattr(file.levels, level)):
            where = ("levels", level, index)
            missing = sorted(KNOWLEDGE - set(way))
            if missing:
                message = f"{shown(level)} is about one customer: it takes {' and '.join(missing)}"
                yield document.problem(where, f"{message} too")
            elif level == "verified" and not (PHONE_CODES | {RECENT}) & set(way):
                message = "what a caller knows is never 'verified'"
                if "code_email" in way:
                    message = "a code by e-mail shows no possession and is never 'verified'"
                yield document.problem(where, f"{message}: add code_sms or code_voice")


def _known_caller(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """That a code of an earlier call counts is said in both places, or in neither."""
    named = [where for where, way in asked_for(file) if RECENT in way]
    if file.known_caller is None:
        for where in named:
            message = f"nobody ever has {RECENT}: it takes 'known_caller' in this policy"
            yield document.problem(where, message)
    elif not named:
        message = f"counts for nothing: no level and no action names {RECENT}"
        yield document.problem(("known_caller",), message, key=True)


def asked_for(file: PolicyFile) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """Every list of factors that is asked for, and where it stands."""
    for level in ("matched", "verified"):
        for index, way in enumerate(getattr(file.levels, level)):
            yield ("levels", level, index), way
    for name, action in file.actions.items():
        yield ("actions", name, "needs"), action.needs


def _words(document: Document, file: PolicyFile) -> Iterator[Problem]:
    said = [(("actions", name, "words"), action.words) for name, action in file.actions.items()]
    said += [(("measures", name), words) for name, words in file.measures.items()]  # type: ignore[misc]
    for where, words in said:
        for language in _LANGUAGES:
            if language not in words:
                message = f"no words for the agent in {shown(language)}"
                yield document.problem(where, message, key=True)


def _names(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Names of actions, measures and flags that are not there."""

    def unknown(where: Where, what: str, word: str, known: Collection[str]) -> Iterator[Problem]:
        if word not in known:
            message = f"unknown {what} {shown(word)}{did_you_mean(word, known)}"
            yield document.problem(where, message)

    for intent, action in file.intents.items():
        yield from unknown(("intents", intent), "action", action, file.actions)
    if ANY not in file.intents and file.actions:
        message = f"calls that tell no intent have no rule: add {shown(ANY)}"
        yield document.problem(("intents",), message, key=True)
    for where, words in withheld_names(file):
        for index, word in enumerate(words):
            yield from unknown((*where, index), "action", word, file.actions)
    for where, measure in _measures(file):
        yield from unknown(where, "measure", measure, file.measures)
    for number, rule in enumerate(file.withhold):
        for index, flag in enumerate(rule.when):
            yield from unknown(("withhold", number, "when", index), "flag", flag, FLAGS)


def withheld_names(file: PolicyFile) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """Every list of actions that may be withheld, and where it stands."""
    for number, rule in enumerate(file.withhold):
        yield ("withhold", number, "actions"), rule.actions
    for name, band in _bands(file):
        yield ("risk", name, "withhold"), band.withhold


def _measures(file: PolicyFile) -> Iterator[tuple[Where, str]]:
    """Every measure that is named, and where."""
    named: list[tuple[Where, str | None]] = [
        (("actions", name, "step_up"), action.step_up) for name, action in file.actions.items()
    ]
    named += [
        (("withhold", number, "step_up"), rule.step_up) for number, rule in enumerate(file.withhold)
    ]
    named += [(("risk", name, "step_up"), band.step_up) for name, band in _bands(file)]
    yield from ((where, measure) for where, measure in named if measure is not None)


def _needless(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Measures and outside signals that nothing names."""
    named = {measure for _, measure in _measures(file)}
    for name in file.measures:
        if name not in named:
            message = f"no action, rule or band names the measure {shown(name)}"
            yield document.problem(("measures", name), message, key=True)
    used = {rule.signal for rule in file.risk.rules.values()}
    for index, name in enumerate(file.risk.outside):
        if name in SIGNALS or name in FLAGS:
            message = f"{shown(name)} is a signal of our own: it needs another name"
            yield document.problem(("risk", "outside", index), message)
        elif name not in used:
            message = f"no rule asks for the outside signal {shown(name)}"
            yield document.problem(("risk", "outside", index), message)


def _signals(document: Document, file: PolicyFile) -> Iterator[Problem]:
    known = {*SIGNALS, *FLAGS, *file.risk.outside}
    for name, rule in file.risk.rules.items():
        where = ("risk", "rules", name)
        if rule.signal not in known:
            message = f"unknown signal {shown(rule.signal)}{did_you_mean(rule.signal, known)}"
            if not did_you_mean(rule.signal, known):
                message += "; one of another system is named in 'outside' first"
            yield document.problem((*where, "signal"), message)
        if rule.at_most is not None and rule.at_most < rule.at_least:
            message = f"never holds: at least {rule.at_least} is asked for as well"
            yield document.problem((*where, "at_most"), message)


def _points(document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Bands that nobody comes to, and those that an outside signal comes to alone."""
    risk = file.risk
    rules = list(risk.rules.values())
    for name, band in _bands(file):
        where = ("risk", name, "points")
        if band.points > _most(rules):
            message = f"nobody comes to {band.points}: all rules together give {_most(rules)}"
            yield document.problem(where, message)
        outside = _most([rule for rule in rules if rule.signal in risk.outside])
        if band.points <= outside:
            message = f"outside signals alone come to {outside}: they may never decide alone"
            yield document.problem(where, message)
    if risk.elevated and risk.high and risk.high.points <= risk.elevated.points:
        message = f"must be more than the {risk.elevated.points} of 'elevated'"
        yield document.problem(("risk", "high", "points"), message)
    audible = _most([rule for rule in rules if rule.signal in OF_THE_NUMBER])
    if risk.person is not None and risk.person > audible:
        message = f"nobody comes to {risk.person}: the rules about the caller's number and"
        yield document.problem(("risk", "person"), f"{message} behaviour give {audible} together")


def _most(rules: Collection[Rule]) -> int:
    """The most points that these rules give together."""
    return sum(rule.points for rule in rules)


def _bands(file: PolicyFile) -> Iterator[tuple[str, Band]]:
    for name in ("elevated", "high"):
        band: Band | None = getattr(file.risk, name)
        if band is not None:
            yield name, band


# --- a policy and its flow ---------------------------------------------------------------------


def _intents(draft: Draft, document: Document, file: PolicyFile) -> Iterator[Problem]:
    for intent, where in intents_of(draft.file).items():
        if intent not in file.intents:
            message = f"the policy {document.path} has no rule for the intent {shown(intent)}"
            yield draft.document.problem(where, message + did_you_mean(intent, file.intents))


def _out_of_reach(draft: Draft, document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Levels and actions that take what the flow never collects."""
    shows = factors_of(draft.file)
    codes = 2 if "send_code_second" in _checks(draft.file) else 1
    for level in ("matched", "verified"):
        ways: tuple[tuple[str, ...], ...] = getattr(file.levels, level)
        if not any(set(way) <= shows and codes_in(way) <= codes for way in ways):
            lacking = sorted(set(ways[0]) - shows) or [_more_codes(codes)]
            message = f"nobody can reach {shown(level)} in the flow {shown(draft.file.flow)},"
            message += f" which never has {' or '.join(lacking)}"
            yield document.problem(("levels", level), message, key=True)
    for name, action in file.actions.items():
        for index, factor in enumerate(action.needs):
            if factor not in shows:
                message = f"nobody can be allowed {shown(name)} in the flow"
                message += f" {shown(draft.file.flow)}, which never has {factor}"
                yield document.problem(("actions", name, "needs", index), message)
        if all(codes_in(way) > codes for way in file.ways_to(name)):
            message = f"nobody can be allowed {shown(name)} in the flow"
            message += f" {shown(draft.file.flow)}, which never has {_more_codes(codes)}"
            yield document.problem(("actions", name), message, key=True)


def _more_codes(codes: int) -> str:
    if codes == 1:
        return "a code of a second contact (a check 'send_code_second')"
    return "codes of three contacts"


def factors_of(file: FlowFile) -> frozenset[str]:
    """What a caller can show in a flow, at best."""
    types = {slot.type for slot in file.slots.values()}
    checks = _checks(file)
    found: set[str] = set()
    if "identify" in checks:
        found |= types & {"birthdate", "name", "customer_number", "phone_number"}
    if {"send_code", "check_code"} <= checks:
        found |= {*CODES, *((SECOND,) if "send_code_second" in checks else ())}
    if {"identify", "known_caller"} <= checks:
        found.add(RECENT)
    return frozenset(found)


def _checks(file: FlowFile) -> set[str]:
    return {state.check for state in file.states.values() if isinstance(state, CheckState)}


def _states_that_check(file: FlowFile, check: str) -> Iterator[Where]:
    for name, state in file.states.items():
        if isinstance(state, CheckState) and state.check == check:
            yield ("states", name, "check")


def _recognised(draft: Draft, document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Whom the policy spares a code, the flow looks for; and nobody else."""
    looking = list(_states_that_check(draft.file, "known_caller"))
    if file.known_caller is None:
        for where in looking:
            message = f"never finds anybody: {document.path} has no 'known_caller'"
            yield draft.document.problem(where, message)
    elif not looking:
        message = f"the flow {shown(draft.file.flow)} never looks: it has no check 'known_caller'"
        yield document.problem(("known_caller",), message, key=True)


def _second(draft: Draft, document: Document, file: PolicyFile) -> Iterator[Problem]:
    """A second contact is asked only where something takes it."""
    ways = [set(way) for way in (*file.levels.matched, *file.levels.verified)]
    ways += [set(way) for name in file.actions for way in file.ways_to(name)]
    if any(codes_in(way) > 1 for way in ways):
        return
    for where in _states_that_check(draft.file, "send_code_second"):
        message = f"is never asked for: nothing in {document.path} takes codes of two contacts"
        yield draft.document.problem(where, message)


def _person(draft: Draft, document: Document, file: PolicyFile) -> Iterator[Problem]:
    """Whom the policy sends to a person, the flow has a way for."""
    ways = [
        ("states", name, "on", SCREENED)
        for name, state in draft.file.states.items()
        if isinstance(state, CheckState) and SCREENED in state.on
    ]
    if file.risk.person is None:
        for where in ways:
            message = f"never happens: {document.path} has no 'person' under 'risk'"
            yield draft.document.problem(where, message, key=True)
    elif not ways:
        message = f"the flow {shown(draft.file.flow)} has no way to a person for these calls:"
        message += f" add {shown(SCREENED)} to 'on' of a check 'resume'"
        yield document.problem(("risk", "person"), message)
