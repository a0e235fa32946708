"""Checking the digits a caller entered."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.errors import RecordsError, RecordsUnavailable, SendFailed
from ivr.identity.assurance import accepted
from ivr.identity.callers import is_registered
from ivr.identity.claimed_customer import NOBODY, ClaimedCustomer, claimed_customer
from ivr.identity.codes import CodePolicy, code_hash, hash_of_no_code, same_hash
from ivr.identity.contacts import changed_lately, registered_contacts
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
        that fails or is late makes an entry ``wrong``; where it says later that it was right, the
        next entry in that call is ``ok``, whatever it is. An entry without any answer uses up an
        attempt all the same (decision 0020).
        A directory that fails makes no difference to a wrong code, for whomever.

        Raises:
            RecordsUnavailable: the database cannot answer now, or the directory cannot and it is
                the right code; nothing was counted.
        """
        began = self._clock.now()
        claimed = claimed_customer(self._db, self._directory, request.verification_id)
        with self._db.writing() as session:
            judged = self._begin(session, request, claimed)
        if self._checkers:
            asked = None if judged.question is None else self._pool.submit(self._ask, judged)
            judged = steady(self._clock, began, self._policy.check_seconds, asked, judged)
            if asked is not None and judged.question is not None and judged.question.is_late():
                # It came while the caller was about to be told otherwise.
                judged = asked.result()
        if judged.record is None:
            return CheckResult("failed", {})
        evidence = {"code": judged.outcome, **judged.findings.for_call(request.call_id)}
        return CheckResult(judged.outcome, evidence, judged.findings.flags, judged.record.id)

    def close(self) -> None:
        """Wait for what providers are asked just now, then stop."""
        self._pool.shutdown(wait=True)

    def _begin(self, session: Session, request: CheckRequest, claimed: ClaimedCustomer) -> _Judged:
        record = verifications.get(session, request.verification_id or NOBODY, lock=True)
        if record is None:
            return _Judged("failed", Findings(), None)
        findings = Findings.from_json(record.evidence)
        before = findings.outcome_of(request.call_id, request.intent_id)
        if before is not None:
            return _Judged(before, findings, record)
        customer = claimed.sealed(findings)
        entry = _Entry(request, record, findings, customer, self._clock.now(), claimed.answered)
        if entry.proven and findings.late is not None and findings.late == findings.code_key:
            # Heard as wrong, and found right when the provider's answer came.
            findings = findings.entered(request.call_id, request.intent_id, "ok")
            findings = replace(findings, late=None)
            verifications.save_evidence(session, record.id, findings.to_json(), record.verified_at)
            return _Judged("ok", findings, record)
        return self._judge(session, entry)

    def _judge(self, session: Session, entry: _Entry) -> _Judged:
        record = entry.record
        limits = self._limits(record)
        locked = limits.locked_for_a_guess(session, entry.now)
        code = codes.by_intent(session, entry.findings.code_key or NOBODY)
        # An accepted code was no wrong one: it leaves as many attempts for a second contact.
        most = self._policy.attempts + (1 if entry.proven else 0)
        question = None
        if record.sends == 0 or entry.now >= record.expires_at:
            outcome = "expired"
        elif (attempt := verifications.count_attempt(session, record.id, most)) is None:
            outcome = "exhausted"
        elif self._fits(entry, code) and not locked and _used_up(session, code, entry.now):
            if not entry.answered:
                # Heard by nobody but who has the code. Nothing of this is committed.
                raise RecordsUnavailable("the directory cannot say now whose code it is")
            outcome = "ok"
            limits.end_run(session)
        else:
            limits.count_failure(session, entry.now)
            outcome = "exhausted" if attempt >= most else "wrong"
            question = None if locked else self._question(entry, code)
        findings = self._concluded(entry, code, outcome, locked=locked)
        if self._checkers and not entry.answered:
            # Nobody knew where the code went, and no provider could be asked about it.
            findings = findings.flagged("directory_error")
        verified_at = record.verified_at
        if outcome == "ok" and not entry.proven:
            verified_at = entry.now
        verifications.save_evidence(session, record.id, findings.to_json(), verified_at)
        return _Judged(outcome, findings, record, question)

    def _question(self, entry: _Entry, code: CodeRecord | None) -> _Question | None:
        """What to ask a provider; None where no provider knows the code."""
        digits, customer = entry.request.code or "", entry.customer
        if code is None or customer is None or not _DIGITS.fullmatch(digits) or entry.elsewhere:
            return None
        if code.consumed_at is not None or not code.may_have_arrived:
            return None
        if not self._is_theirs(entry, code):
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
        record = verifications.get(session, question.entry.record.id, lock=True)
        if record is None or verdict == "wrong":
            return judged
        # As it is now: whatever happened meanwhile, in this call or another, is not undone.
        stored = findings = Findings.from_json(record.evidence)
        entry = replace(question.entry, record=record, findings=stored)
        request = entry.request
        is_newest = stored.outcome_of(request.call_id, request.intent_id) is not None
        outcome, verified_at = judged.outcome, record.verified_at
        if verdict in {"right", "unknown"}:
            self._limits(record).take_back_failure(session, entry.now)
        if verdict == "unknown":
            findings = stored.flagged("send_error")
        elif verdict != "right":
            # The caller hears of a wrong code, as anybody would.
            findings = entry.failed(stored, verdict) if is_newest else stored
        elif _used_up(session, question.code, entry.now):
            self._limits(record).end_run(session)
            before, own = question.entry.findings, {None, request.call_id}
            # As where the code is checked here, it replaces what another call proved before it.
            older = (stored.proven_in, stored.shown) == (before.proven_in, before.shown)
            if older or stored.proven_in in own:
                outcome, verified_at = "ok", record.verified_at if entry.proven else entry.now
                findings = self._concluded(entry, question.code, outcome, locked=())
                findings = findings if is_newest else replace(findings, entries=stored.entries)
                if question.is_late():
                    findings = replace(findings, late=question.code.intent_id)
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
        return same and self._is_theirs(entry, code) and not entry.elsewhere

    def _is_theirs(self, entry: _Entry, code: CodeRecord | None) -> bool:
        """Whether the contact that the code was sent to is still the customer's. Where the
        directory cannot say, this does not either: then the entry is not accepted now."""
        if not entry.answered:
            return True
        if entry.customer is None or code is None:
            return False
        found = registered_contacts(entry.customer, self._policy.phone_prefixes)
        now = {str(channel): destination or "" for channel, destination in found.items()}
        # None: of a process that did not note it yet, ten minutes ago at most.
        sent_to = entry.findings.sent_to.get(code.intent_id)
        return sent_to in (None, self._index.of("sent to", now.get(code.channel, "")))

    def _concluded(
        self, entry: _Entry, code: CodeRecord | None, outcome: str, *, locked: tuple[str, ...]
    ) -> Findings:
        request = entry.request
        findings = entry.findings.entered(request.call_id, request.intent_id, outcome)
        if locked and entry.record.verified_at is None:
            findings = findings.with_evidence(match="locked").flagged(*locked)
        if outcome != "ok" or code is None or entry.customer is None:
            return entry.failed(findings, outcome)
        if entry.proven:
            return self._second(entry, findings, code)
        registered = is_registered(entry.request.caller, entry.customer)
        return findings.first_proven(
            entry.request.call_id,
            code.intent_id,
            code="ok",
            channel=code.channel,
            verified_at=entry.now.isoformat(),
            code_call="registered" if registered else "unregistered",
        ).flagged(
            *(() if registered else ("relay_risk",)),
            *(("contact_changed",) if self._recently_changed(entry) else ()),
        )

    def _second(self, entry: _Entry, findings: Findings, code: CodeRecord) -> Findings:
        """With the proof of another contact, if it is another one than that of the first code."""
        if entry.customer is None:
            raise AssertionError("a code fits a customer only")
        found = registered_contacts(entry.customer, self._policy.phone_prefixes).items()
        registered = {str(channel): destination for channel, destination in found}
        proven = {registered.get(channel) for channel in accepted(findings.evidence)}
        sent_to = findings.sent_to.get(code.intent_id)
        if registered.get(code.channel) in proven or sent_to in findings.shown:
            return findings
        return (
            findings.with_shown(code.intent_id)
            .with_evidence(second="ok", second_channel=code.channel)
            .flagged(*(("contact_changed",) if self._recently_changed(entry) else ()))
        )

    def _recently_changed(self, entry: _Entry) -> bool:
        days = self._policy.contact_changed_days
        return entry.customer is not None and changed_lately(entry.customer, entry.now, days)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of digits and all that is known when it is judged. ``answered``: whether the
    directory could say who the customer is."""

    request: CheckRequest
    record: VerificationRecord
    findings: Findings
    customer: Customer | None
    now: datetime
    answered: bool

    @property
    def proven(self) -> bool:
        """Whether a code was accepted in this call before: this one is for a second contact."""
        return self.findings.proven_here(self.request.call_id)

    @property
    def elsewhere(self) -> bool:
        """Whether the newest code is for a second contact of whoever proved the first in another
        call. It is good in that call, and in no other."""
        return self.findings.code_key in self.findings.second_keys and not self.proven

    def failed(self, findings: Findings, outcome: str) -> Findings:
        """``findings`` with an entry that was not the code; what was proven stays."""
        if self.proven and findings.evidence.get("second", "ok") != "ok":
            return findings.with_evidence(second=outcome)
        if self.record.verified_at is not None:
            return findings
        return findings.with_evidence(code=outcome)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a provider is asked: whether an entry is the code it sent to ``destination``."""

    checker: CodeChecker
    destination: str
    entry: _Entry
    code: CodeRecord
    _first: threading.Lock = field(default_factory=threading.Lock)

    def is_late(self) -> bool:
        """Whether the other one was first: who tells the caller that the entry was wrong, and who
        notes that it was right. Each asks once."""
        return not self._first.acquire(blocking=False)


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
