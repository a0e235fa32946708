"""Names one sound apart: さとう and かとう, あきら and あきな."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from speech_model.phones import phones

Sound = tuple[str, ...]


class LookAlikes:
    """Finds, among ``names`` (readings in kana), those one phone away from a reading.

    One phone is put in, left out or exchanged; names that sound the same are no look-alikes.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))
        self._by_gap: dict[Sound, list[int]] = defaultdict(list)
        for at, name in enumerate(self._names):
            for key in _gaps(phones(name)):
                self._by_gap[key].append(at)

    def of(self, name: str) -> list[str]:
        """The look-alikes of ``name``, in the order in which the names were given."""
        said = phones(name)
        near = sorted({at for key in _gaps(said) for at in self._by_gap.get(key, ())})
        return [self._names[at] for at in near if _one_apart(said, phones(self._names[at]))]


def _gaps(said: Sound) -> Iterator[Sound]:
    """``said`` itself, and with a gap for each phone and between any two: equal keys are near."""
    yield said
    for at in range(len(said)):
        yield (*said[:at], "", *said[at + 1 :])
        yield said[:at] + said[at + 1 :]


def _one_apart(one: Sound, other: Sound) -> bool:
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return len(long) - len(short) == 1 and any(
        long[:at] + long[at + 1 :] == short for at in range(len(long))
    )
