"""Call files: strict, with every mistake at its place."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from bot_server import small_flow
from fakes.sound_files import write_wav
from fakes.voices import hum

from ivr.errors import FilesError
from ivr.hearing.telephone_audio import Audio
from ivr.rehearsal.bad_line import Line
from ivr.rehearsal.callfile import DEFAULT_NOW, CallFile, load_call

EXAMPLE = """\
call: verified by SMS code
flow: verify
language: ja
caller: "+819012345678"
now: 2026-11-22T10:00:00+09:00
turns:
  - bot: consent
  - caller: {say: はい}
  - caller: {say: 山田太郎です, audio: yamada-taro.wav}
  - bot: code_entry
  - caller: {press: $code}
expect: {level: verified, amr: [kba, otp, sms], ended: transfer, destination: agents, max_turns: 9, messages: 1}
"""  # noqa: E501


def load(path: Path, text: str) -> CallFile:
    path.write_text(dedent(text), encoding="utf-8")
    return load_call(path, flows={"verify": small_flow()})


def problems(path: Path, text: str) -> list[str]:
    with pytest.raises(FilesError) as caught:
        load(path, text)
    return [str(problem).removeprefix(f"{path.as_posix()}:") for problem in caught.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where call files are written; the recording of :data:`EXAMPLE` lies beside it."""
    write_wav(tmp_path / "yamada-taro.wav", hum(0.5))
    return tmp_path / "call.yaml"


def test_the_example_of_the_issue(path: Path) -> None:
    call = load(path, EXAMPLE)
    assert call.caller == "+819012345678"
    assert call.now == DEFAULT_NOW
    steps = [turn.caller for turn in call.turns if turn.caller is not None]
    assert [(step.act, step.say, step.press) for step in steps] == [
        ("say", "はい", None),
        ("say", "山田太郎です", None),
        ("press", None, "$code"),
    ]
    assert call.expect.amr == ("kba", "otp", "sms")
    assert call.place(4) == f"{path.as_posix()}:11"


def test_every_step_of_the_issue(path: Path) -> None:
    call = load(
        path,
        """\
        call: everything
        flow: verify
        caller: anonymous
        turns:
          - caller: {silence: true}
          - caller: {press: "12#"}
          - caller: {press: $wrong_code}
          - caller: {press: "$code#", early: true}
          - caller: {wait: 11m}
          - caller: {hear: [{text: 灰, confidence: 0.4}, {text: はい}]}
          - caller: {hangup: true}
          - caller: {wait: 30s}
          - caller: {call_again: true}
        expect: {flags: [relay_risk], said: [name], not_said: [transfer], ended: hangup}
        """,
    )
    acts = [turn.caller.act for turn in call.turns if turn.caller is not None]
    assert acts == [
        "silence", "press", "press", "press", "wait", "hear", "hangup", "wait", "call_again",
    ]  # fmt: skip
    waits = [turn.caller.wait_s for turn in call.turns if turn.caller and turn.caller.wait]
    assert waits == [660, 30]


def test_customers_and_world(path: Path) -> None:
    call = load(
        path,
        """\
        call: a world of its own
        flow: verify
        caller: "+819012345678"
        turns: []
        customers:
          - {surname: 山田, given: 太郎, surname_kana: ヤマダ, given_kana: タロウ,
             birthdate: 1985-03-05, mobile: "+819012345678", contact_changed: 2026-11-01}
        world:
          sender: down
          agent: [busy, answers]
          database: gone 2 turns from answer 3
          tones: false
          retry: true
          fallback: 3
          status: late
          settings: {code_minutes: 1}
        expect: {}
        """,
    )
    assert call.customers is not None
    assert call.customers[0].birthdate == date(1985, 3, 5)
    assert call.customers[0].contact_changed == date(2026, 11, 1)
    assert call.world.agent_acts == ("busy", "answers")
    outage = call.world.outage
    assert outage is not None
    assert (outage.locked_s, outage.gone_webhooks, outage.from_answer) == (0, 2, 3)
    assert call.world.settings.overrides() == {"code_minutes": 1}


