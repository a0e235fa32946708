"""Names one phone apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech_model.look_alikes import LookAlikes
from speech_model.phones import PLAIN_MORAE, hiragana, phones

_NAMES = ("さとう", "かとう", "さいとう", "いとう", "ごとう", "さと", "さとー", "すずき", "あおい")
_READINGS = st.lists(
    st.sampled_from([hiragana(mora) for mora in PLAIN_MORAE]), min_size=1, max_size=4
).map("".join)


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("さとう", ["かとう", "さいとう", "さと"]),
        ("いとう", []),
        ("かとー", ["さとう", "さとー"]),
        ("すすき", ["すずき"]),
        ("すずき", []),
    ],
)
def test_one_phone_apart(name: str, alike: list[str]) -> None:
    assert LookAlikes(_NAMES).of(name) == alike


@given(st.lists(_READINGS, max_size=20, unique=True), _READINGS)
def test_it_finds_what_comparing_all_finds(names: list[str], name: str) -> None:
    said = phones(name)
    expected = {other for other in names if _distance(said, phones(other)) == 1}
    found = LookAlikes(names).of(name)
    assert set(found) == expected
    assert len(found) == len(expected)


def _distance(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Levenshtein's, by its definition."""
    row = list(range(len(other) + 1))
    for at, a in enumerate(one, start=1):
        before, row = row, [at]
        for there, b in enumerate(other, start=1):
            row.append(min(before[there] + 1, row[-1] + 1, before[there - 1] + (a != b)))
    return row[-1]
