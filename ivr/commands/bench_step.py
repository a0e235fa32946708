"""What ``ivr bench step`` measures: the pure machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Any

from ivr.dialogue.actions import Ask, Check, Transfer
from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import CallStarted, Checked, Event, Heard, Pressed, Silence
from ivr.dialogue.machine import new_call, step
from ivr.errors import RehearsalError
from ivr.flow.flow import Flow
from ivr.flow.model import ChooseState, CollectState
from ivr.rehearsal.bench_figures import columns
from ivr.understanding.value import Hypothesis

#: The instant at which every measured call takes place.
_AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
#: What each check of the shipped flow finds in a verified call.
_FOUND: dict[str, tuple[str, dict[str, str]]] = {
    "resume": ("fresh", {}),
    "identify": ("done", {"match": "one"}),
    "send_code": ("sent", {"sent": "sms"}),
    "check_code": ("ok", {"code": "ok", "channel": "sms"}),
}
_SAID = {"birthdate": "昭和六十年三月五日です", "name": "山田太郎です"}
_LOADS = 3
#: Rounds in which the kinds of work take turns, so that a slower machine hits all of them.
_ROUNDS = 10
_MOST_EVENTS = 40


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Microseconds each: a step, a copy of the call with another turn number, a call of a
    function that does nothing, and the call as JSON and back. ``load_ms``: loading the flow."""

    steps: int
    step_us: float
    copy_us: float
    nothing_us: float
    json_us: float
    load_ms: float

    def as_json(self) -> dict[str, Any]:
        return {
            "steps": self.steps,
            "steps_per_s": round(1e6 / self.step_us),
            "step_us": round(self.step_us, 2),
            "copy_us": round(self.copy_us, 2),
            "nothing_us": round(self.nothing_us, 3),
            "json_us": round(self.json_us, 2),
            "load_ms": round(self.load_ms, 1),
        }

    def as_text(self) -> str:
        rows = [("", "a second", "µs each")]
        rows += [
            (name, f"{1e6 / each:,.0f}", f"{each:.2f}")
            for name, each in (
                ("a step of the machine", self.step_us),
                ("a changed copy of the call", self.copy_us),
                ("a function that does nothing", self.nothing_us),
                ("the call as JSON and back", self.json_us),
            )
        ]
        return (
            f"{self.steps} steps of the verified call\n\n{columns(rows)}\n\n"
            f"loading and checking the flow: {self.load_ms:.0f} ms"
        )


def measure_steps(load: Callable[[], Flow], calls: int) -> StepFigures:
    """Walk ``calls`` verified calls through the flow that ``load`` gives.

    Raises:
        FilesError: the flow has problems.
        RehearsalError: it is not the shipped flow, or too much like another.
    """
    flow = load()
    loads = [_timed(load) for _ in range(_LOADS)]
    events, last = walk(flow)
    each = max(1, calls // _ROUNDS)
    taken = {"step": 0.0, "copy": 0.0, "nothing": 0.0, "json": 0.0}
    number = len(events)

    def steps() -> None:
        call = new_call(flow, _AT)
        for event in events:
            call, _ = step(flow, call, event)

    def copies() -> None:
        call = last
        for turn in range(number):
            call = replace(call, turn=turn)

    def nothings() -> None:
        for event in events:
            _nothing(flow, last, event)

    def as_json() -> None:
        call_from_json(call_to_json(last))

    work = {"step": steps, "copy": copies, "nothing": nothings, "json": as_json}
    for job in work.values():
        job()
    with _no_collection():
        for _ in range(_ROUNDS):
            for name, job in work.items():
                taken[name] += _timed(job, each)
    walked = each * _ROUNDS
    per_step = 1e6 / (walked * number)
    return StepFigures(
        steps=walked * number,
        step_us=taken["step"] * per_step,
        copy_us=taken["copy"] * per_step,
        nothing_us=taken["nothing"] * per_step,
        json_us=taken["json"] * 1e6 / walked,
        load_ms=median(loads) * 1000,
    )


def walk(flow: Flow) -> tuple[list[Event], Call]:
    """The events of a verified call of ``flow``, and the call when it is transferred.

    Raises:
        RehearsalError: it does not come to a transfer to anybody.
    """
    events: list[Event] = [CallStarted(_AT)]
    call, action = step(flow, new_call(flow, _AT), events[0])
    while len(events) < _MOST_EVENTS:
        if isinstance(action, Transfer):
            return events, call
        event = _event(flow, call)
        if event is None:
            break
        events.append(event)
        call, action = step(flow, call, event)
    raise RehearsalError(
        "the verified call did not come to its transfer", hint="is this the shipped flow?"
    )


def _event(flow: Flow, call: Call) -> Event | None:
    """What happens next in a verified call; None where this walk does not know."""
    action = call.action
    if isinstance(action, Check):
        outcome, evidence = _FOUND.get(action.check, ("", {}))
        return Checked(_AT, action.check, outcome, evidence)
    if not isinstance(action, Ask):
        return None
    state = flow.file.states[call.state]
    if isinstance(state, ChooseState):
        return Silence(_AT) if state.grammar is None else _said("はい")
    kind = flow.file.slots[state.slot].type if isinstance(state, CollectState) else ""
    if kind == "code":
        return Pressed(_AT, "123456")
    return _said(_SAID[kind]) if kind in _SAID else None


def _said(text: str) -> Heard:
    return Heard(_AT, (Hypothesis(text, 0.93),))


def _nothing(flow: Flow, call: Call, event: Event) -> None:
    """The least that a step could cost: one call with its arguments."""


def _timed(work: Callable[[], object], times: int = 1) -> float:
    """Seconds that ``work`` takes so many ``times``."""
    began = perf_counter()
    for _ in range(times):
        work()
    return perf_counter() - began


@contextmanager
def _no_collection() -> Iterator[None]:
    """No collection of garbage, which would hit one kind of work and not the next."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
