"""States that listen ask for something they can get, and slots are collected soundly."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Problem
from ivr.flow.draft import Draft
from ivr.flow.model import (
    KEYPAD_TYPES,
    SPOKEN_TYPES,
    Asking,
    CheckState,
    ChooseState,
    CollectState,
    Slot,
)
from ivr.flow.suggestion import shown

#: Types whose length the flow gives; the shortest safe code is DESIGN.md "Codes".
_WITH_LENGTH = ("code", "digits", "customer_number")
SHORTEST_CODE = 6
_PERSONAL = (
    "birthdate",
    "name",
    "address",
    "phone_number",
    "customer_number",
    "email_address",
)
#: Slot types without which a check has nothing to check.
_NEEDS = {
    "identify": ("birthdate", "name"),
    "check_code": ("code",),
    "callback_there": ("phone_number",),
}


def collecting(draft: Draft) -> Iterator[Problem]:
    """Slots, the states that collect them, questions, and what checks need."""
    yield from _slots(draft)
    for name, state in draft.file.states.items():
        if isinstance(state, Asking):
            yield from _listening(draft, name, state)
        if isinstance(state, ChooseState):
            yield from _choosing(draft, name, state)
        if isinstance(state, CollectState) and (slot := draft.file.slots.get(state.slot)):
            yield from _confirming(draft, name, state, slot)
            yield from _keys_of(draft, name, state, slot)
            yield from _parts(draft, name, state, slot)
        if isinstance(state, CheckState):
            yield from _checking(draft, name, state)


def _slots(draft: Draft) -> Iterator[Problem]:
    document = draft.document
    used = {s.slot for s in draft.file.states.values() if isinstance(s, CollectState)}
    for name, slot in draft.file.slots.items():
        where = ("slots", name)
        if name not in used:
            yield document.problem(where, f"no state collects the slot {shown(name)}", key=True)
        if slot.type in _WITH_LENGTH and slot.length is None:
            message = f"a slot of type '{slot.type}' needs 'length' (how many digits)"
            yield document.problem(where, message, key=True)
        if slot.type not in _WITH_LENGTH and slot.length is not None:
            kinds = ", ".join(f"'{kind}'" for kind in _WITH_LENGTH)
            message = f"'length' is only for slots of type {kinds}"
            yield document.problem((*where, "length"), message, key=True)
        if slot.type == "code" and slot.length is not None and slot.length < SHORTEST_CODE:
            message = f"a code of fewer than {SHORTEST_CODE} digits can be guessed"
            yield document.problem((*where, "length"), message)
        if slot.type == "code" and slot.confirm != "never":
            message = "a code is never read back: write 'confirm: never'"
            yield document.problem((*where, "confirm"), message)
        if slot.type in _PERSONAL and not slot.pii:
            message = f"{_a(slot.type)} is personal data: write 'pii: true'"
            yield document.problem((*where, "pii"), message)
        if slot.type == "email_address" and slot.confirm == "never":
            message = "letters are easily misheard: write 'confirm: always'"
            yield document.problem((*where, "confirm"), message)


def _a(slot_type: str) -> str:
    """A slot type with its article, in words."""
    words = slot_type.replace("_", " ")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _listening(draft: Draft, name: str, state: Asking) -> Iterator[Problem]:
    where = ("states", name)
    if not state.listen.speech and not state.listen.keys:
        message = "this state listens to nothing: allow 'speech' or 'keys'"
        yield draft.document.problem((*where, "listen"), message, key=True)
    if state.help is not None and "help" not in draft.file.commands:
        message = "nobody can ask for this: the flow has no command 'help'"
        yield draft.document.problem((*where, "help"), message, key=True)
    if state.commands and not state.listen.speech:
        message = "commands are spoken, and this state does not listen to speech"
        yield draft.document.problem((*where, "commands"), message, key=True)


def _choosing(draft: Draft, name: str, state: ChooseState) -> Iterator[Problem]:
    where = ("states", name)
    if not state.choices:
        message = "a state of kind 'choose' needs at least one choice"
        yield draft.document.problem((*where, "choices"), message, key=True)
    if state.listen.speech and state.grammar is None:
        message = "needs 'grammar' to understand speech, or 'listen: {speech: false}'"
        yield draft.document.problem(where, message, key=True)
    if state.grammar is not None and not state.listen.speech:
        message = "'grammar' has no use in a state that does not listen to speech"
        yield draft.document.problem((*where, "grammar"), message, key=True)
    if state.keys and not state.listen.keys:
        message = "'keys' has no use in a state that does not listen to keys"
        yield draft.document.problem((*where, "keys"), message, key=True)
    for choice in state.choices if not state.listen.speech else ():
        if choice not in state.keys.values():
            message = f"no key leads to the choice {shown(choice)}, and speech is off here"
            yield draft.document.problem((*where, "choices", choice), message, key=True)


def _confirming(draft: Draft, name: str, state: CollectState, slot: Slot) -> Iterator[Problem]:
    where = ("states", name)
    if slot.confirm != "never" and state.confirm is None:
        message = (
            f"needs 'confirm', a prompt that reads the value back"
            f" (slot {shown(state.slot)} has 'confirm: {slot.confirm}')"
        )
        yield draft.document.problem(where, message, key=True)
    if slot.confirm == "never" and state.confirm is not None:
        message = f"'confirm' has no use: slot {shown(state.slot)} has 'confirm: never'"
        yield draft.document.problem((*where, "confirm"), message, key=True)


def _keys_of(draft: Draft, name: str, state: CollectState, slot: Slot) -> Iterator[Problem]:
    """``menu`` belongs where keys are the value, ``on_digits`` where speech is."""
    problem, where = draft.document.problem, ("states", name)
    keyed = slot.type not in SPOKEN_TYPES
    if state.menu is not None and not (keyed and state.listen.keys):
        message = "'menu' is only for states in which the value is entered by keys"
        yield problem((*where, "menu"), message, key=True)
    if state.on_digits is None:
        if not keyed and not state.listen.speech:
            message = f"{_a(slot.type)} cannot be entered by keys"
            yield problem((*where, "listen"), message, key=True)
        return
    if not state.listen.speech:
        message = "'on_digits' is only for states that listen to speech"
        yield problem((*where, "on_digits"), message, key=True)
    if not state.listen.keys:
        message = "'on_digits' has no use in a state that does not listen to keys"
        yield problem((*where, "on_digits"), message, key=True)
    if slot.type in KEYPAD_TYPES:
        message = f"'on_digits' would take away the keys that enter {shown(state.slot)}"
        yield problem((*where, "on_digits"), message, key=True)
    if state.menu is not None:
        message = "'menu' and 'on_digits' cannot both stand in one state"
        yield problem((*where, "menu"), message, key=True)


def _parts(draft: Draft, name: str, state: CollectState, slot: Slot) -> Iterator[Problem]:
    """Names and birthdates may be said in parts."""
    problem, where = draft.document.problem, ("states", name)
    if state.missing is not None and slot.type != "birthdate":
        message = "'missing' is only for slots of type 'birthdate'"
        yield problem((*where, "missing"), message, key=True)
    if slot.type != "name":
        for part in sorted({"part", "partial", "full"} & state.model_fields_set):
            yield problem((*where, part), f"'{part}' is only for slots of type 'name'", key=True)
        return
    if state.partial is not None and state.part != "full":
        message = f"'partial' has no use with 'part: {state.part}'"
        yield problem((*where, "partial"), message, key=True)
    if state.full is not None and state.part == "full":
        message = "'full' is only for states that ask for a part of the name"
        yield problem((*where, "full"), message, key=True)


def _checking(draft: Draft, name: str, state: CheckState) -> Iterator[Problem]:
    types = {slot.type for slot in draft.file.slots.values()}
    for needed in _NEEDS.get(state.check, ()):
        if needed not in types:
            message = f"check {shown(state.check)} needs a slot of type '{needed}'"
            yield draft.document.problem(("states", name, "check"), message)
