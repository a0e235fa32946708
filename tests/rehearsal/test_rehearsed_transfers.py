"""Calls that are put through to agents who answer, decline or are not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bot_server import AGENT, GOODBYE, BotServer, dial, say, seconds

from ivr.clock import ManualClock
from ivr.rehearsal.agent import TALK_S
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome

Place = Callable[..., Outcome]


WHISPER = (
    '<Gather input="dtmf" numDigits="1" action="/whisper/answer" timeout="5"'
    ' actionOnEmptyResult="true">' + say("本人確認、済みです。") + "</Gather><Hangup/>"
)


def agent_answer(fields: dict[str, str]) -> str:
    return "" if fields["Digits"] == "1" else "<Hangup/>"


@pytest.fixture
def transferring(bot: BotServer) -> BotServer:
    bot.pages = {
        "/voice/incoming": say("おつなぎします。") + dial(),
        "/dialled": GOODBYE,
        "/whisper": WHISPER,
        "/whisper/answer": lambda fields: agent_answer(dict(fields)),
    }
    return bot


def test_an_agent_takes_the_call(
    transferring: BotServer, place: Place, clock: ManualClock, moments: list[Moment]
) -> None:
    outcome = place({"bot": "transfer"}, expect={"ended": "transfer", "destination": "agents"})
    assert outcome.ok, outcome.problems
    assert outcome.level is None  # nobody may read results here
    dialled = transferring.fields("/dialled")[0]
    assert (dialled["DialCallStatus"], dialled["DialBridged"]) == ("completed", "true")
    assert dialled["DialCallDuration"] == str(TALK_S)
    whisper, answer = transferring.fields("/whisper")[0], transferring.fields("/whisper/answer")[0]
    caller = transferring.fields("/voice/incoming")[0]["CallSid"]
    assert whisper["ParentCallSid"] == answer["ParentCallSid"] == caller
    assert whisper["CallSid"] == dialled["DialCallSid"] != caller
    assert (whisper["To"], whisper["Direction"]) == (AGENT, "outbound-dial")
    assert [m.text for m in moments if m.who == "agent"][:2] == ["本人確認、済みです。", "[1]"]
    assert seconds(clock) > TALK_S


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("busy", "busy"),
        ("no_answer", "no-answer"),
        ("failed", "failed"),
        ("declines", "completed"),
        ("voicemail", "completed"),
    ],
)
def test_nobody_takes_the_call(
    transferring: BotServer, place: Place, act: str, status: str
) -> None:
    outcome = place(world={"agent": act}, expect={"ended": "end"})
    assert outcome.ok, outcome.problems
    assert (outcome.destination, outcome.level) == (None, "none")
    dialled = transferring.fields("/dialled")[0]
    assert (dialled["DialCallStatus"], dialled["DialBridged"]) == (status, "false")


def test_agents_act_in_turn(transferring: BotServer, place: Place) -> None:
    again = iter([dial(), dial(), GOODBYE])
    transferring.pages["/dialled"] = lambda _: next(again)
    outcome = place(world={"agent": ["busy", "declines", "answers"]})
    assert outcome.ended == "transfer"
    statuses = [fields["DialCallStatus"] for fields in transferring.fields("/dialled")]
    assert statuses == ["busy", "completed", "completed"]


def test_the_caller_gives_up_while_it_rings(transferring: BotServer, place: Place) -> None:
    outcome = place({"caller": {"hangup": True}}, expect={"ended": "hangup"})
    assert outcome.ok, outcome.problems
    fields = transferring.fields("/dialled")[0]
    assert (fields["DialCallStatus"], fields["CallStatus"]) == ("canceled", "completed")
    assert not transferring.fields("/whisper")


def test_a_whisper_must_not_transfer(transferring: BotServer, place: Place) -> None:
    transferring.pages["/whisper"] = dial()
    outcome = place()
    assert "a whisper cannot hold <Dial>" in outcome.problems[0]


def test_a_whisper_that_fails_is_told(transferring: BotServer, place: Place) -> None:
    transferring.pages["/whisper"] = ("broken", 500)
    outcome = place(expect={"ended": "end"})
    assert transferring.fields("/dialled")[0]["DialCallStatus"] == "failed"
    assert outcome.problems == ("the whisper failed: the server answered 500",)
