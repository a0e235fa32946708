"""Alembic migrations, run by ``ivr.records.schema``."""
