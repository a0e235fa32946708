"""``ivr outbox``: what CRMs were not told, and telling them again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from command_line import Ivr

from ivr.clock import SystemClock
from ivr.records import calls, outbox
from ivr.records.calls import CallRecord
from ivr.records.outbox import EventRecord
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database


@pytest.fixture
def filled(ivr: Ivr) -> Ivr:
    """Three events of one call: one dead, one that waits after a failure, one delivered."""
    assert ivr("database", "upgrade").code == 0
    db = open_database(load_settings(), SystemClock())
    now = db.clock.now()
    call = CallRecord(
        id="call-1",
        call_sid="CA1",
        flow_name="verify",
        flow_digest="d",
        language="ja",
        caller="+819087654321",
        called="+81300001111",
        turn=1,
        status="active",
        state="{}",
        started_at=now,
    )
    with db.writing() as session:
        calls.insert(session, call)
        for number, crm in ((1, "crm"), (2, "archive"), (3, "desk")):
            body = '{"data": "a-secret-token"}'
            outbox.put(
                session,
                EventRecord(f"evt_{number}", "call-1", crm, "result.issued", body, now, now, now),
            )
        lease = now + timedelta(minutes=1)
        dead = outbox.claim(session, "crm", by="a", now=now, until=lease)
        late = outbox.claim(session, "archive", by="a", now=now, until=lease)
        done = outbox.claim(session, "desk", by="a", now=now, until=lease)
        assert dead
        assert late
        assert done
        outbox.bury(session, dead, "410", now)
        outbox.postpone(session, late, "timeout", now + timedelta(hours=1))
        outbox.delivered(session, done, now)
    db.dispose()
    return ivr


def ids(ivr: Ivr, *options: str) -> list[str]:
    ran = ivr("outbox", "list", "--json", *options)
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line)["id"] for line in ran.out.splitlines()]


def test_an_empty_outbox(ivr: Ivr) -> None:
    assert ivr("database", "upgrade").code == 0
    assert ivr("outbox", "list").out == "nothing\n"
    assert ids(ivr) == []
    assert ivr("outbox", "retry", "--all-dead").out == "0 events will be delivered again\n"


def test_what_is_not_delivered_is_listed_without_what_it_says(filled: Ivr) -> None:
    waiting, dead = filled("outbox", "list").out.splitlines()
    assert waiting.split()[:7] == [
        *("evt_2", "archive", "result.issued", "waiting", "1", "attempts", "timeout")
    ]
    assert dead.split()[:7] == ["evt_1", "crm", "result.issued", "dead", "1", "attempts", "410"]
    for options in ([], ["--json"], ["--only", "all"]):
        assert "a-secret-token" not in filled("outbox", "list", *options).out
    assert ids(filled) == ["evt_2", "evt_1"]
    assert ids(filled, "--only", "dead") == ["evt_1"]
    assert ids(filled, "--only", "waiting") == ["evt_2"]
    assert ids(filled, "--only", "all", "--most", "2") == ["evt_3", "evt_2"]


def test_the_dead_are_retried_and_the_audit_says_who_and_why(filled: Ivr) -> None:
    ran = filled("outbox", "retry", "--all-dead", "--why", "CHG-9")
    assert ran.out == "1 events will be delivered again\n"
    assert ids(filled, "--only", "waiting") == ["evt_2", "evt_1"]
    rows = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    (row,) = [row for row in rows if row["what"] == "outbox.retried"]
    assert (row["why"], row["subject"]) == ("CHG-9", "call-1")
    assert row["details"] == {"crm": "crm", "event": "evt_1"}


def test_an_event_that_waits_is_retried_at_once_and_others_are_named(filled: Ivr) -> None:
    ran = filled("outbox", "retry", "evt_2", "evt_3", "no-such")
    assert ran.code == 1
    assert ran.out == "1 events will be delivered again\n"
    assert "evt_3, no-such" in ran.err
    line = json.loads(filled("outbox", "list", "--json", "--only", "waiting").out)
    assert line["next_attempt_at"] <= SystemClock().now().isoformat()


@pytest.mark.parametrize("arguments", [(), ("evt_1", "--all-dead")])
def test_which_events_must_be_said(filled: Ivr, arguments: tuple[str, ...]) -> None:
    assert filled("outbox", "retry", *arguments).code == 2
    assert ids(filled, "--only", "dead") == ["evt_1"]
