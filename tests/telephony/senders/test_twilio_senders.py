"""What Twilio is asked for, and what its answers mean."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import openapi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sender_rigs import OURS, VOICES, message
from twilio_rest import (
    ACCOUNT,
    HOST,
    TOKEN,
    FakeTwilio,
    LoopbackHttpClient,
    Received,
    UnmappedHost,
)

from ivr.errors import SEND_FAILURES, SendFailed
from ivr.telephony.senders.twilio_errors import KIND_OF_CODE, kind_of
from ivr.telephony.senders.twilio_messaging import TwilioMessaging
from ivr.telephony.senders.twilio_voice import TwilioVoice

_VOICE = TwilioVoice(ACCOUNT, TOKEN, from_number=OURS, voices=VOICES)

# The line "OTP" of TWILIO.md, word for word, so that a slip in the table shows.
_TWILIO_MD = """
blocked 30450 60410 60605
other_channel 60205 21614 21612 21408
refused 20404 21211 21215 21216 21610 60200 60202 60203 60212
retry_later 20429
configuration 20003
"""


def _parsed(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314  (ours)


def test_a_text_message_is_asked_for_with_its_validity(
    messaging: TwilioMessaging, twilio: FakeTwilio
) -> None:
    sent = message("sms")

    messaging.send(sent)

    (request,) = twilio.requests
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert request.fields == {
        "To": sent.destination,
        "From": OURS,
        "Body": sent.text,
        "ValidityPeriod": "600",
    }
    login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert request.authorization == f"Basic {login}"


def test_a_message_is_never_valid_longer_than_ten_minutes(
    twilio_client: LoopbackHttpClient, twilio: FakeTwilio
) -> None:
    for asked, told in ((36000, "600"), (300, "300")):
        TwilioMessaging(
            ACCOUNT, TOKEN, from_number=OURS, validity_s=asked, http_client=twilio_client
        ).send(message("sms"))
        assert twilio.requests[-1].fields["ValidityPeriod"] == told


def test_a_call_speaks_the_text_slowly_and_hangs_up(voice: TwilioVoice, twilio: FakeTwilio) -> None:
    sent = message("voice", text="番号は、ゼロ。なな。")

    voice.send(sent)

    (request,) = twilio.requests
    assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    fields = request.fields
    assert (fields["To"], fields["From"]) == (sent.destination, OURS)
    assert (fields["Timeout"], fields["TimeLimit"]) == ("30", "120")
    root = _parsed(fields["Twiml"])
    assert [child.tag for child in root] == ["Pause", "Say", "Pause", "Hangup"]
    say = root[1]
    assert say.attrib == {"language": "ja-JP", "voice": VOICES["ja"]}
    assert (say[0].tag, say[0].attrib, say[0].text) == ("prosody", {"rate": "75%"}, sent.text)


@pytest.mark.parametrize(
    ("language", "locale"), [("ja", "ja-JP"), ("en", "en-US"), ("fr", "ja-JP")]
)
def test_a_call_speaks_the_language_of_the_message(language: str, locale: str) -> None:
    say = _parsed(_VOICE.twiml(message("voice", language=language)))[1]

    assert say.get("language") == locale


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_no_text_breaks_out_of_the_document(text: str) -> None:
    root = _parsed(_VOICE.twiml(message("voice", text=text)))

    assert (root[1][0].text or "") == text


def test_the_table_of_errors_is_the_one_of_the_document() -> None:
    told = {
        int(code): line.split()[0] for line in _TWILIO_MD.split("\n") for code in line.split()[1:]
    }

    assert told == KIND_OF_CODE


@given(status=st.integers(300, 599), code=st.none() | st.integers(0, 99999))
def test_every_answer_has_a_kind(status: int, code: int | None) -> None:
    kind = kind_of(status, code)

    assert kind in SEND_FAILURES
    if code not in KIND_OF_CODE and status >= 500:
        assert kind == "retry_later"


def test_nothing_is_asked_twice(messaging: TwilioMessaging, twilio: FakeTwilio) -> None:
    for manner in ("drop", "empty", "hang"):
        twilio.manner = manner
        twilio.requests.clear()
        with pytest.raises(SendFailed):
            messaging.send(message("sms"))
        assert len(twilio.requests) == 1


def test_the_loopback_client_refuses_every_other_host() -> None:
    client = LoopbackHttpClient({}, timeout=0.1)

    with pytest.raises(UnmappedHost, match=HOST):
        TwilioMessaging(ACCOUNT, TOKEN, from_number=OURS, http_client=client).send(message("sms"))


def test_requests_fit_twilios_own_specification(
    messaging: TwilioMessaging, voice: TwilioVoice, twilio: FakeTwilio
) -> None:
    document = openapi.spec("twilio_api_v2010.json")

    messaging.send(message("sms"))
    voice.send(message("voice"))

    assert [openapi.problems(document, request) for request in twilio.requests] == [[], []]


@pytest.mark.parametrize(
    ("path", "form", "problem"),
    [
        ("/2010-04-01/Accounts/{}/Messages.json", {"Body": "x"}, "To is missing"),
        ("/2010-04-01/Accounts/{}/Messages.json", {"To": "+819012345678", "Txt": "x"}, "Txt is no"),
        ("/2010-04-01/Accounts/{}/Messages.json", {"To": "090-1234"}, "To is no phone-number"),
        (
            "/2010-04-01/Accounts/{}/Messages.json",
            {"To": "+819012345678", "ValidityPeriod": "ten"},
            "ValidityPeriod is no integer",
        ),
        (
            "/2010-04-01/Accounts/{}/Messages.json",
            {"To": "+819012345678", "RiskCheck": "maybe"},
            "RiskCheck is none of",
        ),
        ("/2010-04-01/Accounts/me/Messages.json", {"To": "+819012345678"}, "AccountSid in the"),
        ("/2010-04-01/Accounts/{}/Texts.json", {"To": "+819012345678"}, "no operation"),
    ],
)
def test_the_checker_of_requests_finds_mistakes(
    path: str, form: dict[str, str], problem: str
) -> None:
    document = openapi.spec("twilio_api_v2010.json")
    request = Received("POST", path.format(ACCOUNT), tuple(form.items()), "")

    assert any(found.startswith(problem) for found in openapi.problems(document, request))


def test_the_call_fits_twilios_own_table_of_verbs() -> None:
    schema = openapi.spec("twiml-schema.json")

    for language in ("ja", "en"):
        document = _VOICE.twiml(message("voice", language=language))
        assert openapi.twiml_problems(schema, document) == []
    assert openapi.twiml_problems(schema, '<Response><Say voice="Polly.Nobody" x="1"/></Response>')
