"""Calls led to media streams by a whole application: models and sounds as they are installed."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from application_rig import TARO, Call
from fixtures_application import House

from ivr.dialogue.events import Event, Heard, Silence
from ivr.errors import HearingError, SettingsError
from ivr.flow.flow import Flow
from ivr.settings import Settings
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.stored import StoredAnswers
from ivr.understanding.value import Hypothesis
from ivr.wiring import listening
from ivr.wiring.streams import known_streams

pytestmark = pytest.mark.usefixtures("log")

TAROS = ("はい", "昭和六十年三月五日です", "山田太郎です", "はい")
NOBODYS = ("はい", "昭和六十一年三月五日です", "大橋次郎です", "はい")


def opened(house: House, **changes: object) -> House:
    """Only an application that leads calls to streams, and Twilio says every prompt."""
    house.apps.pop().close()
    house.posts.clear()
    ways = ("vosk", "twilio", "keys")
    house.open(**{"hearing": ways, "rendered_voice": "off", **changes})
    return house


def in_a_stream(house: House, call: Call, event: Event) -> None:
    """What the media process does with an answer."""
    service = house.apps[0].service
    reply = service.current(call_sid=call.sid)
    reply = service.take(call_sid=call.sid, turn=reply.turn, event=event)
    for _ in range(50):
        if reply.action.kind != "check":
            return
        reply = service.current(call_sid=call.sid, wait_ms=200)
    raise AssertionError("a check never ended")


def said(house: House, text: str) -> Heard:
    return Heard(house.clock.now(), (Hypothesis(text, 0.93),))


def streamed(house: House, caller: str, answers: tuple[str, ...]) -> list[str]:
    """The documents of a call in which every answer is taken in a stream; tokens left out."""
    call = house.call(caller=caller).rings().press("")
    documents = [call.document]
    for text in answers:
        assert call.verbs[-2:] == ["Connect", "Redirect"]
        in_a_stream(house, call, said(house, text))
        documents.append(call.redirected().document)
    return [re.sub(r'name="token" value="[^"]+"', "", document) for document in documents]


def test_a_call_goes_by_streams_from_question_to_question(house: House) -> None:
    call = opened(house).call().rings()
    # Keys could not stop what is said before a stream.
    assert call.verbs == ["Gather", "Redirect"]
    call.press("")
    assert call.verbs == ["Say", "Say", "Connect", "Redirect"]
    parameters = {each.get("name"): each.get("value") for each in call.root.iter("Parameter")}
    assert set(parameters) == {"token", "said"}
    in_a_stream(house, call, said(house, "はい"))
    turn = house.apps[0].service.current(call_sid=call.sid).turn
    assert call.redirected().verbs == ["Say", "Connect", "Redirect"]
    assert call.link("Redirect").endswith(f"/voice/continue?streamed={turn}")
    # The stream dies: the same words, heard by Twilio from now on.
    words = call.words
    assert call.redirected().verbs == ["Gather", "Redirect"]
    assert call.words == words
    call.say("昭和六十年三月五日です").say("山田太郎です").say("はい")
    assert call.verbs == ["Gather", "Redirect"]
    assert "way=twilio" in call.link("Gather")


def test_english_is_heard_by_twilio_where_no_model_hears_it(house: House) -> None:
    call = opened(house).call().rings().press("9")
    assert next(call.root.iter("Gather")).get("language") == "en-US"
    assert "way=" not in call.link("Gather")


def test_who_is_unknown_is_led_through_the_same_documents(house: House) -> None:
    opened(house)
    documents = streamed(house, TARO, TAROS)
    assert len(documents) == 5
    assert streamed(house, "+819000000000", NOBODYS) == documents


def test_by_keys_alone_down_to_a_person(house: House) -> None:
    call = opened(house, hearing=("vosk", "keys")).call().rings().press("")
    assert call.redirected().verbs == ["Gather", "Redirect"]
    call.press("1").press("3600305")
    assert call.dials and "sorry" not in call.words
    assert house.turns(call)[-1] == "SpeechLost"


def test_below_the_only_way_is_a_person(house: House) -> None:
    call = opened(house, hearing=("vosk",)).call().rings().press("")
    assert call.redirected().dials
    assert house.turns(call)[-1] == "Failed"
    assert house.result(call)["flags"] == ["trouble"]


def test_an_exit_that_nobody_answers_still_ends_with_words(house: House) -> None:
    call = opened(house, hearing=("vosk",)).call().rings().press("").redirected()
    for _ in range(3):
        if "Dial" not in call.verbs:
            break
        call.go(call.link("Dial"), {"DialCallStatus": "no-answer"})
    assert call.verbs == ["Say", "Hangup"]


def known(settings: Settings, flow: Flow, tokens: StreamTokens) -> None:
    with ExitStack() as stack:
        known_streams(settings, flow, tokens, stack)


@pytest.fixture
def tokens(house: House) -> StreamTokens:
    return StreamTokens(b"k" * 32, StoredAnswers(house.db, house.clock), house.clock)


def test_production_refuses_to_hear_with_a_model_for_rehearsals(
    house: House, tokens: StreamTokens, tmp_path: Path
) -> None:
    changes = {"mode": "production", "hearing": ("vosk",), "speech_models_dir": str(tmp_path)}
    settings = house.settings.model_copy(update=changes)
    with pytest.raises(SettingsError, match=r"for rehearsals.*IVR_REHEARSAL_MODEL_ALLOWED"):
        known(settings, house.flow, tokens)
    allowed = settings.model_copy(update={"rehearsal_model_allowed": True, "rendered_voice": "off"})
    known(allowed, house.flow, tokens)


def test_without_a_model_nothing_starts_that_names_vosk(
    house: House, tokens: StreamTokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SHIPPED", tmp_path)
    settings = house.settings.model_copy(
        update={"hearing": ("vosk", "keys"), "speech_models_dir": str(tmp_path / "models")}
    )
    with pytest.raises(HearingError, match=r"IVR_HEARING.*ivr models pull"):
        known(settings, house.flow, tokens)
    without = settings.model_copy(update={"hearing": ("twilio", "keys")})
    known(without, house.flow, tokens)


def test_silence_in_a_stream_is_progress(house: House) -> None:
    call = opened(house).call().rings().press("")
    in_a_stream(house, call, Silence(house.clock.now()))
    assert call.redirected().verbs[-2:] == ["Connect", "Redirect"]
