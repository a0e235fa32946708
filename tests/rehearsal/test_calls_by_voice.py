"""Shipped calls by voice: real sound over real sockets, heard by the real recogniser."""

from __future__ import annotations

import csv
import wave
from collections.abc import Iterator

import pytest
from twiml_schema import check_twiml
from witness import ROOT, Placed, Rehearsals, rehearsing, secrets_of

from ivr.rehearsal.callfile import load_call

FOLDER = ROOT / "flows" / "verify" / "calls"
AUDIO = FOLDER / "audio"
#: Bytes that all recordings of callers together may take.
MOST_BYTES = 2_500_000

#: Calls of every kind.
BY_VOICE = [
    "verified-by-sms",
    "verified-by-voice-to-landline",
    "matched-by-email",
    "wrong-birthdate",
    "look-alike-name",
    "long-vowels-told-apart",
    "proxy",
    "lost-card-said-at-consent",
    "asks-for-a-person-at-once",
    "asks-for-time-at-the-code",
    "hard-of-hearing-slow",
    "birthdate-corrected-while-speaking",
    "birthdate-part-by-part",
    "wrong-code-then-right",
    "silence-at-the-birthdate",
    "hang-up-and-call-again",
    "hang-up-while-it-rings",
    "webhooks-twice",
    "database-gone-for-a-moment",
    "voice-cough",
    "voice-nods",
    "voice-barge-in",
    "voice-noise-20-db",
    "voice-noise-10-db",
    "voice-packets-lost",
    "voice-echo",
    "voice-barge-in-over-echo",
    "voice-too-loud",
    "birthdate-spoken-at-the-keys",
    "voice-english",
    "voice-media-gone",
    "voice-media-full",
    "voice-media-dies",
    "voice-media-dies-again",
    "hearing-by-twilio",
    "hearing-nobody-left",
]
#: No question of these is heard on a stream.
NO_STREAM = {"voice-media-gone", "voice-media-full", "hearing-by-twilio", "hearing-nobody-left"}


@pytest.fixture(scope="module")
def rehearsals() -> Iterator[Rehearsals]:
    with rehearsing(voice=True) as rehearsals:
        for name in BY_VOICE:
            rehearsals.begin(FOLDER / f"{name}.yaml")
        yield rehearsals


def placed(rehearsals: Rehearsals, name: str) -> Placed:
    return rehearsals.begin(FOLDER / f"{name}.yaml").result()


@pytest.mark.parametrize("name", BY_VOICE)
def test_a_call_by_voice(rehearsals: Rehearsals, name: str) -> None:
    assert placed(rehearsals, name).outcome.problems == ()


@pytest.mark.parametrize("name", sorted(set(BY_VOICE) - NO_STREAM - {"voice-english"}))
def test_its_questions_are_heard_on_streams(rehearsals: Rehearsals, name: str) -> None:
    outcome = placed(rehearsals, name).outcome
    lost = 4 if "media-dies" in name else 2 if "database" in name else 1
    # The offer of English has no sound: it is asked in TwiML, once in each call.
    calls = sum(moment.text == "(calls)" for moment in placed(rehearsals, name).moments)
    assert outcome.streamed >= outcome.turns - max(lost, calls) > 0


@pytest.mark.parametrize("name", sorted(NO_STREAM))
def test_without_a_media_server_nothing_is_heard_on_streams(
    rehearsals: Rehearsals, name: str
) -> None:
    assert placed(rehearsals, name).outcome.streamed == 0


def test_a_language_without_a_model_is_heard_by_twilio_from_where_it_is_chosen(
    rehearsals: Rehearsals,
) -> None:
    assert placed(rehearsals, "voice-english").outcome.streamed <= 1


@pytest.mark.parametrize(
    ("name", "prompt"), [("verified-by-sms", "transfer"), ("proxy", "to_proxy")]
)
def test_a_transfer_is_told_in_the_stream_and_once(
    rehearsals: Rehearsals, name: str, prompt: str
) -> None:
    moments = placed(rehearsals, name).moments
    assert sum(prompt in moment.prompts for moment in moments) == 1
    dials = [document for _, document in rehearsals.stage.documents if "<Dial" in document]
    assert any("<Say" not in document for document in dials)


def test_twilio_would_play_every_document(rehearsals: Rehearsals) -> None:
    for name in BY_VOICE:
        placed(rehearsals, name)
    documents = [document for _, document in rehearsals.stage.documents]
    for verb in ("Connect", "Stream", "Parameter"):
        assert any(f"<{verb}" in document for document in documents), verb
    wrong = {problem: document for document in documents for problem in check_twiml(document)}
    assert wrong == {}


def test_nothing_personal_is_logged(rehearsals: Rehearsals) -> None:
    secrets = secrets_of([placed(rehearsals, name) for name in BY_VOICE])
    lines = rehearsals.stage.log.getvalue().splitlines()
    assert any('"stream_left"' in line for line in lines)
    assert [(found, line) for line in lines if (found := secrets.in_line(line))] == []


# --- the recordings -----------------------------------------------------------------------


def recorded() -> dict[str, dict[str, str]]:
    with (AUDIO / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, dialect="excel-tab")}


def test_every_recording_has_its_words_and_its_licence() -> None:
    files = {path.relative_to(AUDIO).as_posix() for path in AUDIO.rglob("*.wav")}
    rows = recorded()
    assert set(rows) == files
    assert all(row["voice"] and row["licence"] for row in rows.values())
    assert len({file.partition("/")[0] for file in files}) >= 6


def test_recordings_say_what_their_calls_say(rehearsals: Rehearsals) -> None:
    rows, used = recorded(), set()
    for path in sorted(FOLDER.glob("*.yaml")):
        call = load_call(path, flows={rehearsals.flow.name: rehearsals.flow})
        for turn in call.turns:
            if turn.caller is not None and turn.caller.audio is not None:
                name = turn.caller.audio.removeprefix("audio/")
                used.add(name)
                assert turn.caller.say in (rows[name]["text"], None), path.name
    assert set(rows) - used == set()


def test_recordings_are_small() -> None:
    paths = list(AUDIO.rglob("*.wav"))
    assert sum(path.stat().st_size for path in paths) < MOST_BYTES
    for path in paths:
        with wave.open(str(path)) as file:
            assert file.getframerate() == 8000
