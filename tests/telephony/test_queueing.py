"""Calls in a queue: the task, the waiting, the worker who is sent, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fakes.dialogue import FakeAgentView
from hypothesis import given
from hypothesis import strategies as st
from web_rig import ACCOUNT, AUTH_TOKEN, CALLED, PUBLIC_URL, Rig, query_of, signature

from ivr.dialogue.actions import End, Line, Transfer
from ivr.dialogue.events import TransferEnded
from ivr.flow.duration import seconds
from ivr.telephony.queueing import MOST_ATTRIBUTES_BYTES, assignment, task_attributes
from ivr.telephony.texts import load_texts

Build = Callable[..., Rig]

WORKFLOW = "WW" + "0" * 32
ACTIVITY = "WA" + "1" * 32
LINE = Line("transfer", "おつなぎします。")
END = End("goodbye", (Line("goodbye", "失礼いたします。"),))
QUEUE = Transfer("transfer", "queue", (LINE,), "taskrouter", priority=50, wait_s=240)
VIEW = FakeAgentView(
    language="ja",
    level="verified",
    flags=("relay_risk",),
    amr=("kba", "otp", "sms"),
    token="eyJ.signed.token",
)


@pytest.fixture
def office(rig: Build) -> Callable[..., Rig]:
    def start(*script: object, settings: Any = None, **service: Any) -> Rig:
        more = {"destinations": {"queue": (WORKFLOW,)}, **(settings or {})}
        return rig(*script, service={"view": VIEW, **service}, **more)

    return start


# --- the task -----------------------------------------------------------------------------


def test_a_call_is_put_in_the_queue_with_a_task(office: Build) -> None:
    document = office(QUEUE, END).document("/voice/incoming")
    assert document.verbs == ["Say", "Enqueue"]
    assert document.one("Enqueue").attrib == {
        "workflowSid": WORKFLOW,
        "action": f"{PUBLIC_URL}/voice/continue?turn=0",
        "method": "POST",
        "waitUrl": f"{PUBLIC_URL}/voice/wait?most=240",
        "waitUrlMethod": "POST",
    }
    assert document.one("Task").attrib == {"priority": "50"}
    assert json.loads(document.one("Task").text or "") == {
        "destination": "queue",
        "reference": "ref_-1",
        "level": "verified",
        "amr": ["kba", "otp", "sms"],
        "flags": ["relay_risk"],
        "why": [],
        "language": "ja",
        "token": "eyJ.signed.token",
    }


def test_a_result_that_is_not_there_keeps_nobody_from_the_queue(office: Build) -> None:
    document = office(QUEUE, END, view=None).document("/voice/incoming")
    assert json.loads(document.one("Task").text or "") == {
        "destination": "queue",
        "reference": "ref_-1",
    }


@given(token=st.text(alphabet="abc.-_", max_size=6000))
def test_a_task_is_never_larger_than_taskrouter_takes(token: str) -> None:
    view = FakeAgentView(level="verified", token=token)
    text = task_attributes("ref-1", view, "queue")
    assert len(text.encode()) <= MOST_ATTRIBUTES_BYTES
    assert json.loads(text)["reference"] == "ref-1"


# --- the waiting --------------------------------------------------------------------------


def waits(made: Rig, most: int = 240, lang: str = "", **fields: str) -> Any:
    path = f"/voice/wait?most={most}" + (f"&lang={lang}" if lang else "")
    return made.document(path, {"QueueTime": "0", "QueuePosition": "1", **fields})


def test_the_place_in_the_queue_is_told_as_what_it_is(office: Build) -> None:
    made = office(QUEUE)
    document = waits(made, QueuePosition="3")
    assert document.verbs == ["Say", "Say", "Pause"]
    assert document.said == [
        "係の者におつなぎするまで、このままお待ちください。",
        "ただいま、およそ3番目です。順番は、前後することがございます。",
    ]
    assert waits(made, QueuePosition="2", QueueTime="40", lang="en").said == [
        "Thank you for waiting. Please stay on the line until a person answers.",
        "You are now about number 2 in the queue. The order may change.",
    ]


@pytest.mark.parametrize("place", ["", "0", "-1", "21", "many", "９"])
def test_a_place_that_is_unknown_or_far_away_is_not_told(office: Build, place: str) -> None:
    assert len(waits(office(QUEUE), QueuePosition=place).said) == 1


def test_nobody_says_how_long_it_will_take(office: Build) -> None:
    """Twilio's AvgQueueTime is how long others have waited so far, and no forecast."""
    made = office(QUEUE)
    assert waits(made, AvgQueueTime="600").said == waits(made, AvgQueueTime="1").said


