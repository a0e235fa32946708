"""The tables. Columns that may hold personal data are :class:`Encrypted`; see docs/records.md."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ivr.records.cipher import Sealed
from ivr.records.columns import Encrypted, EncryptedBytes, EncryptedDate, UtcDateTime

_ID = String(64)
_INDEX = String(64)
# Orders rows made in the same instant. SQLite counts by itself only on INTEGER PRIMARY KEY.
_POSITION = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Names every constraint, so that migrations and error texts can name them too."""

    #: Columns whose values name a row for good: encrypted fields are bound to it.
    row_name: ClassVar[tuple[str, ...]] = ("id",)

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    number: Mapped[Sealed] = mapped_column(Encrypted())
    number_index: Mapped[str] = mapped_column(_INDEX, unique=True)
    surname: Mapped[Sealed] = mapped_column(Encrypted())
    given: Mapped[Sealed] = mapped_column(Encrypted())
    surname_kana: Mapped[Sealed] = mapped_column(Encrypted())
    given_kana: Mapped[Sealed] = mapped_column(Encrypted())
    birthdate: Mapped[Sealed] = mapped_column(EncryptedDate())
    birthdate_index: Mapped[str] = mapped_column(_INDEX, index=True)
    mobile: Mapped[Sealed | None] = mapped_column(Encrypted())
    mobile_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    landline: Mapped[Sealed | None] = mapped_column(Encrypted())
    landline_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    email: Mapped[Sealed | None] = mapped_column(Encrypted())
    language: Mapped[str] = mapped_column(String(8))
    contact_changed: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferred: Mapped[str | None] = mapped_column(String(8))


class CustomerImport(Base):
    __tablename__ = "customer_imports"

    file_index: Mapped[str] = mapped_column(_INDEX, primary_key=True)
    total: Mapped[int] = mapped_column(Integer)
    added: Mapped[int] = mapped_column(Integer)
    updated: Mapped[int] = mapped_column(Integer)


class Call(Base):
    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(128), unique=True)
    flow_name: Mapped[str] = mapped_column(String(64))
    flow_digest: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8))
    caller: Mapped[Sealed] = mapped_column(Encrypted())
    caller_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    called: Mapped[str] = mapped_column(String(64))
    turn: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    state: Mapped[Sealed] = mapped_column(Encrypted())
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_how: Mapped[str | None] = mapped_column(String(32))
    # No foreign key: a verification is committed by identity, in a transaction of its own.
    verification_id: Mapped[str | None] = mapped_column(_ID, index=True)


class Turn(Base):
    __tablename__ = "turns"
    row_name = ("call_id", "number")

    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(32))
    action: Mapped[Sealed] = mapped_column(Encrypted())
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_name: Mapped[str] = mapped_column(String(64))


