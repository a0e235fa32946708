"""Customers, calls, turns, checks, verifications, codes, counters, results, answers, flows.

Column types are spelled out here, so that this migration stays what it was when models change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("call_sid", sa.String(length=128), nullable=False),
        sa.Column("flow_name", sa.String(length=64), nullable=False),
        sa.Column("flow_digest", sa.String(length=128), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("caller_index", sa.String(length=64), nullable=True),
        sa.Column("called", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_how", sa.String(length=32), nullable=True),
        sa.Column("verification_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_calls_call_sid")),
    )
    op.create_index(op.f("ix_calls_caller_index"), "calls", ["caller_index"], unique=False)
    op.create_index(op.f("ix_calls_started_at"), "calls", ["started_at"], unique=False)
    op.create_table(
        "customers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_index", sa.String(length=64), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("surname_kana", sa.Text(), nullable=False),
        sa.Column("given_kana", sa.Text(), nullable=False),
        sa.Column("birthdate", sa.Text(), nullable=False),
        sa.Column("birthdate_index", sa.String(length=64), nullable=False),
        sa.Column("mobile", sa.Text(), nullable=True),
        sa.Column("mobile_index", sa.String(length=64), nullable=True),
        sa.Column("landline", sa.Text(), nullable=True),
        sa.Column("landline_index", sa.String(length=64), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("contact_changed", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("number_index", name=op.f("uq_customers_number_index")),
    )
    op.create_index(
        op.f("ix_customers_birthdate_index"), "customers", ["birthdate_index"], unique=False
    )
    op.create_index(
        op.f("ix_customers_landline_index"), "customers", ["landline_index"], unique=False
    )
    op.create_index(op.f("ix_customers_mobile_index"), "customers", ["mobile_index"], unique=False)
    op.create_table(
        "failure_counters",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("key_index", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_index", "day", name=op.f("pk_failure_counters")),
    )
    op.create_table(
        "flow_versions",
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_flow_versions")),
    )
    op.create_table(
        "verifications",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("caller_index", sa.String(length=64), nullable=True),
        sa.Column("claim_index", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_verifications")),
        sa.UniqueConstraint("id", name=op.f("uq_verifications_id")),
    )
    op.create_index(
        op.f("ix_verifications_caller_index_expires_at"),
        "verifications",
        ["caller_index", "expires_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_verifications_customer_id"), "verifications", ["customer_id"], unique=False
    )
    op.create_table(
        "webhook_answers",
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_webhook_answers")),
    )
    op.create_index(
        op.f("ix_webhook_answers_created_at"), "webhook_answers", ["created_at"], unique=False
    )
    op.create_table(
        "check_intents",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
            name=op.f("fk_check_intents_call_id_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_check_intents")),
        sa.UniqueConstraint("call_id", "turn", name=op.f("uq_check_intents_call_id_turn")),
        sa.UniqueConstraint("id", name=op.f("uq_check_intents_id")),
    )
    op.create_index(
        op.f("ix_check_intents_status_deadline_at"),
        "check_intents",
        ["status", "deadline_at"],
        unique=False,
    )
    op.create_table(
        "codes",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("verification_id", sa.String(length=64), nullable=False),
        sa.Column("intent_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("code_hash", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["verifications.id"],
            name=op.f("fk_codes_verification_id_verifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_codes")),
        sa.UniqueConstraint("id", name=op.f("uq_codes_id")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_codes_intent_id")),
    )
    op.create_index(op.f("ix_codes_verification_id"), "codes", ["verification_id"], unique=False)
    op.create_table(
        "results",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("fetched_by", sa.String(length=128), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_results_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_results")),
        sa.UniqueConstraint("reference", name=op.f("uq_results_reference")),
    )
    op.create_index(op.f("ix_results_call_id"), "results", ["call_id"], unique=False)
    op.create_table(
        "turns",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_turns_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "number", name=op.f("pk_turns")),
    )


def downgrade() -> None:
    for table in (
        "turns",
        "results",
        "codes",
        "check_intents",
        "webhook_answers",
        "verifications",
        "flow_versions",
        "failure_counters",
        "customers",
        "calls",
    ):
        op.drop_table(table)
