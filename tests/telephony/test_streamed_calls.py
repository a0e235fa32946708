"""Calls that are led to the media process, come back from it, and go down the ladder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_rig import (
    CHECK,
    END,
    KEYS,
    NAME,
    TRANSFER,
    WORDS,
    build,
    counted,
    heard,
    in_a_stream,
)
from web_rig import (
    AGENTS,
    ALL_WAYS,
    ASK,
    CALL,
    CALLER,
    FALLBACK,
    PUBLIC_URL,
    Document,
    Rig,
    query_of,
)

from ivr.dialogue.actions import Ask, Line
from ivr.dialogue.events import Failed, Silence, SpeechLost

# --- into a stream --------------------------------------------------------------------------


def test_a_call_begins_in_a_stream() -> None:
    document = build(ASK).document("/voice/incoming")
    assert document.verbs == ["Connect", "Redirect"]
    assert document.one("Connect").attrib == {}
    assert document.one("Stream").attrib == {"url": "wss://voice.example.co.jp/media"}
    assert set(document.parameters) == {"token"}
    assert document.url == "/voice/continue?streamed=0"


def test_a_rehearsals_stream_is_not_encrypted() -> None:
    made = build(ASK, public_url="http://127.0.0.1:8080")
    assert made.document("/voice/incoming").one("Stream").get("url") == "ws://127.0.0.1:8080/media"


def test_words_without_sound_are_said_before_the_stream() -> None:
    made = build(ASK, service={"slow": True})
    made.silent.add(WORDS)
    document = made.document("/voice/incoming")
    assert document.verbs == ["Say", "Connect", "Redirect"]
    assert document.said == [WORDS]
    assert document.one("prosody").get("rate") == "75%"
    assert document.parameters["said"] == "0"


def test_keys_interrupt_words_without_sound() -> None:
    made = build(KEYS)
    assert made.document("/voice/incoming").verbs == ["Connect", "Redirect"]
    made.silent.add(WORDS)
    gather = made.document("/voice/incoming").one("Gather")
    assert gather.get("input") == "dtmf"
    assert gather.get("action") == f"{PUBLIC_URL}/voice/continue?turn=0"


def test_a_language_that_nobody_hears_goes_by_twilio_until_it_changes() -> None:
    made = build(ASK, ASK, ASK, service={"language": "en"})
    document = made.document("/voice/incoming")
    assert document.one("Gather").get("input") == "dtmf speech"
    assert query_of(document.redirect) == {"turn": "0", "lang": "en"}
    made.service.language = "ja"
    assert made.document(document.redirect, {"SpeechResult": "日本語"}).verbs[0] == "Connect"


def test_a_token_opens_one_stream_of_this_call_once() -> None:
    made = build(ASK)
    token = made.document("/voice/incoming").parameters["token"]
    other = made.document("/voice/incoming").parameters["token"]
    assert token != other
    assert not made.tokens.redeem(token, "CA" + "2" * 32)
    assert made.tokens.redeem(token, CALL)
    assert not made.tokens.redeem(token, CALL)
    assert made.tokens.redeem(other, CALL)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_stream_is_told_nothing_about_people(said: str, number: str) -> None:
    ask = replace(ASK, lines=(Line("confirm", f"{said}さまですね。"),))
    made = build(ask)
    document = made.document("/voice/incoming", {"From": CALLER, "CallerName": number})
    assert document.verbs == ["Connect", "Redirect"]
    told = [document.redirect, *document.one("Stream").attrib.values()]
    assert told == [f"{PUBLIC_URL}/voice/continue?streamed=0", "wss://voice.example.co.jp/media"]
    until, _, seal = document.parameters["token"].partition(".")
    assert until.isdigit() and seal.replace(".", "").replace("-", "").replace("_", "").isalnum()
    assert CALLER.strip("+") not in document.xml


# --- out of a stream ------------------------------------------------------------------------


def test_a_call_that_got_on_goes_on_in_a_stream() -> None:
    made = build(ASK)
    document = made.document("/voice/incoming")
    in_a_stream(made, heard(made), Silence(made.clock.now()))
    document = made.document(document.redirect)
    assert document.verbs == ["Connect", "Redirect"]
    assert document.url == "/voice/continue?streamed=2"
    assert counted(made, 'ivr_answers_total{way="vosk"} 2.0')
    assert not made.client.get("/metrics").text.count("ivr_way_failures_total{")


@pytest.mark.parametrize(
    ("action", "verbs"),
    [(TRANSFER, ["Say", "Dial"]), (END, ["Say", "Hangup"]), (KEYS, ["Connect", "Redirect"])],
)
def test_what_comes_after_a_stream(action: Any, verbs: list[str]) -> None:
    made = build(ASK, action)
    document = made.document("/voice/incoming")
    in_a_stream(made, heard(made))
    assert made.document(document.redirect).verbs == verbs


def after_a_transfer(made: Rig) -> Document:
    """The document that follows a transfer to which nobody answered."""
    document = made.document("/voice/incoming")
    in_a_stream(made, heard(made))
    document = made.document(document.redirect)
    assert document.verbs == ["Say", "Dial"]
    dialled = document.one("Dial").attrib["action"]
    return made.document(dialled, {"DialCallStatus": "no-answer", "DialCallSid": CALL})


def test_what_is_said_after_a_transfer_is_said_in_a_stream() -> None:
    made = build(ASK, TRANSFER, END)
    document = after_a_transfer(made)
    assert document.verbs == ["Connect", "Redirect"]
    assert document.said == []
    assert document.url == "/voice/continue?streamed=2"
    made.service.spoken(call_sid=CALL, turn=2)
    assert made.document(document.redirect).verbs == ["Hangup"]
    assert not made.client.get("/metrics").text.count("ivr_way_failures_total{")


def test_what_a_stream_after_a_transfer_could_not_say_is_said_by_twilio() -> None:
    made = build(ASK, TRANSFER, END)
    document = made.document(after_a_transfer(made).redirect)
    assert document.verbs == ["Say", "Hangup"]
    assert document.said == [END.lines[0].text]


def test_the_next_phone_of_a_transfer_is_rung_without_a_stream() -> None:
    in_turn = replace(TRANSFER, in_turn=True)
    made = build(ASK, in_turn, END, destinations={"agents": AGENTS})
    assert len(AGENTS) > 1
    document = after_a_transfer(made)
    assert document.verbs == ["Say", "Dial"]


def test_a_check_that_was_waited_for_in_the_stream_is_filled_at_once() -> None:
    made = build(ASK, CHECK, END, service={"check_polls": 9})
    document = made.document("/voice/incoming")
    in_a_stream(made, heard(made))
    made.service.waits.clear()
    document = made.document(document.redirect)
    assert document.said == ["少々お待ちください。"]
    assert query_of(document.redirect) == {"turn": "1", "poll": "2"}
    assert made.service.waits == [0]


def test_a_check_without_words_is_not_waited_for_again() -> None:
    made = build(ASK, replace(CHECK, lines=()), END, service={"check_polls": 9})
    document = made.document("/voice/incoming")
    in_a_stream(made, heard(made))
    made.service.waits.clear()
    assert made.document(document.redirect).said == ["少々お待ちください。"]
    assert made.service.waits == [0]


def test_who_hung_up_in_the_stream_has_hung_up() -> None:
    made = build(ASK)
    document = made.document("/voice/incoming")
    assert made.document(document.redirect, {"CallStatus": "completed"}).verbs == []
    assert made.service.hung_up_calls == [CALL]
    assert not made.client.get("/metrics").text.count("ivr_way_failures_total{")


# --- down the ladder ------------------------------------------------------------------------


def test_a_stream_that_got_no_further_is_not_tried_again_in_this_call() -> None:
    made = build(ASK)
    document = made.document("/voice/incoming")
    document = made.document(document.redirect)
    assert document.verbs == ["Gather", "Redirect"]
    assert document.said == [WORDS]
    assert document.one("Gather").get("input") == "dtmf speech"
    for turn in range(3):
        assert query_of(document.redirect) == {"turn": str(turn), "way": "twilio"}
        document = made.document(document.redirect, {"SpeechResult": "はい"})
        assert document.verbs == ["Gather", "Redirect"]
    assert counted(made, 'ivr_way_failures_total{way="vosk"} 1.0')
    assert counted(made, 'ivr_answers_total{way="twilio"} 3.0')
    other = made.document("/voice/incoming", call_sid="CA" + "2" * 32)
    assert other.verbs == ["Connect", "Redirect"]


@pytest.mark.parametrize(
    ("hearing", "ask", "events", "verb", "inputs"),
    [
        (ALL_WAYS, ASK, [], "Gather", "dtmf speech"),
        (("vosk", "keys"), ASK, [], "Gather", "dtmf"),
        (("vosk", "keys"), KEYS, [], "Gather", "dtmf"),
        # Keys cannot answer: the flow's way for whom nobody can hear.
        (("vosk", "keys"), NAME, [SpeechLost], "Say", None),
        (("vosk",), ASK, [Failed], "Say", None),
        (("vosk",), KEYS, [Failed], "Say", None),
    ],
)
def test_what_is_below_a_stream(
    hearing: tuple[str, ...], ask: Ask, events: list[type], verb: str, inputs: str | None
) -> None:
    made = build(ask, TRANSFER, hearing=hearing, service={"failed_action": TRANSFER})
    document = made.document(made.document("/voice/incoming").redirect)
    assert [type(event) for _, event in made.service.events] == events
    assert document.verbs[0] == verb
    if inputs is None:
        assert document.numbers == list(AGENTS)
    else:
        assert document.said == [WORDS]
        assert document.one("Gather").get("input") == inputs


@pytest.mark.parametrize(("hearing", "way"), [(("keys",), ""), (ALL_WAYS, "&way=keys")])
def test_with_keys_alone_nobody_waits_for_an_answer_that_keys_cannot_give(
    hearing: tuple[str, ...], way: str
) -> None:
    made = build(ASK, NAME, KEYS, hearing=hearing)
    made.document("/voice/incoming")
    document = made.document(f"/voice/continue?turn=0{way}", {"Digits": "1"})
    assert document.one("Gather").get("input") == "dtmf"
    assert query_of(document.redirect)["turn"] == "2"
    assert [type(event) for _, event in made.service.events][1:] == [SpeechLost]
    assert counted(made, 'ivr_answers_total{way="keys"} 1.0')
    assert counted(made, 'ivr_turns_total{event="speech_lost"} 1.0')


def test_who_is_below_the_last_way_stays_there() -> None:
    made = build(ASK, hearing=("vosk",), service={"failed_action": TRANSFER})
    document = made.document(made.document("/voice/incoming").redirect)
    assert document.one("Dial").get("action") == f"{PUBLIC_URL}/voice/continue?turn=1&way=none"
    made.service.failed_action = END
    document = made.document("/voice/continue?turn=1&way=none", {"DialCallStatus": "busy"})
    assert document.verbs == ["Say", "Hangup"]
    assert [type(event).__name__ for _, event in made.service.events] == [
        "Failed", "TransferEnded", "Failed"
    ]  # fmt: skip


def test_a_flow_that_only_ever_asks_ends_with_a_person() -> None:
    made = build(ASK, hearing=("vosk",), service={"failed_action": ASK})
    document = made.document(made.document("/voice/incoming").redirect)
    assert (document.verbs, document.numbers) == (["Say", "Dial"], [FALLBACK])


@pytest.mark.parametrize(
    ("query", "verbs"),
    [
        ("way=whisper", ["Connect", "Redirect"]),
        ("way=", ["Connect", "Redirect"]),
        ("way=VOSK", ["Connect", "Redirect"]),
        ("way=vosk", ["Connect", "Redirect"]),
        ("way=twilio&way=vosk", ["Gather", "Redirect"]),
        ("way=none", ["Say", "Hangup"]),
    ],
)
def test_a_way_in_the_url_is_one_of_ours_or_none(query: str, verbs: list[str]) -> None:
    made = build(ASK, service={"failed_action": END})
    made.document("/voice/incoming")
    path = f"/voice/continue?turn=0&{query}"
    assert made.document(path, {"SpeechResult": "はい"}).verbs == verbs


@pytest.mark.parametrize("turn", ["-1", "x", "1e9", "", "9999999"])
def test_a_turn_that_is_none_asks_for_the_present_question(turn: str) -> None:
    made = build(ASK)
    made.document("/voice/incoming")
    document = made.document(f"/voice/continue?streamed={turn}")
    assert document.url == "/voice/continue?streamed=0"


def test_a_turn_from_the_future_got_no_further() -> None:
    made = build(ASK)
    made.document("/voice/incoming")
    assert made.document("/voice/continue?streamed=7").verbs == ["Gather", "Redirect"]


def test_settings_without_vosk_open_no_stream() -> None:
    made = build(ASK, hearing=("twilio", "keys"))
    document = made.document("/voice/incoming")
    assert document.verbs == ["Gather", "Redirect"]
    # A stream that was opened before the settings changed.
    assert made.document("/voice/continue?streamed=0").verbs == ["Gather", "Redirect"]
