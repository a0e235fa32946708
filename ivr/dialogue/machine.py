"""The state machine: ``step(flow, call, event) -> (call, action)``.

Pure: no clock, no database, no Twilio, no audio. Any event in any state gives a call and an
action; nothing here raises for what a caller, a provider or the network does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from ivr.clock import JAPAN
from ivr.dialogue import answers, handover, questions
from ivr.dialogue.actions import Action, Ask, Check, End, Line, Transfer
from ivr.dialogue.call import Call, Counter
from ivr.dialogue.events import (
    CallStarted,
    Checked,
    Event,
    Failed,
    Heard,
    HungUp,
    Pressed,
    Silence,
    SpeechLost,
    TransferEnded,
)
from ivr.flow.flow import Flow
from ivr.flow.model import (
    CHECK_OUTCOMES,
    CLOSED,
    SCREENED,
    TRANSFER_OUTCOMES,
    CheckState,
    Choice,
    ChooseState,
    CollectState,
    EndState,
    SayState,
    TransferState,
)
from ivr.identity import name_evidence
from ivr.identity.risk.scoring import goes_to_a_person
from ivr.understanding import slots
from ivr.understanding.birthdate import Reading
from ivr.understanding.value import HeardName, Value

#: After this many failures in one state the bot slows down by itself (requirement O4).
_SLOW_AFTER = 2
#: Events (checks, transfers) beyond ``limits.turns`` after which a call ends in any case.
_SPARE_EVENTS = 40


def new_call(flow: Flow, at: datetime, language: str | None = None) -> Call:
    """A call that has not been answered yet; step it with ``CallStarted``."""
    start = flow.file.start
    spoken = language if language in flow.file.languages else flow.file.languages[0]
    return Call(flow.digest, spoken, at, End(start), start)


def step(flow: Flow, call: Call, event: Event) -> tuple[Call, Action]:
    """Take one event.

    Returns the call after it and what the telephone does next. An event that does not fit
    (a key while a check runs, anything after the end) returns the very same ``call`` object
    and its present action.
    """
    if call.ended is not None:
        return call, call.action
    if isinstance(event, HungUp):
        how: Literal["transfer", "hangup"] = "transfer" if call.connected else "hangup"
        ended = replace(call, turn=call.turn + 1, ended=how, action=End(call.state))
        return ended, ended.action
    after = _react(flow, call, event)
    if after is call:
        return call, call.action
    after = _opened(flow, replace(after, turn=call.turn + 1), event.at)
    if after.turn > flow.file.limits.turns + _SPARE_EVENTS and not isinstance(after.action, End):
        after = _enter(flow, after, flow.file.on.last)
    if isinstance(after.action, End):
        after = replace(after, ended="transfer" if after.connected else "end")
    elif isinstance(after.action, Ask):
        after = _within_limits(flow, replace(after, asked=after.asked + 1), event.at)
    return after, after.action


def _react(flow: Flow, call: Call, event: Event) -> Call:
    """The call after ``event``; the same object where the event means nothing now."""
    match event, call.action:
        case CallStarted(), End() if call.turn == 0:
            return _enter(flow, call, flow.file.start)
        case ((Heard() | Pressed() | Silence()), Ask()):
            return _answered(flow, call, event)
        case SpeechLost(), Ask() as action if not action.listen.by_keys:
            return _without_speech(flow, call, action)
        case Checked(), Check() as action if event.check == action.check:
            return _checked(flow, call, event)
        case TransferEnded(), Transfer() as action:
            return _transferred(flow, call, action, event)
        case Failed(), _:
            return _leave(flow, call.flagged("trouble"), "failed")
        case _:
            return call


def _enter(flow: Flow, call: Call, target: str, lead: tuple[Line, ...] = ()) -> Call:
    """Walk from ``target`` to the next state in which something has to happen."""
    lines = lead
    # Lint refuses cycles of states that only speak; the bound holds even without it.
    for _ in flow.file.states:
        state = flow.file.states[target]
        call = replace(call, state=target, confirming=None, said=None)
        match state:
            case SayState():
                lines = (*lines, questions.line(flow, call, state.prompt))
                target = state.next
            case ChooseState() | CollectState():
                return replace(call, action=questions.first(flow, call, lines))
            case CheckState():
                return replace(call, action=Check(target, state.check, _said(flow, call, lines)))
            case TransferState():
                spoken = _said(flow, call, lines)
                call = call.flagged(state.flag) if state.flag else call
                destination = handover.destination_of(flow, call, state)
                return replace(call, action=handover.transfer(flow, call, destination, spoken))
            case EndState():
                return replace(call, action=End(target, _said(flow, call, lines)))
    return replace(call, action=End(call.state, lines))


def _said(flow: Flow, call: Call, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """``lines`` and the present state's own prompt, if it has one."""
    state = flow.file.states[call.state]
    prompt = state.prompt
    return lines if prompt is None else (*lines, questions.line(flow, call, prompt))


