"""Twilio Verify: what it is asked, and what its answers mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import openapi
import pytest
from sender_rigs import TIMEOUT_S, message
from twilio_rest import ACCOUNT, TOKEN, LoopbackHttpClient
from verify_server import SERVICE, VERIFY_HOST, FakeVerify, fake_verify

from ivr.errors import SendFailed
from ivr.identity.ports import CodeChecker
from ivr.telephony.senders.twilio_verify import TwilioVerify

MOBILE = "+819012345678"
TEMPLATE = "HJ" + "4" * 32


@pytest.fixture
def verify() -> Iterator[FakeVerify]:
    with fake_verify() as server:
        yield server


@pytest.fixture
def client(verify: FakeVerify) -> Iterator[LoopbackHttpClient]:
    made = LoopbackHttpClient({VERIFY_HOST: f"127.0.0.1:{verify.port}"}, timeout=TIMEOUT_S)
    with closing(made):
        yield made


@pytest.fixture
def sender(client: LoopbackHttpClient) -> TwilioVerify:
    return TwilioVerify(ACCOUNT, TOKEN, service_sid=SERVICE, http_client=client)


def test_it_makes_and_checks_codes_itself(sender: TwilioVerify, verify: FakeVerify) -> None:
    assert isinstance(sender, CodeChecker)
    sender.send(message("sms", code="072916"))
    (opened,) = verify.opened.values()
    assert opened.code != "072916"
    assert sender.check(MOBILE, "999999") == "wrong"
    assert sender.check(MOBILE, opened.code) == "right"
    assert sender.check(MOBILE, opened.code) == "expired"


@pytest.mark.parametrize(
    ("channel", "language", "fields"),
    [
        ("sms", "ja", {"To": MOBILE, "Channel": "sms", "Locale": "ja"}),
        ("voice", "en", {"To": MOBILE, "Channel": "call", "Locale": "en"}),
    ],
)
def test_what_is_asked_holds_neither_a_code_nor_a_text_of_ours(
    sender: TwilioVerify, verify: FakeVerify, channel: Any, language: str, fields: dict[str, str]
) -> None:
    sender.send(message(channel, language=language))
    (request,) = verify.requests
    assert request.path == f"/v2/Services/{SERVICE}/Verifications"
    assert request.fields == fields


def test_requests_fit_twilios_own_specification(
    client: LoopbackHttpClient, verify: FakeVerify
) -> None:
    document = openapi.spec("twilio_verify_v2.json")
    sender = TwilioVerify(
        ACCOUNT, TOKEN, service_sid=SERVICE, template_sid=TEMPLATE, http_client=client
    )
    sender.send(message("sms"))
    sender.send(message("voice"))
    sender.check(MOBILE, "123456")

    assert [openapi.problems(document, request) for request in verify.requests] == [[], [], []]
    assert verify.requests[0].fields["TemplateSid"] == TEMPLATE
    assert verify.requests[2].fields == {"To": MOBILE, "Code": "123456"}


def test_its_own_limits_end_in_words_of_ours(sender: TwilioVerify, verify: FakeVerify) -> None:
    for _ in range(5):
        sender.send(message("sms"))
    with pytest.raises(SendFailed, match="60203") as failure:
        sender.send(message("sms"))
    assert failure.value.kind == "refused"

    assert [sender.check(MOBILE, "999999") for _ in range(7)] == ["wrong"] * 5 + ["exhausted"] * 2
    verify.run_out()
    assert sender.check(MOBILE, "999999") == "expired"


@pytest.mark.parametrize(
    ("manner", "kind"),
    [
        ("hang", "retry_later"),
        ("drop", "retry_later"),
        ("garbage", "retry_later"),
        ("odd", "retry_later"),
        ((429, 20429), "retry_later"),
        ((429, None), "retry_later"),
        ((503, None), "retry_later"),
        ((401, 20003), "configuration"),
        ((400, 60200), "refused"),
        ((403, 60410), "blocked"),
    ],
)
def test_where_it_does_not_say_nothing_is_told_and_nothing_asked_again(
    sender: TwilioVerify,
    verify: FakeVerify,
    caplog: pytest.LogCaptureFixture,
    manner: Any,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    sender.send(message("sms"))
    verify.manner = manner
    verify.requests.clear()

    with pytest.raises(SendFailed) as failure:
        sender.check(MOBILE, "271828")

    assert failure.value.kind == kind
    assert failure.value.__suppress_context__ or failure.value.__context__ is None
    assert len(verify.requests) == 1
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for secret in (MOBILE, MOBILE.lstrip("+"), "271828"):
        assert secret not in f"{failure.value!s} {failure.value!r}"
        assert secret not in logged


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [((404, 20404), "expired"), ((404, None), "expired"), ((429, 60202), "exhausted")],
)
def test_refused_checks_say_why(
    sender: TwilioVerify, verify: FakeVerify, answer: Any, verdict: str
) -> None:
    verify.manner = answer
    assert sender.check(MOBILE, "123456") == verdict


def test_a_landline_asks_for_another_way(sender: TwilioVerify, verify: FakeVerify) -> None:
    verify.manner = (400, 60205)
    with pytest.raises(SendFailed) as failure:
        sender.send(message("sms"))
    assert failure.value.kind == "other_channel"