def test_music_between_words(office: Build) -> None:
    music = "https://voice.example.co.jp/music.mp3"
    document = waits(office(QUEUE, settings={"wait_music": music}))
    assert document.verbs[-1] == "Play"
    assert document.one("Play").text == music


@pytest.mark.parametrize(
    ("waited", "leaves"), [("0", False), ("239", False), ("240", True), ("900", True)]
)
def test_a_call_leaves_the_queue_when_it_has_waited_long_enough(
    office: Build, waited: str, leaves: bool
) -> None:
    document = waits(office(QUEUE), QueueTime=waited)
    assert (document.verbs == ["Leave"]) is leaves


def test_waiting_needs_no_database(office: Build) -> None:
    made = office(QUEUE, away=99)
    assert waits(made).verbs == ["Say", "Say", "Pause"]


def test_a_caller_who_waits_is_told_anew_each_time(office: Build) -> None:
    """A wait is asked after again and again, by requests that look alike."""
    made = office(QUEUE)
    headers = {"I-Twilio-Idempotency-Token": "one-and-the-same"}
    told = [
        made.document("/voice/wait?most=240", {"QueuePosition": place}, headers=headers).said
        for place in ("2", "1")
    ]
    assert told[0] != told[1]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_words_of_the_queue_are_short(language: str) -> None:
    words = load_texts().waiting(language)
    for text in (words.begin, words.still, words.place.replace("{place}", "20")):
        assert seconds(text, language, 75) <= 8


# --- the worker ---------------------------------------------------------------------------


def assigned(made: Rig, attributes: str) -> Any:
    response = made.send("/voice/assignment", {"TaskAttributes": attributes, "TaskSid": "WT1"})
    assert response.status_code == 200
    return response.json


def test_the_worker_taskrouter_found_is_connected(office: Build) -> None:
    made = office(QUEUE, settings={"after_work_activity": ACTIVITY})
    document = made.document("/voice/incoming")
    assert assigned(made, document.one("Task").text or "") == {
        "instruction": "dequeue",
        "from": CALLED,
        "post_work_activity_sid": ACTIVITY,
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"reference": 1}', "{" * 5000, "x"])
def test_tasks_of_others_are_left_to_others(office: Build, text: str) -> None:
    assert assigned(office(QUEUE), text) == {}


def test_what_is_not_set_is_not_said() -> None:
    ours = {"TaskAttributes": '{"reference": "ref-1"}'}
    assert assignment(ours, caller_id="", after_work="") == {"instruction": "dequeue"}


def test_an_assignment_that_twilio_did_not_send_is_refused(office: Build) -> None:
    made = office(QUEUE)
    form = {"AccountSid": ACCOUNT, "TaskAttributes": '{"reference": "ref-1"}'}
    for path in ("/voice/assignment", "/voice/wait?most=240"):
        for key in ("another-key", None):
            signed = {} if key is None else {"X-Twilio-Signature": signature(path, form, key=key)}
            assert made.client.post(path, data=form, headers=signed).status_code == 403
    signed = {
        "X-Twilio-Signature": signature(PUBLIC_URL + "/voice/assignment", form, key=AUTH_TOKEN)
    }
    assert made.client.post("/voice/assignment", data=form, headers=signed).status_code == 200


# --- the way back -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("bridged", "bridged"),
        ("bridging-in-process", "bridged"),
        ("redirected-from-bridged", "bridged"),
        ("leave", "no_answer"),
        ("queue-full", "busy"),
        ("hangup", "failed"),
        ("error", "failed"),
        ("system-error", "failed"),
        ("redirected", "failed"),
        ("", "failed"),
        ("something-new", "failed"),
    ],
)
def test_how_a_call_leaves_the_queue(office: Build, result: str, outcome: str) -> None:
    made = office(QUEUE, END)
    action = made.document("/voice/incoming").one("Enqueue").get("action", "")
    made.document(action, {"QueueResult": result, "QueueTime": "31"})
    ended = [event for _, event in made.service.events if isinstance(event, TransferEnded)]
    assert [event.outcome for event in ended] == [outcome]


def test_the_end_of_a_queue_survives_a_database_that_is_away(office: Build) -> None:
    made = office(QUEUE, END)
    action = made.document("/voice/incoming").one("Enqueue").get("action", "")
    made.service.away = 1
    held = made.document(action, {"QueueResult": "leave"})
    assert query_of(held.redirect)["dial"] == "no-answer"
    made.document(held.redirect)
    assert [event.outcome for _, event in made.service.events] == ["no_answer"]  # type: ignore[union-attr]
