"""What identity needs from outside: a customer directory and ways to send a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from ivr.identity.name_evidence import NameEvidence
from ivr.understanding.value import HeardName

Channel = Literal["sms", "voice", "email"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A registered customer. Kana is katakana and the truth; kanji is for display.

    Phones are E.164. ``contact_changed`` is when a phone or the e-mail last changed (aware UTC).
    """

    id: str
    number: str
    surname: str
    given: str
    surname_kana: str
    given_kana: str
    birthdate: date
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    language: str = "ja"
    contact_changed: datetime | None = None


class Directory(Protocol):
    """Where customers are registered."""

    def born_on(self, birthdate: date) -> Sequence[Customer]:
        """Every customer with this birthdate; empty where there is none.

        Raises:
            RecordsUnavailable: the directory cannot answer now.
        """
        ...

    def by_id(self, customer_id: str) -> Customer | None: ...


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A one-time code on its way. ``destination`` is E.164 or an e-mail address.

    ``text`` is what is sent or spoken; ``code`` alone is for providers that speak digits.
    ``idempotency_key`` is the same for the same send, always.
    """

    channel: Channel
    destination: str
    code: str
    text: str
    subject: str
    language: str
    idempotency_key: str


class CodeSender(Protocol):
    """One way to send a code."""

    def send(self, message: CodeMessage) -> None:
        """Hand the message to the provider; returning means it was accepted.

        Raises:
            SendFailed: with the kind that says what may be tried next.
        """
        ...


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A check to perform. ``intent_id`` is unique per check and survives retries.

    ``caller`` is the caller's number in E.164, or empty where withheld.
    ``birthdate`` is ISO, ``code`` the digits entered, ``phone`` E.164 and ``customer_number``
    digits, both as the caller gave them; each is None where the call has none.
    ``name_evidence``: what the sound of the name says for registered names, None where it was
    not weighed.
    """

    intent_id: str
    call_id: str
    check: str
    language: str
    caller: str
    verification_id: str | None
    birthdate: str | None = None
    name: HeardName | None = None
    name_evidence: NameEvidence | None = None
    phone: str | None = None
    customer_number: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended: an outcome from ``CHECK_OUTCOMES``, evidence for the result token,
    flags for the agent, and the verification it belongs to."""

    outcome: str
    evidence: Mapping[str, str]
    flags: tuple[str, ...] = ()
    verification_id: str | None = None


class Checks(Protocol):
    """Performs checks. Implemented by ``ivr.identity.checks.IdentityChecks``."""

    def perform(self, request: CheckRequest) -> CheckResult:
        """May take seconds and call providers; never inside a transaction of the caller."""
        ...
