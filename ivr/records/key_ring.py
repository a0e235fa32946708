"""The data keys as one process holds them: unwrapped once, looked for anew now and then."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Text, select, type_coerce

from ivr.clock import Clock
from ivr.errors import RecordsError
from ivr.records import data_keys
from ivr.records.audit_mac import head_seal
from ivr.records.cipher import FIRST_VERSION, KEY_BYTES, FieldCipher, Place, prefix_of
from ivr.records.columns import Encrypted
from ivr.records.data_keys import DataKeyRecord, Purpose
from ivr.records.engines import HOUSEKEEPING, Engines
from ivr.records.failures import busy
from ivr.records.key_wrapping import KeyWrapper
from ivr.records.models import Base

#: Seconds after which a process looks whether there are new data keys.
FRESH_S = 30.0


@dataclass(frozen=True, slots=True)
class _Held:
    records: tuple[DataKeyRecord, ...]
    keys: dict[int, bytes]
    cipher: FieldCipher
    audit: int | None
    at: datetime


class KeyRing:
    """Data keys of one database. Safe between threads."""

    def __init__(
        self, engines: Engines, wrapper: KeyWrapper, clock: Clock, *, wait_s: float, fresh_s: float
    ) -> None:
        """``wait_s``: seconds a thread waits for another that loads the first keys; ``fresh_s``:
        see :data:`FRESH_S`."""
        self._where = engines.where
        self._reading = engines.reading.execution_options(**{HOUSEKEEPING: True})
        self._writing = engines.writing.execution_options(**{HOUSEKEEPING: True})
        self._wrapper = wrapper
        self._clock = clock
        self._wait_s = wait_s
        self._fresh = timedelta(seconds=fresh_s)
        self._lock = threading.Lock()
        self._held: _Held | None = None

    @property
    def fresh_s(self) -> float:
        """Seconds after which every process has seen a new key."""
        return self._fresh.total_seconds()

    @property
    def cipher(self) -> FieldCipher:
        """Opens every field, and seals with the key in force."""
        return self._now_held().cipher

    def now(self) -> datetime:
        """The present instant of the database's clock."""
        return self._clock.now()

    @property
    def begun(self) -> bool:
        """Whether data keys were ever made here: from the first writing on."""
        return any(number != FIRST_VERSION for number in self._now_held().keys)

    def audit_key(self) -> tuple[int, bytes]:
        """The number of the key that chains the audit now, and the key."""
        held = self._now_held()
        if held.audit is None:
            raise RecordsError("there is no data key for the audit", hint="ivr database upgrade")
        return held.audit, held.keys[held.audit]

    def key(self, number: int) -> bytes | None:
        """A data key by its number, None where it is not there."""
        return self._now_held().keys.get(number)

    def of_purpose(self, purpose: Purpose) -> list[tuple[DataKeyRecord, bytes]]:
        """Every data key of a purpose that is not destroyed, with the key, by its number."""
        held = self._now_held()
        return [(row, held.keys[row.number]) for row in held.records if row.purpose == purpose]

    @property
    def loaded(self) -> bool:
        """Whether this process has seen the data keys at all."""
        return self._held is not None

    @property
    def is_fresh(self) -> bool:
        """Whether this process has looked for new keys within the last ``fresh_s``."""
        return self._held is not None and not self._lacks(self._held, to_write=False)

    def refresh(self, *, to_write: bool) -> None:
        """Look for new keys where the last look is older than ``fresh_s``; ``to_write``: make
        the first ones where there are none. Never inside a transaction.

        Raises:
            RecordsUnavailable: the database or the wrapper cannot answer now.
            RecordsError: a key cannot be unwrapped.
        """
        held = self._held
        if held is not None and not self._lacks(held, to_write=to_write):
            return
        # Whoever holds keys goes on with them while another thread looks for newer ones.
        if not self._lock.acquire(timeout=0 if held and held.audit is not None else self._wait_s):
            if held is None:
                raise busy(self._where)
            return
        try:
            held = self._held
            if held is not None and not self._lacks(held, to_write=to_write):
                return
            with self._reading.connect() as connection:
                rows = data_keys.every(connection)
                first_token = None if _in_force(rows, "field", None) else _token(connection)
            held = self._unwrapped(rows)
            if to_write and held.audit is None:
                self._make_first(rows, held, first_token)
                with self._reading.connect() as connection:
                    held = self._unwrapped(data_keys.every(connection))
            self._held = held
        finally:
            self._lock.release()

    def load(self, connection: Connection) -> None:
        """See the keys as this transaction sees them."""
        self._held = self._unwrapped(data_keys.every(connection))

    def new(self, number: int, purpose: Purpose, active_from: datetime) -> DataKeyRecord:
        """A fresh key, wrapped, not stored yet. May take seconds."""
        return self._new(number, purpose, active_from)[0]

    def rewrapped(self, record: DataKeyRecord) -> DataKeyRecord:
        """The same key, wrapped by the wrapper as it is now. May take seconds."""
        return self._wrapped(record, self._unwrap(record))

    def _new(
        self, number: int, purpose: Purpose, active_from: datetime
    ) -> tuple[DataKeyRecord, bytes]:
        record = DataKeyRecord(number, purpose, "", self._clock.now(), active_from)
        key = os.urandom(KEY_BYTES)
        return self._wrapped(record, key), key

    def _wrapped(self, record: DataKeyRecord, key: bytes) -> DataKeyRecord:
        return DataKeyRecord(
            record.number,
            record.purpose,
            self._wrapper.wrap(key, record.context),
            record.created_at,
            record.active_from,
            record.retired_at,
        )

    def _lacks(self, held: _Held, *, to_write: bool) -> bool:
        if to_write and held.audit is None:
            return True
        return abs(self._clock.now() - held.at) >= self._fresh

    def _now_held(self) -> _Held:
        if self._held is None:
            raise AssertionError("keys are refreshed before each transaction")
        return self._held

    def _unwrapped(self, rows: Sequence[DataKeyRecord]) -> _Held:
        now = self._clock.now()
        before = {} if self._held is None else self._held.keys
        there = [row for row in rows if row.destroyed_at is None and not _came_back(row, rows)]
        keys = {row.number: before.get(row.number) or self._unwrap(row) for row in there}
        fields = {row.number: keys[row.number] for row in there if row.purpose == "field"}
        cipher = FieldCipher(fields, writes_with=_in_force(there, "field", now))
        return _Held(tuple(there), keys, cipher, _in_force(there, "audit", now), now)

    def _unwrap(self, row: DataKeyRecord) -> bytes:
        if row.number == FIRST_VERSION and not row.wrapped:
            return self._wrapper.first_version()
        return self._wrapper.unwrap(row.wrapped, row.context)

    def _make_first(
        self, rows: Sequence[DataKeyRecord], held: _Held, token: tuple[str, Place] | None
    ) -> None:
        """The first keys of a database, one for each purpose, in a transaction of their own: a
        key that a rollback took back must never have encrypted anything."""
        if token is not None:
            # Made with the wrong field key, these keys would divide the database in two.
            try:
                held.cipher.decrypt(*token)
            except RecordsError:
                raise RecordsError(
                    f"{token[1]} cannot be decrypted",
                    hint="is IVR_FIELD_KEY the key this database was written with?",
                ) from None
        now = self._clock.now()
        purposes: tuple[Purpose, ...] = ("field", "audit")
        made = [self._new(number, purpose, now) for number, purpose in enumerate(purposes, start=1)]
        old = [row for row in rows if row.number == FIRST_VERSION and not row.destroyed_at]
        wrapped = [self.rewrapped(row) for row in old if not row.wrapped]
        with self._writing.begin() as connection:
            stored = [data_keys.insert(connection, record) for record, _ in made]
            if all(stored):  # otherwise somebody removed a key, and the audit must not begin anew
                number, key = made[-1][0].number, made[-1][1]
                data_keys.begin_chain(connection, number, head_seal(key, 0, ""))
            for record in wrapped:
                data_keys.rewrap(connection, record.number, "", record.wrapped)


