"""The tables. Columns that may hold personal data are :class:`Encrypted`; see docs/records.md."""

from __future__ import annotations

from datetime import date, datetime

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

from ivr.records.columns import Encrypted, EncryptedDate, UtcDateTime

_ID = String(64)
_INDEX = String(64)
# Orders rows made in the same instant. SQLite counts by itself only on INTEGER PRIMARY KEY.
_POSITION = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Names every constraint, so that migrations and error texts can name them too."""

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
    number: Mapped[str] = mapped_column(Encrypted("customers.number"))
    number_index: Mapped[str] = mapped_column(_INDEX, unique=True)
    surname: Mapped[str] = mapped_column(Encrypted("customers.surname"))
    given: Mapped[str] = mapped_column(Encrypted("customers.given"))
    surname_kana: Mapped[str] = mapped_column(Encrypted("customers.surname_kana"))
    given_kana: Mapped[str] = mapped_column(Encrypted("customers.given_kana"))
    birthdate: Mapped[date] = mapped_column(EncryptedDate("customers.birthdate"))
    birthdate_index: Mapped[str] = mapped_column(_INDEX, index=True)
    mobile: Mapped[str | None] = mapped_column(Encrypted("customers.mobile"))
    mobile_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    landline: Mapped[str | None] = mapped_column(Encrypted("customers.landline"))
    landline_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    email: Mapped[str | None] = mapped_column(Encrypted("customers.email"))
    language: Mapped[str] = mapped_column(String(8))
    contact_changed: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Call(Base):
    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    call_sid: Mapped[str] = mapped_column(String(128), unique=True)
    flow_name: Mapped[str] = mapped_column(String(64))
    flow_digest: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8))
    caller: Mapped[str] = mapped_column(Encrypted("calls.caller"))
    caller_index: Mapped[str | None] = mapped_column(_INDEX, index=True)
    called: Mapped[str] = mapped_column(String(64))
    turn: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(Encrypted("calls.state"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_how: Mapped[str | None] = mapped_column(String(32))
    # No foreign key: a verification is committed by identity, in a transaction of its own.
    verification_id: Mapped[str | None] = mapped_column(_ID)


class Turn(Base):
    __tablename__ = "turns"

    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(Encrypted("turns.action"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_name: Mapped[str] = mapped_column(String(64))


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
    payload: Mapped[str] = mapped_column(Encrypted("check_intents.payload"))
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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evidence: Mapped[str] = mapped_column(Encrypted("verifications.evidence"))


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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    consumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FailureCounter(Base):
    __tablename__ = "failure_counters"

    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_index: Mapped[str] = mapped_column(String(128), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class Result(Base):
    __tablename__ = "results"

    position: Mapped[int] = mapped_column(_POSITION, primary_key=True)
    reference: Mapped[str] = mapped_column(_ID, unique=True)
    call_id: Mapped[str] = mapped_column(ForeignKey(Call.id, ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(Encrypted("results.token"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(Integer)
    # Whether the agent took the call when the whisper asked; NULL: nobody answered.
    accepted: Mapped[bool | None]
    fetched_by: Mapped[str | None] = mapped_column(String(128))
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookAnswer(Base):
    __tablename__ = "webhook_answers"

    token: Mapped[str] = mapped_column(String(255), primary_key=True)
    answer: Mapped[str] = mapped_column(Encrypted("webhook_answers.answer"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FlowVersion(Base):
    __tablename__ = "flow_versions"

    digest: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    # JSON: file name -> source. Flows hold no personal data.
    sources: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
