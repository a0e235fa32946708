"""Verifications: one attempt to prove who a caller is. It outlives the call that began it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from ivr.errors import NotFound
from ivr.records.models import Verification
from ivr.records.rows import Shape, seal


@dataclass(frozen=True, slots=True)
class VerificationRecord:
    """``claim_index`` is the blind index of birthdate + reading and exists for strangers too;
    ``customer_id`` is None for a decoy; ``evidence`` is JSON. ``reused_at``: when it spared its
    caller another code. Instants are aware UTC."""

    id: str
    caller_index: str | None
    claim_index: str
    customer_id: str | None
    language: str
    attempts: int
    sends: int
    verified_at: datetime | None
    expires_at: datetime
    created_at: datetime
    evidence: str
    reused_at: datetime | None = None


_VERIFICATION = Shape(Verification, VerificationRecord)
_WITH_ID = _VERIFICATION.select().where(Verification.id == bindparam("id"))
_LOCKED = _WITH_ID.with_for_update()


def create(session: Session, record: VerificationRecord) -> None:
    """Store a new verification; its id must be new."""
    _VERIFICATION.add(session, record)


def get(session: Session, verification_id: str, *, lock: bool = False) -> VerificationRecord | None:
    """The verification with this id, or None; ``lock`` keeps other writers off it."""
    found = session.execute(_LOCKED if lock else _WITH_ID, {"id": verification_id})
    return _VERIFICATION.make(session, found.one_or_none())


def open_for_caller(
    session: Session, caller_index: str, now: datetime
) -> VerificationRecord | None:
    """The newest verification this caller may resume: begun from the same number, not expired,
    not verified, and with at least one send."""
    return _VERIFICATION.one(
        session,
        _VERIFICATION.select()
        .where(
            Verification.caller_index == caller_index,
            Verification.expires_at > now,
            Verification.verified_at.is_(None),
            Verification.sends > 0,
        )
        .order_by(Verification.position.desc()),
    )


def proven_lately(
    session: Session, *, caller_index: str, claim_index: str, since: datetime, besides: str
) -> VerificationRecord | None:
    """The newest verification of this claim that was begun from this number, verified ``since`` or
    later and never used again, but the one whose id is ``besides``. Keeps other writers off it."""
    return _VERIFICATION.one(
        session,
        _VERIFICATION.select()
        .where(
            Verification.caller_index == caller_index,
            Verification.claim_index == claim_index,
            Verification.verified_at >= since,
            Verification.reused_at.is_(None),
            Verification.id != besides,
        )
        .order_by(Verification.position.desc())
        .limit(1)
        .with_for_update(),
    )


def other_claim_since(session: Session, verification_id: str) -> bool:
    """Whether somebody else was named in a call from the same number after this verification was
    begun. False where there is no such verification."""
    other = aliased(Verification)
    found = exists().where(
        Verification.id == verification_id,
        other.caller_index == Verification.caller_index,
        other.claim_index != Verification.claim_index,
        other.position > Verification.position,
    )
    return bool(session.execute(select(found)).scalar_one())


def reuse(session: Session, verification_id: str, at: datetime) -> bool:
    """Use a verification again, in one statement: True exactly once, and never for one that was
    not verified."""
    statement = (
        update(Verification)
        .where(
            Verification.id == verification_id,
            Verification.verified_at.is_not(None),
            Verification.reused_at.is_(None),
        )
        .values(reused_at=at)
        .returning(Verification.position)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None


def save_evidence(
    session: Session, verification_id: str, evidence: str, verified_at: datetime | None
) -> None:
    """Replace evidence and ``verified_at``; NotFound where there is no such verification."""
    _change(
        session,
        verification_id,
        {
            "evidence": seal(session, Verification, "evidence", verification_id, evidence),
            "verified_at": verified_at,
        },
    )


def extend(session: Session, verification_id: str, expires_at: datetime) -> None:
    """Move the end of a verification; NotFound where there is no such verification."""
    _change(session, verification_id, {"expires_at": expires_at})


def count_attempt(session: Session, verification_id: str, most: int) -> int | None:
    """Count one code entered, in one statement: the new number; None where ``most`` were
    entered already, or there is no such verification."""
    return _count(session, verification_id, Verification.attempts, most)


def count_send(session: Session, verification_id: str, most: int) -> int | None:
    """Count one code asked for, in one statement: the new number; None where ``most`` were asked
    for already, or there is no such verification."""
    return _count(session, verification_id, Verification.sends, most)


def _count(
    session: Session, verification_id: str, counter: InstrumentedAttribute[int], most: int
) -> int | None:
    statement = (
        update(Verification)
        .where(Verification.id == verification_id, counter < most)
        .values({counter: counter + 1})
        .returning(counter)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none()


def _change(session: Session, verification_id: str, values: dict[str, Any]) -> None:
    statement = (
        update(Verification)
        .where(Verification.id == verification_id)
        .values(**values)
        .returning(Verification.position)
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise NotFound("no such verification")