def _came_back(row: DataKeyRecord, rows: Sequence[DataKeyRecord]) -> bool:
    """Whether somebody put the key of version 0001 back, whose fields are bound to no row: it is
    wrapped when the first other keys are made, and never bare beside them."""
    return row.number == FIRST_VERSION and not row.wrapped and len(rows) > 1


def _in_force(rows: Sequence[DataKeyRecord], purpose: str, now: datetime | None) -> int | None:
    """The number of the key that is written with; ``now`` None: any that might be."""
    able = [
        row
        for row in rows
        if row.purpose == purpose and row.number != FIRST_VERSION and row.retired_at is None
    ]
    begun = [row.number for row in able if now is None or row.active_from <= now]
    # On a clock that runs behind the one that made the first key, that key has to do.
    return max(begun, default=min((row.number for row in able), default=None))


def _token(connection: Connection) -> tuple[str, Place] | None:
    """A field of the first version, if there is one. Its row does not matter: it is not bound."""
    for mapper in Base.registry.mappers:
        for column in mapper.columns:
            if isinstance(column.type, Encrypted):
                like = type_coerce(column, Text).startswith(prefix_of(FIRST_VERSION))
                found = connection.execute(select(column).where(like).limit(1)).scalar()
                if found is not None:
                    return found, Place(column.table.name, column.name, "")
    return None
