"""Checking the digits a caller entered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.identity.callers import is_registered
from ivr.identity.codes import CodePolicy, code_hash, hash_of_no_code, same_hash
from ivr.identity.findings import Findings
from ivr.identity.lockout import Limits
from ivr.identity.ports import CheckRequest, CheckResult, Customer, Directory
from ivr.records import codes, verifications
from ivr.records.cipher import BlindIndex
from ivr.records.codes import CodeRecord
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

#: Looked up where there is nobody to look up, so that a decoy costs the same queries.
NOBODY = "nobody"


class CodeEntry:
    """Performs ``check_code``. Every check is one transaction: attempts, failures, use and
    evidence change together or not at all."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        policy: CodePolicy,
        index: BlindIndex,
        code_key: bytes,
        clock: Clock,
    ) -> None:
        self._db = db
        self._directory = directory
        self._policy = policy
        self._index = index
        self._key = code_key
        self._clock = clock

    def check(self, request: CheckRequest) -> CheckResult:
        """Compare ``request.code`` with the newest code: ``ok``, ``wrong``, ``expired`` (right
        or wrong alike), ``exhausted`` (no attempts left), ``failed`` (no verification).

        Raises:
            RecordsUnavailable: the database cannot answer now; nothing was counted.
        """
        customer = self._customer(request.verification_id)
        now = self._clock.now()
        with self._db.writing() as session:
            record = verifications.get(session, request.verification_id or NOBODY, lock=True)
            if record is None:
                return CheckResult("failed", {})
            entry = _Entry(request, record, Findings.from_json(record.evidence), customer, now)
            if entry.findings.checked and entry.findings.checked[0] == request.intent_id:
                outcome, findings = entry.findings.checked[1], entry.findings
            else:
                outcome, findings = self._judge(session, entry)
        evidence = {"code": outcome, **findings.for_call(request.call_id)}
        return CheckResult(outcome, evidence, findings.flags, record.id)

    def _customer(self, verification_id: str | None) -> Customer | None:
        with self._db.reading() as session:
            record = verifications.get(session, verification_id or NOBODY)
        customer_id = record.customer_id if record else None
        customer = self._directory.by_id(customer_id or NOBODY)
        return customer if customer_id else None

    def _judge(self, session: Session, entry: _Entry) -> tuple[str, Findings]:
        record = entry.record
        limits = Limits(
            self._policy,
            self._index,
            claim_index=record.claim_index,
            customer_id=record.customer_id,
        )
        locked = limits.locked_for_a_guess(session, entry.now)
        code = codes.by_intent(session, entry.findings.code_key or NOBODY)
        if record.sends == 0 or entry.now >= record.expires_at:
            outcome = "expired"
        elif record.attempts >= self._policy.attempts:
            outcome = "exhausted"
        else:
            attempt = verifications.count_attempt(session, record.id)
            if self._fits(entry, code) and not locked and _used_up(session, code, entry.now):
                outcome = "ok"
            else:
                limits.count_failure(session, entry.now)
                outcome = "exhausted" if attempt >= self._policy.attempts else "wrong"
        findings = self._concluded(entry, code, outcome, locked=locked)
        verified_at = entry.now if outcome == "ok" else record.verified_at
        verifications.save_evidence(session, record.id, findings.to_json(), verified_at)
        return outcome, findings

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


def _used_up(session: Session, code: CodeRecord | None, now: datetime) -> bool:
    return code is not None and codes.consume(session, code.id, now)
