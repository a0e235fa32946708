"""Worlds: settings that reach nobody real, databases to copy, media servers, and cleaning up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bot_server import AGENT, GOODBYE, ask, dial
from small_stage import SmallStage, rehearse

from ivr.clock import ManualClock
from ivr.errors import Problem
from ivr.rehearsal.callfile import DEFAULT_NOW
from ivr.rehearsal.world import PUBLIC_URL, Worlds


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
        "DIRECTORY": "crm",
        "DIRECTORY_URL": "https://crm.example.co.jp",
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
    assert settings.directory == "records"
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


def test_the_temporary_folder_is_the_only_place_written_to(
    worlds: Worlds, stage: SmallStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    rehearse(worlds, customers=[CUSTOMER])
    assert list(here.iterdir()) == []
    shutil.rmtree(here)