def _within_limits(flow: Flow, call: Call, at: datetime) -> Call:
    """The call, or its way out if it has grown too long."""
    limits = flow.file.limits
    too_long = at - call.started_at > timedelta(minutes=limits.minutes)
    if call.asked <= limits.turns and not too_long:
        return call
    out = _opened(flow, _leave(flow, call.flagged("call_limit"), "limit"), at)
    if isinstance(out.action, End):
        return replace(out, ended="transfer" if out.connected else "end")
    # An exit that asks again would let a call go on for ever: it gets its last words instead.
    return out if not isinstance(out.action, Ask) else _last(flow, out)


def _leave(flow: Flow, call: Call, exit_name: str) -> Call:
    """Take one of the flow's own exits, once; the second time the call ends with words."""
    if exit_name in call.exits:
        return _last(flow, call)
    call = replace(call, exits=(*call.exits, exit_name))
    return _enter(flow, call, getattr(flow.file.on, exit_name))


def _last(flow: Flow, call: Call) -> Call:
    ended = _enter(flow, call, flow.file.on.last)
    return replace(ended, ended="transfer" if ended.connected else "end")


def _answered(flow: Flow, call: Call, event: Heard | Pressed | Silence) -> Call:
    state = flow.file.states[call.state]
    assert isinstance(state, ChooseState | CollectState)  # noqa: S101
    today = event.at.astimezone(JAPAN).date()
    answer: answers.Answer
    match event:
        case Silence():
            if isinstance(state, ChooseState) and state.on_silence is not None:
                return _enter(flow, call, state.on_silence)
            answer = answers.Missed("no_input")
        case Heard():
            answer = answers.of_speech(flow, call, state, event.hypotheses, today)
        case Pressed():
            answer = answers.of_keys(flow, call, state, event.digits, event.finished_on, today)
    match answer:
        case answers.Chosen():
            assert isinstance(state, ChooseState)  # noqa: S101
            return _go(flow, call.cleared(), state.choices[answer.meaning])
        case answers.Led():
            return _enter(flow, call, answer.state)
        case answers.Commanded():
            return _command(flow, call, answer.command)
        case answers.Missed():
            return _missed(flow, call, state, answer.counter)
        case answers.Confirmed():
            return _confirmed(flow, call, state, answer)
        case answers.Given():
            sounding = event.name_evidence if isinstance(event, Heard) else None
            return _given(flow, replace(call, said=None, sounding=sounding), state, answer)
        case answers.Partly():
            call = replace(call, said=answer.said if answer.said != Reading() else None)
            if not answer.further:
                return _missed(flow, call, state, "no_match")
            return replace(call, action=questions.first(flow, call, ()))


def _without_speech(flow: Flow, call: Call, action: Ask) -> Call:
    """Go where nobody has to speak: to the state's keypad alternative, else where it leads those
    whom it cannot hear. What leads up to the question is said all the same."""
    state = flow.file.states[call.state]
    assert isinstance(state, ChooseState | CollectState)  # noqa: S101
    keypad = state.on_digits if isinstance(state, CollectState) else state.on_silence
    target = keypad or state.on.no_input or flow.file.on.no_input
    return _enter(flow, call, target, action.lines[:-1])


