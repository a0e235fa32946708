"""Checking the digits a caller entered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.errors import RecordsError, SendFailed
from ivr.identity.callers import is_registered
from ivr.identity.codes import CodePolicy, code_hash, hash_of_no_code, same_hash
from ivr.identity.contacts import registered_contacts
from ivr.identity.findings import Findings
from ivr.identity.lockout import Limits
from ivr.identity.ports import (
    Channel,
    CheckRequest,
    CheckResult,
    CodeChecker,
    Customer,
    Directory,
)
from ivr.identity.steady_time import steady
from ivr.records import codes, verifications
from ivr.records.cipher import BlindIndex
from ivr.records.codes import CodeRecord
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

#: Looked up where there is nobody to look up, so that a decoy costs the same queries.
NOBODY = "nobody"

#: What a provider may be asked about (Twilio Verify takes four to ten digits).
_DIGITS = re.compile(r"[0-9]{4,10}", re.ASCII)
_THREADS = 8
_log = structlog.get_logger(__name__)


class CodeEntry:
    """Performs ``check_code``. A check is one transaction: attempts, failures, use and evidence
    change together or not at all. Where only a provider knows the code, that transaction counts
    the entry as a wrong one before the provider is asked, and a second one takes that back."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        checkers: Mapping[Channel, CodeChecker],
        policy: CodePolicy,
        index: BlindIndex,
        code_key: bytes,
        clock: Clock,
    ) -> None:
        """``checkers``: channel -> who makes and checks its codes; usually none."""
        self._db = db
        self._directory = directory
        self._checkers = checkers
        self._policy = policy
        self._index = index
        self._key = code_key
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="code-checker")

    def check(self, request: CheckRequest) -> CheckResult:
        """Compare ``request.code`` with the newest code: ``ok``, ``wrong``, ``expired`` (right
        or wrong alike), ``exhausted`` (no attempts left), ``failed`` (no verification).

        With providers that check codes every check takes the same time, for whomever. A provider
        that fails or is late makes an entry ``wrong``; what it says later comes with the next one.

        Raises:
            RecordsUnavailable: the database cannot answer now; nothing was counted.
        """
        began = self._clock.now()
        customer = self._customer(request.verification_id)
        with self._db.writing() as session:
            judged = self._begin(session, request, customer)
        if self._checkers:
            asked = None if judged.question is None else self._pool.submit(self._ask, judged)
            judged = steady(self._clock, began, self._policy.check_seconds, asked, judged)
        if judged.record is None:
            return CheckResult("failed", {})
        evidence = {"code": judged.outcome, **judged.findings.for_call(request.call_id)}
        return CheckResult(judged.outcome, evidence, judged.findings.flags, judged.record.id)

    def close(self) -> None:
        """Wait for what providers are asked just now, then stop."""
        self._pool.shutdown(wait=True)

    def _begin(self, session: Session, request: CheckRequest, customer: Customer | None) -> _Judged:
        record = verifications.get(session, request.verification_id or NOBODY, lock=True)
        if record is None:
            return _Judged("failed", Findings(), None)
        findings = Findings.from_json(record.evidence)
        if findings.checked and findings.checked[0] == request.intent_id:
            return _Judged(findings.checked[1], findings, record)
        entry = _Entry(request, record, findings, customer, self._clock.now())
        return self._judge(session, entry)

    def _customer(self, verification_id: str | None) -> Customer | None:
        with self._db.reading() as session:
            record = verifications.get(session, verification_id or NOBODY)
        customer_id = record.customer_id if record else None
        customer = self._directory.by_id(customer_id or NOBODY)
        return customer if customer_id else None

    def _judge(self, session: Session, entry: _Entry) -> _Judged:
        record = entry.record
        limits = self._limits(record)
        locked = limits.locked_for_a_guess(session, entry.now)
        code = codes.by_intent(session, entry.findings.code_key or NOBODY)
        most = self._policy.attempts
        question = None
        if record.sends == 0 or entry.now >= record.expires_at:
            outcome = "expired"
        elif (attempt := verifications.count_attempt(session, record.id, most)) is None:
            outcome = "exhausted"
        elif self._fits(entry, code) and not locked and _used_up(session, code, entry.now):
            outcome = "ok"
        else:
            limits.count_failure(session, entry.now)
            outcome = "exhausted" if attempt >= most else "wrong"
            question = None if locked else self._question(entry, code)
        findings = self._concluded(entry, code, outcome, locked=locked)
        verified_at = entry.now if outcome == "ok" else record.verified_at
        verifications.save_evidence(session, record.id, findings.to_json(), verified_at)
        return _Judged(outcome, findings, record, question)

    def _question(self, entry: _Entry, code: CodeRecord | None) -> _Question | None:
        """What to ask a provider; None where no provider knows the code."""
        digits, customer = entry.request.code or "", entry.customer
        if code is None or customer is None or not _DIGITS.fullmatch(digits):
            return None
        if code.consumed_at is not None or not code.may_have_arrived:
            return None
        for channel, checker in self._checkers.items():
            found = registered_contacts(customer, self._policy.phone_prefixes)[channel]
            if channel == code.channel and found is not None:
                return _Question(checker, found, entry, code)
        return None

    def _ask(self, judged: _Judged) -> _Judged:
        """Ask the provider about an entry that was counted as wrong, and settle it."""
        question = judged.question
        if question is None or judged.record is None:
            raise AssertionError("only asked where there is a question")
        verdict: str
        try:
            verdict = question.checker.check(
                question.destination, question.entry.request.code or ""
            )
        except SendFailed as error:
            _log.warning("check_failed", channel=question.code.channel, kind=error.kind)
            verdict = "unknown"
        except Exception as error:
            # Somebody else's adapter may raise anything, and its text may hold the destination.
            _log.error("checker_broken", error=type(error).__name__)
            verdict = "unknown"
        try:
            with self._db.writing() as session:
                return self._settle(session, judged, question, verdict)
        except RecordsError as error:
            _log.warning("check_not_noted", error=type(error).__name__)
            return judged

    def _settle(
        self, session: Session, judged: _Judged, question: _Question, verdict: str
    ) -> _Judged:
        entry = question.entry
        record = verifications.get(session, entry.record.id, lock=True)
        if record is None or verdict == "wrong":
            return judged
        outcome, verified_at = judged.outcome, record.verified_at
        findings = Findings.from_json(record.evidence)
        if verdict in {"right", "unknown"}:
            self._limits(record).take_back_failure(session, entry.now)
        if verdict == "unknown":
            findings = findings.flagged("send_error")
        elif verdict != "right":
            # The caller hears of a wrong code, as anybody would.
            findings = findings.with_evidence(code=verdict)
        elif _used_up(session, question.code, entry.now):
            outcome, verified_at = "ok", entry.now
            now = replace(entry, findings=findings, record=record)
            findings = self._concluded(now, question.code, outcome, locked=False)
        verifications.save_evidence(session, record.id, findings.to_json(), verified_at)
        return replace(judged, outcome=outcome, findings=findings)

    def _limits(self, record: VerificationRecord) -> Limits:
        return Limits(
            self._policy,
            self._index,
            claim_index=record.claim_index,
            customer_id=record.customer_id,
        )

    def _fits(self, entry: _Entry, code: CodeRecord | None) -> bool:
        entered = code_hash(
            self._key,
            verification_id=entry.record.id,
            code_id=code.id if code else NOBODY,
            code=entry.request.code or "",
        )
        same = same_hash(entered, code.code_hash if code else hash_of_no_code())
        return same and entry.customer is not None

    def _concluded(
        self, entry: _Entry, code: CodeRecord | None, outcome: str, *, locked: bool
    ) -> Findings:
        findings = replace(entry.findings, checked=(entry.request.intent_id, outcome))
        if locked and entry.record.verified_at is None:
            findings = findings.with_evidence(match="locked").flagged("locked")
        if outcome != "ok" or code is None or entry.customer is None:
            if entry.record.verified_at is not None:
                return findings
            return findings.with_evidence(code=outcome)
        registered = is_registered(entry.request.caller, entry.customer)
        return (
            replace(findings, proven_in=entry.request.call_id)
            .with_evidence(
                code="ok",
                channel=code.channel,
                verified_at=entry.now.isoformat(),
                code_call="registered" if registered else "unregistered",
            )
            .flagged(
                *(() if registered else ("relay_risk",)),
                *(("contact_changed",) if self._recently_changed(entry) else ()),
            )
        )

    def _recently_changed(self, entry: _Entry) -> bool:
        changed = entry.customer.contact_changed if entry.customer else None
        window = timedelta(days=self._policy.contact_changed_days)
        return changed is not None and entry.now - changed < window


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of digits and all that is known when it is judged."""

    request: CheckRequest
    record: VerificationRecord
    findings: Findings
    customer: Customer | None
    now: datetime


@dataclass(frozen=True, slots=True)
class _Question:
    """What a provider is asked: whether an entry is the code it sent to ``destination``."""

    checker: CodeChecker
    destination: str
    entry: _Entry
    code: CodeRecord


@dataclass(frozen=True, slots=True)
class _Judged:
    """How an entry was judged; ``question``: unless a provider says otherwise. ``record`` is None
    where there is no verification."""

    outcome: str
    findings: Findings
    record: VerificationRecord | None
    question: _Question | None = None


def _used_up(session: Session, code: CodeRecord | None, now: datetime) -> bool:
    return code is not None and codes.consume(session, code.id, now)
