"""An agents' system, or TaskRouter, says whether it was the person."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_rig import Rig
from werkzeug.test import TestResponse

from ivr.errors import KeyExpired, TooOften
from ivr.telephony.dispositions import of_task
from ivr.telephony.ports import Said

Build = Callable[..., Rig]

PATH = "/results/ref_-1/disposition"
EVENT = "EV" + "3" * 32


def say(
    rig: Rig, body: object, *, path: str = PATH, key: str = "key-of-the-crm", **headers: str
) -> TestResponse:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return rig.client.post(
        path,
        data=data,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            **more,
        },
    )


@pytest.mark.parametrize(("was_person", "label"), [(True, "person"), (False, "not_person")])
def test_a_system_says_whether_it_was_the_person(rig: Build, was_person: bool, label: str) -> None:
    made = rig()
    answer = say(made, {"was_person": was_person})
    assert (answer.status_code, answer.json) == (
        200,
        {"reference": "ref_-1", "label": label, "changed": True},
    )
    assert made.dispositions.told == [(Said("ref_-1", was_person), "system crm")]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_idempotency_key_is_that_of_its_system(rig: Build) -> None:
    made = rig()
    say(made, {"was_person": True}, Idempotency_Key="wrap-up/17")
    say(made, {"was_person": True}, key="key-of-the-desk", Idempotency_Key="wrap-up/17")
    assert [said.event for said, _ in made.dispositions.told] == [
        "crm:wrap-up/17",
        "desk:wrap-up/17",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 3000,
        {},
        [],
        "yes",
        {"was_person": "yes"},
        {"was_person": 1},
        {"was_person": None},
        {"was_person": True, "note": "山田さんではない"},
    ],
)
def test_anything_else_is_refused_and_not_repeated(rig: Build, body: object) -> None:
    made = rig()
    answer = say(made, body)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert "山田" not in answer.text
    assert made.dispositions.told == []


@pytest.mark.parametrize("event", ["あ", "x" * 101, "with space"])
def test_a_malformed_idempotency_key(rig: Build, event: str) -> None:
    made = rig()
    given = event.encode().decode("latin-1")
    assert say(made, {"was_person": True}, Idempotency_Key=given).status_code == 400
    assert made.dispositions.told == []


def test_another_type_than_json(rig: Build) -> None:
    made = rig()
    answer = say(made, {"was_person": True}, Content_Type="text/plain")
    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["", "key-of-the-cr", "key-of-prometheus"])
def test_nobody_without_a_key_says_anything(rig: Build, key: str) -> None:
    made = rig()
    answer = say(made, {"was_person": True}, key=key)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert made.dispositions.told == []


def test_a_key_whose_time_is_over(rig: Build) -> None:
    made = rig()
    made.dispositions.refuses = KeyExpired("the key of this system has expired")
    assert say(made, {"was_person": True}).status_code == 401


def test_a_system_that_labels_too_often_is_told_when_to_come_back(rig: Build) -> None:
    made = rig()
    made.dispositions.refuses = TooOften("more than 120 labels a minute", again_s=17)
    answer = say(made, {"was_person": True})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert made.dispositions.told == []


@pytest.mark.parametrize("reference", ["unknown", "a" * 65, "a.b", "%00", "あ"])
def test_a_result_that_nobody_knows(rig: Build, reference: str) -> None:
    answer = say(rig(), {"was_person": True}, path=f"/results/{reference}/disposition")
    assert answer.status_code == 404


def test_while_the_database_is_away(rig: Build) -> None:
    made = rig()
    made.dispositions.away = True
    answer = say(made, {"was_person": True})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    event = {"TaskAttributes": json.dumps({"reference": "ref_-1", "was_person": True})}
    assert made.send("/voice/task-event", event).status_code == 503


# --- TaskRouter -----------------------------------------------------------------------------


def task(attributes: object, **fields: str) -> dict[str, str]:
    own = {"EventType": "task.completed", "Sid": EVENT, "Timestamp": "1795309200"}
    return {**own, "TaskAttributes": json.dumps(attributes), **fields}


@pytest.mark.parametrize(
    ("word", "was_person"),
    [(True, True), (False, False), ("yes", True), ("no", False), ("true", True), ("false", False)],
)
def test_an_agent_says_it_in_an_attribute_of_the_task(
    rig: Build, word: object, was_person: bool
) -> None:
    made = rig()
    fields = task({"reference": "ref_-1", "was_person": word, "level": "verified"})
    answer = made.send("/voice/task-event", fields)
    assert (answer.status_code, answer.data) == (204, b"")
    at = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert made.dispositions.told == [(Said("ref_-1", was_person, EVENT, at), "taskrouter")]


@pytest.mark.parametrize(
    "attributes",
    [
        {"reference": "ref_-1"},
        {"reference": "ref_-1", "was_person": None},
        {"reference": "ref_-1", "was_person": "maybe"},
        {"reference": "ref_-1", "was_person": 1},
        {"reference": "ref_-1", "was_person": ["yes"]},
        {"was_person": True},
        {"reference": 5, "was_person": True},
        {"reference": "somebody else's", "was_person": True},
        [],
        "x",
        None,
    ],
)
def test_other_events_say_nothing(rig: Build, attributes: object) -> None:
    made = rig()
    assert made.send("/voice/task-event", task(attributes)).status_code == 204
    assert made.send("/voice/task-event", {"TaskAttributes": "{"}).status_code == 204
    assert made.send("/voice/task-event", {"EventType": "worker.created"}).status_code == 204
    assert made.dispositions.told == []


def test_an_unsigned_event_is_refused(rig: Build) -> None:
    made = rig()
    answer = made.client.post("/voice/task-event", data=task({"reference": "ref_-1"}))
    assert answer.status_code == 403
    assert made.dispositions.told == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1795309200", datetime(2026, 11, 22, 1, tzinfo=UTC)),
        ("2026-11-22T01:00:00+00:00", datetime(2026, 11, 22, 1, tzinfo=UTC)),
        ("2026-11-22T01:00:00", None),
        ("9" * 40, None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_when_it_was_said(text: str, at: datetime | None) -> None:
    said = of_task(task({"reference": "r", "was_person": True}, Timestamp=text))
    assert said is not None
    assert said.at == at


@given(st.dictionaries(st.sampled_from(["TaskAttributes", "Sid", "Timestamp"]), st.text()))
def test_no_event_breaks_anything(form: dict[str, str]) -> None:
    assert of_task(form) is None


@given(st.text(), st.text())
def test_names_and_instants_of_events_may_be_anything(sid: str, timestamp: str) -> None:
    said = of_task(task({"reference": "r", "was_person": True}, Sid=sid, Timestamp=timestamp))
    assert said is not None
    assert said.event in {sid, ""}
    assert len(said.event) <= 64
