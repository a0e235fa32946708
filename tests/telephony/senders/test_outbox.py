"""The outbox of rehearsals."""

from __future__ import annotations

import json
import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

from sender_rigs import message

from ivr.clock import ManualClock
from ivr.telephony.senders.outbox import LocalOutbox

_NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def test_a_line_holds_everything_a_rehearsal_needs(tmp_path: Path) -> None:
    path = tmp_path / "var" / "outbox.jsonl"
    sent = message("email", text="一行目\n二行目\u2028三行目")

    LocalOutbox(path, ManualClock(_NOW)).send(sent)

    (line,) = path.read_bytes().splitlines()
    assert json.loads(line) == {
        "at": "2026-11-22T01:00:00+00:00",
        "channel": "email",
        "to": sent.destination,
        "subject": sent.subject,
        "text": sent.text,
        "code": sent.code,
    }


def test_only_the_owner_may_read_it_even_if_it_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    path.touch(mode=0o644)

    LocalOutbox(path, ManualClock(_NOW)).send(message("sms"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _write_many(path: Path, name: str) -> None:
    outbox = LocalOutbox(path, ManualClock(_NOW))
    for number in range(20):
        outbox.send(message("sms", text=f"{name}-{number} " + "あ" * 5000))


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, name)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [writer.exitcode for writer in writers] == [0, 0]
    texts = [json.loads(line)["text"].split()[0] for line in path.read_bytes().splitlines()]
    assert sorted(texts) == sorted(f"{name}-{number}" for name in "ab" for number in range(20))
