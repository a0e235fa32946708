"""kill -9 of the media process in the middle of an answer: the call goes on by webhooks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from application_rig import Post, by_http, settings_for
from fixtures_application import turns_of
from streamed_call import PATIENCE_S, Streamed, sound

from ivr.clock import ManualClock, SystemClock
from ivr.commands.web_process import environment, free_address, running
from ivr.settings import Settings
from ivr.wiring.backstage import open_database

YES, DATE = sound("yes_no-1"), sound("date-2")


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return settings_for(
        tmp_path / "var",
        sqlite_url,
        hearing=("vosk", "twilio", "keys"),
        rendered_voice="off",
        bind=free_address(),
        media_bind=free_address(),
    )


def media(settings: Settings, log: Path) -> AbstractContextManager[Popen[bytes]]:
    """``ivr media``, until the block ends."""
    command = (sys.executable, "-m", "ivr.cli", "media")
    ready = f"http://{settings.media_bind}/readyz"
    return running(command, environment(settings), log, ready)


@contextmanager
def web(settings: Settings, log: Path) -> Iterator[Post]:
    """``ivr serve --no-media``, until the block ends."""
    command = (sys.executable, "-m", "ivr.cli", "serve", "--no-media")
    with running(command, environment(settings), log, f"http://{settings.bind}/readyz"):
        yield by_http(settings.bind)


def test_nothing_is_lost_when_the_media_process_is_killed(
    settings: Settings, tmp_path: Path
) -> None:
    now = ManualClock(SystemClock().now())
    log = tmp_path / "media.log"
    with web(settings, tmp_path / "web.log") as post:
        with media(settings, log) as process:
            call = Streamed([post])
            call.rings().press("")
            call.answer(settings.media_bind, now, YES)
            assert "生年月日" in call.words
            line = call.stream(settings.media_bind, now)
            line.until(lambda: "mark" in line.events and not line.bot_speaks, PATIENCE_S)
            line.say(DATE)
            line.run(1.0)
            process.kill()
            line.until(lambda: line.closed is not None, PATIENCE_S)
            assert line.closed == 1006
            call.redirected()
            assert "生年月日" in call.words, "it is asked again"
            assert call.verbs[0] == "Gather", "by the next way down"
            call.say("昭和三十八年十月四日です")
            assert "お名前" in call.words
        with media(settings, log):
            another = Streamed([post])
            another.rings().press("")
            another.answer(settings.media_bind, now, YES)
            assert "生年月日" in another.words
        told = log.read_text()
        assert "Honnin hears callers" in told
        assert "Traceback" not in told
    db = open_database(settings, SystemClock())
    assert turns_of(db, call.sid).count("Heard") == 2
    db.dispose()
    lines = [line for line in told.splitlines() if line.startswith("{")]
    assert all(json.loads(line)["event"] for line in lines)
