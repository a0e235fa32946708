"""Answers to webhooks by idempotency token, so that a retry gets the same answer anywhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr.records.models import WebhookAnswer
from ivr.records.rows import insert


def get(session: Session, token: str) -> str | None:
    """The stored answer, or None."""
    return session.execute(
        select(WebhookAnswer.answer).where(WebhookAnswer.token == token)
    ).scalar_one_or_none()


def put(session: Session, token: str, answer: str, at: datetime) -> str:
    """Store an answer; the first writer wins. Returns the answer that is stored."""
    statement = (
        insert(session, WebhookAnswer)
        .values(token=token, answer=answer, created_at=at)
        .on_conflict_do_nothing(index_elements=["token"])
        .returning(WebhookAnswer.token)
    )
    if session.execute(statement).one_or_none() is not None:
        return answer
    return session.execute(
        select(WebhookAnswer.answer).where(WebhookAnswer.token == token)
    ).scalar_one()


def purge_before(session: Session, at: datetime) -> int:
    """Delete the answers stored before ``at``; how many there were."""
    statement = (
        delete(WebhookAnswer)
        .where(WebhookAnswer.created_at < at)
        .returning(WebhookAnswer.token)
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(statement).all())
