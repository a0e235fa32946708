"""Calls on media streams, over real sockets to a server that says what each test tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bot_server import GOODBYE, PUBLIC, TOKEN, BotServer, ask
from fakes.sound_files import write_wav
from fakes.voices import hum
from stream_bot import Script, StreamBot, stream_bot
from test_call_recording import sides
from twilio.request_validator import RequestValidator

from ivr.hearing.telephone_audio import encode_mulaw
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.callfile import CallFile
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.stream_talk import Mark, read_mark
from ivr.rehearsal.webhooks import Server

STREAM = (
    "<Connect><Stream url='wss://bot.invalid/media'><Parameter name='token' value='T'/></Stream>"
    "</Connect>"
)
WORD = hum(0.6)


@dataclass
class Trouble:
    """Counts the caller's answers."""

    answers: list[int] = field(default_factory=list)

    def answering(self, count: int) -> None:
        self.answers.append(count)

    def webhook_done(self) -> None:
        pass


@dataclass
class Calling:
    """Places calls to a bot that streams; ``word`` is a recording of anything."""

    place: Callable[..., Outcome]
    bot: BotServer
    folder: Path
    moments: list[Moment]
    trouble: Trouble = field(default_factory=Trouble)
    recording: CallRecording = field(default_factory=CallRecording)
    media: StreamBot = field(default_factory=lambda: StreamBot([]))

    def __call__(self, script: Script, *turns: dict[str, Any], **more: Any) -> Outcome:
        self.bot.pages = {"/voice/incoming": STREAM + GOODBYE}
        return self.answered([script], *turns, **more)

    def answered(self, scripts: Sequence[Script], *turns: dict[str, Any], **more: Any) -> Outcome:
        """The call, with whatever pages the bot has."""
        with stream_bot(*scripts) as (self.media, address):
            server = Server(self.bot.address, PUBLIC, TOKEN, media=address)
            around = {
                "server": server,
                "trouble": self.trouble,
                "recording": self.recording,
                "quiet_pace": 100.0,
            }
            return self.place(*turns, around=around, **more)

    def bot_said(self) -> list[str]:
        return [m.prompts[0] for m in self.moments if m.who == "bot" and m.prompts]


