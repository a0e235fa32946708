"""``destinations.yaml`` fits the flow, itself and the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from ivr.errors import Problem
from ivr.flow.destinations import RING_GROUP
from ivr.flow.draft import Draft
from ivr.flow.model import TransferState
from ivr.flow.rules.prompt_uses import desk_prompts
from ivr.flow.suggestion import did_you_mean, shown

#: Twilio rings no more at once.
MOST_RUNG_TOGETHER = 10

#: Kind -> the form of its addresses, and what it is called.
_FORMS = {
    "phone": (re.compile(r"\+[0-9]+"), "phone numbers (+81312345678)"),
    "sip": (re.compile(r"sips?:.+"), "SIP addresses (sip:queue@pbx.example.co.jp)"),
    "taskrouter": (re.compile(r"WW[0-9a-f]{32}"), "one TaskRouter workflow (WW…)"),
}


def overflows(draft: Draft) -> dict[str, str]:
    """Destination -> where it overflows to."""
    if draft.desks is None:
        return {}
    return {
        name: destination.overflow.to
        for name, destination in draft.desks.file.destinations.items()
        if destination.overflow is not None
    }


def desk_references(draft: Draft) -> Iterator[Problem]:
    """Names in destinations.yaml that are not declared."""
    if draft.desks is None:
        return
    file, problem = draft.desks.file, draft.desks.document.problem
    known = draft.file.destinations
    for name, destination in file.destinations.items():
        where = ("destinations", name)
        if name not in known:
            message = f"unknown destination {shown(name)}{did_you_mean(name, known)}"
            yield problem(where, f"{message}; those of the flow are in flow.yaml", key=True)
        if destination.hours is not None and destination.hours not in file.hours:
            message = f"unknown hours {shown(destination.hours)}"
            hint = did_you_mean(destination.hours, file.hours)
            yield problem((*where, "hours"), message + hint)
        if destination.overflow is not None and destination.overflow.to not in known:
            message = f"unknown destination {shown(destination.overflow.to)}"
            hint = did_you_mean(destination.overflow.to, known)
            yield problem((*where, "overflow", "to"), message + hint)
    for place, key in desk_prompts(draft):
        for prompts in draft.prompts.values():
            if key not in prompts.texts:
                message = f"no prompt {shown(key)} in {prompts.document.path}"
                yield problem(place, message + did_you_mean(key, prompts.texts))


def desks(draft: Draft) -> Iterator[Problem]:
    """Destinations not described, hours nobody keeps, calls handed round in a circle."""
    if draft.desks is None:
        return
    file, problem = draft.desks.file, draft.desks.document.problem
    for index, name in enumerate(draft.file.destinations):
        if name not in file.destinations:
            message = f"destination {shown(name)} is not described in {draft.desks.document.path}"
            yield draft.document.problem(("destinations", index), message)
    kept = {destination.hours for destination in file.destinations.values()}
    for name, hours in file.hours.items():
        if name not in kept:
            message = f"no destination keeps the hours {shown(name)}"
            yield problem(("hours", name), message, key=True)
        if not hours.ever_open():
            message = f"the hours {shown(name)} are never open: give a weekday its hours"
            yield problem(("hours", name), message, key=True)
    yield from _closed_words(draft, problem)
    ways = overflows(draft)
    for name in ways:
        if name in _followed(ways, name):
            message = f"calls that overflow from {shown(name)} come back to it"
            yield problem(("destinations", name, "overflow", "to"), message)


def _closed_words(draft: Draft, problem: Callable[..., Problem]) -> Iterator[Problem]:
    """Whoever a state transfers to needs words for the night; to others nobody speaks them."""
    asked = set()
    for state in draft.file.states.values():
        if isinstance(state, TransferState):
            asked |= {state.destination, *(route.to for route in state.routes)}
    for name, destination in draft.desks.file.destinations.items() if draft.desks else ():
        if destination.hours is not None and destination.closed is None and name in asked:
            message = f"states transfer to {shown(name)}, which is not always open: name the"
            message += " prompt that says so in 'closed'"
            yield problem(("destinations", name), message, key=True)
        if destination.closed is not None and name not in asked:
            message = f"is never said: no state transfers to {shown(name)}, calls only overflow"
            yield problem(("destinations", name, "closed"), message)


def addresses(draft: Draft, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Destinations for which the settings have no address, or one of another kind."""
    described = draft.desks.file.destinations if draft.desks else {}
    for index, name in enumerate(draft.file.destinations):
        kind = described.get(name, RING_GROUP).kind
        form, called = _FORMS[kind]
        message = ""
        if not known.get(name):
            message = f"destination {shown(name)} is not in the settings (IVR_DESTINATIONS)"
        elif any(form.fullmatch(each) is None for each in known[name]) or (
            kind == "taskrouter" and len(known[name]) > 1
        ):
            message = f"destination {shown(name)} is of kind '{kind}': IVR_DESTINATIONS must hold"
            message += f" {called} for it"
        elif len(known[name]) > MOST_RUNG_TOGETHER and not described.get(name, RING_GROUP).in_turn:
            message = f"destination {shown(name)} has {len(known[name])} numbers in"
            message += f" IVR_DESTINATIONS; at most {MOST_RUNG_TOGETHER} ring together"
        if message:
            yield draft.document.problem(("destinations", index), message)


def _followed(ways: Mapping[str, str], name: str) -> set[str]:
    """All that calls overflow to from ``name``, however far."""
    found: set[str] = set()
    while (following := ways.get(name)) is not None and following not in found:
        found.add(following)
        name = following
    return found
