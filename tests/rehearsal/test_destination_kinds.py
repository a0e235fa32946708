"""Every kind of destination, rehearsed with everything an agent's side can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from bot_server import call_of
from twiml_schema import check_twiml
from witness import WitnessedStage, rehearsing

from ivr.flow.destinations import Destination, DestinationsFile, Overflow, Priority
from ivr.flow.opening_hours import OpeningHours
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome

TOGETHER = Destination(kind="phone")
IN_TURN = Destination(kind="phone", ring="in_turn")
SIP = Destination(kind="sip")
REFER = Destination(kind="sip", refer=True)
QUEUE = Destination(kind="taskrouter", wait_minutes=2, priority=Priority(verified=10))
KINDS = {"together": TOGETHER, "in_turn": IN_TURN, "sip": SIP, "refer": REFER, "queue": QUEUE}
#: Kinds with one address, whoever is behind it.
ONE_ADDRESS = {"together", "queue"}
BY_SIP = "sip:100@pbx.rehearsal.invalid"
#: To a person at once; nothing is collected.
TURNS = ({"bot": "consent"}, {"caller": {"say": "いいえ"}})
OFFICE = OpeningHours(sun=("9:00-17:00",))


@dataclass(frozen=True)
class Went:
    """A call that was placed: how it went, what happened, and the documents it was told."""

    outcome: Outcome
    moments: list[Moment]
    documents: list[str]

    def rung(self) -> list[str]:
        """Addresses in the order in which they were rung."""
        shown = [m.text for m in self.moments if m.who == "network"]
        return [
            text.split()[-1] for text in shown if text.startswith(("dials", "refers", "enqueues"))
        ]

    def said(self) -> list[str]:
        """What the bot said since the caller asked for a person."""
        spoken = [m.prompts[0] for m in self.moments if m.who == "bot" and m.prompts]
        return spoken[spoken.index("consent") + 1 :]


Place = Callable[..., Went]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """``place(agents=…, overflow=…, agent=acts, **call)`` calls the shipped flow with other
    people behind it."""
    with rehearsing() as rehearsals:
        stage = rehearsals.stage
        assert isinstance(stage, WitnessedStage)

        def place(
            *,
            agents: Destination,
            overflow: Destination = TOGETHER,
            agent: Any = "answers",
            hours: OpeningHours = OFFICE,
            more: tuple[dict[str, Any], ...] = (),
            was_person: bool | None = None,
            **call: Any,
        ) -> Went:
            desks = {"agents": agents, "overflow": overflow, "urgent": TOGETHER}
            file = DestinationsFile(hours={"office": hours}, destinations=desks)
            flow = replace(rehearsals.flow, destinations=file)
            rehearsed = call_of(
                *TURNS, *more, world={"agent": agent, "was_person": was_person}, **call
            )
            stage.documents.clear()
            moments: list[Moment] = []
            outcome = rehearsals.worlds.rehearse(rehearsed, flow, moments.append)
            return Went(outcome, moments, [document for _, document in stage.documents])

        yield place


def caller(kind: str) -> dict[str, str]:
    """Only a call that came by SIP can be handed back."""
    return {"caller": BY_SIP} if kind == "refer" else {}


@pytest.mark.parametrize("act", ["answers", "drops"])
@pytest.mark.parametrize("kind", KINDS)
def test_somebody_takes_the_call(place: Place, kind: str, act: str) -> None:
    went = place(agents=KINDS[kind], agent=act, **caller(kind))
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.outcome.destination) == ("transfer", "agents")
    # The signed result reached the agent's system, whichever way the call went.
    assert went.outcome.level == "none"
    assert went.outcome.claims is not None
    # Whoever hung up, and however soon: the caller hears a word before the line goes dead.
    assert went.said() == ["to_person", "goodbye"]
    assert len(went.rung()) == 1
    for document in went.documents:
        assert check_twiml(document) == []


@pytest.mark.parametrize("act", ["busy", "no_answer", "declines", "failed"])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_takes_the_call(place: Place, kind: str, act: str) -> None:
    """Every address is tried, then those who help out, then the caller hears when to call."""
    overflow = Overflow(to="overflow", prompt="agents_busy")
    went = place(
        agents=KINDS[kind].model_copy(update={"overflow": overflow}), agent=act, **caller(kind)
    )
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.outcome.destination) == ("end", None)
    assert went.said() == ["to_person", "agents_busy", "nobody_free", "call_us_back"]
    addresses = 1 if kind in ONE_ADDRESS else 2
    assert len(went.rung()) == len(set(went.rung())) == addresses + 1


@pytest.mark.parametrize("kind", ["together", "in_turn"])
def test_a_voicemail_is_nobody(place: Place, kind: str) -> None:
    went = place(agents=KINDS[kind], agent="voicemail")
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.outcome.destination) == ("end", None)


@pytest.mark.parametrize("kind", ["in_turn", "sip", "refer"])
@pytest.mark.parametrize("act", ["busy", "no_answer", "declines", "failed"])
def test_the_next_one_takes_it(place: Place, kind: str, act: str) -> None:
    went = place(agents=KINDS[kind], agent=[act, "answers"], **caller(kind))
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.outcome.destination) == ("transfer", "agents")
    assert len(set(went.rung())) == 2
    # The words are said once; between the two the caller is asked to hold.
    assert "少々お待ちください。" in [m.text for m in went.moments if m.who == "bot"]
    assert went.said() == ["to_person", "goodbye"]


@pytest.mark.parametrize("kind", KINDS)
def test_those_who_help_out_take_it(place: Place, kind: str) -> None:
    acts = ["busy", "answers"] if kind in ONE_ADDRESS else ["busy", "busy", "answers"]
    overflow = Overflow(to="overflow", prompt="agents_busy")
    went = place(
        agents=KINDS[kind].model_copy(update={"overflow": overflow}), agent=acts, **caller(kind)
    )
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.outcome.destination) == ("transfer", "overflow")
    assert went.said() == ["to_person", "agents_busy", "goodbye"]
    # A result of its own: made for those who took the call.
    assert went.outcome.claims is not None
    assert went.outcome.claims["destination"] == "overflow"


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_rung_at_night(place: Place, kind: str) -> None:
    closed = {"hours": "office", "closed": "code_expired"}
    went = place(
        agents=KINDS[kind].model_copy(update=closed),
        now="2026-11-22T23:00:00+09:00",
        **caller(kind),
    )
    assert went.outcome.problems == ()
    assert (went.outcome.ended, went.rung()) == ("end", [])
    # "I am putting you through" is not said.
    assert went.said() == ["code_expired", "call_us_back"]


@pytest.mark.parametrize(
    ("now", "reached"),
    [
        ("2026-11-22T16:50:00+09:00", "agents"),
        ("2026-11-22T17:00:00+09:00", "overflow"),
        # Monday 23 November is a holiday.
        ("2026-11-23T10:00:00+09:00", "overflow"),
    ],
)
def test_hours_say_who_is_rung(place: Place, now: str, reached: str) -> None:
    overflow = Overflow(to="overflow")
    agents = Destination(kind="sip", hours="office", closed="code_expired", overflow=overflow)
    hours = OpeningHours(sun=("9:00-17:00",), mon=("9:00-17:00",))
    went = place(agents=agents, hours=hours, now=now)
    assert went.outcome.problems == ()
    assert went.outcome.destination == reached


def test_whoever_waits_is_told_the_truth_and_not_kept_for_ever(place: Place) -> None:
    went = place(agents=QUEUE, agent="no_answer")
    assert went.outcome.problems == ()
    spoken = [m.text for m in went.moments if m.who == "bot"]
    assert "ただいま、およそ2番目です。順番は、前後することがございます。" in spoken
    assert "ただいま、およそ1番目です。順番は、前後することがございます。" in spoken
    # Two minutes, and not much longer.
    left = next(m for m in went.moments if "leaves the queue: leave" in m.text)
    entered = next(m for m in went.moments if m.text.startswith("enqueues"))
    assert 120 <= (left.at - entered.at).total_seconds() < 160
    assert went.said() == ["to_person", "nobody_free", "call_us_back"]


def test_the_task_holds_the_signed_result_and_nothing_of_the_caller(place: Place) -> None:
    went = place(agents=QUEUE)
    assert went.outcome.claims is not None
    assert (went.outcome.level, went.outcome.destination) == ("none", "agents")
    (task,) = [document for document in went.documents if "<Task" in document]
    for secret in ("9012345678", "いいえ", "山田"):
        assert secret not in task


def test_a_caller_who_hangs_up_in_the_queue(place: Place) -> None:
    went = place(agents=QUEUE, agent="no_answer", more=({"caller": {"hangup": True}},))
    assert went.outcome.problems == ()
    assert went.outcome.ended == "hangup"
    assert went.said() == ["to_person"]


@pytest.mark.parametrize("kind", ["sip", "refer"])
def test_the_headers_hold_nothing_of_the_caller(place: Place, kind: str) -> None:
    went = place(agents=KINDS[kind], **caller(kind))
    addresses = [document for document in went.documents if "<Sip" in document]
    assert len(addresses) == 1
    assert "X-Honnin-Reference=" in addresses[0]
    # A REFER goes through the hands of the caller's side, which must not learn the level.
    assert ("X-Honnin-Level=none" in addresses[0]) is (kind == "sip")
    for secret in ("9012345678", BY_SIP, "いいえ"):
        assert secret not in addresses[0]


def test_a_call_that_did_not_come_by_sip_is_connected_instead(place: Place) -> None:
    went = place(agents=REFER)
    assert (went.outcome.ended, went.outcome.destination) == ("transfer", "agents")
    assert any("<Dial" in document for document in went.documents)
    assert not any("<Refer" in document for document in went.documents)


@pytest.mark.parametrize("was_person", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_agent_says_whether_it_was_the_person(
    place: Place, kind: str, was_person: bool
) -> None:
    """By the agent's own system, or in an attribute of the task, which TaskRouter tells twice."""
    went = place(agents=KINDS[kind], was_person=was_person, **caller(kind))
    assert went.outcome.problems == ()
    assert went.outcome.label == ("person" if was_person else "not_person")


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_took_the_call_nobody_says_anything(place: Place, kind: str) -> None:
    went = place(agents=KINDS[kind], agent="no_answer", was_person=True, **caller(kind))
    assert went.outcome.problems == ()
    assert went.outcome.label is None
