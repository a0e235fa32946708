"""``ivr audio``: what callers said, read out and audited."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Ivr

from ivr.clock import SystemClock
from ivr.hearing.telephone_audio import decode_mulaw, read_wav
from ivr.records import calls, kept_audio
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.kept_audio import KeptAudioRecord
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database

SOUND = bytes(range(256)) * 40


@pytest.fixture
def db(ivr: Ivr) -> Iterator[Database]:
    assert ivr("database", "upgrade").code == 0
    db = open_database(load_settings(), SystemClock())
    yield db
    db.dispose()


def keep(db: Database) -> None:
    now = db.clock.now()
    call = CallRecord(
        id="call-1", call_sid="CA0001", flow_name="verify", flow_digest="d", language="ja",
        caller="+819012345678", called="+815012345678", turn=4, status="active", state="{}",
        started_at=now,
    )  # fmt: skip
    with db.writing() as session:
        calls.insert(session, call)
        kept_audio.add(
            session, KeptAudioRecord("kept-1", "call-1", 3, "birthdate", "ja", SOUND, now)
        )


def test_what_is_kept_is_listed_and_read_out_and_that_is_audited(
    ivr: Ivr, db: Database, tmp_path: Path
) -> None:
    assert ivr("audio", "list").out == ""
    keep(db)
    (line,) = ivr("audio", "list").out.splitlines()
    listed = json.loads(line)
    assert listed.pop("at")
    assert listed == {
        "id": "kept-1", "call": "call-1", "turn": 3, "state": "birthdate", "language": "ja",
    }  # fmt: skip
    file = tmp_path / "said.wav"
    ran = ivr("audio", "export", "kept-1", file, "--why", "TUNE-7")
    assert (ran.code, ran.out) == (0, f"{file}: 1.3 seconds, the answer to 'birthdate'\n")
    assert read_wav(file).pcm == decode_mulaw(SOUND)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = ivr("audit", "export").out
    assert "audio.exported" in said
    assert "TUNE-7" in said
    assert "call-1" in said


def test_what_is_there_is_not_overwritten(ivr: Ivr, db: Database, tmp_path: Path) -> None:
    keep(db)
    file = tmp_path / "said.wav"
    file.write_text("mine")
    ran = ivr("audio", "export", "kept-1", file)
    assert ran.code == 1
    assert "is there already" in ran.err
    assert file.read_text() == "mine"
    nowhere = ivr("audio", "export", "kept-1", tmp_path / "none" / "said.wav")
    assert "cannot be written" in nowhere.err


def test_what_is_not_kept_is_told(ivr: Ivr, db: Database, tmp_path: Path) -> None:
    file = tmp_path / "said.wav"
    ran = ivr("audio", "export", "kept-9", file)
    assert ran.code == 1
    assert "ivr audio list" in ran.err
    assert not file.exists()
    assert "audio.exported" not in ivr("audit", "export").out
