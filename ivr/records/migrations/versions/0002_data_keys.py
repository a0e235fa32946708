"""Data keys, wrapped by the key of the settings. What is stored already stays readable: its key,
IVR_FIELD_KEY itself, becomes data key 0 until `ivr keys rotate` has encrypted everything anew."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: Tables that hold encrypted fields in version 0001.
_FILLED = (
    "customers",
    "calls",
    "turns",
    "check_intents",
    "verifications",
    "results",
    "webhook_answers",
)


def upgrade() -> None:
    keys = op.create_table(
        "data_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_data_keys")),
    )
    # Nobody knows when IVR_FIELD_KEY was made.
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        long_ago = long_ago.replace(tzinfo=None)
    if any(
        connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first()
        for name in _FILLED
    ):
        op.bulk_insert(
            keys,
            [
                {
                    "number": 0,
                    "purpose": "field",
                    "wrapped": "",
                    "created_at": long_ago,
                    "active_from": long_ago,
                    "retired_at": None,
                    "destroyed_at": None,
                }
            ],
        )


def downgrade() -> None:
    """Fields that were encrypted since cannot be read by version 0001."""
    op.drop_table("data_keys")
