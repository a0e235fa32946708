"""Keeps what a caller said as sound, if the caller has allowed it in this call."""

from __future__ import annotations

import uuid

from ivr.clock import Clock
from ivr.dialogue.call import call_from_json
from ivr.records import calls, kept_audio
from ivr.records.database import Database
from ivr.records.kept_audio import KeptAudioRecord


class AudioKeeper:
    """Made only where the settings want audio kept (``IVR_KEEP_AUDIO``)."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def keep(self, *, call_sid: str, turn: int, state: str, sound: bytes) -> None:
        """Keep ``sound`` (µ-law), the answer to ``turn``, which ``state`` asked for. Nothing is
        kept where the caller has not allowed it, or just now allows it no more.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.writing() as session:
            record = calls.find(session, call_sid, lock=True)
            if record is None or not call_from_json(record.state).keep_audio:
                return
            kept = KeptAudioRecord(
                id=str(uuid.uuid4()),
                call_id=record.id,
                turn=turn,
                state_name=state,
                language=record.language,
                sound=sound,
                created_at=self._clock.now(),
            )
            kept_audio.add(session, kept)
