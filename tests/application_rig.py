"""Twilio in front of whole applications: signed webhooks, by test client or by HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from twilio.request_validator import RequestValidator
from twiml_schema import check_twiml

from ivr.settings import Settings

ROOT = Path(__file__).parent.parent
PUBLIC_URL = "https://voice.example.co.jp"
AUTH_TOKEN = "the-auth-token-of-the-account"
ACCOUNT = "AC" + "0" * 32
NUMBER = "+815012345678"
RESULT_KEY = "key-of-the-crm"
AGENT, PERSON = "+81312345678", "+81398765432"
#: The caller of most tests: T0001 of the sample customers.
TARO = "+819012345678"

_NUMBERS = count(1)

#: Delivers a POST: (path with query, body, headers) -> status and text.
Post = Callable[[str, str, Mapping[str, str]], tuple[int, str]]


def settings_for(var_dir: Path, database_url: str, **changes: Any) -> Settings:
    """A deployment of the shipped flow, on made-up numbers."""
    values: dict[str, Any] = {
        "var_dir": var_dir,
        "database_url": database_url,
        "flows_dir": ROOT / "flows",
        "grammars_dir": ROOT / "grammars",
        "public_url": PUBLIC_URL,
        "twilio_auth_token": AUTH_TOKEN,
        "twilio_account_sid": ACCOUNT,
        "twilio_number": NUMBER,
        "destinations": {"agents": (AGENT,)},
        "fallback_number": PERSON,
        "result_keys": {"crm": RESULT_KEY},
        "log_level": "error",
    }
    return Settings(**{**values, **changes})


def signature(url: str, form: Mapping[str, str], key: str = AUTH_TOKEN) -> str:
    """What Twilio puts into X-Twilio-Signature."""
    made: str = RequestValidator(key).compute_signature(url, form)
    return made


def by_client(app: Flask) -> Post:
    """Through Flask's test client."""

    def post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
        answer = app.test_client().post(path, data=body, headers=dict(headers))
        return answer.status_code, answer.text

    return post


def by_http(address: str) -> Post:
    """To a process that listens on ``address``."""

    def post(path: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(address, timeout=15)
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    return post


@dataclass(frozen=True)
class Webhook:
    """One request of Twilio's, to be delivered as often and wherever one likes."""

    path: str
    form: Mapping[str, str]
    token: str = ""

    def send(self, post: Post) -> str:
        """The document it is answered with, checked."""
        status, text = self.deliver(post)
        assert status in {200, 204}, f"{self.path}: {status}"
        assert status == 204 or check_twiml(text) == []
        return text

    def deliver(self, post: Post, **headers: str) -> tuple[int, str]:
        """Status and text of whatever comes back; ``headers`` replace those of Twilio."""
        own = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(PUBLIC_URL + self.path, self.form),
        }
        if self.token:
            own["I-Twilio-Idempotency-Token"] = self.token
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return post(self.path, urlencode(self.form), own | more)


@dataclass
class Call:
    """A call: what Twilio sends about it, and the document that is played now.

    Each webhook goes to the ``posts`` in turn; with ``everywhere`` it goes to all of them at the
    same moment, as if Twilio had repeated it."""

    posts: Sequence[Post]
    caller: str = TARO
    everywhere: bool = False
    sid: str = field(default_factory=lambda: f"CA{next(_NUMBERS):032x}")
    document: str = ""
    #: Every webhook sent, in order.
    sent: list[Webhook] = field(default_factory=list)

    @property
    def root(self) -> ET.Element:
        return ET.fromstring(self.document)  # noqa: S314 (our own output)

    @property
    def verbs(self) -> list[str]:
        return [verb.tag for verb in self.root]

    @property
    def words(self) -> str:
        """What is said now."""
        return "".join("".join(say.itertext()) for say in self.root.iter("Say"))

    @property
    def dials(self) -> list[str]:
        return [number.text or "" for number in self.root.iter("Number")]

    @property
    def reference(self) -> str:
        """The result that travels with the transfer."""
        number = next(self.root.iter("Number"))
        return parse_qs(urlsplit(number.attrib["url"]).query)["ref"][0]

    def link(self, tag: str) -> str:
        """Where the one ``tag`` of the document leads."""
        (element,) = self.root.iter(tag)
        return element.get("action") or element.text or ""

    def rings(self) -> Call:
        return self.go("/voice/incoming", {"CallStatus": "ringing"})

    def say(self, text: str) -> Call:
        return self.go(self.link("Gather"), {"SpeechResult": text, "Confidence": "0.93"})

    def press(self, keys: str) -> Call:
        return self.go(self.link("Gather"), {"Digits": keys, "FinishedOnKey": ""})

    def redirected(self) -> Call:
        return self.go(self.link("Redirect"), {})

    def until_code(
        self, birthdate: str = "昭和六十年三月五日です", name: str = "山田太郎です"
    ) -> Call:
        """From the first ring to the question for the six digits."""
        self.rings().press("").say("はい").say(birthdate).say(name)
        return self.say("はい")

    def webhook(self, target: str, fields: Mapping[str, str]) -> Webhook:
        """What Twilio would send to ``target``, a path or one of our absolute URLs."""
        form = {
            "AccountSid": ACCOUNT,
            "CallSid": self.sid,
            "From": self.caller,
            "To": NUMBER,
            "CallStatus": "in-progress",
            **fields,
        }
        return Webhook(target.removeprefix(PUBLIC_URL), form, f"{self.sid}-{len(self.sent)}")

    def go(self, target: str, fields: Mapping[str, str]) -> Call:
        """Send a webhook and play its answer; fillers while a check runs are followed."""
        webhook = self.webhook(target, fields)
        self.document = self._deliver(webhook)
        while self.verbs[-2:] == ["Pause", "Redirect"] and "poll=" in self.link("Redirect"):
            self.document = self._deliver(self.webhook(self.link("Redirect"), {}))
        return self

    def _deliver(self, webhook: Webhook) -> str:
        self.sent.append(webhook)
        if not self.everywhere:
            return webhook.send(self.posts[len(self.sent) % len(self.posts)])
        with ThreadPoolExecutor(len(self.posts)) as pool:
            answers = list(pool.map(webhook.send, self.posts))
        # While a check runs, whoever does not run it answers with a filler.
        settled = {answer for answer in answers if "poll=" not in answer}
        assert len(settled) <= 1, f"two answers to one webhook: {settled}"
        return settled.pop() if settled else answers[0]


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a result, unchecked."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