class KeptAudio(Base):
    __tablename__ = "kept_audio"
    __table_args__ = (UniqueConstraint("call_id", "turn"),)

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"))
    turn: Mapped[int] = mapped_column(Integer)
    state_name: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    sound: Mapped[Sealed] = mapped_column(EncryptedBytes())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CheckIntent(Base):
    __tablename__ = "check_intents"
    __table_args__ = (
        UniqueConstraint("call_id", "turn"),
        Index(None, "status", "deadline_at"),
    )

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    id: Mapped[str] = mapped_column(_ID, unique=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"))
    turn: Mapped[int] = mapped_column(Integer)
    check: Mapped[str] = mapped_column(String(64))
    payload: Mapped[Sealed] = mapped_column(Encrypted())
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Stays empty when the intent is done because it was given up.
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Verification(Base):
    __tablename__ = "verifications"
    __table_args__ = (Index(None, "caller_index", "expires_at"),)

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    id: Mapped[str] = mapped_column(_ID, unique=True)
    caller_index: Mapped[str | None] = mapped_column(_INDEX)
    claim_index: Mapped[str] = mapped_column(_INDEX)
    # No foreign key: the directory of customers may live elsewhere.
    customer_id: Mapped[str | None] = mapped_column(String(128), index=True)
    language: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(Integer)
    sends: Mapped[int] = mapped_column(Integer)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    evidence: Mapped[Sealed] = mapped_column(Encrypted())
    # When it spared its caller another code, which it does once.
    reused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Code(Base):
    __tablename__ = "codes"

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    id: Mapped[str] = mapped_column(_ID, unique=True)
    verification_id: Mapped[str] = mapped_column(
        ForeignKey(Verification.id, ondelete="CASCADE"), index=True
    )
    intent_id: Mapped[str] = mapped_column(_ID, unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    code_hash: Mapped[str] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FailureCounter(Base):
    __tablename__ = "failure_counters"

    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_index: Mapped[str] = mapped_column(String(128), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    value: Mapped[int] = mapped_column(Integer)


class FailureRun(Base):
    __tablename__ = "failure_runs"
    row_name = ("key_index",)

    key_index: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)
    # Empty for customers: their runs do not age.
    day: Mapped[date | None] = mapped_column(index=True)


class Result(Base):
    __tablename__ = "results"
    row_name = ("reference",)

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    reference: Mapped[str] = mapped_column(_ID, unique=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"), index=True)
    token: Mapped[Sealed] = mapped_column(Encrypted())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(Integer)
    # Whether the agent took the call when the whisper asked; NULL: nobody answered.
    accepted: Mapped[bool | None]
    fetched_by: Mapped[str | None] = mapped_column(String(128))
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Disposition(Base):
    __tablename__ = "dispositions"
    row_name = ("call_id", "event")
    __table_args__ = (UniqueConstraint("call_id", "event"),)

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"))
    reference: Mapped[str] = mapped_column(_ID)
    event: Mapped[str] = mapped_column(String(128))
    label: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Callback(Base):
    __tablename__ = "callbacks"
    __table_args__ = (Index(None, "status", "kept_until"),)

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    # That of the check intent that asked for it.
    id: Mapped[str] = mapped_column(_ID, unique=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"), index=True)
    # Empty once nobody is to be called there any more.
    number: Mapped[Sealed | None] = mapped_column(Encrypted())
    language: Mapped[str] = mapped_column(String(8))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_until: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(128))


class Incident(Base):
    __tablename__ = "incidents"
    row_name = ("number",)

    number: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    # Days of Japan, as the law counts them.
    known_on: Mapped[date]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlawful: Mapped[bool]
    preliminary_sent: Mapped[date | None]
    final_sent: Mapped[date | None]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IncidentNote(Base):
    __tablename__ = "incident_notes"

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    id: Mapped[str] = mapped_column(_ID, unique=True)
    incident: Mapped[int] = mapped_column(
        ForeignKey(Incident.number, ondelete="CASCADE"), index=True
    )
    subject: Mapped[str] = mapped_column(String(16))
    text: Mapped[Sealed] = mapped_column(Encrypted())
    by: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResultFetch(Base):
    __tablename__ = "result_fetches"

    reference: Mapped[str] = mapped_column(
        ForeignKey(Result.reference, ondelete="CASCADE"), primary_key=True
    )
    system: Mapped[str] = mapped_column(String(128), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RequestRate(Base):
    __tablename__ = "request_rates"

    asker: Mapped[str] = mapped_column(String(128), primary_key=True)
    minute: Mapped[datetime] = mapped_column(UtcDateTime)
    value: Mapped[int] = mapped_column(Integer)


class OutboxEvent(Base):
    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "webhook", "status", "due_at"),
        Index(None, "call_id", "webhook", "status"),
    )

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    id: Mapped[str] = mapped_column(_ID, unique=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"))
    webhook: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    # Empty once delivered: who got it has it.
    body: Mapped[Sealed | None] = mapped_column(Encrypted())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    give_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Who delivers it at this moment, and until when nobody else does.
    claim: Mapped[str | None] = mapped_column(_ID)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_failure: Mapped[str | None] = mapped_column(String(32))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookAnswer(Base):
    __tablename__ = "webhook_answers"
    row_name = ("token",)

    token: Mapped[str] = mapped_column(String(255), primary_key=True)
    answer: Mapped[Sealed] = mapped_column(Encrypted())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FlowVersion(Base):
    __tablename__ = "flow_versions"

    digest: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    # JSON: file name -> source. Flows hold no personal data.
    sources: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataKey(Base):
    __tablename__ = "data_keys"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(String(16))
    # Empty once destroyed; also for number 0, which is IVR_FIELD_KEY itself, until it is wrapped.
    wrapped: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    active_from: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditRow(Base):
    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "what", "position"),)

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True, autoincrement=False)
    # Text, so that exactly what is stored is what is chained.
    at: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128))
    why: Mapped[str] = mapped_column(String(80))
    details: Mapped[str] = mapped_column(Text)
    key_number: Mapped[int] = mapped_column(Integer)
    mac: Mapped[str] = mapped_column(String(64))


#: The rows of :class:`AuditHead`: where the chain ends, and, once old rows were removed, the last
#: row before the one it begins with.
HEAD, BASE = "head", "base"


class AuditHead(Base):
    __tablename__ = "audit_head"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int] = mapped_column(_POSITION)
    mac: Mapped[str] = mapped_column(String(64))
    key_number: Mapped[int] = mapped_column(Integer)
    seal: Mapped[str] = mapped_column(String(64))
