"""The customer a verification is about: as registered now, not as found when the call began."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from ivr.errors import HonninError
from ivr.identity.findings import Findings
from ivr.identity.ports import Customer, Directory
from ivr.records import verifications
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord

#: Looked up where there is nobody to look up, so that a decoy costs the same queries.
NOBODY = "nobody"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedCustomer:
    """``record``: the verification when it was read, None where there is none. ``customer``: None
    for a decoy, for whoever is a customer no more, and where the directory has not ``answered``.
    """

    record: VerificationRecord | None
    customer: Customer | None
    answered: bool

    @property
    def flags(self) -> tuple[str, ...]:
        """What agents see of a directory that has not answered."""
        return () if self.answered else ("directory_error",)

    def sealed(self, findings: Findings | None = None) -> Customer | None:
        """The customer, if the verification was sealed for this one; whoever may write to the
        tables could point it at themselves (decision 0021).

        ``findings``: those of a verification that was read again since; else as it was read.
        """
        if self.record is None or self.customer is None:
            return None
        if findings is None:
            findings = Findings.from_json(self.record.evidence)
        if findings.about(self.customer.number):
            return self.customer
        _log.error("verification_of_somebody_else")
        return None


def claimed_customer(
    db: Database, directory: Directory, verification_id: str | None
) -> ClaimedCustomer:
    """Look up, once, whom a verification is about. One query and one look-up for everybody:
    decoys, strangers and calls without a verification cost the same.

    Raises:
        RecordsUnavailable: the database cannot answer now. A directory that fails raises nothing:
            asking it again would take time, and it may fail for customers only, or for strangers.
    """
    with db.reading() as session:
        record = verifications.get(session, verification_id or NOBODY)
    customer_id = record.customer_id if record else None
    try:
        customer = directory.by_id(customer_id or NOBODY)
    except HonninError:
        return ClaimedCustomer(record, None, answered=False)
    return ClaimedCustomer(record, customer if customer_id else None, answered=True)
