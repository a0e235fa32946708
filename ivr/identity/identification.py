"""Finding the customer who is said to call, or pretending to.

Whatever is found, the caller learns nothing: the outcome is always ``done``, and strangers,
lookalikes, locked customers and a directory out of order cost the same queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ivr.clock import Clock
from ivr.errors import HonninError
from ivr.identity.callers import usable_number
from ivr.identity.claimed_customer import NOBODY
from ivr.identity.codes import CodePolicy
from ivr.identity.findings import Findings
from ivr.identity.lockout import Limits
from ivr.identity.matching import Factors, claim_of, match_name, named, settled
from ivr.identity.ports import CheckRequest, CheckResult, Customer, Directory
from ivr.records import verifications
from ivr.records.cipher import BlindIndex
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

#: Looked up for strangers; nobody can have it: an area code does not begin with 0.
_NO_PHONES = ("+810000000000",)


@dataclass(frozen=True, slots=True)
class Found:
    """Before the lock is looked at: evidence ``match``, the customer of ``one`` and ``hinted``,
    and flags."""

    match: str
    customer: Customer | None = None
    flags: tuple[str, ...] = ()


class Identification:
    """Performs ``identify`` and ``resume``."""

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

    def identify(self, request: CheckRequest) -> CheckResult:
        """Open a verification for the claimed identity; repeated, the same one.

        Raises:
            RecordsUnavailable: the verification cannot be stored now.
        """
        found = self._find(request)
        verification_id = self._index.of("verification", request.intent_id)
        claim_index = self._index.of("claim", claim_of(request.birthdate, request.name))
        customer_id = found.customer.id if found.customer else None
        limits = Limits(self._policy, self._index, claim_index=claim_index, customer_id=customer_id)
        now = self._clock.now()
        with self._db.writing() as session:
            known = verifications.get(session, verification_id, lock=True)
            if known is not None:
                return _result(known, request)
            if locked := limits.locked(session, now):
                found = Found("locked", flags=(*found.flags, *locked))
            findings = Findings({"match": found.match}, found.flags)
            if found.customer is not None:
                findings = findings.with_evidence(customer=found.customer.number)
            record = VerificationRecord(
                id=verification_id,
                caller_index=self._caller_index(request.caller),
                claim_index=claim_index,
                customer_id=found.customer.id if found.customer else None,
                language=request.language,
                attempts=0,
                sends=0,
                verified_at=None,
                expires_at=now + self._policy.lifetime,
                created_at=now,
                evidence=findings.to_json(),
            )
            verifications.create(session, record)
        return _result(record, request)

    def resume(self, request: CheckRequest) -> CheckResult:
        """Find the verification this caller number began and was sent a code for, so that a
        caller may hang up to read the message. Decoys are resumed like any other.

        What it found so far comes with the next check: a number, which can be forged or shared,
        is no evidence by itself.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        caller_index = self._caller_index(request.caller)
        if caller_index is None:
            return CheckResult("fresh", {})
        with self._db.reading() as session:
            found = verifications.open_for_caller(session, caller_index, self._clock.now())
        if found is None:
            return CheckResult("fresh", {})
        return CheckResult("resumed", {}, (), found.id)

    def _find(self, request: CheckRequest) -> Found:
        def look_up(directory: Directory) -> Found:
            try:
                return search(directory, request)
            except HonninError:
                # Failing takes as long. Here, so that a paced look-up ends when all others do.
                match_name((), request.name, _factors(request))
                raise

        try:
            return self._directory.together(look_up)
        except HonninError:
            return Found("error", flags=("directory_error",))

    def _caller_index(self, caller: str) -> str | None:
        number = usable_number(caller)
        return None if number is None else self._index.of("phone", number)


def _factors(request: CheckRequest) -> Factors:
    return Factors(request.phone, request.customer_number, request.name_evidence)


def search(directory: Directory, request: CheckRequest) -> Found:
    """Who it is that is said to call, by birthdate and name. The same look-ups for strangers.

    Raises:
        RecordsUnavailable: the directory cannot answer now.
    """
    factors, day = _factors(request), _day(request.birthdate)
    fits = named(directory.born_on(day), request.name, factors)
    found = directory.by_ids(list(fits) or [NOBODY])
    # A careless service may have answered with more than those born on the day.
    theirs = [each for each in found if each.birthdate == day]
    match = settled(theirs, fits, factors, caller=request.caller)
    customer = match.customer
    phones = _NO_PHONES if customer is None else (customer.mobile, customer.landline)
    sharing = set(directory.with_phones([phone for phone in phones if phone] or _NO_PHONES))
    flags = {
        "several_customers": match.kind in {"several", "hinted"},
        "name_uncertain": match.uncertain,
        # A code proves possession of a phone that is somebody else's as well.
        "shared_phone": customer is not None and not sharing <= {customer.id},
    }
    return Found(match.kind, customer, tuple(flag for flag, raised in flags.items() if raised))


def _day(birthdate: str | None) -> date:
    """The date of an ISO text; where it is none, a day on which nobody was born."""
    try:
        return date.fromisoformat(birthdate or "")
    except ValueError:
        # Not raised on: its text quotes the birthdate.
        return date.min


def _result(record: VerificationRecord, request: CheckRequest) -> CheckResult:
    findings = Findings.from_json(record.evidence)
    return CheckResult("done", findings.for_call(request.call_id), findings.flags, record.id)
