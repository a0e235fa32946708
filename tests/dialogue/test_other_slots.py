"""Slots that the shipped flow does not use, in a flow that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.dialogue import questions
from ivr.dialogue.actions import Ask
from ivr.dialogue.call import Call, call_from_json, call_to_json
from ivr.dialogue.events import Event, Heard, Pressed
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.request import check_request, from_json, to_json
from ivr.flow.flow import Flow
from ivr.flow.model import CollectState, Slot
from ivr.understanding.slot_types import SlotType
from ivr.understanding.value import Hypothesis

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def asking(verify_flow: Flow, slot_type: SlotType, **slot: object) -> tuple[Flow, Call]:
    """The shipped flow asking for ``slot_type`` where it asks for the birthdate."""
    settings: Mapping[str, object] = {"type": slot_type, "pii": True, "confirm": "always", **slot}
    state = verify_flow.file.states["birthdate"]
    assert isinstance(state, CollectState)
    states = {**verify_flow.file.states}
    states["birthdate"] = state.model_copy(update={"on_digits": None})
    slots = {**verify_flow.file.slots, "birthdate": Slot.model_validate(settings)}
    file = verify_flow.file.model_copy(update={"slots": slots, "states": states})
    flow = replace(verify_flow, file=file)
    call = replace(new_call(flow, AT), state="birthdate", turn=1)
    return flow, replace(call, action=questions.first(flow, call, ()))


def say(text: str) -> Heard:
    return Heard(AT, (Hypothesis(text, 0.95),))


@pytest.mark.parametrize(
    ("slot_type", "slot", "event", "value"),
    [
        ("phone_number", {}, say("〇九〇の一二三四の五六七八です"), "+819012345678"),
        ("phone_number", {}, Pressed(AT, "09012345678"), "+819012345678"),
        ("customer_number", {"length": 8}, say("一二三四ハイフン五六七八です"), "12345678"),
        ("customer_number", {"length": 8}, Pressed(AT, "02345678"), "02345678"),
        ("address", {}, say("渋谷区神南一の十九の十一です"), "東京都渋谷区神南1-19-11"),
        ("email_address", {}, say("ティー ケー アットマーク ジーメール"), "tk@gmail.com"),
    ],
)
def test_said_or_keyed_read_back_and_taken(
    verify_flow: Flow, slot_type: SlotType, slot: dict[str, object], event: Event, value: str
) -> None:
    flow, call = asking(verify_flow, slot_type, **slot)
    call, action = step(flow, call, event)
    assert call.confirming == value
    assert isinstance(action, Ask)
    assert call_from_json(call_to_json(call)) == call
    call, _ = step(flow, call, say("はい"))
    assert call.slots["birthdate"] == value


@pytest.mark.parametrize(
    ("slot_type", "slot", "most", "grammar"),
    [
        ("phone_number", {}, 11, "phone_number"),
        ("customer_number", {"length": 8}, 8, "customer_number"),
    ],
)
def test_keys_enter_numbers_while_speech_is_understood_too(
    verify_flow: Flow, slot_type: SlotType, slot: dict[str, object], most: int, grammar: str
) -> None:
    _, call = asking(verify_flow, slot_type, **slot)
    assert isinstance(call.action, Ask)
    assert call.action.listen.digits == most
    assert call.action.listen.grammars == (grammar, "commands")


@pytest.mark.parametrize(
    "slot_type", ["name", "address", "phone_number", "email_address", "birthdate"]
)
def test_a_volunteered_card_number_is_nowhere_in_the_call(
    verify_flow: Flow, slot_type: SlotType
) -> None:
    """Requirement A6, in the state as it is stored."""
    flow, call = asking(verify_flow, slot_type)
    for text in (
        "四一一一の一一一一の一一一一の一一一一",
        "山田太郎、カードは4111 1111 1111 1111です",
    ):
        call, _ = step(flow, call, say(text))
        stored = call_to_json(call)
        assert "1111" not in stored
        assert "一一一" not in stored


def test_a_house_number_is_said_after_the_keyed_postal_code(verify_flow: Flow) -> None:
    flow, call = asking(verify_flow, "address")
    state = flow.file.states["birthdate"].model_copy(update={"menu": "birthdate_menu"})
    states = {**flow.file.states, "birthdate": state}
    flow = replace(flow, file=flow.file.model_copy(update={"states": states}))
    call, _ = step(flow, call, Pressed(AT, "1500041"))
    assert call.confirming == "東京都渋谷区神南"
    call, _ = step(flow, call, say("一の十九の十一です"))
    assert call.confirming == "東京都渋谷区神南1-19-11"
    call, _ = step(flow, call, say("はい"))
    assert call.slots["birthdate"] == "東京都渋谷区神南1-19-11"


@pytest.mark.parametrize(
    ("slot_type", "slot", "event", "expected"),
    [
        ("phone_number", {}, Pressed(AT, "09012345678"), ("+819012345678", None)),
        ("customer_number", {"length": 8}, Pressed(AT, "12345678"), (None, "12345678")),
        ("address", {}, say("渋谷区神南一の十九の十一です"), (None, None)),
    ],
)
def test_numbers_go_with_the_check(
    verify_flow: Flow,
    slot_type: SlotType,
    slot: dict[str, object],
    event: Event,
    expected: tuple[str | None, str | None],
) -> None:
    flow, call = asking(verify_flow, slot_type, **slot)
    for each in (event, say("はい")):
        call, _ = step(flow, call, each)
    request = check_request(
        flow, call, intent_id="i", call_id="c", check="identify", caller="", verification_id=None
    )
    assert (request.phone, request.customer_number) == expected
    assert from_json(to_json(request)) == request
