"""Worlds in which senders and databases fail."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from bot_server import GOODBYE, ask
from small_stage import SmallStage, rehearse

from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage
from ivr.rehearsal.callfile import Outage
from ivr.rehearsal.database_faults import DatabaseOutage
from ivr.rehearsal.sender_faults import SLOW_S
from ivr.rehearsal.world import Worlds

MESSAGE = CodeMessage("sms", "+819012345678", "123456", "番号 123456", "", "ja", "key")


# --- senders -------------------------------------------------------------------------------------


def test_a_sender_that_is_down(worlds: Worlds, stage: SmallStage) -> None:
    rehearse(worlds, world={"sender": "down"})
    assert stage.wrapped is not None
    with pytest.raises(SendFailed) as caught:
        stage.wrapped.send(MESSAGE)
    assert caught.value.kind == "retry_later"
    assert stage.sender.sent == []


def test_a_sender_without_faults_is_left_alone(worlds: Worlds, stage: SmallStage) -> None:
    rehearse(worlds)
    assert stage.wrapped is stage.sender


@pytest.mark.parametrize(("kind", "sent"), [("slow", 1), ("hangs", 0)])
def test_senders_that_take_their_time(
    worlds: Worlds, stage: SmallStage, kind: str, sent: int
) -> None:
    """The caller hears fillers meanwhile; a sender that hangs is let go when the call is over."""
    sending: list[threading.Thread] = []
    sent_at_end: list[int] = []

    def send() -> None:
        assert stage.wrapped is not None
        try:
            stage.wrapped.send(MESSAGE)
        except SendFailed as failed:
            assert failed.kind == "retry_later"

    def incoming(_: object) -> str:
        sending.append(threading.Thread(target=send))
        sending[0].start()
        return f"<Pause length='{int(SLOW_S) + 1}'/><Redirect>/filler</Redirect>"

    def filler(_: object) -> str:
        if kind == "slow":
            sending[0].join(5)
        sent_at_end.append(len(stage.sender.sent))
        return GOODBYE

    stage.bot.pages = {"/voice/incoming": incoming, "/filler": filler}
    assert rehearse(worlds, world={"sender": kind}).ok
    sending[0].join(5)
    assert not sending[0].is_alive()
    assert sent_at_end == [sent]


# --- databases -----------------------------------------------------------------------------------


def can_write(path: Path) -> bool:
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0)
    except sqlite3.OperationalError:
        return False
    try:
        connection.execute("INSERT INTO notes VALUES (1)")
        connection.commit()
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.parametrize(
    ("database", "writable"),
    [
        ("gone 2 turns", [True, True, False, False, True]),
        ("gone 1 turn from answer 1", [True, False, True, True, True]),
        ("locked 60s from answer 3", [True, True, True, False, False]),
    ],
)
def test_a_database_in_trouble(
    worlds: Worlds, stage: SmallStage, database: str, writable: list[bool]
) -> None:
    seen: list[bool] = []

    def page(_: object) -> str:
        seen.append(can_write(stage.database))
        return ask("ご本人様ですか。") if len(seen) < 5 else GOODBYE

    stage.bot.pages = {"/voice/incoming": page, "/next": page}
    turns = [{"caller": {"say": "はい"}}] * 4
    outcome = rehearse(worlds, *turns, world={"database": database})
    assert outcome.ok, outcome.problems
    assert seen == writable


def test_a_lock_ends_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (note)")
    connection.close()
    outage = DatabaseOutage(Outage(locked_s=1, gone_webhooks=0, from_answer=1), path)
    outage.answering(1)
    assert not can_write(path)
    waiting = sqlite3.connect(path, timeout=10)  # SQLite itself waits for the lock
    waiting.execute("INSERT INTO notes VALUES (1)")
    waiting.close()
    outage.end()


def test_what_is_gone_comes_back_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    path.write_bytes(b"")
    outage = DatabaseOutage(Outage(locked_s=0, gone_webhooks=9, from_answer=1), path)
    outage.answering(1)
    outage.webhook_done()
    assert not path.exists()
    outage.end()
    outage.end()
    assert path.exists()