@pytest.fixture
def calling(
    bot: BotServer,
    place: Callable[..., Outcome],
    moments: list[Moment],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Calling:
    write_wav(tmp_path / "word.wav", WORD)
    # Call files of tests come from no folder.
    monkeypatch.setattr(
        CallFile, "audio_path", lambda call, step: step.audio and tmp_path / step.audio
    )
    return Calling(place, bot, tmp_path, moments)


def says(**more: Any) -> dict[str, Any]:
    return {"caller": {"say": "はい", "audio": "word.wav", **more}}


def test_a_question_and_an_answer(calling: Calling) -> None:
    outcome = calling([("say:1:greeting:1", 0.3), ("ask:1:consent:2", 0.3)], says())
    assert outcome.ok, outcome.problems
    assert (outcome.turns, outcome.streamed, outcome.ended) == (1, 1, "end")
    assert calling.bot_said() == ["greeting", "consent", "goodbye"]
    spoken = encode_mulaw(WORD.pcm)
    assert bytes(calling.media.heard).rstrip(b"\xff") == spoken.rstrip(b"\xff")
    assert calling.media.answers == ["spoken"]
    assert calling.trouble.answers == [1]


def test_the_stream_is_opened_as_twilio_does(calling: Calling) -> None:
    calling([("ask:1:consent:1", 0.1)])
    (start,), (headers,) = calling.media.starts, calling.media.headers
    assert start["start"]["customParameters"] == {"token": "T"}
    assert start["start"]["callSid"] == calling.bot.fields("/voice/incoming")[0]["CallSid"]
    validator = RequestValidator(TOKEN)
    signature = headers.get("X-Twilio-Signature") or headers["x-twilio-signature"]
    assert validator.validate("wss://bot.invalid/media", {}, signature)


def test_keys_are_pressed_one_by_one(calling: Calling) -> None:
    outcome = calling([("ask:1:code_entry:1", 0.2)], {"caller": {"press": "12#"}})
    assert calling.media.answers == ["12#"]
    assert calling.trouble.answers == [1]
    assert outcome.seconds > 0.2 + 1 + 3 * 0.5


def test_a_telephone_without_tones(calling: Calling) -> None:
    calling([("ask:1:consent:1", 0.1)], {"caller": {"press": "1"}}, world={"tones": False})
    assert calling.media.answers == [""]
    assert "(hears no tones)" in [moment.text for moment in calling.moments]


def test_silence_is_one_turn_of_the_callers(calling: Calling) -> None:
    script = [("ask:1:consent:1", 0.1), ("ask:2:consent:2", 0.1)]
    calling(script, {"caller": {"silence": True}}, says())
    assert calling.media.answers == ["", "spoken"]


def test_the_caller_waits_for_a_prompt(calling: Calling) -> None:
    script = [("ask:1:consent:1", 0.1), ("ask:2:name:2", 0.1)]
    outcome = calling(script, {"bot": "name"}, says())
    assert calling.media.answers == ["", "spoken"]
    assert outcome.ok, outcome.problems


def test_a_question_that_is_put_again_counts_once(calling: Calling) -> None:
    script = [("ask:1:consent:1", 0.1), ("ask:1:consent:2", 0.1)]
    outcome = calling(script, {"caller": {"silence": True}}, {"caller": {"silence": True}})
    assert (outcome.turns, outcome.streamed) == (1, 1)
    assert calling.bot_said() == ["consent", "consent", "goodbye"]


def test_the_caller_cuts_in(calling: Calling) -> None:
    """What was cleared was not heard, and the answer counts all the same."""
    script = [("say:1:greeting:1", 3.0), ("ask:1:consent:2", 3.0)]
    outcome = calling(script, {"bot": "greeting"}, says(early=True))
    began = next(m.at for m in calling.moments if m.prompts == ("greeting",))
    spoke = next(m.at for m in calling.moments if m.text == "はい")
    assert (spoke - began).total_seconds() == pytest.approx(1.0, abs=0.1)
    assert outcome.turns == 1


def test_what_is_cleared_is_not_heard(calling: Calling) -> None:
    script = [("say:1:greeting:1", 30.0), ("say:1:consent:2", 1.0), ("clear", 0)]
    outcome = calling([*script, ("ask:2:name:3", 0.1)], says())
    assert "consent" not in outcome.said
    assert outcome.seconds < 20


def test_a_caller_who_waits_leaves_the_question_open(calling: Calling) -> None:
    script = [("ask:1:consent:1", 0.1), ("ask:2:consent:2", 0.1), ("ask:3:consent:3", 0.1)]
    outcome = calling(script, {"caller": {"wait": "5s"}}, says())
    assert calling.media.answers == ["", "spoken", ""]
    assert outcome.ok, outcome.problems


def test_the_caller_hangs_up(calling: Calling) -> None:
    outcome = calling([("ask:1:consent:1", 0.1)], {"caller": {"hangup": True}})
    assert (outcome.ended, calling.media.stopped) == ("hangup", 1)
    assert calling.bot.fields("/voice/status")[0]["CallStatus"] == "completed"


def test_the_caller_hangs_up_right_after_a_prompt(calling: Calling) -> None:
    script = [("say:1:greeting:1", 0.5), ("ask:1:consent:2", 5.0)]
    outcome = calling(script, {"bot": "greeting"}, {"caller": {"hangup": True}})
    assert (outcome.ended, outcome.turns) == ("hangup", 0)
    assert outcome.seconds < 2


def test_words_without_sound_cannot_be_said(calling: Calling) -> None:
    outcome = calling([("ask:1:consent:1", 0.1)], {"caller": {"say": "はい"}})
    assert "there is no sound of it" in outcome.problems[0]


def test_without_a_media_server_the_document_goes_on(calling: Calling) -> None:
    calling.bot.pages = {"/voice/incoming": STREAM + ask("ご本人様ですか。"), "/next": GOODBYE}
    server = Server(calling.bot.address, PUBLIC, TOKEN, media="http://127.0.0.1:9")
    outcome = calling.place(says(), around={"server": server})
    assert outcome.ok, outcome.problems
    assert (outcome.turns, outcome.streamed) == (1, 0)
    assert "no media stream could be opened" in [moment.text for moment in calling.moments]
    assert calling.bot.fields("/next")[0]["SpeechResult"] == "はい"


def test_a_media_server_that_dies(calling: Calling) -> None:
    """The stream breaks where the question after the last was asked; there is no other stream."""
    calling.bot.pages = {
        "/voice/incoming": STREAM + "<Redirect>/next</Redirect>",
        "/next": STREAM + ask("ご本人様ですか。", "/end"),
        "/end": GOODBYE,
    }
    scripts = [[("ask:1:name:1", 0.1), ("ask:2:consent:2", 0.1)]]
    outcome = calling.answered(scripts, says(), says(), world={"media": "dies after 1 turn"})
    assert outcome.ok, outcome.problems
    assert calling.media.answers == ["spoken"]
    assert calling.bot.fields("/end")[0]["SpeechResult"] == "はい"


def test_a_bad_line(calling: Calling) -> None:
    calling([("ask:1:consent:1", 0.1)], says(), world={"line": {"clip": True}})
    assert calling.media.heard
    assert bytes(calling.media.heard).rstrip(b"\xff") != encode_mulaw(WORD.pcm).rstrip(b"\xff")


def test_the_recording_has_both_sides_in_their_time(calling: Calling, tmp_path: Path) -> None:
    calling.bot.pages = {"/voice/incoming": "<Pause length='2'/>" + STREAM + GOODBYE}
    calling.answered([[("ask:1:consent:1", 0.5)]], says())
    calling.recording.write(tmp_path / "call.wav")
    caller, bot = sides(tmp_path / "call.wav")
    spoke = len(bot) - len(bot.lstrip(b"\xff"))
    answered = len(caller) - len(caller.lstrip(b"\xff"))
    assert spoke == pytest.approx(2.0 * 8000, abs=1600)
    assert answered - spoke == pytest.approx(1.5 * 8000, abs=1600), "half a second, and one more"


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("say:1:greeting:1", Mark("1", "greeting", False)),
        ("ask:12:birthdate:7", Mark("12", "birthdate", True)),
        ("ask:3::9", Mark("3", "", True)),
        ("sound-1", Mark()),
        ("ask:1:consent", Mark()),
        ("tell:1:consent:1", Mark()),
    ],
)
def test_the_names_of_marks(name: str, mark: Mark) -> None:
    assert read_mark(name) == mark
