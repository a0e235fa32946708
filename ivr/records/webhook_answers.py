"""Answers to webhooks by idempotency token, so that a retry gets the same answer anywhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records.models import WebhookAnswer
from ivr.records.rows import insert, seal, unseal


def get(session: Session, token: str) -> str | None:
    """The stored answer, or None."""
    found = session.execute(
        select(WebhookAnswer.answer).where(WebhookAnswer.token == token)
    ).scalar_one_or_none()
    answer: str | None = unseal(session, WebhookAnswer, "answer", token, found)
    return answer


def put(session: Session, token: str, answer: str, at: datetime) -> str:
    """Store an answer; the first writer wins. Returns the answer that is stored."""
    statement = (
        insert(session, WebhookAnswer)
        .values(
            token=token,
            answer=seal(session, WebhookAnswer, "answer", token, answer),
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["token"])
        .returning(WebhookAnswer.token)
    )
    if session.execute(statement).one_or_none() is not None:
        return answer
    stored = get(session, token)
    if stored is None:
        raise NotFound("the answer that was there is gone", hint="it was purged just now")
    return stored


def purge_before(session: Session, at: datetime) -> int:
    """Delete the answers stored before ``at``; how many there were."""
    statement = (
        delete(WebhookAnswer)
        .where(WebhookAnswer.created_at < at)
        .returning(WebhookAnswer.token)
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(statement).all())
