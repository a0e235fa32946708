"""What agents said of callers afterwards, and callers who are to be called back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "dispositions",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=128), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
            name=op.f("fk_dispositions_call_id_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_dispositions")),
        sa.UniqueConstraint("call_id", "event", name=op.f("uq_dispositions_call_id_event")),
    )
    op.create_table(
        "callbacks",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
            name=op.f("fk_callbacks_call_id_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_callbacks")),
        sa.UniqueConstraint("id", name=op.f("uq_callbacks_id")),
    )
    op.create_index(op.f("ix_callbacks_call_id"), "callbacks", ["call_id"], unique=False)
    op.create_index(
        op.f("ix_callbacks_status_kept_until"), "callbacks", ["status", "kept_until"], unique=False
    )


def downgrade() -> None:
    op.drop_table("callbacks")
    op.drop_table("dispositions")
