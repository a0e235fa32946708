"""Wrong codes in a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "failure_runs",
        sa.Column("key_index", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("key_index", name=op.f("pk_failure_runs")),
    )
    op.create_index(op.f("ix_failure_runs_day"), "failure_runs", ["day"], unique=False)


def downgrade() -> None:
    op.drop_table("failure_runs")
