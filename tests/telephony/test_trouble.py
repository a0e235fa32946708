"""Whatever breaks, the caller hears a sentence and reaches a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_rig import (
    ACCOUNT,
    AGENTS,
    ALL_WAYS,
    ASK,
    CALL,
    FALLBACK,
    PUBLIC_URL,
    Document,
    Rig,
    build_rig,
    query_of,
    signature,
)

from ivr.dialogue.actions import Check, End, Line, Transfer
from ivr.dialogue.events import Failed, Heard, TransferEnded

Build = Callable[..., Rig]
END = End("goodbye", (Line("goodbye", "失礼いたします。"),))
TRANSFER = Transfer("transfer", "agents", (Line("transfer", "おつなぎします。"),))
FORM = "application/x-www-form-urlencoded"


def reaches_a_person(document: Document) -> bool:
    return document.verbs == ["Say", "Dial"] and document.numbers == [FALLBACK]


# --- the database ---------------------------------------------------------------------------


def test_database_gone_for_a_moment_at_the_start(rig: Build) -> None:
    made = rig(ASK, service={"away": 2})
    document = made.document("/voice/incoming")
    for retry in ("1", "2"):
        assert document.verbs == ["Say", "Pause", "Redirect"]
        assert document.said == ["少々お待ちください。"]
        assert document.redirect == f"{PUBLIC_URL}/voice/incoming?retry={retry}"
        document = made.document(document.redirect)
    assert "Gather" in document.verbs


def test_database_gone_for_a_moment_in_the_middle(rig: Build) -> None:
    made = rig(ASK, END)
    made.document("/voice/incoming")
    made.service.away = 1
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    assert query_of(document.redirect) == {"turn": "0", "retry": "1"}
    # The redirect cannot carry what was said: the question is asked again, nothing is counted.
    assert made.document(document.redirect).said == [ASK.lines[0].text]
    assert made.service.events == []


def test_database_gone_for_good(rig: Build) -> None:
    made = rig(ASK)
    made.document("/voice/incoming")
    made.service.away = 99
    document = made.document("/voice/continue?turn=0", {"Digits": "1"})
    holds = 0
    while "Redirect" in document.verbs:
        holds += 1
        document = made.document(document.redirect)
    assert holds == 3
    assert reaches_a_person(document)


def test_end_of_a_transfer_is_not_lost_with_the_database(rig: Build) -> None:
    made = rig(TRANSFER, END)
    made.document("/voice/incoming")
    made.service.away = 2
    document = made.document(
        "/voice/continue?turn=0", {"DialCallStatus": "completed", "DialBridged": "true"}
    )
    document = made.document(document.redirect)
    assert query_of(document.redirect) == {
        "turn": "0", "retry": "2", "dial": "completed", "bridged": "true"
    }  # fmt: skip
    assert made.document(document.redirect).said == ["失礼いたします。"]
    assert [event.outcome for _, event in made.service.events] == ["bridged"]  # type: ignore[union-attr]


def test_who_has_talked_to_a_person_is_not_put_through_again(rig: Build) -> None:
    made = rig(TRANSFER)
    made.document("/voice/incoming")
    made.service.away = 99
    path = "/voice/continue?turn=0&retry=3&dial=completed&bridged=true"
    document = made.document(path)
    # The person hung up first: the caller is not cut off without a word.
    assert document.verbs == ["Say", "Hangup"]
    assert document.said == ["お電話ありがとうございました。失礼いたします。"]
    not_bridged = "/voice/continue?turn=0&retry=3&dial=busy"
    assert reaches_a_person(made.document(not_bridged))


def test_apology_is_in_the_language_of_the_call(rig: Build) -> None:
    made = rig(ASK, service={"language": "en"})
    document = made.document("/voice/incoming")
    made.service.away = 99
    document = made.document(document.redirect, {"Digits": "1"})
    assert document.said == ["One moment, please."]
    while "Redirect" in document.verbs:
        document = made.document(document.redirect)
    assert document.said[0].startswith("We are sorry")
    assert query_of(document.one("Dial").get("action", "")) == {"dialled": "1", "lang": "en"}


# --- errors of ours -------------------------------------------------------------------------


def test_crash_leaves_by_the_flows_own_exit(rig: Build) -> None:
    made = rig(ASK, service={"failed_action": TRANSFER})
    made.document("/voice/incoming")
    made.service.broken = 1
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    assert document.numbers == list(AGENTS)
    assert made.service.events == [(0, Failed(made.clock.now(), "webhook"))]


def test_crash_of_everything_reaches_a_person(rig: Build) -> None:
    made = rig(ASK)
    made.document("/voice/incoming")
    made.service.broken = 99
    assert reaches_a_person(made.document("/voice/continue?turn=0", {"SpeechResult": "はい"}))
    assert reaches_a_person(made.document("/voice/incoming"))


def test_crash_outside_the_conversation_reaches_a_person(
    rig: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig(ASK)

    def broken(key: str) -> str | None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(made.answers, "get", broken)
    document = made.document("/voice/incoming", headers={"I-Twilio-Idempotency-Token": "t"})
    assert reaches_a_person(document)


def test_unknown_call_reaches_a_person(rig: Build) -> None:
    made = rig(ASK)
    for path in ("/voice/continue?turn=3", "/voice/continue", "/voice/continue?turn=3&poll=1"):
        assert reaches_a_person(made.document(path, {"SpeechResult": "はい"}))
    assert reaches_a_person(made.document("/voice/continue?turn=3"))


@pytest.mark.parametrize("path", ["/voice/incoming", "/voice/continue?turn=0", "/voice/fallback"])
def test_webhook_without_a_call_reaches_a_person(rig: Build, path: str) -> None:
    made = rig(ASK)
    assert reaches_a_person(made.document(path, {"CallSid": ""}))
    assert made.service.begun == []


def test_nobody_set_says_whom_to_call(rig: Build) -> None:
    made = rig(ASK, fallback_number="", callback_number="0120-111-222")
    document = made.document("/voice/continue?turn=3")
    assert document.verbs == ["Say", "Hangup"]
    assert "0120-111-222" in document.said[0]


# --- the fallback URL -----------------------------------------------------------------------


def fallback(turn: int, code: str = "11200", query: str = "") -> dict[str, str]:
    url = f"{PUBLIC_URL}/voice/continue?turn={turn}{query}"
    return {"ErrorCode": code, "ErrorUrl": url}


def test_fallback_resumes_a_known_call(rig: Build) -> None:
    made = rig(ASK, END)
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", fallback(0))
    assert document.said == [ASK.lines[0].text]
    assert query_of(document.redirect) == {"turn": "0", "recovered": "1"}
    assert made.service.events == []


def test_fallback_keeps_what_the_failed_request_carried(rig: Build) -> None:
    made = rig(ASK, END)
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", {**fallback(0), "SpeechResult": "はい"})
    assert document.verbs == ["Say", "Hangup"]
    assert [type(event) for _, event in made.service.events] == [Heard]


def test_fallback_after_a_talk_does_not_ring_again(rig: Build) -> None:
    made = rig(TRANSFER, END)
    made.document("/voice/incoming")
    fields = {**fallback(0), "DialCallStatus": "completed", "DialBridged": "true"}
    assert made.document("/voice/fallback", fields).verbs == ["Say", "Hangup"]
    assert [type(event) for _, event in made.service.events] == [TransferEnded]


def test_fallback_twice_in_a_row_leaves_by_the_flows_exit(rig: Build) -> None:
    made = rig(ASK, service={"failed_action": TRANSFER})
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", fallback(0, query="&recovered=1"))
    assert document.numbers == list(AGENTS)


def test_fallback_for_a_document_twilio_cannot_play_does_not_repeat_it(rig: Build) -> None:
    made = rig(ASK, service={"failed_action": TRANSFER})
    made.document("/voice/incoming")
    assert made.document("/voice/fallback", fallback(0, "12100")).numbers == list(AGENTS)


@pytest.mark.parametrize("service", [{}, {"away": 99}, {"broken": 99}])
def test_fallback_else_reaches_a_person(rig: Build, service: dict[str, int]) -> None:
    assert reaches_a_person(rig(ASK, service=service).document("/voice/fallback", fallback(0)))


@pytest.mark.parametrize(
    ("fields", "verbs"),
    [
        ({"DialCallStatus": "completed"}, ["Say", "Hangup"]),
        ({"DialCallStatus": "answered"}, ["Say", "Hangup"]),
        ({"DialCallStatus": "no-answer", "CallStatus": "completed"}, ["Hangup"]),
        ({"DialCallStatus": "busy"}, ["Say", "Hangup"]),
        ({"DialCallStatus": "no-answer"}, ["Say", "Hangup"]),
        ({}, ["Say", "Hangup"]),
    ],
)
def test_after_the_emergency_transfer(rig: Build, fields: dict[str, str], verbs: list[str]) -> None:
    made = rig(ASK, service={"away": 99})
    assert made.document("/voice/fallback?dialled=1", fields).verbs == verbs


# --- bad input ------------------------------------------------------------------------------


def raw(made: Rig, body: bytes, kind: str = FORM, path: str = "/voice/incoming") -> int:
    signed = signature(PUBLIC_URL + path, {})
    headers = {"X-Twilio-Signature": signed}
    return made.client.post(path, data=body, content_type=kind, headers=headers).status_code


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"CallSid=" + b"1" * 65_536, FORM, 413),
        (b"--x\r\nContent-Disposition: nothing", "multipart/form-data; boundary=x", 415),
        (b"--x", "multipart/form-data", 415),
        (b"<xml/>", "text/xml", 415),
        (b"CallSid=CA1", "", 415),
        (b"CallSid=\xff\xfe", FORM, 400),
        (b"&&&", FORM, 400),
    ],
)
def test_malformed_bodies(rig: Build, body: bytes, kind: str, status: int) -> None:
    made = rig(ASK, twilio_account_sid="")
    assert raw(made, body, kind) == status
    assert made.service.begun == []


@pytest.mark.parametrize(
    "path", ["/voice/incoming", "/voice/continue", "/voice/status", "/voice/whisper"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(rig: Build, path: str, method: str) -> None:
    response = rig(ASK).client.open(path, method=method)
    assert response.status_code == 405
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/voice", "/voice/", "/voice/other", "/voice//incoming", "/"])
def test_unknown_paths_are_not_redirected(rig: Build, path: str) -> None:
    assert rig(ASK).client.open(path, method="POST").status_code == 404


FIELDS = st.dictionaries(
    st.sampled_from(
        [
            "From", "To", "CallStatus", "SpeechResult", "Confidence", "Digits", "FinishedOnKey",
            "DialCallStatus", "DialBridged", "ErrorUrl", "ErrorCode", "Unheard", "Of",
        ]
    ),
    st.text(max_size=60),
)  # fmt: skip
PATHS = st.sampled_from(
    [
        "/voice/incoming", "/voice/continue?turn=0", "/voice/continue?turn=1&poll=1",
        "/voice/continue?turn=x&retry=9", "/voice/fallback", "/voice/whisper?ref=ref_-1",
        "/voice/whisper/answer?ref=ref_-1", "/voice/fallback?dialled=1",
        "/voice/continue?streamed=0", "/voice/continue?streamed=7&way=vosk",
        "/voice/continue?streamed=1&turn=0&poll=1", "/voice/continue?turn=0&way=keys",
        "/voice/continue?streamed=x&way=none&retry=9",
    ]
)  # fmt: skip


@given(
    st.lists(st.tuples(PATHS, FIELDS), max_size=8),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([("twilio", "keys"), ALL_WAYS, ("vosk",), ("keys",)]),
)
def test_whatever_twilio_sends_it_gets_twiml(
    requests: list[tuple[str, dict[str, str]]], away: int, broken: int, hearing: tuple[str, ...]
) -> None:
    made = build_rig(
        ASK,
        Check("s", "identify"),
        TRANSFER,
        service={"away": away, "broken": broken},
        hearing=hearing,
    )
    for path, fields in requests:
        made.document(path, {"AccountSid": ACCOUNT, "CallSid": CALL, **fields})