def _go(flow: Flow, call: Call, choice: str | Choice) -> Call:
    if isinstance(choice, str):
        return _enter(flow, call, choice)
    language, intent = choice.language or call.language, choice.intent or call.intent
    keep_audio = call.keep_audio if choice.keep_audio is None else choice.keep_audio
    call = replace(call, language=language, intent=intent, keep_audio=keep_audio)
    return _enter(flow, call, choice.go)


def _missed(flow: Flow, call: Call, state: ChooseState | CollectState, counter: Counter) -> Call:
    """Count a failure; at its limit take the exit, before it ask again."""
    call = call.counted(counter)
    if counter in ("invalid", "mismatch"):
        call = replace(call, said=None)
    limit = getattr(state.limits, counter) or getattr(flow.file.limits, counter)
    if call.count(counter) >= limit:
        target = getattr(state.on, counter) or getattr(flow.file.on, counter)
        return _enter(flow, call, target)
    if call.failures() >= _SLOW_AFTER:
        call = replace(call, slow=True)
    return replace(call, action=questions.again(flow, call, counter))


def _given(
    flow: Flow, call: Call, state: ChooseState | CollectState, answer: answers.Given
) -> Call:
    """Keep a value, or read it back first where its slot's policy says so."""
    assert isinstance(state, CollectState)  # noqa: S101
    policy = flow.file.slots[state.slot].confirm
    if not answer.whole:
        target = state.partial
        if target is None:
            return _missed(flow, call, state, "no_match")
        part = call.cleared().filled(state.slot, answer.value, call.sounding)
        return _enter(flow, part, target)
    if policy == "never" and not answer.sure:
        return _missed(flow, call, state, "no_match")
    if policy == "always" or (policy == "unsure" and not answer.sure):
        call = replace(call, confirming=answer.value)
        return replace(call, action=questions.confirmation(flow, call))
    return _filled(flow, call, state, answer.value)


def _confirmed(
    flow: Flow,
    call: Call,
    state: ChooseState | CollectState,
    answer: answers.Confirmed,
) -> Call:
    assert isinstance(state, CollectState) and call.confirming is not None  # noqa: S101
    if answer.yes:
        value, sounding = call.confirming, call.sounding
        if sounding is not None:
            sounding = replace(sounding, confirmed=True)
        return _filled(flow, replace(call, sounding=sounding), state, value)
    return _missed(flow, replace(call, confirming=None), state, "mismatch")


def _filled(flow: Flow, call: Call, state: CollectState, value: Value) -> Call:
    """Put the value into its slot, joining a given name to the surname said before it."""
    before, sounded = call.slots.get(state.slot), call.sounding
    if state.part == "given" and isinstance(value, HeardName) and isinstance(before, HeardName):
        value = slots.merge_names(before, value)
        parts = [part for part in (call.sounded.get(state.slot), sounded) if part is not None]
        sounded = name_evidence.merge(*parts) if len(parts) > 1 else next(iter(parts), None)
    target = state.next
    if state.full and isinstance(value, HeardName) and value.surnames and value.givens:
        target = state.full
    return _enter(flow, call.cleared().filled(state.slot, value, sounded), target)


def _command(flow: Flow, call: Call, name: str) -> Call:
    """Do what a global command says. Commands never count as failures (requirement O4)."""
    command = flow.file.commands[name]
    if command.language is not None:
        call = replace(call, language=command.language)
    if command.go is not None:
        return _enter(flow, call, command.go)
    if command.language is not None:
        return _enter(flow, call, call.state)
    state = flow.file.states[call.state]
    act: dict[str, Callable[[], Call]] = {
        "repeat": lambda: replace(call, action=questions.repeated(flow, call)),
        "slower": lambda: _slower(flow, call),
        "explain": lambda: _explained(flow, call, command.prompt or "", state),
    }
    return act[command.do or "repeat"]()


