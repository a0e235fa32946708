"""Whatever is missing, a caller hears words; and where there is a person, reaches one."""

from __future__ import annotations

from pathlib import Path

import pytest
from phone_rig import Office, OpenOffice, Phone
from twiml_schema import check_twiml

from ivr.clock import ManualClock
from ivr.dialogue.events import Event, Heard, Pressed, Silence
from ivr.understanding.value import Hypothesis

#: What a caller answers, question by question, up to the agent.
ANSWERS: tuple[dict[str, str], ...] = (
    {},
    {"SpeechResult": "はい"},
    {"SpeechResult": "昭和六十年三月五日です"},
    {"SpeechResult": "山田太郎です"},
    {"SpeechResult": "はい"},
    {"Digits": "000000"},
)


def _walk(phone: Phone, until: int) -> Phone:
    for fields in ANSWERS[:until]:
        phone.answer(fields)
    return phone


def _heard(text: str) -> str:
    assert check_twiml(text) == []
    return text


@pytest.mark.parametrize("question", range(len(ANSWERS)))
def test_a_database_gone_at_any_question_is_a_hold_and_then_a_person(
    office: Office, tmp_path: Path, question: int
) -> None:
    phone = _walk(office.call(), question)
    asked = phone.words
    action = phone.one("Gather").attrib["action"]
    fields = {"CallSid": phone.sid, "From": phone.caller, **ANSWERS[question]}
    file, away = tmp_path / "honnin.sqlite3", tmp_path / "away"
    file.rename(away)
    document = _heard(office.post(action, fields))
    for _ in range(3):
        assert "少々お待ちください" in document
        phone.documents.append(document)
        document = _heard(office.post(phone.one("Redirect").text or "", fields))
    phone.documents.append(document)
    assert phone.dials == ["+81398765432"]
    assert phone.words
    # Nothing was lost: back again, the answer to the question that was open is taken.
    away.rename(file)
    phone.receive(action, ANSWERS[question])
    assert phone.asks
    assert phone.words not in {asked, ""}


@pytest.mark.parametrize("question", range(1, len(ANSWERS)))
def test_with_nobody_to_transfer_to_the_call_ends_in_words(
    open_office: OpenOffice, question: int
) -> None:
    office = open_office(destinations={}, fallback_number="")
    phone = _walk(office.call(), question).say("係")
    _heard(phone.documents[-1])
    assert "1を押してください" in phone.words
    phone.silence()
    _heard(phone.documents[-1])
    assert "お電話ください" in phone.words or "おかけ直しください" in phone.words
    assert phone.document.find("Hangup") is not None


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed", "canceled", "nonsense"])
def test_nobody_answers_anywhere(office: Office, outcome: str) -> None:
    phone = office.call().silence().say("係")
    assert phone.dials == ["+81312345678"]
    phone.transfer_ends(outcome)
    assert phone.dials == ["+81312345679"]
    assert phone.words
    phone.transfer_ends(outcome)
    assert "1を押してください" in phone.words
    phone.silence()
    assert phone.words
    assert phone.document.find("Hangup") is not None


@pytest.mark.parametrize("path", ["/voice/continue?turn=3", "/voice/fallback", "/voice/continue"])
@pytest.mark.parametrize("sid", ["CA" + "e" * 32, "", "x y", "CA" + "e" * 500])
def test_a_call_nobody_knows_reaches_a_person(office: Office, path: str, sid: str) -> None:
    heard = _heard(office.post(path, {"CallSid": sid, "From": "+819012345678"}))
    assert "<Say" in heard
    assert "+81398765432" in heard


def test_a_call_that_goes_on_for_ever_reaches_a_person(office: Office, clock: ManualClock) -> None:
    phone = office.call().silence()
    for _ in range(200):
        if not phone.asks:
            break
        phone.say("もう一度")
        assert phone.words
    assert phone.dials
    slow = office.call("+818000000002").silence().say("はい")
    clock.advance(25 * 60)
    slow.say("もう一度")
    assert slow.dials
    assert slow.words


@pytest.mark.parametrize("hearing", [("vosk", "twilio", "keys"), ("vosk", "keys"), ("vosk",)])
@pytest.mark.parametrize("question", range(1, len(ANSWERS)))
def test_no_stream_at_any_question_is_the_question_again_or_a_person(
    open_office: OpenOffice, hearing: tuple[str, ...], question: int
) -> None:
    office = open_office(hearing=hearing, rendered_voice="off")
    phone = office.call()
    service, answers = office.running.service, iter(ANSWERS)
    for fields in [next(answers) for _ in range(question)]:
        # What the media process does, as long as there is one.
        turn = service.current(call_sid=phone.sid).turn
        service.take(call_sid=phone.sid, turn=turn, event=_event(office, fields))
        phone.receive(f"/voice/continue?streamed={turn}", {})
    assert phone.document.find("Connect") is not None
    words = phone.words
    phone.receive(phone.one("Redirect").text or "", {})
    assert phone.document.find("Connect") is None
    if not phone.asks:
        assert phone.dials
    elif "twilio" in hearing:
        assert phone.words == words
    assert phone.words


def _event(office: Office, fields: dict[str, str]) -> Event:
    now = office.clock.now()
    if "SpeechResult" in fields:
        return Heard(now, (Hypothesis(fields["SpeechResult"], 0.9),))
    return Pressed(now, fields["Digits"]) if fields else Silence(now)
