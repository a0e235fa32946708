"""What identity needs from outside: a customer directory and ways to send a code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, TypeVar, runtime_checkable

from ivr.identity.name_evidence import NameEvidence
from ivr.understanding.value import HeardName

Channel = Literal["sms", "voice", "email"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What somebody is found by. Kana is katakana and the truth; kanji is for display. ``id`` has
    at most 128 characters; ``number`` is the company's own number for the customer."""

    id: str
    number: str
    surname: str
    given: str
    surname_kana: str
    given_kana: str


@dataclass(frozen=True, slots=True)
class Customer(Candidate):
    """A registered customer.

    Phones are E.164. ``contact_changed`` is when a phone or the e-mail last changed (aware UTC).
    ``preferred``: the way they would rather get codes.
    """

    birthdate: date
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    language: str = "ja"
    contact_changed: datetime | None = None
    preferred: Channel | None = None


class Directory(Protocol):
    """Where customers are registered. Safe for threads.

    Every method raises :class:`ivr.errors.RecordsUnavailable` where the directory cannot answer
    now, and another :class:`ivr.errors.RecordsError` where it will not before somebody acts.
    Neither tells whom it was asked about.
    """

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        """Everybody with this birthdate, in a steady order; empty where there is nobody."""
        ...

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        """The customers with these ids, as far as there are such."""
        ...

    def by_id(self, customer_id: str) -> Customer | None:
        """The customer with this id, or None."""
        ...

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        """The ids of everybody who has registered one of these numbers (E.164)."""
        ...

    def together(self, look_up: Callable[[Directory], T]) -> T:
        """Several look-ups as one: a directory that takes its time takes it once."""
        ...


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


#: What a provider says of digits: they are the code, they are not, its code has run out, or it
#: takes no more digits for it.
Verdict = Literal["right", "wrong", "expired", "exhausted"]


@runtime_checkable
class CodeChecker(CodeSender, Protocol):
    """A way to send codes that makes them itself, so that only the provider knows them."""

    def check(self, destination: str, code: str) -> Verdict:
        """Ask whether ``code`` is the one that was last sent to ``destination``; a right one is
        used up.

        Raises:
            SendFailed: the provider does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class KnownCallerRule:
    """What a policy says of callers who were verified a moment ago: how many seconds ago at most,
    and whether also in a call that an agent took."""

    seconds: int
    after_agent: bool


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A check to perform. ``intent_id`` is unique per check and survives retries.

    ``caller`` is the caller's number in E.164, or empty where withheld.
    ``birthdate`` is ISO, ``code`` the digits entered, ``phone`` E.164 and ``customer_number``
    digits, both as the caller gave them; each is None where the call has none.
    ``name_evidence``: what the sound of the name says for registered names, None where it was
    not weighed. ``known_caller``: None where a code of an earlier call never counts. ``further``:
    by which channels a second code would be of use; None where any is.
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
    known_caller: KnownCallerRule | None = None
    further: tuple[Channel, ...] | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended: an outcome from ``CHECK_OUTCOMES``, evidence for the result token,
    flags for the agent, the verification it belongs to, and signals that may raise doubt
    (:mod:`ivr.flow.signals`)."""

    outcome: str
    evidence: Mapping[str, str]
    flags: tuple[str, ...] = ()
    verification_id: str | None = None
    signals: Mapping[str, int] = field(default_factory=dict)


class Checks(Protocol):
    """Performs checks. Implemented by ``ivr.identity.checks.IdentityChecks``."""

    def perform(self, request: CheckRequest) -> CheckResult:
        """May take seconds and call providers; never inside a transaction of the caller."""
        ...
