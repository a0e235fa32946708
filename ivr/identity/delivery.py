"""Sending codes: at most once, within limits, and as long for a stranger as for a customer.

What is to be sent is committed as ``sending`` before the provider is asked, so a crash never
sends twice; afterwards nobody knows whether the message left, and nothing is re-sent unasked.
The provider is asked on a thread of its own while the caller's check takes a fixed time, so
neither a decoy nor a slow or hanging provider can be told by the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.errors import RecordsError, SendFailed
from ivr.identity.assurance import accepted
from ivr.identity.claimed_customer import NOBODY, claimed_customer
from ivr.identity.codes import CodePolicy, code_hash, hash_of_no_code, new_code
from ivr.identity.contacts import Contact, after, besides, contacts_of, order_of, since
from ivr.identity.findings import Findings
from ivr.identity.messages import Messages
from ivr.identity.ports import (
    Channel,
    CheckRequest,
    CheckResult,
    CodeChecker,
    CodeMessage,
    CodeSender,
    Customer,
    Directory,
)
from ivr.identity.send_limits import SendLimits
from ivr.identity.steady_time import steady
from ivr.records import codes, verifications
from ivr.records.cipher import BlindIndex
from ivr.records.codes import CodeRecord, Entered
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

Way = Literal["first", "again", "other", "second"]
#: Is told the channel of a code that a limit kept back, and which limit: ``customer``, ``prefix``,
#: ``day`` or ``breaker``.
Withheld = Callable[[str, str], None]

#: What is noted as the channel of a code that goes nowhere.
_DECOY_CHANNEL: Channel = "sms"
_THREADS = 8
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Shipment:
    """A committed code on its way. ``contact`` is None where there is nobody to send to.

    ``number`` counts the channels tried for one request; ``left`` are those not yet tried.
    ``before`` is the code that stays in force if this one does not go out. ``second``: it is for
    another contact than that of a code which was accepted in this call.
    """

    request: CheckRequest
    record: VerificationRecord
    findings: Findings
    code_id: str
    code: str
    contact: Contact | None
    left: tuple[Contact, ...]
    language: str
    expires_at: datetime
    number: int
    before: str | None
    second: bool

    @property
    def key(self) -> str:
        return _key(self.request.intent_id, self.number)


class Delivery:
    """Performs ``send_code``, ``send_code_again``, ``send_code_other`` and ``send_code_second``."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        senders: Mapping[Channel, CodeSender],
        policy: CodePolicy,
        index: BlindIndex,
        code_key: bytes,
        messages: Messages,
        clock: Clock,
        withheld: Withheld = lambda channel, reason: None,
    ) -> None:
        """``withheld`` is told of each code that a limit kept back."""
        self._db = db
        self._directory = directory
        self._senders = senders
        self._policy = policy
        self._index = index
        self._key = code_key
        self._messages = messages
        self._clock = clock
        self._tell_withheld = withheld
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="code-sender")

    def send(self, request: CheckRequest, way: Way) -> CheckResult:
        """Send a new code and say ``sent``, whatever became of it; ``limit`` when this
        verification has asked often enough. The same ``intent_id`` never sends twice.

        ``way``: the ``first`` channel there is, ``again`` by the last one, or by the ``other``
        that follows it; ``second``: the first that was not proven yet in this call. After that,
        ``again`` and ``other`` keep to such ones too. A provider that asks for another channel gets
        it at once.

        What a ``second`` code may tell does not depend on anything before a code was accepted in
        this call: ``none`` then, as where no other contact can get one now; ``enough`` where the
        call takes none.

        Raises:
            RecordsUnavailable: the database cannot answer now; nothing was sent.
        """
        began = self._clock.now()
        customer, flags = self._customer(request.verification_id)
        with self._db.writing() as session:
            step = self._commit(session, request, way, customer, flags)
        if isinstance(step, CheckResult):
            return step
        running = self._pool.submit(self._carry, step)
        seconds = self._policy.send_seconds
        findings = steady(self._clock, began, seconds, running, step.findings)
        return CheckResult(
            "sent", findings.for_call(request.call_id), findings.flags, step.record.id
        )

    def close(self) -> None:
        """Wait for what is being sent, then stop."""
        self._pool.shutdown(wait=True)

    def _customer(self, verification_id: str | None) -> tuple[Customer | None, tuple[str, ...]]:
        claimed = claimed_customer(self._db, self._directory, verification_id)
        return claimed.sealed(), claimed.flags

    def _commit(
        self,
        session: Session,
        request: CheckRequest,
        way: Way,
        customer: Customer | None,
        flags: tuple[str, ...],
    ) -> _Shipment | CheckResult:
        record = verifications.get(session, request.verification_id or NOBODY, lock=True)
        if record is None:
            return CheckResult("none" if way == "second" else "sent", {"sent": "none"})
        findings = Findings.from_json(record.evidence).flagged(*flags)

        def ended(outcome: str) -> CheckResult:
            evidence = findings.for_call(request.call_id)
            return CheckResult(outcome, evidence, findings.flags, record.id)

        proven = findings.proven_here(request.call_id)
        second = way == "second" or (proven and "second" in findings.evidence)
        if codes.by_intent(session, _key(request.intent_id, 1)) is not None:
            missing = way == "second" and findings.evidence.get("second") == "none"
            return ended("none" if missing else "sent")
        if way == "second" and not proven:
            return ended("none")
        if way == "second" and (request.further == () or findings.evidence.get("second") == "ok"):
            return ended("enough")
        if verifications.count_send(session, record.id, self._policy.sends) is None:
            if way == "second":
                findings = self._without_second(session, record, findings)
            return ended("limit")
        expires_at = self._clock.now() + self._policy.lifetime
        verifications.extend(session, record.id, expires_at)
        cut_off = self._limits(record).cut_off(session, self._clock.now())
        contacts: tuple[Contact, ...] = ()
        if customer is not None:
            reachable = contacts_of(
                customer,
                caller=request.caller,
                available=self._senders,
                prefixes=self._policy.phone_prefixes,
            )
            if not reachable:
                findings = findings.flagged("no_contact")
            if second:
                shown = accepted(findings.evidence)
                reachable = besides(
                    reachable, customer, shown, request.further, self._policy.phone_prefixes
                )
                # Nor what goes by another way since.
                reachable = tuple(c for c in reachable if self._sent_to(c) not in findings.shown)
            in_turn = _in_turn(reachable, way, findings.channel, order_of(customer))
            contacts = tuple(c for c in in_turn if not self._is_cut_off(c, cut_off))
            if in_turn and not contacts:
                findings = findings.flagged("send_capped")
        shipment = _Shipment(
            request=request,
            record=record,
            findings=findings,
            code_id="",
            code="",
            contact=None,
            left=contacts,
            language=customer.language if customer else record.language,
            expires_at=expires_at,
            number=0,
            before=findings.code_key,
            second=second,
        )
        if way != "second":
            return self._next(session, shipment)
        # They know by now that a code reached them: nobody has to wait for one that cannot come.
        shipment = replace(shipment, findings=findings.with_evidence(second="sent"))
        shipment = self._next(session, shipment)
        if shipment.contact is not None:
            return shipment
        findings = self._without_second(session, record, shipment.findings)
        return ended("none")

    def _without_second(
        self, session: Session, record: VerificationRecord, findings: Findings
    ) -> Findings:
        """Note that a second contact was asked for, and nothing could be sent to one."""
        findings = findings.with_evidence(second="none")
        verifications.save_evidence(session, record.id, findings.to_json(), record.verified_at)
        return findings

    def _next(self, session: Session, shipment: _Shipment) -> _Shipment:
        """Store the code for the next contact, or a decoy where there is none or no more may
        be sent today."""
        request, record = shipment.request, shipment.record
        now = self._clock.now()
        contact = shipment.left[0] if shipment.left else None
        findings = shipment.findings
        refused = self._limits(record).take(session, contact, now)
        if refused is not None:
            if contact is not None:
                self._withheld(contact, refused)
            contact = None
            findings = findings.flagged("send_capped")
        number = shipment.number + 1
        key = _key(request.intent_id, number)
        code, code_id = new_code(), self._index.of("code", key)
        # Of a code that its provider makes nothing is kept here.
        ours = contact is not None and not isinstance(self._senders[contact.channel], CodeChecker)
        kept = code_hash(self._key, verification_id=record.id, code_id=code_id, code=code)
        codes.create(
            session,
            CodeRecord(
                id=code_id,
                verification_id=record.id,
                intent_id=key,
                channel=contact.channel if contact else _DECOY_CHANNEL,
                code_hash=kept if ours else hash_of_no_code(),
                status="sending" if contact else "decoy",
                created_at=now,
                expires_at=shipment.expires_at,
            ),
        )
        if contact is None:
            findings = findings.with_evidence(sent=findings.still_out)
        else:
            findings = replace(
                findings.with_evidence(sent=contact.channel),
                channel=contact.channel,
                code_key=key,
                second_keys=(*findings.second_keys, *((key,) if shipment.second else ())),
                sent_to={**findings.sent_to, key: self._sent_to(contact)},
            )
        verifications.save_evidence(session, record.id, findings.to_json(), record.verified_at)
        return replace(
            shipment,
            findings=findings,
            code_id=code_id,
            code=code,
            contact=contact,
            left=shipment.left[1:] if contact else (),
            number=number,
        )

    def _limits(self, record: VerificationRecord) -> SendLimits:
        return SendLimits(
            self._policy,
            self._index,
            claim_index=record.claim_index,
            customer_id=record.customer_id,
        )

    def _sent_to(self, contact: Contact) -> str:
        return self._index.of("sent to", contact.destination)

    def _is_cut_off(self, contact: Contact, cut_off: Mapping[str, Entered]) -> bool:
        if contact.channel not in cut_off:
            return False
        self._withheld(contact, "breaker")
        return True

    def _withheld(self, contact: Contact, reason: str) -> None:
        """Tell those who run this that a code did not go out, and by which rule."""
        _log.warning("send_withheld", channel=contact.channel, reason=reason)
        self._tell_withheld(contact.channel, reason)

    def _carry(self, shipment: _Shipment) -> Findings:
        """Ask the providers, one after the other, and note how it went."""
        while True:
            failure = self._hand_over(shipment)
            try:
                with self._db.writing() as session:
                    following = self._note(session, shipment, failure)
            except RecordsError as error:
                # The code may be on its way all the same, and stays in force.
                _log.warning("send_not_noted", error=type(error).__name__)
                return shipment.findings
            if isinstance(following, Findings):
                return following
            shipment = following

    def _hand_over(self, shipment: _Shipment) -> str | None:
        """None where the provider accepted (or there is nobody to ask), else a failure kind."""
        contact = shipment.contact
        if contact is None:
            return None
        wording = self._messages.wording(
            contact.channel,
            shipment.language,
            code=shipment.code,
            minutes=self._policy.minutes,
        )
        message = CodeMessage(
            channel=contact.channel,
            destination=contact.destination,
            code=shipment.code,
            text=wording.text,
            subject=wording.subject,
            language=shipment.language,
            idempotency_key=shipment.key,
        )
        try:
            self._senders[contact.channel].send(message)
        except SendFailed as error:
            _log.warning("send_failed", channel=contact.channel, kind=error.kind)
            return error.kind
        except Exception as error:
            # Somebody else's adapter may raise anything, and its text may hold the destination.
            _log.error("sender_broken", channel=contact.channel, error=type(error).__name__)
            return "configuration"
        return None

    def _note(
        self, session: Session, shipment: _Shipment, failure: str | None
    ) -> Findings | _Shipment:
        record = verifications.get(session, shipment.record.id, lock=True) or shipment.record
        stored = Findings.from_json(record.evidence)
        if failure is None:
            codes.set_status(session, shipment.code_id, "sent" if shipment.contact else "decoy")
            verifications.save_evidence(session, record.id, record.evidence, record.verified_at)
            return stored
        if failure == "retry_later":
            # No answer is no refusal: the message may have left, so its code stays in force.
            noted = stored.with_evidence(sent="none").flagged("send_error")
        else:
            codes.set_status(session, shipment.code_id, "failed")
            in_force = shipment.before if stored.code_key == shipment.key else stored.code_key
            noted = replace(stored, code_key=in_force)
            if failure == "other_channel" and shipment.left:
                return self._next(session, replace(shipment, record=record, findings=noted))
            noted = noted.with_evidence(sent="none").flagged("send_error")
        verifications.save_evidence(session, record.id, noted.to_json(), record.verified_at)
        return noted


def _in_turn(
    reachable: tuple[Contact, ...], way: Way, last: str | None, order: Sequence[Channel]
) -> tuple[Contact, ...]:
    if way in ("first", "second"):
        return reachable
    return since(reachable, last, order) if way == "again" else after(reachable, last, order)


def _key(intent_id: str, number: int) -> str:
    """Names one code of a request; ``number`` counts its channels from 1."""
    return f"{intent_id}:{number}"
