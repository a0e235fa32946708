"""Worlds: settings that reach nobody real, databases to copy, faults, and cleaning up."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bot_server import AGENT, BotServer, ask, bot_app, call_of, dial, say, small_flow
from stream_bot import Script, stream_bot

from ivr.clock import Clock, ManualClock
from ivr.errors import FilesError, Problem, SendFailed
from ivr.flow.flow import Flow
from ivr.identity.ports import CodeMessage, CodeSender
from ivr.rehearsal.callfile import DEFAULT_NOW, Outage
from ivr.rehearsal.database_faults import DatabaseOutage
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.sender_faults import SLOW_S
from ivr.rehearsal.stage import RunningApp, SenderWrap
from ivr.rehearsal.world import PUBLIC_URL, Worlds
from ivr.settings import Settings

GOODBYE = say("失礼いたします。") + "<Hangup/>"
MESSAGE = CodeMessage("sms", "+819012345678", "123456", "番号 123456", "", "ja", "key")


class KeepingSender:
    """Remembers what it sent."""

    def __init__(self) -> None:
        self.sent: list[CodeMessage] = []

    def send(self, message: CodeMessage) -> None:
        self.sent.append(message)


@dataclass
class SmallStage:
    """Puts a small bot on. ``customers`` are the CSV texts that were stored, one a prepare."""

    bot: BotServer = field(default_factory=BotServer)
    customers: list[str | None] = field(default_factory=list)
    settings: list[Settings] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    sender: KeepingSender = field(default_factory=KeepingSender)
    wrapped: CodeSender | None = None
    refuse: Problem | None = None
    closed: int = 0
    #: What a media server says on each stream, and the settings of those that were started.
    streams: list[Script] = field(default_factory=list)
    media_settings: list[Settings] = field(default_factory=list)

    def prepare(self, settings: Settings, clock: Clock, customers: Path | None) -> None:
        self.customers.append(None if customers is None else customers.read_text("utf-8"))
        if customers is not None and self.refuse is not None:
            raise FilesError([self.refuse])
        settings.var_dir.mkdir(exist_ok=True)
        connection = sqlite3.connect(settings.var_dir / "honnin.sqlite3")
        connection.execute("CREATE TABLE IF NOT EXISTS notes (note)")
        connection.close()

    def build(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> RunningApp:
        self.settings.append(settings)
        self.clocks.append(clock)
        self.wrapped = wrap_sender(self.sender)
        app = bot_app(self.bot, settings.twilio_auth_token.get_secret_value(), settings.public_url)
        return RunningApp(app, self.close)

    @contextmanager
    def media(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> Iterator[str]:
        with stream_bot(*self.streams) as (_, address):
            self.media_settings.append(settings)
            yield address.removeprefix("http://")

    def close(self) -> None:
        self.closed += 1

    @property
    def database(self) -> Path:
        return self.settings[-1].var_dir / "honnin.sqlite3"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStage:
    monkeypatch.setenv("IVR_FLOWS_DIR", str(tmp_path))
    stage = SmallStage()
    stage.bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    return stage


@pytest.fixture
def worlds(stage: SmallStage) -> Iterator[Worlds]:
    with Worlds(stage, fast=True) as worlds:
        yield worlds


def rehearse(worlds: Worlds, *turns: Mapping[str, Any], **more: Any) -> Outcome:
    return worlds.rehearse(call_of(*turns, **more), small_flow())


def test_a_call_in_a_world_of_its_own(worlds: Worlds, stage: SmallStage) -> None:
    outcome = rehearse(worlds, {"caller": {"say": "はい"}}, expect={"ended": "end"})
    assert outcome.ok, outcome.problems
    assert stage.closed == 1
    assert not stage.settings[0].var_dir.exists()


def test_settings_that_reach_nobody_real(
    worlds: Worlds, stage: SmallStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {
        "MODE": "production",
        "PUBLIC_URL": "https://voice.example.co.jp",
        "DATABASE_URL": "postgresql://db.example.co.jp/honnin",
        "SMS_SENDER": "twilio",
        "VOICE_SENDER": "twilio",
        "EMAIL_SENDER": "smtp",
        "TWILIO_AUTH_TOKEN": "a-real-token",
        "TWILIO_WEBHOOK_KEY": "a-real-key",
        "DESTINATIONS": '{"agents": ["+81312345678"]}',
        "FALLBACK_NUMBER": "+81312345678",
        "RESULT_KEYS": '{"crm": "a-real-key"}',
    }
    for name, value in real.items():
        monkeypatch.setenv(f"IVR_{name}", value)
    rehearse(worlds)
    settings = stage.settings[0]
    assert (settings.mode, settings.public_url) == ("rehearsal", PUBLIC_URL)
    assert settings.database.startswith("sqlite:///")
    assert {settings.sms_sender, settings.voice_sender, settings.email_sender} == {"outbox"}
    assert "a-real" not in str(settings.model_dump(context={"reveal": True}))
    secrets = [settings.twilio_auth_token, *settings.result_keys.values()]
    assert not any("a-real" in secret.get_secret_value() for secret in secrets)
    assert settings.destinations == {"agents": (AGENT,)}
    assert settings.fallback_number.startswith("+8150000000")


def test_a_call_changes_settings(worlds: Worlds, stage: SmallStage) -> None:
    rehearse(worlds, world={"settings": {"code_minutes": 1, "hearing": ["keys"]}})
    assert (stage.settings[0].code_minutes, stage.settings[0].hearing) == (1, ("keys",))


def test_a_setting_that_cannot_be_is_a_problem_of_the_call(worlds: Worlds) -> None:
    outcome = rehearse(worlds, world={"settings": {"code_minutes": 11}})
    assert (outcome.ended, outcome.ok) == ("error", False)
    assert "IVR_CODE_MINUTES" in outcome.problems[0]


def test_databases_are_migrated_once(worlds: Worlds, stage: SmallStage) -> None:
    for _ in range(3):
        rehearse(worlds)
    assert stage.customers == [None]


def test_the_sample_customers_of_the_flow(
    worlds: Worlds, stage: SmallStage, tmp_path: Path
) -> None:
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "customers.csv").write_text("the sample", encoding="utf-8")
    rehearse(worlds)
    rehearse(worlds, customers=[])
    rehearse(worlds)
    assert stage.customers == ["the sample", None]


CUSTOMER = {
    "surname": "山田",
    "given": "太郎",
    "surname_kana": "ヤマダ",
    "given_kana": "タロウ",
    "birthdate": "1985-03-05",
}


def test_a_calls_own_customers(worlds: Worlds, stage: SmallStage) -> None:
    second = {**CUSTOMER, "number": "77", "mobile": "+819012345678", "language": "en"}
    rehearse(worlds, customers=[CUSTOMER, second])
    assert stage.customers[1] is not None
    header, *rows = stage.customers[1].splitlines()
    assert header == (
        "number,surname,given,surname_kana,given_kana,birthdate,mobile,landline,email,language,"
        "contact_changed"
    )
    assert rows == [
        "R0001,山田,太郎,ヤマダ,タロウ,1985-03-05,,,,ja,",
        "77,山田,太郎,ヤマダ,タロウ,1985-03-05,+819012345678,,,en,",
    ]


def test_customers_that_cannot_be_are_told_by_number(worlds: Worlds, stage: SmallStage) -> None:
    stage.refuse = Problem("customers.csv", 2, 4, "is not katakana")
    outcome = rehearse(worlds, customers=[CUSTOMER])
    assert outcome.problems == ("a call: customers, number 1, surname_kana: is not katakana",)


def test_destinations_have_names(worlds: Worlds, stage: SmallStage) -> None:
    stage.bot.pages = {"/voice/incoming": dial(whisper="/w"), "/w": "", "/dialled": GOODBYE}
    assert rehearse(worlds).destination == "agents"
    last_resort = "<Dial><Number>+815000000099</Number></Dial>"
    stage.bot.pages["/voice/incoming"] = last_resort
    outcome = rehearse(worlds)
    assert (outcome.destination, outcome.level) == ("fallback", "none")


def test_nothing_is_left_behind(stage: SmallStage) -> None:
    with Worlds(stage, fast=True) as worlds:
        rehearse(worlds)
        folder = stage.settings[0].var_dir.parent.parent
        assert folder.exists()
    assert not folder.exists()


def test_real_time_starts_at_the_calls_own_moment(stage: SmallStage) -> None:
    stage.bot.pages["/voice/incoming"] = "<Hangup/>"
    with Worlds(stage, fast=False) as worlds:
        outcome = rehearse(worlds)
    assert not isinstance(stage.clocks[0], ManualClock)
    assert abs((stage.clocks[0].now() - DEFAULT_NOW).total_seconds()) < 60
    assert outcome.seconds < 10


# --- media servers -------------------------------------------------------------------------------

STREAM = f"<Connect><Stream url='wss{PUBLIC_URL.removeprefix('https')}/media'/></Connect>"
YES = {"caller": {"press": "1"}}


@pytest.fixture
def streaming(stage: SmallStage) -> SmallStage:
    """A small bot that asks on a stream, and by <Gather> where there is none."""
    stage.bot.pages["/voice/incoming"] = STREAM + ask("ご本人様ですか。")
    stage.streams = [[("ask:1:consent:1", 0.2)]]
    return stage


def test_calls_by_voice_have_a_media_server(streaming: SmallStage) -> None:
    with Worlds(streaming, fast=True, voice=True) as worlds:
        outcome = rehearse(worlds, YES)
    assert streaming.settings[0].hearing == ("vosk", "twilio", "keys")
    assert streaming.media_settings == streaming.settings
    assert outcome.streamed == 1


def test_other_calls_have_none(worlds: Worlds, streaming: SmallStage) -> None:
    streaming.bot.pages["/voice/incoming"] = ask("ご本人様ですか。")
    outcome = rehearse(worlds, YES)
    assert "vosk" not in streaming.settings[0].hearing
    assert (streaming.media_settings, outcome.streamed) == ([], 0)


def test_a_call_says_how_it_is_heard(streaming: SmallStage) -> None:
    with Worlds(streaming, fast=True, voice=True) as worlds:
        rehearse(worlds, world={"settings": {"hearing": ["keys"]}})
    assert streaming.settings[0].hearing == ("keys",)
    assert streaming.media_settings == []


def test_a_media_server_that_is_gone(streaming: SmallStage) -> None:
    with Worlds(streaming, fast=True, voice=True) as worlds:
        outcome = rehearse(worlds, YES, world={"media": "gone"}, expect={"ended": "end"})
    assert outcome.ok, outcome.problems
    assert (outcome.turns, outcome.streamed, streaming.media_settings) == (1, 0, [])


def test_a_media_server_that_is_full_has_its_one_place_taken(streaming: SmallStage) -> None:
    streaming.streams = [[], [("ask:1:consent:1", 0.2)]]
    with Worlds(streaming, fast=True, voice=True) as worlds:
        outcome = rehearse(worlds, YES, world={"media": "full"})
    assert streaming.media_settings[0].media_calls == 1
    assert outcome.streamed == 1, "somebody else had the first place"


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


def test_the_temporary_folder_is_the_only_place_written_to(
    worlds: Worlds, stage: SmallStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    rehearse(worlds, customers=[CUSTOMER])
    assert list(here.iterdir()) == []
    shutil.rmtree(here)
