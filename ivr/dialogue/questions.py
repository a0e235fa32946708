"""Questions: which lines a state speaks and how it listens."""

from __future__ import annotations

from ivr.dialogue.actions import Ask, Line, Listening
from ivr.dialogue.call import Call, Counter
from ivr.flow import prompts
from ivr.flow.flow import Flow
from ivr.flow.model import KEYPAD_TYPES, ChooseState, CollectState
from ivr.understanding import slots

#: The longest keypad entry of types without a length of their own: a western birthdate, a phone
#: number in Japan, a postal code.
_MOST_KEYS = {"birthdate": 8, "phone_number": 11, "address": 7}
#: Types that are often spoken where they may be keyed.
_SPOKEN_TOO = ("birthdate", "customer_number", "phone_number", "address")


def line(flow: Flow, call: Call, key: str, attempt: int = 1, value: str | None = None) -> Line:
    """One prompt in the call's language."""
    return Line(key, prompts.text(flow, call.language, key, attempt, value))


def is_keypad(flow: Flow, state: ChooseState | CollectState) -> bool:
    """Whether the state is a keypad entry, where ``*`` is the only command key."""
    if not isinstance(state, CollectState):
        return False
    return state.menu is not None or flow.file.slots[state.slot].type in KEYPAD_TYPES


def first(flow: Flow, call: Call, lead: tuple[Line, ...]) -> Ask:
    """The state's question as it is asked on entering it, or for the part that is missing."""
    return _ask(flow, call, (*lead, line(flow, call, _question(flow, call))))


def again(flow: Flow, call: Call, counter: Counter) -> Ask:
    """The question asked anew after ``counter`` went up: the state's own prompt for that, or
    the flow's and the question."""
    state = _state(flow, call)
    own = getattr(state, counter, None) if call.said is None else None
    if call.confirming is not None:
        return confirmation(flow, call, (_retry(flow, call, counter),))
    if own is not None:
        return _ask(flow, call, (line(flow, call, own, call.count(counter)),))
    question = line(flow, call, _question(flow, call), call.failures() + 1)
    return _ask(flow, call, (_retry(flow, call, counter), question))


def confirmation(flow: Flow, call: Call, lead: tuple[Line, ...] = ()) -> Ask:
    """Reads the value back as it was heard and asks whether it is right."""
    state = _state(flow, call)
    assert isinstance(state, CollectState) and state.confirm and call.confirming is not None  # noqa: S101
    kind = flow.file.slots[state.slot].type
    value = slots.spoken(kind, call.confirming, language=call.language)
    return _ask(flow, call, (*lead, line(flow, call, state.confirm, value=value)))


def repeated(flow: Flow, call: Call, lead: tuple[Line, ...] = ()) -> Ask:
    """The present question word for word, after ``lead``."""
    assert isinstance(call.action, Ask)  # noqa: S101
    explanations = {c.prompt for c in flow.file.commands.values() if c.prompt} | {
        getattr(_state(flow, call), "help", None)
    }
    lines = tuple(item for item in call.action.lines if item.key not in explanations)
    return _ask(flow, call, (*lead, *lines) if lead else call.action.lines)


def _state(flow: Flow, call: Call) -> ChooseState | CollectState:
    state = flow.file.states[call.state]
    assert isinstance(state, ChooseState | CollectState)  # noqa: S101
    return state


def _question(flow: Flow, call: Call) -> str:
    """The prompt that asks for the value, or for the first part of it that was not said."""
    state = _state(flow, call)
    if isinstance(state, CollectState) and state.missing is not None and call.said is not None:
        return str(getattr(state.missing, call.said.missing[0]))
    return state.prompt


def _retry(flow: Flow, call: Call, counter: Counter) -> Line:
    return line(flow, call, getattr(flow.file.retry, counter), call.count(counter))


def _ask(flow: Flow, call: Call, lines: tuple[Line, ...]) -> Ask:
    return Ask(call.state, lines, _listening(flow, call))


def _listening(flow: Flow, call: Call) -> Listening:
    """How to listen: in slow mode callers get half as much time again."""
    state = _state(flow, call)
    wait = state.listen
    slower = 1.5 if call.slow else 1.0
    timeout, end_silence = round(wait.timeout_s * slower), round(wait.end_silence_s * slower)
    if call.confirming is not None:
        grammars: tuple[str, ...] = ("yes_no", "commands")
        return Listening(True, True, grammars, 1, "#", timeout, end_silence)
    length: int | None = 1
    finish_on, by_keys = "#", wait.keys
    if isinstance(state, ChooseState):
        grammars = (state.grammar, "commands") if state.grammar else ("commands",)
        by_keys = wait.keys and bool(state.keys)
    else:
        slot = flow.file.slots[state.slot]
        grammars = (slot.type, "commands")
        if is_keypad(flow, state):
            length, finish_on = slot.length or _MOST_KEYS.get(slot.type), "*"
            if slot.type not in _SPOKEN_TOO:
                grammars = ("commands",)
        else:
            by_keys = False
            if call.said is not None:
                # "Which month?" -- "Five", or "No": what was heard before was wrong.
                grammars = (slot.type, f"{slot.type}_part", "yes_no", "commands")
    return Listening(
        wait.speech, wait.keys, grammars, length, finish_on, timeout, end_silence, by_keys
    )
