"""Whether the caller was verified minutes ago, so that nobody has to send them a code again.

A call drops, or nobody can take it, and the same person calls again. What is known of who calls is
a number, which can be forged, a birthdate and a name, which others know. So a code of an earlier
call counts only where a policy says so, for a short time, once, and never where anything at all was
doubtful: all of :meth:`KnownCallers._holds`. It is a factor of its own and never a code. Who gets
none learns nothing: nobody is looked at in another way, and all go on to the code.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.identity.assurance import accepted
from ivr.identity.callers import is_registered, usable_number
from ivr.identity.claimed_customer import NOBODY, claimed_customer
from ivr.identity.codes import CodePolicy
from ivr.identity.contacts import changed_lately
from ivr.identity.findings import Findings, Recalled
from ivr.identity.lockout import Limits
from ivr.identity.matching import claim_of
from ivr.identity.ports import CheckRequest, CheckResult, Customer, Directory, KnownCallerRule
from ivr.records import calls, results, verifications
from ivr.records.cipher import BlindIndex
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

#: What holds where the policy says nothing: no code is young enough.
_NEVER = KnownCallerRule(seconds=0, after_agent=False)
#: Channels of codes to a phone; e-mail shows no possession.
_PHONES = frozenset({"sms", "voice"})


class KnownCallers:
    """Performs ``known_caller``. The same queries for everybody, in one transaction."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        policy: CodePolicy,
        index: BlindIndex,
        clock: Clock,
    ) -> None:
        self._db = db
        self._directory = directory
        self._policy = policy
        self._index = index
        self._clock = clock

    def recognise(self, request: CheckRequest) -> CheckResult:
        """``known`` where a code of an earlier call counts, else ``unknown``, whyever. Repeated,
        the same.

        Raises:
            RecordsUnavailable: the database cannot answer now; nothing was used up.
        """
        claimed = claimed_customer(self._db, self._directory, request.verification_id)
        with self._db.writing() as session:
            record = verifications.get(session, request.verification_id or NOBODY, lock=True)
            if record is None:
                return CheckResult("unknown", {})
            before = Findings.from_json(record.evidence)
            if before.recalled is not None and before.recalled.intent_id == request.intent_id:
                return _result(record, before, request)
            before = before.flagged(*claimed.flags)
            findings = self._recalled(session, request, record, before, claimed.customer)
            verifications.save_evidence(session, record.id, findings.to_json(), record.verified_at)
        return _result(record, findings, request)

    def _recalled(
        self,
        session: Session,
        request: CheckRequest,
        record: VerificationRecord,
        findings: Findings,
        customer: Customer | None,
    ) -> Findings:
        now = self._clock.now()
        number = usable_number(request.caller)
        proof = verifications.proven_lately(
            session,
            caller_index=NOBODY if number is None else self._index.of("phone", number),
            claim_index=record.claim_index,
            since=now - timedelta(seconds=(request.known_caller or _NEVER).seconds),
            besides=record.id,
        )
        good = self._holds(session, request, record, findings, customer, proof, now)
        used = verifications.reuse(session, proof.id if good and proof else NOBODY, now)
        if not used or proof is None or proof.verified_at is None:
            return findings.looked(Recalled(request.intent_id, request.call_id, "unknown"))
        return findings.looked(
            Recalled(request.intent_id, request.call_id, "known"),
            recent=_phone(Findings.from_json(proof.evidence)) or "",
            recent_at=proof.verified_at.isoformat(),
            recent_from=proof.id,
        )

    def _holds(
        self,
        session: Session,
        request: CheckRequest,
        record: VerificationRecord,
        findings: Findings,
        customer: Customer | None,
        proof: VerificationRecord | None,
        now: datetime,
    ) -> bool:
        """Whether ``proof``, begun from this number for this claim and young enough, counts."""
        rule = request.known_caller or _NEVER
        then = Findings() if proof is None else Findings.from_json(proof.evidence)
        proven_in = then.proven_in or NOBODY
        limits = Limits(
            self._policy,
            self._index,
            claim_index=record.claim_index,
            customer_id=record.customer_id,
        )
        # Asked for everybody, whatever is known already: a stranger must not be quicker.
        ended_how = calls.ending(session, proven_in)
        taken = results.taken(session, proven_in)
        another = verifications.other_claim_since(session, proof.id if proof else NOBODY)
        locked = limits.locked(session, now)
        if proof is None or proof.verified_at is None or customer is None:
            return False
        return (
            rule.seconds > 0
            # They said who they are in this call, and it is the same claim and the same person.
            and self._said(request) == record.claim_index
            and proof.customer_id == record.customer_id
            # What is sealed says so too: the rest could be changed in the tables.
            and then.about(customer.number)
            and findings.about(customer.number)
            # Exactly one customer fitted, then and now, and nothing at all was odd: no code was
            # entered in a call from a phone that is not theirs, and so on.
            and findings.evidence.get("match") == then.evidence.get("match") == "one"
            and not findings.flags
            and not then.flags
            # A code to a registered phone, and to another contact too where that was asked for.
            and _phone(then) is not None
            and then.evidence.get("second", "ok") == "ok"
            # The number is theirs now as well.
            and is_registered(request.caller, customer)
            and not changed_lately(customer, now, self._policy.contact_changed_days)
            # The other call is over: who is still talking does not call again. And it was in vain.
            and ended_how is not None
            and (rule.after_agent or not (taken or ended_how == "transfer"))
            # Nobody tries out from this number who it was.
            and not another
            and not locked
        )

    def _said(self, request: CheckRequest) -> str | None:
        if request.birthdate is None or request.name is None:
            return None
        return self._index.of("claim", claim_of(request.birthdate, request.name))


def _phone(findings: Findings) -> str | None:
    """The channel by which a code reached a phone and was accepted, or None."""
    return next((each for each in accepted(findings.evidence) if each in _PHONES), None)


def _result(record: VerificationRecord, findings: Findings, request: CheckRequest) -> CheckResult:
    recalled, outcome = findings.recalled, "unknown"
    if recalled is not None and recalled.call_id == request.call_id:
        outcome = recalled.outcome
    return CheckResult(outcome, findings.for_call(request.call_id), findings.flags, record.id)
