"""Was it the person? What agents say of a caller afterwards, as a label on the call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from ivr.clock import JAPAN, Clock
from ivr.errors import KeyExpired, TooOften
from ivr.records import audit, calls, dispositions, request_rates, results
from ivr.records.audit import Detail, Entry
from ivr.records.database import Database
from ivr.records.dispositions import DispositionRecord, Label
from ivr.setting_values import ResultReader
from ivr.telephony.ports import Dispositions, Kept, Said
from ivr.telephony.stored import audience_of

#: So long after a transfer agents may still say so, or say otherwise.
OPEN_FOR = timedelta(days=14)
#: The attribute of a task that says it, beside ``reference``.
TASK_ATTRIBUTE = "was_person"
_YES, _NO = {True, "true", "yes"}, {False, "false", "no"}
_ANYTHING = ResultReader()


class StoredDispositions:
    """Keeps what agents say. Implements :class:`ivr.telephony.ports.Dispositions`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        readers: Mapping[str, ResultReader],
        most_a_minute: int,
    ) -> None:
        """``readers``: what systems may do, by name; who is not in it may label all calls.
        ``most_a_minute``: requests of one system, over all processes; others have no limit."""
        self._db, self._clock = db, clock
        self._readers, self._most = readers, most_a_minute

    def keep(self, said: Said, *, by: str, why: str = "call") -> Kept | None:
        """See :class:`ivr.telephony.ports.Dispositions`. ``why``: for the audit."""
        now = self._clock.now()
        label: Label = "person" if said.was_person else "not_person"
        with self._db.writing() as session:
            self._count(session, by, now)
            result = results.get(session, said.reference)
            if result is None or result.created_at + OPEN_FOR <= now:
                return None
            if not self._may(by, result.token, now):
                return None
            calls.get(session, result.call_id, lock=True)  # one at a time for a call
            before = dispositions.history(session, result.call_id)
            mine = [each.label for each in before if each.by == by]
            again = not said.event and mine[-1:] == [label]
            event, at = said.event or uuid4().hex, min(said.at or now, now)
            record = DispositionRecord(result.call_id, said.reference, event, label, by, at)
            if not again and dispositions.add(session, record):
                told: dict[str, Detail] = {"label": label, "turn": result.turn}
                audit.note(session, Entry(by, "call.labelled", result.call_id, why, told), now)
            after = dispositions.history(session, result.call_id)
        changed = not before or before[-1].label != after[-1].label
        return Kept(after[-1].label, changed, len(after))

    def _count(self, session: Session, by: str, now: datetime) -> None:
        """Count a request of a system, beside its readings.

        Raises:
            TooOften: there were more in this minute than it may send.
        """
        kind, _, name = by.partition(" ")
        if kind == "system" and request_rates.count(session, f"labels {name}", now) > self._most:
            raise TooOften(f"more than {self._most} labels a minute", again_s=60 - now.second)

    def _may(self, by: str, token: str, now: datetime) -> bool:
        """Whether a system may say something of the call of a result.

        Raises:
            KeyExpired: the time of its key is over.
        """
        kind, _, name = by.partition(" ")
        reader = self._readers.get(name, _ANYTHING) if kind == "system" else _ANYTHING
        if reader.until is not None and now.astimezone(JAPAN).date() > reader.until:
            raise KeyExpired("the key of this system has expired")
        return not reader.audience or audience_of(token) == reader.audience


def task_told(form: Mapping[str, str], dispositions: Dispositions) -> None:
    """Keep what an event of TaskRouter's says of a caller, if it says something.

    Raises:
        RecordsUnavailable: the database cannot answer now.
    """
    said = of_task(form)
    if said is not None:
        dispositions.keep(said, by="taskrouter")


def of_task(form: Mapping[str, str]) -> Said | None:
    """What an event of TaskRouter's (its ``form``) says of a caller; None where it says nothing."""
    try:
        attributes = json.loads(form.get("TaskAttributes", ""))
    except (ValueError, RecursionError):
        return None
    if not isinstance(attributes, dict) or not isinstance(attributes.get("reference"), str):
        return None
    word = attributes.get(TASK_ATTRIBUTE)
    if not isinstance(word, bool | str) or word not in _YES | _NO:
        return None
    event = form.get("Sid", "")
    known = event if event.isascii() and event.isalnum() and len(event) <= 64 else ""
    return Said(attributes["reference"], word in _YES, known, _instant(form.get("Timestamp", "")))


def _instant(text: str) -> datetime | None:
    """Seconds since 1970, or an ISO instant with its zone; None for anything else."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo is not None else None
