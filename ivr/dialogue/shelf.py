"""The flows in force: today's, and those that running calls are pinned to."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from ivr.clock import Clock
from ivr.errors import NotFound
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow_sources
from ivr.records import flow_versions
from ivr.records.database import Database


class FlowShelf:
    """Gives the flow new calls begin with, and any version a call is pinned to by digest.

    Versions are kept in the database, so that a call begun before a deployment goes on with
    the flow it began with on any machine.
    """

    def __init__(
        self,
        flow: Flow,
        db: Database,
        clock: Clock,
        words: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._flow = flow
        self._db = db
        self._clock = clock
        self._words = words
        self._known = {flow.digest: flow}
        self._kept: set[str] = set()
        self._lock = threading.Lock()

    @property
    def current(self) -> Flow:
        """The flow new calls begin with."""
        return self._flow

    def keep(self, flow: Flow) -> None:
        """Store ``flow`` once per process, before its first call is stored."""
        if flow.digest in self._kept:
            return
        with self._db.writing() as session:
            flow_versions.put(session, flow.digest, flow.name, flow.sources, self._clock.now())
        self._kept.add(flow.digest)

    def pinned(self, digest: str) -> Flow:
        """The version with this digest.

        Raises:
            NotFound: no such version was ever kept.
        """
        known = self._known.get(digest)
        if known is not None:
            return known
        with self._db.reading() as session:
            sources = flow_versions.get(session, digest)
        if sources is None:
            raise NotFound("a call is pinned to a flow version that is not stored")
        flow = load_flow_sources(self._flow.name, sources, self._words)
        with self._lock:
            self._known[digest] = flow
        return flow
