"""The sources of every flow a call began with, by content hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.models import FlowVersion
from ivr.records.rows import insert


def put(session: Session, digest: str, name: str, sources: Mapping[str, str], at: datetime) -> None:
    """Keep the sources (file name -> text) of a flow; a known digest changes nothing."""
    session.execute(
        insert(session, FlowVersion)
        .values(
            digest=digest,
            name=name,
            sources=json.dumps(dict(sources), ensure_ascii=False, sort_keys=True),
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["digest"])
    )


def get(session: Session, digest: str) -> Mapping[str, str] | None:
    """The sources of a flow, or None where the digest is unknown."""
    found = session.execute(
        select(FlowVersion.sources).where(FlowVersion.digest == digest)
    ).scalar_one_or_none()
    if found is None:
        return None
    sources: dict[str, str] = json.loads(found)
    return sources
