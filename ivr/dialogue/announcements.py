"""What a company's own systems (CRMs) are told of a call: events in the outbox.

Each is written in the transaction of what it tells and delivered later, by whoever delivers
(:mod:`ivr.telephony.crm`). Names, birthdates, phone numbers and codes are in none.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from ivr.identity.assurance import Assurance
from ivr.records import outbox
from ivr.records.calls import CallRecord
from ivr.records.outbox import EventRecord
from ivr.records.results import ResultRecord

#: How long a delivery is tried.
TRIED_FOR = timedelta(hours=24)


class Announcements:
    """Announces to each CRM of ``crms`` (names in settings); without any, to nobody."""

    def __init__(self, crms: Sequence[str] = ()) -> None:
        self._crms = tuple(crms)

    def issued(
        self,
        session: Session,
        call: CallRecord,
        result: ResultRecord,
        sure: Assurance,
        destination: str,
    ) -> None:
        """``call`` goes to ``destination`` with this result, of which we are so ``sure``."""
        told = {
            "reference": result.reference,
            "level": sure.level,
            "amr": list(sure.amr),
            "flags": list(sure.flags),
            "language": call.language,
            "destination": destination,
            "token": result.token,
        }
        self._put(session, call, "result.issued", told, result.created_at)

    def ended(
        self,
        session: Session,
        call: CallRecord,
        result: ResultRecord | None,
        destination: str,
        outcome: str,
        at: datetime,
    ) -> None:
        """The transfer that this result went with ended; ``bridged``: somebody took the call."""
        reference = None if result is None else result.reference
        told = {"reference": reference, "destination": destination, "outcome": outcome}
        self._put(session, call, "transfer.ended", told, at)

    def _put(
        self,
        session: Session,
        call: CallRecord,
        kind: str,
        told: Mapping[str, object],
        at: datetime,
    ) -> None:
        instant = at.astimezone(UTC).isoformat(timespec="milliseconds")
        body = {"type": kind, "timestamp": instant, "data": {"call": call.id, **told}}
        text = json.dumps(body, separators=(",", ":"))
        for crm in self._crms:
            outbox.put(
                session,
                EventRecord(
                    id=f"evt_{uuid.uuid4().hex}",
                    call_id=call.id,
                    webhook=crm,
                    kind=kind,
                    body=text,
                    created_at=at,
                    due_at=at,
                    give_up_at=at + TRIED_FOR,
                ),
            )


#: Where no CRM is to be told.
NOBODY = Announcements()
