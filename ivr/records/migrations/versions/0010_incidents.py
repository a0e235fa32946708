"""Incidents, and what is noted about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("number", _POSITION, nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unlawful", sa.Boolean(), nullable=False),
        sa.Column("preliminary_sent", sa.Date(), nullable=True),
        sa.Column("final_sent", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incidents")),
    )
    op.create_table(
        "incident_notes",
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("incident", _POSITION, nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"],
            ["incidents.number"],
            name=op.f("fk_incident_notes_incident_incidents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_incident_notes")),
        sa.UniqueConstraint("id", name=op.f("uq_incident_notes_id")),
    )
    op.create_index(
        op.f("ix_incident_notes_incident"), "incident_notes", ["incident"], unique=False
    )


def downgrade() -> None:
    op.drop_table("incident_notes")
    op.drop_table("incidents")
