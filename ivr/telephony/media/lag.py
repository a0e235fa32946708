"""How late this process is: whether a call more could still be heard in time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor

_EVERY_S = 0.5
#: Rounds of measurements that count: a load that has just gone may come back.
_ROUNDS = 6


class Lag:
    """Measures, again and again, how late the event loop wakes up and how long work waits for a
    thread of each pool."""

    def __init__(
        self, pools: Mapping[str, Executor], observe: Callable[[str, float], None]
    ) -> None:
        """``observe`` is told of every measurement: ``loop`` or the name of a pool, and seconds."""
        self._pools, self._observe = pools, observe
        self._latest: deque[float] = deque(maxlen=_ROUNDS * (1 + len(pools)))
        #: Since when work has been waiting for a thread.
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """The worst of the last seconds, and of what is being waited for now."""
        worst = max(self._latest, default=0.0)
        if self._since is None:
            return worst
        return max(worst, asyncio.get_running_loop().time() - self._since)

    async def watch(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            self._add("loop", loop.time() - due)
            for name, pool in self._pools.items():
                self._since = loop.time()
                await loop.run_in_executor(pool, _nothing)
                self._add(name, loop.time() - self._since)
                self._since = None

    def _add(self, name: str, seconds: float) -> None:
        self._latest.append(seconds)
        self._observe(name, seconds)


def _nothing() -> None:
    """All that is measured is how long it takes until this runs."""