def test_a_lock_begins_with_the_second_answer(path: Path) -> None:
    call = load(path, EXAMPLE + "world: {database: locked 3s}\n")
    outage = call.world.outage
    assert outage is not None
    assert (outage.locked_s, outage.gone_webhooks, outage.from_answer) == (3, 0, 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("flow: verify", "flow: verifi", "2:7: unknown flow 'verifi' (did you mean 'verify'?)"),
        ("bot: consent", "bot: concent", "7:10: unknown prompt 'concent' (did you mean 'consent'"),
        ("bot: code_entry", "bto: code_entry", "10:5: unknown key 'bto' (did you mean 'bot'?)"),
        ("say: はい", "sya: はい", "unknown key 'sya' (did you mean 'say'?)"),
        ("{press: $code}", "{press: 12}", "11:21: must be text, not a number (put it in quotes)"),
        ("{press: $code}", "{press: $cod}", "11:21: '$cod' does not have the form"),
        ("{press: $code}", "{say: a, press: $code}", "exactly one of say, press, silence"),
        ("{press: $code}", "{}", "exactly one of say, press, silence"),
        ("{press: $code}", "{silence: false}", "11:23: can only be true; leave it out"),
        ("{press: $code}", "{wait: 11}", "must be text, not a number"),
        ("{press: $code}", "{wait: soon}", "a time such as 30s, 11m or 1h"),
        ("{press: $code}", "{press: '1', audio: a.wav}", "'audio' is how 'say' or 'hear' sounds"),
        ("{press: $code}", "{silence: true, early: true}", "'early' belongs to 'say', 'hear' or"),
        ("yamada-taro.wav", "yamada.wav", "9:34: there is no file "),
        ("yamada-taro.wav", "yamada.mp3", "9:34: 'yamada.mp3' does not have the form"),
        ("level: verified", "level: verifed", "unknown value 'verifed' (did you mean 'verified'?)"),
        ("ended: transfer", "ended: tranfer", "(did you mean 'transfer'?)"),
        ("destination: agents", "destination: agent", "(did you mean 'agents'?)"),
        ("messages: 1", "said: [nmae]", "unknown prompt 'nmae' (did you mean 'name'?)"),
        ("messages: 1", "not_said: [nmae]", "unknown prompt 'nmae' (did you mean 'name'?)"),
        ('"+819012345678"', "09012345678", "4:9: "),
        ("now: 2026-11-22T10:00:00+09:00", "now: 2026-11-22T10:00:00", "a time with its zone"),
        ("language: ja", "language: fr", "3:11: unknown value 'fr'"),
        ("call: verified by SMS code\n", "", "'call' is missing"),
        ("  - bot: consent\n", "  - caller: {hangup: true}\n", "8:5: after 'hangup' only"),
    ],
)
def test_mistakes_are_told_at_their_place(path: Path, old: str, new: str, message: str) -> None:
    assert old in EXAMPLE
    assert message in "\n".join(problems(path, EXAMPLE.replace(old, new, 1)))


@pytest.mark.parametrize(
    "world",
    ["media: broken", "media: dies", "media: dies after 0 turns", "line: {noise_db: -1}",
     "line: {loss: 2}", "line: {echo_db: 3}", "database: lockd 3s",
     "database: locked 3", "agent: []", "agent: bsy", "sender: broken",
     "fallback: 0", "settings: {mode: production}", "status: never"],
)  # fmt: skip
def test_a_world_that_cannot_be(path: Path, world: str) -> None:
    assert problems(path, EXAMPLE + f"world: {{{world}}}\n")


def test_a_recording_that_no_telephone_carries(path: Path) -> None:
    audio = Audio(hum(0.5).pcm, 16_000)
    write_wav(path.with_name("yamada-taro.wav"), audio)
    wrong = "9:34: yamada-taro.wav has 16000 samples a second, not 8000"
    assert problems(path, EXAMPLE) == [wrong]


def test_a_recording_lies_beside_its_call_file(path: Path) -> None:
    call = load(path, EXAMPLE)
    steps = [turn.caller for turn in call.turns if turn.caller is not None]
    assert [call.audio_path(step) for step in steps] == [
        None,
        path.with_name("yamada-taro.wav"),
        None,
    ]


def test_a_call_by_voice_has_sound_for_all_that_is_said(path: Path) -> None:
    assert load(path, EXAMPLE).mute == 1
    spoken = EXAMPLE.replace("{say: はい}", "{hear: [{text: ''}], audio: yamada-taro.wav}")
    assert load(path, spoken).mute is None
    gathered = EXAMPLE.replace("{say: はい}", "{say: はい, gathered: true}")
    assert load(path, gathered).mute == load(path, spoken).mute


def test_a_bad_line_and_a_media_server_in_trouble(path: Path) -> None:
    impaired = "{noise_db: 20, loss: 0.02, clip: true, echo_ms: 300}"
    world = f"world: {{media: dies after 2 turns, line: {impaired}}}\n"
    call = load(path, EXAMPLE + world)
    assert call.world.media_dies_after == 2
    line = call.world.line
    assert (line.noise_db, line.loss, line.echo_db, line.clip) == (20, 0.02, None, True)
    assert (line.echo_ms, Line().echo_ms) == (300, 60)
    assert not call.world.media_comes_back
    again = load(path, EXAMPLE + "world: {media: dies every 3 turns}\n").world
    assert (again.media_dies_after, again.media_comes_back) == (3, True)
    gone = load(path, EXAMPLE + "world: {media: gone}\n").world
    assert (gone.media_dies_after, gone.media_comes_back) == (None, False)


def test_all_mistakes_in_one_run(path: Path) -> None:
    text = EXAMPLE.replace("consent", "concent").replace("agents", "agent")
    assert len(problems(path, text)) == 2


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(FilesError, match="no such file"):
        load_call(path, flows={})


def test_only_after_a_hangup_the_line_is_dead(path: Path) -> None:
    text = EXAMPLE.replace("- bot: consent", "- caller: {hangup: true}\n  - caller: {wait: 5s}")
    assert any("9:5: after 'hangup' only" in problem for problem in problems(path, text))
    again = EXAMPLE.replace(
        "- bot: consent", "- caller: {hangup: true}\n  - caller: {call_again: true}"
    )
    assert load(path, again)


def test_no_message_quotes_what_a_caller_says(path: Path) -> None:
    text = EXAMPLE.replace("{say: 山田太郎です,", "{say: [山田太郎です],")
    assert "山田" not in "\n".join(problems(path, text))


def test_the_default_moment_is_a_sunday_morning_in_japan() -> None:
    assert DEFAULT_NOW.isoformat() == "2026-11-22T10:00:00+09:00"
    assert DEFAULT_NOW.utcoffset() == timedelta(hours=9)
