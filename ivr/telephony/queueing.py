"""Calls in a queue of Twilio's TaskRouter: what the task says, and who is connected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ivr.telephony.ports import AgentView

#: TaskRouter takes no more as attributes of a task.
MOST_ATTRIBUTES_BYTES = 4096


def task_attributes(reference: str | None, view: AgentView | None, destination: str) -> str:
    """The attributes of a task (JSON): what routing and a screen need, no personal data but what
    the signed token holds."""
    attributes: dict[str, Any] = {"destination": destination}
    if reference is not None:
        attributes["reference"] = reference
    if view is not None:
        attributes |= {
            "level": view.level,
            "amr": list(view.amr),
            "flags": list(view.flags),
            "why": list(view.why),
            "language": view.language,
        }
        if view.token:
            attributes["token"] = view.token
    text = json.dumps(attributes)
    if len(text) > MOST_ATTRIBUTES_BYTES:
        # Whoever needs the token fetches it by the reference.
        attributes.pop("token", None)
        text = json.dumps(attributes)
    return text


def assignment(form: Mapping[str, str], *, caller_id: str, after_work: str) -> dict[str, str]:
    """The answer to TaskRouter's assignment callback: connect the caller with this worker, by
    the worker's ``contact_uri``. Empty for tasks that are not ours: those are somebody else's to
    answer.

    ``caller_id``: the number that workers are called from. ``after_work``: the activity that a
    worker has after the call (``WA…``); empty: the one before.
    """
    if not _ours(form.get("TaskAttributes", "")):
        return {}
    answer = {"instruction": "dequeue"}
    if caller_id:
        answer["from"] = caller_id
    if after_work:
        answer["post_work_activity_sid"] = after_work
    return answer


def _ours(text: str) -> bool:
    try:
        attributes = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(attributes, dict) and isinstance(attributes.get("reference"), str)
