"""The result as the agent's system gets it, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bot_server import BotServer, dial, say

from ivr.clock import ManualClock
from ivr.errors import RehearsalError
from ivr.identity.assurance import Assurance
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.rehearsal.callfile import DEFAULT_NOW
from ivr.rehearsal.desk import AgentDesk
from ivr.rehearsal.outcome import Outcome

Place = Callable[..., Outcome]
KEY = {"result_key": "a-bearer-key"}
SURE = Assurance("verified", ("kba", "otp", "sms"), ("relay_risk",), ())


def token(signer: ResultSigner) -> str:
    return signer.issue(
        reference="R1",
        assurance=SURE,
        language="ja",
        verified_at=DEFAULT_NOW,
        flow="verify",
        flow_digest="digest",
        destination="agents",
    )


@pytest.fixture
def signer() -> ResultSigner:
    clock = ManualClock(DEFAULT_NOW)
    return ResultSigner(
        new_signing_key(), "https://bot.invalid", "agents", clock, timedelta(minutes=30)
    )


@pytest.fixture
def server(bot: BotServer, signer: ResultSigner) -> BotServer:
    bot.pages = {
        "/voice/incoming": dial(whisper="/whisper?ref=R1&amp;lang=en"),
        "/whisper": "",
        "/dialled": say("失礼いたします。") + "<Hangup/>",
        "/results/R1": (json.dumps({"reference": "R1", "token": token(signer)}), 200),
        "/.well-known/jwks.json": (json.dumps(signer.jwks()), 200),
    }
    return bot


def test_the_result_is_fetched_and_checked(server: BotServer, place: Place) -> None:
    outcome = place(
        around=KEY,
        expect={
            "level": "verified",
            "amr": ["sms", "otp", "kba"],
            "flags": ["relay_risk"],
            "ended": "transfer",
            "destination": "agents",
        },
    )
    assert outcome.ok, outcome.problems
    assert outcome.claims is not None
    assert outcome.claims["sub"] == "R1"
    assert server.bearers == ["Bearer a-bearer-key"]


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ({"level": "matched"}, "level: expected matched, got verified"),
        ({"amr": ["kba", "otp"]}, "amr: expected [kba, otp], got [kba, otp, sms]"),
        ({"flags": []}, "flags: expected [], got [relay_risk]"),
        ({"ended": "end"}, "ended: expected end, got transfer"),
        ({"messages": 1}, "messages: expected 1, got 0"),
        ({"said": ["name"]}, "said: prompt 'name' was not heard"),
        ({"not_said": ["transfer"]}, "not_said: prompt 'transfer' was heard"),
    ],
)
def test_every_difference_is_told(
    server: BotServer, place: Place, expect: dict[str, object], problem: str
) -> None:
    server.pages["/voice/incoming"] = say("おつなぎします。") + dial()
    assert place(around=KEY, expect=expect).problems == (problem,)


def test_without_a_transfer_there_is_no_level(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": "<Hangup/>"}
    outcome = place(around=KEY, expect={"destination": "agents", "level": "none"})
    assert outcome.problems == ("destination: expected agents, got nothing",)
    assert outcome.as_json()["result"] is None


def test_without_a_key_the_level_is_unknown(server: BotServer, place: Place) -> None:
    outcome = place(expect={"level": "verified"})
    assert outcome.problems == ("level: expected verified, got nothing",)


def test_more_questions_than_expected(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": "<Gather/><Gather/><Hangup/>"}
    assert place(expect={"max_turns": 1}).problems == ("turns: expected at most 1, got 2",)
    assert place(expect={"max_turns": 2}).ok


@pytest.mark.parametrize(
    ("path", "reply", "problem"),
    [
        ("/results/R1", ("", 404), "/results answered 404"),
        ("/results/R1", ("<html>", 200), "/results did not answer with JSON"),
        ("/results/R1", ("[]", 200), "holds no token"),
        ("/results/R1", ('{"token": "a.b.c"}', 200), "the result of the call"),
        ("/.well-known/jwks.json", ("{}", 200), "the key set is not a JWKS"),
    ],
)
def test_results_that_must_not_be_relied_on(
    server: BotServer, place: Place, path: str, reply: tuple[str, int], problem: str
) -> None:
    server.pages[path] = reply
    outcome = place(around=KEY)
    assert outcome.ended == "error"
    assert problem in outcome.problems[0]
    assert "R1" not in outcome.problems[0]


def test_a_result_for_somebody_else(server: BotServer, place: Place) -> None:
    outcome = place(around={**KEY, "audience": "others"})
    assert "for somebody else" in outcome.problems[0]


def test_the_json_of_a_call(server: BotServer, place: Place) -> None:
    report = place(around=KEY).as_json()
    assert list(report)[:8] == [
        "call", "ok", "level", "ended", "destination", "label", "turns", "seconds",
    ]  # fmt: skip
    assert report["result"]["acr"] == report["level"] == "verified"
    assert json.loads(json.dumps(report)) == report


class OneKeySet:
    """Gives a key set, whatever it is asked for."""

    def __init__(self, jwks: dict[str, Any]) -> None:
        self.jwks = jwks

    def get_json(self, path: str, *, bearer: str = "") -> Any:
        return self.jwks


def test_a_result_that_comes_with_a_second_call_is_not_relied_on(signer: ResultSigner) -> None:
    webhooks: Any = OneKeySet(signer.jwks())
    desk = AgentDesk(webhooks, ManualClock(DEFAULT_NOW), key="k", audience="agents")
    first = token(signer)
    assert desk.checked(first)["sub"] == "R1"
    with pytest.raises(RehearsalError, match="relied on before"):
        desk.checked(first)
    assert desk.checked(token(signer))["sub"] == "R1"
