"""Imports of customers under way, so that one that was killed goes on where it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "customer_imports",
        sa.Column("file_index", sa.String(length=64), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("file_index", name=op.f("pk_customer_imports")),
    )


def downgrade() -> None:
    op.drop_table("customer_imports")
