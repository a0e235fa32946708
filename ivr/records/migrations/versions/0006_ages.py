"""Indexes by age and by person: for limits on codes, for purging, for what is known of somebody."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_INDEXES = (
    ("calls", "verification_id"),
    ("verifications", "created_at"),
    ("codes", "created_at"),
    ("failure_counters", "day"),
)


def upgrade() -> None:
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
