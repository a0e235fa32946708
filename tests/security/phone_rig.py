"""The whole web process in this interpreter, and a telephone that only knows the protocol."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from datetime import date
from itertools import count
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from fakes.senders import FakeSender
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from ivr.clock import Clock
from ivr.flow.flow import Flow
from ivr.identity.ports import Channel, CodeSender
from ivr.records import customers
from ivr.records.customers import CustomerData
from ivr.settings import Settings
from ivr.wiring.application import build_app

PUBLIC_URL = "https://voice.example.co.jp"
AUTH_TOKEN = "the-auth-token-of-the-account"
ACCOUNT = "AC" + "7" * 32
NUMBER = "+815012345678"
RESULT_KEY = "key-of-the-crm"
FORM = "application/x-www-form-urlencoded"

#: A number of nobody's.
ELSEWHERE = "+818011112222"

_SIDS = count(1)

TARO = CustomerData(
    "taro", "T0001", "山田", "太郎", "ヤマダ", "タロウ", date(1985, 3, 5), mobile="+819012345678"
)  # fmt: skip
KIYO = CustomerData(
    "kiyo", "T0009", "鈴木", "キヨ", "スズキ", "キヨ", date(1926, 6, 20), landline="+81300000009"
)  # fmt: skip
SHIGERU = CustomerData(
    "shigeru", "T0012", "渡辺", "茂", "ワタナベ", "シゲル", date(1938, 2, 14)
)  # fmt: skip
MAKOTO = [
    CustomerData(
        f"makoto{n}", f"T000{n}", "伊藤", "誠", "イトウ", "マコト", date(1970, 1, 15),
        mobile=f"+81900000000{n}",
    )
    for n in (7, 8)
]  # fmt: skip
PEOPLE = (TARO, KIYO, SHIGERU, *MAKOTO)


def signature(url: str, form: Mapping[str, str]) -> str:
    made: str = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
    return made


class Office:
    """One web process with its senders and database."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        flow: Flow,
        senders: Mapping[Channel, CodeSender] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.sms, self.voice, self.email = FakeSender(), FakeSender(), FakeSender()
        own: dict[Channel, CodeSender] = {
            "sms": self.sms,
            "voice": self.voice,
            "email": self.email,
        }
        self.running = build_app(
            settings, clock, senders=own if senders is None else senders, flow=flow
        )
        self.db = self.running.db

    @property
    def client(self) -> FlaskClient:
        return self.running.app.test_client()

    def register(self, *people: CustomerData) -> None:
        with self.db.writing() as session:
            for person in people:
                customers.add(session, person)

    def post(self, target: str, fields: Mapping[str, str]) -> str:
        """A signed webhook; the text of the answer."""
        path = target.removeprefix(PUBLIC_URL)
        form = {"AccountSid": ACCOUNT, "To": NUMBER, "CallStatus": "in-progress", **fields}
        answer = self.client.post(
            path,
            data=urlencode(form),
            content_type=FORM,
            headers={"X-Twilio-Signature": signature(PUBLIC_URL + path, form)},
        )
        assert answer.status_code in {200, 204}, answer.status_code
        return answer.text

    def call(self, caller: str = "+819012345678") -> Phone:
        """A call that has been answered."""
        return Phone(self, caller)

    def claims(self, reference: str) -> dict[str, Any]:
        """What the agent's system learns under ``reference``."""
        answer = self.client.get(
            f"/results/{reference}", headers={"Authorization": f"Bearer {RESULT_KEY}"}
        )
        assert answer.status_code == 200
        payload = answer.get_json()["token"].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return claims


class Webhooks(Protocol):
    """Where a telephone sends its webhooks."""

    def post(self, target: str, fields: Mapping[str, str]) -> str: ...


class Phone:
    """One call. Follows fillers by itself, as Twilio does."""

    def __init__(self, office: Webhooks, caller: str) -> None:
        self._office = office
        self.sid = f"CA{next(_SIDS):032x}"
        self.caller = caller
        #: Every document, fillers included.
        self.documents: list[str] = []
        self.receive("/voice/incoming", {})

    @property
    def office(self) -> Office:
        """The web process, where it runs in this interpreter."""
        assert isinstance(self._office, Office)
        return self._office

    @property
    def document(self) -> ET.Element:
        return ET.fromstring(self.documents[-1])  # noqa: S314 (our own output)

    @property
    def words(self) -> str:
        """What is spoken now."""
        return "".join("".join(say.itertext()) for say in self.document.iter("Say"))

    @property
    def asks(self) -> bool:
        return self.document.find("Gather") is not None

    @property
    def dials(self) -> list[str]:
        return [number.text or "" for number in self.document.iter("Number")]

    @property
    def reference(self) -> str:
        """The result that travels with the transfer."""
        (number, *_) = self.document.iter("Number")
        return parse_qs(urlsplit(number.attrib["url"]).query)["ref"][0]

    @property
    def level(self) -> str:
        level: str = self.office.claims(self.reference)["acr"]
        return level

    @property
    def flags(self) -> list[str]:
        flags: list[str] = self.office.claims(self.reference)["flags"]
        return flags

    @property
    def turn(self) -> int:
        """The turn that the present question waits for."""
        action = self.one("Gather").attrib["action"]
        return int(parse_qs(urlsplit(action).query)["turn"][0])

    def say(self, text: str, **fields: str) -> Phone:
        return self.answer({"SpeechResult": text, "Confidence": "0.9", **fields})

    def press(self, digits: str, finished_on: str = "") -> Phone:
        keys = {"Digits": digits}
        return self.answer(keys | ({"FinishedOnKey": finished_on} if finished_on else {}))

    def silence(self) -> Phone:
        return self.answer({})

    def answer(self, fields: Mapping[str, str]) -> Phone:
        """Answer the present question."""
        self.receive(self.one("Gather").attrib["action"], fields)
        return self

    def transfer_ends(self, status: str, **fields: str) -> Phone:
        self.receive(self.one("Dial").attrib["action"], {"DialCallStatus": status, **fields})
        return self

    def hang_up(self) -> None:
        self._office.post(
            "/voice/status",
            {"CallSid": self.sid, "From": self.caller, "CallStatus": "completed"},
        )

    def until_consent(self) -> Phone:
        return self.silence()

    def claim(self, birthdate: str = "昭和六十年三月五日です", name: str = "山田太郎です") -> Phone:
        """Say who is calling, up to the question whether the messages are open."""
        return self.until_consent().say("はい").say(birthdate).say(name)

    def ask_for_code(self, **said: str) -> Phone:
        """Up to the question for the six digits."""
        return self.claim(**said).say("はい")

    def one(self, tag: str) -> ET.Element:
        (element,) = self.document.iter(tag)
        return element

    def receive(self, target: str, fields: Mapping[str, str]) -> None:
        while True:
            text = self._office.post(target, {"CallSid": self.sid, "From": self.caller, **fields})
            self.documents.append(text)
            verbs = [verb.tag for verb in self.document]
            if not {"Pause", "Redirect"} <= set(verbs) or "Gather" in verbs:
                return
            target, fields = self.one("Redirect").text or "", {}


OpenOffice = Callable[..., Office]
