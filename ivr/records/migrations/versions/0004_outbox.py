"""Events for CRMs in an outbox, and who fetched which result how often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "result_fetches",
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("system", sa.String(length=128), nullable=False),
        _instant("first_at"),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["results.reference"],
            name=op.f("fk_result_fetches_reference_results"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference", "system", name=op.f("pk_result_fetches")),
    )
    op.create_table(
        "request_rates",
        sa.Column("asker", sa.String(length=128), nullable=False),
        _instant("minute"),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("asker", name=op.f("pk_request_rates")),
    )
    op.create_table(
        "outbox",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("webhook", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        _instant("created_at"),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("due_at"),
        _instant("give_up_at"),
        sa.Column("claim", sa.String(length=64), nullable=True),
        _instant("claimed_until", nullable=True),
        sa.Column("last_failure", sa.String(length=32), nullable=True),
        _instant("ended_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_outbox_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        op.f("ix_outbox_webhook_status_due_at"), "outbox", ["webhook", "status", "due_at"]
    )
    op.create_index(
        op.f("ix_outbox_call_id_webhook_status"), "outbox", ["call_id", "webhook", "status"]
    )


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("request_rates")
    op.drop_table("result_fetches")
