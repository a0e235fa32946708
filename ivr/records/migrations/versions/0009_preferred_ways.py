"""By which way a customer would rather get codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("customers", sa.Column("preferred", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("customers", "preferred")
