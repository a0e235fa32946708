"""A web process on fakes, and a Twilio that signs its webhooks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fakes.answers import FakeAnswers, FakeDispositions, FakeResults
from fakes.dialogue import FakeDialogue
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from twiml_schema import check_twiml
from werkzeug.test import TestResponse

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, Line, Listening
from ivr.identity.result import PublishedKeys
from ivr.settings import Settings
from ivr.telephony.ladder import Streams
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.web import WebDeps, create_web

PUBLIC_URL = "https://voice.example.co.jp"
AUTH_TOKEN = "the-auth-token-of-the-account"
WEBHOOK_KEY = "the-shared-webhook-key"
ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
CALLER = "+819012345678"
CALLED = "+815012345678"
AGENTS = ("+81312345678", "+81312345679")
FALLBACK = "+81398765432"

ASK = Ask(
    "consent",
    (Line("consent", "よろしければ「はい」とおっしゃってください。"),),
    Listening(speech=True, keys=True, grammars=("consent", "commands")),
)


#: All ways of taking answers, best first.
ALL_WAYS = ("vosk", "twilio", "keys")


def web_settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_webhook_key": WEBHOOK_KEY,
        "twilio_account_sid": ACCOUNT,
        "twilio_number": CALLED,
        "destinations": {"agents": AGENTS},
        "fallback_number": FALLBACK,
        "result_keys": {"crm": "key-of-the-crm", "desk": "key-of-the-desk"},
        "metrics_key": "key-of-prometheus",
    }
    return Settings(**{**values, **changes})


def signature(url: str, form: Any, *, key: str = AUTH_TOKEN, algorithm: str | None = None) -> str:
    """What Twilio puts into X-Twilio-Signature."""
    made: str = RequestValidator(key).compute_signature(url, form, algorithm)
    return made


@dataclass
class Rig:
    """The app, its fakes, and a Twilio in front of it."""

    app: Flask
    service: FakeDialogue
    answers: FakeAnswers
    results: FakeResults
    dispositions: FakeDispositions
    settings: Settings
    clock: ManualClock
    tokens: StreamTokens
    #: Languages that a model hears, and texts that no stream can play.
    heard: set[str]
    silent: set[str]
    ready: dict[str, Callable[[], None]] = field(default_factory=dict)

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def send(
        self,
        target: str,
        fields: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        call_sid: str = CALL,
    ) -> TestResponse:
        """POST a signed webhook to ``target``, a path or one of our absolute URLs."""
        path = target.removeprefix(self.settings.public_url)
        form = {
            "AccountSid": ACCOUNT,
            "CallSid": call_sid,
            "From": CALLER,
            "To": CALLED,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            **(fields or {}),
        }
        signed = signature(self.settings.public_url + path, form)
        return self.client.post(
            path,
            data=urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signed, **(headers or {})},
        )

    def document(
        self,
        target: str,
        fields: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        call_sid: str = CALL,
    ) -> Document:
        """The TwiML that Twilio gets, checked."""
        response = self.send(target, fields, headers=headers, call_sid=call_sid)
        assert response.status_code == 200
        assert response.mimetype == "text/xml"
        return Document(response.text)


class Document:
    """A TwiML document that has passed the checks."""

    def __init__(self, xml: str) -> None:
        assert check_twiml(xml) == []
        self.xml = xml
        self.root = ET.fromstring(xml)  # noqa: S314 (our own output)

    @property
    def verbs(self) -> list[str]:
        return [element.tag for element in self.root]

    @property
    def said(self) -> list[str]:
        return ["".join(say.itertext()) for say in self.root.iter("Say")]

    def one(self, tag: str) -> ET.Element:
        (element,) = self.root.iter(tag)
        return element

    @property
    def redirect(self) -> str:
        return self.one("Redirect").text or ""

    @property
    def url(self) -> str:
        """Where the document leads at last, without the base."""
        return self.redirect.removeprefix(PUBLIC_URL)

    @property
    def parameters(self) -> dict[str, str]:
        """What the stream is told."""
        return {each.get("name", ""): each.get("value", "") for each in self.root.iter("Parameter")}

    @property
    def numbers(self) -> list[str]:
        return [number.text or "" for number in self.root.iter("Number")]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def hints(language: str, grammars: tuple[str, ...]) -> str:
    return ",".join((language, *grammars)) if grammars else ""


def build_rig(*script: Any, service: Mapping[str, Any] | None = None, **changes: Any) -> Rig:
    dialogue = FakeDialogue(script or (ASK,), **(service or {}))
    answers, results = FakeAnswers(), FakeResults({"ref_-1": "eyJ.signed.token"})
    dispositions = FakeDispositions({"ref_-1"})
    clock = ManualClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    backlogs = changes.pop("backlogs", None)
    settings = web_settings(**changes)
    ready: dict[str, Callable[[], None]] = {}
    tokens = StreamTokens(b"k" * 32, answers, clock)
    heard, silent = {"ja"}, set[str]()
    streams = Streams(
        issue=tokens.issue,
        can_hear=heard.__contains__,
        has_sound=lambda text, language: text not in silent,
    )
    app = create_web(
        WebDeps(
            settings=settings,
            service=dialogue,
            flow_hints=hints,
            answers=answers,
            results=results,
            dispositions=dispositions,
            jwks=lambda: PublishedKeys({"keys": [{"kty": "OKP", "kid": "k1"}]}, 300),
            readiness=ready,
            clock=clock,
            streams=streams,
            backlogs=backlogs,
        )
    )
    return Rig(
        app, dialogue, answers, results, dispositions, settings, clock, tokens, heard, silent, ready
    )
