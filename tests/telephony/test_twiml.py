"""Actions rendered: what Twilio is told to do."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
import twiml_schema
from fakes.dialogue import FakeReply
from hypothesis import given
from hypothesis import strategies as st
from twiml_schema import check_twiml
from web_rig import AGENTS, ASK, CALLED, FALLBACK, PUBLIC_URL, Document, hints, web_settings

from ivr.dialogue.actions import Action, Ask, Check, End, Line, Listening, Transfer
from ivr.telephony.ladder import Rung, Stream
from ivr.telephony.texts import load_texts
from ivr.telephony.twiml import Renderer, speakable

LINE = Line("one", "少しお待ちください。")


def renderer(**changes: object) -> Renderer:
    return Renderer(web_settings(**changes), load_texts(), hints)


def rendered(
    action: Action,
    *,
    said: bool = False,
    polls: int = 0,
    recovered: bool = False,
    way: Rung = "twilio",
    stream: Stream | None = None,
    reply: FakeReply | None = None,
    **changes: object,
) -> Document:
    base = reply or FakeReply("call-1", 3, action)
    made = renderer(**changes)
    links = made.links(base.language, recovered=recovered)
    given = replace(base, action=action)
    return Document(made.reply(given, links, way=way, stream=stream, said=said, polls=polls))


def test_ask_listens_for_speech_and_keys() -> None:
    document = rendered(ASK)
    assert document.verbs == ["Gather", "Redirect"]
    assert document.one("Gather").attrib == {
        "input": "dtmf speech",
        "action": f"{PUBLIC_URL}/voice/continue?turn=3",
        "method": "POST",
        "timeout": "6",
        "actionOnEmptyResult": "true",
        "finishOnKey": "#",
        "language": "ja-JP",
        "speechTimeout": "2",
        "profanityFilter": "false",
        "hints": "ja,consent,commands",
    }
    assert document.said == ["よろしければ「はい」とおっしゃってください。"]
    assert document.one("Say").attrib == {"voice": "Polly.Kazuha-Neural", "language": "ja-JP"}
    assert document.redirect == f"{PUBLIC_URL}/voice/continue?turn=3"


@pytest.mark.parametrize(
    ("listening", "way", "expected"),
    [
        (Listening(speech=False, keys=True, digits=6, finish_on="*"), "twilio", ("dtmf", "*", "6")),
        (Listening(speech=True, keys=True), "keys", ("dtmf", "#", None)),
        (Listening(speech=True, keys=False), "twilio", ("speech", None, None)),
        # A question for keys on the way of Vosk, where its words have no sound.
        (Listening(speech=False, keys=True, digits=1), "vosk", ("dtmf", "#", "1")),
    ],
)
def test_ways_to_listen(
    listening: Listening, way: Rung, expected: tuple[str, str | None, str | None]
) -> None:
    gather = rendered(Ask("s", (LINE,), listening), way=way).one("Gather")
    assert (gather.get("input"), gather.get("finishOnKey"), gather.get("numDigits")) == expected
    heard = "speech" in expected[0]
    assert ("language" in gather.attrib) == heard
    assert ("speechTimeout" in gather.attrib) == heard


def test_no_hints_where_no_grammar_is_active() -> None:
    ask = Ask("s", (LINE,), Listening(speech=True, keys=True))
    assert "hints" not in rendered(ask).one("Gather").attrib


def test_english_is_spoken_heard_and_remembered() -> None:
    document = rendered(ASK, reply=FakeReply("call-1", 3, ASK, language="en"))
    assert document.one("Gather").get("language") == "en-US"
    assert document.one("Say").attrib == {"voice": "Polly.Joanna-Neural", "language": "en-US"}
    assert document.redirect.endswith("/voice/continue?turn=3&lang=en")


def test_an_english_line_of_a_japanese_call_has_an_english_voice() -> None:
    ask = replace(ASK, lines=(LINE, Line("english_offer", "For English, press nine.")))
    spoken = [(say.get("language"), say.text) for say in rendered(ask).root.iter("Say")]
    assert spoken == [("ja-JP", LINE.text), ("en-US", "For English, press nine.")]


def test_slow_mode_slows_every_line() -> None:
    ask = replace(ASK, lines=(LINE, Line("two", "どうぞ。")))
    document = rendered(ask, reply=FakeReply("call-1", 3, ask, slow=True), slow_rate=60)
    assert [say.tag for say in document.root.iter("prosody")] == ["prosody", "prosody"]
    assert {say.get("rate") for say in document.root.iter("prosody")} == {"60%"}
    assert document.said == ["少しお待ちください。", "どうぞ。"]


@pytest.mark.parametrize(
    ("lines", "said", "polls", "spoken"),
    [
        ((LINE,), False, 0, ["少しお待ちください。"]),
        ((), False, 0, []),
        ((LINE,), True, 1, ["少々お待ちください。"]),
        ((LINE,), True, 2, []),
        ((LINE,), True, 3, []),
        ((LINE,), True, 4, ["少々お待ちください。"]),
    ],
)
def test_check_is_filled_and_asked_after(
    lines: tuple[Line, ...], said: bool, polls: int, spoken: list[str]
) -> None:
    document = rendered(Check("s", "identify", lines), said=said, polls=polls)
    assert document.said == spoken
    assert document.verbs[-2:] == ["Pause", "Redirect"]
    assert document.one("Pause").get("length") == "1"
    assert document.redirect == f"{PUBLIC_URL}/voice/continue?turn=3&poll={polls + 1}"


def test_transfer_rings_the_numbers_of_a_destination_with_a_whisper() -> None:
    action = Transfer("transfer", "agents", (LINE,))
    document = rendered(action, reply=FakeReply("call-1", 3, action, reference="ref-1"), ring_s=25)
    assert document.verbs == ["Say", "Dial"]
    assert document.one("Dial").attrib == {
        "action": f"{PUBLIC_URL}/voice/continue?turn=3",
        "method": "POST",
        "timeout": "25",
        "callerId": CALLED,
        "answerOnBridge": "true",
    }
    assert tuple(document.numbers) == AGENTS
    for number in document.root.iter("Number"):
        assert number.get("url") == f"{PUBLIC_URL}/voice/whisper?ref=ref-1"


@pytest.mark.parametrize(
    ("action", "verbs"),
    [
        (Transfer("transfer", "agents", (LINE,)), ["Dial"]),
        (End("goodbye", (LINE,)), ["Hangup"]),
    ],
)
def test_what_a_stream_has_said_is_not_said_again(action: Transfer | End, verbs: list[str]) -> None:
    document = rendered(action, reply=FakeReply("call-1", 3, action, reference="r", spoken=True))
    assert document.verbs == verbs


def test_transfer_without_a_number_of_ours_shows_the_callers() -> None:
    document = rendered(Transfer("transfer", "agents"), twilio_number="")
    assert "callerId" not in document.one("Dial").attrib


def test_at_most_ten_numbers_ring() -> None:
    many = tuple(f"+8131234{n:04d}" for n in range(14))
    document = rendered(Transfer("t", "agents"), destinations={"agents": many})
    assert tuple(document.numbers) == many[:10]


def test_end_says_goodbye_and_hangs_up() -> None:
    assert rendered(End("goodbye", (LINE,))).verbs == ["Say", "Hangup"]
    assert rendered(End("goodbye")).verbs == ["Hangup"]


def test_recovered_documents_are_marked() -> None:
    document = rendered(ASK, recovered=True)
    assert document.redirect == f"{PUBLIC_URL}/voice/continue?turn=3&recovered=1"


def test_person_is_called_without_flow_voice_or_database() -> None:
    document = Document(renderer(voice_ja="Polly.Nobody").person("ja"))
    assert document.verbs == ["Say", "Dial"]
    assert document.numbers == [FALLBACK]
    assert "url" not in document.one("Number").attrib
    assert document.one("Dial").get("action") == f"{PUBLIC_URL}/voice/fallback?dialled=1"
    assert "voice" not in document.one("Say").attrib


@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_a_person_the_number_to_call_is_said(language: str) -> None:
    made = renderer(fallback_number="", callback_number="0120-111-222")
    document = Document(made.person(language))
    assert document.verbs == ["Say", "Hangup"]
    assert "0120-111-222" in document.said[0]
    assert "{" not in document.said[0]


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_whatever_is_read_back_the_document_stays_well_formed(text: str) -> None:
    action = End("goodbye", (Line("confirm", text), LINE))
    made = renderer()
    xml = made.reply(FakeReply("call-1", 3, action), made.links("ja"), way="twilio")
    said = ["".join(say.itertext()) for say in ET.fromstring(xml).iter("Say")]  # noqa: S314
    words = speakable(text)
    assert said == [words, LINE.text] if words else said == [LINE.text]


def test_the_structural_check_finds_mistakes() -> None:
    wrong = {
        "<Response><Say></Say></Response>": "<Say> of 0 characters",
        "<Response><Gather><Say>a</Say></Gather></Response>": "without an action",
        "<Response><Redirect>/voice/x</Redirect></Response>": "relative URL",
        "<Response><Hangup/><Say>a</Say></Response>": "never reached",
        "<Response><Dial><Number>090</Number></Dial></Response>": "not E.164",
        "<Response><Dial><Sip>queue@pbx</Sip></Dial></Response>": "no SIP address",
        f"<Response><Dial><Sip>sip:{'a' * 251}</Sip></Dial></Response>": "of 255 and 0 characters",
        f"<Response><Dial><Sip>sip:a?X-A={'a' * 1020}</Sip></Dial></Response>": "1024 characters",
        "<Response><Dial><Sip>sip:a?Subject=a</Sip></Dial></Response>": "the header Subject",
        "<Response><Refer><Sip>sip:a</Sip><Sip>sip:b</Sip></Refer></Response>": "more than one",
        "<Response><Refer><Number>a</Number></Refer></Response>": "<Number> in <Refer>",
        "<Response><Enqueue>a</Enqueue></Response>": "without an action",
        f"<Response><Enqueue><Task>{'a' * 4097}</Task></Enqueue></Response>": "4097 characters",
        "<Response><Leave/><Say>a</Say></Response>": "never reached",
        "<Response><Record/></Response>": "<Record> in <Response>",
        "<Say>a</Say>": "the root is",
        "<Response>": "not well-formed",
    }
    for xml, expected in wrong.items():
        assert any(expected in found for found in check_twiml(xml)), xml


@pytest.mark.skipif(
    not twiml_schema.SCHEMA_FILE.is_file(),
    reason=f"Twilio's typed table is missing: {twiml_schema.SCHEMA_FILE}; set HONNIN_SPECS "
    "to the folder that holds twiml-schema.json",
)
def test_the_typed_table_finds_what_the_sdk_accepts() -> None:
    base = f"{PUBLIC_URL}/voice/continue"
    wrong = {
        '<Response><Say voise="alice">a</Say></Response>': "<Say> has no attribute voise",
        '<Response><Say voice="Polly.Nobody">a</Say></Response>': "is no SayVoice",
        f'<Response><Gather action="{base}" input="dtmf,speech"/></Response>': "no GatherInput[]",
        f'<Response><Gather action="{base}" timeout="soon"/></Response>': "is no number",
        f'<Response><Gather action="{base}" bargeIn="yes"/></Response>': "is no boolean",
        '<Response><Hangup after="1"/></Response>': "<Hangup> has no attribute after",
    }
    for xml, expected in wrong.items():
        assert any(expected in found for found in check_twiml(xml)), xml