def _slower(flow: Flow, call: Call) -> Call:
    call = replace(call, slow=True)
    return replace(call, action=questions.repeated(flow, call))


def _explained(flow: Flow, call: Call, prompt: str, state: object) -> Call:
    """Say the explanation and the question again; ``help`` may have words of its own here."""
    own = getattr(state, "help", None)
    is_help = "help" in flow.file.commands and prompt == flow.file.commands["help"].prompt
    key = own if own is not None and is_help else prompt
    lead = (questions.line(flow, call, key),)
    return replace(call, action=questions.repeated(flow, call, lead))


def _checked(flow: Flow, call: Call, event: Checked) -> Call:
    """Follow the outcome, and nothing but the outcome, of a check."""
    state = flow.file.states[call.state]
    assert isinstance(state, CheckState)  # noqa: S101
    codes = [name for name, slot in flow.file.slots.items() if slot.type == "code"]
    call = call.without(*codes).flagged(*event.flags)
    # Whoever is identified anew has to prove anew: nothing proven about another claim is kept.
    before = {} if event.check == "identify" else call.evidence
    found = dict(event.evidence)
    if before.get("code") == "ok" and found.get("code") != "ok":
        # What was proven in this call stays so, whatever is entered afterwards.
        found.pop("code", None)
    signals = {**call.signals, **event.signals}
    call = replace(call, evidence={**before, **found}, signals=signals)
    if event.outcome not in CHECK_OUTCOMES[event.check] or event.outcome not in state.on:
        return _leave(flow, call.flagged("trouble"), "failed")
    person = state.on.get(SCREENED)
    if person and event.outcome == "fresh" and goes_to_a_person(flow.policy.risk, signals):
        return _enter(flow, call.flagged("screened"), person)
    return _enter(flow, call, state.on[event.outcome])


def _transferred(flow: Flow, call: Call, action: Transfer, event: TransferEnded) -> Call:
    state = flow.file.states[call.state]
    assert isinstance(state, TransferState)  # noqa: S101
    outcome = event.outcome if event.outcome in TRANSFER_OUTCOMES else "failed"
    call = handover.tried(call, action.destination, outcome, event.at)
    if outcome == "bridged":
        return _enter(flow, replace(call, connected=action.destination), state.on[outcome])
    overflow = flow.destinations.get(action.destination).overflow
    following = None if overflow is None else flow.destinations.open_one(overflow.to, event.at)
    if overflow is None or following is None:
        return _enter(flow, call, state.on[outcome])
    lines = (questions.line(flow, call, overflow.prompt),) if overflow.prompt else ()
    return replace(call, action=handover.transfer(flow, call, following, lines))


def _opened(flow: Flow, call: Call, at: datetime) -> Call:
    """The call, whose transfer leads to somebody who answers at this hour; where nobody does,
    what the flow does when nobody answers, after the words for that."""
    # A state that nobody answers may lead to another one; more of them than states is a circle.
    for _ in flow.file.states:
        action = call.action
        if not isinstance(action, Transfer):
            return call
        open_one = flow.destinations.open_one(action.destination, at)
        if open_one == action.destination:
            return call
        call = handover.tried(call, action.destination, CLOSED, at)
        state = flow.file.states[call.state]
        assert isinstance(state, TransferState)  # noqa: S101
        if open_one is not None:
            following = handover.transfer(flow, call, open_one, action.lines)
            return replace(call, action=following)
        # "I am putting you through" would not be true.
        lines = tuple(line for line in action.lines if line.key != state.prompt)
        closed = flow.destinations.get(action.destination).closed
        if closed is not None:
            lines = (*lines, questions.line(flow, call, closed))
        call = _enter(flow, call, state.on.get(CLOSED, state.on["no_answer"]), lines)
    return _last(flow, call)
