"""``ivr bench oracle`` says what it found, and finds what was planted."""

from __future__ import annotations

import json
from random import Random

import pytest
from command_line import Ivr

from ivr.commands import bench_oracle
from ivr.commands.bench_oracle import Found, judged, smallest_found
from ivr.commands.oracle_calls import Told
from ivr.commands.oracle_people import KINDS


def times(number: int, seed: int, later: float = 0.0) -> list[float]:
    """Seconds as answers take: most around 20 ms, some much longer."""
    chance = Random(seed)  # noqa: S311
    return [0.015 + chance.gammavariate(2, 0.004) + later for _ in range(number)]


def found_with(later_ms: float) -> Found:
    """One kind whose answers come later, among three."""
    kinds = {
        "right": times(300, 1),
        "stranger": times(300, 2),
        "locked": times(300, 3, later_ms / 1000),
    }
    return judged({"name": kinds}, (0.5, 0.6), seed=1)


def test_a_planted_delay_is_told_apart_and_nobody_else_is() -> None:
    right, stranger, locked = found_with(later_ms=3).rows
    assert (right.p, right.later_ms) == (None, None)
    assert stranger.p is not None
    assert stranger.p > 0.05
    assert locked.p is not None
    assert locked.p < 0.01
    assert locked.later_ms == pytest.approx(3, abs=1)
    assert locked.guessed is not None
    assert locked.guessed > 0.6


def test_without_a_delay_nobody_is_told_apart() -> None:
    assert all(row.p is None or row.p > 0.05 for row in found_with(later_ms=0).rows)


def test_what_would_be_found_is_stated() -> None:
    chance = Random(1)  # noqa: S311
    few = smallest_found(times(40, 1), 36, chance)
    many = smallest_found(times(400, 1), 36, chance)
    assert few is not None
    assert many is not None
    assert 0 < many < few
    assert smallest_found([0.02], 36, chance) is None


def test_words_are_compared(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everybody: tests/security/test_oracle_calls.py."""
    monkeypatch.setattr(bench_oracle, "compared_kinds", lambda: KINDS[1:2])
    ran = ivr("bench", "oracle", "--paths", 1, "--calls", 0, "--json")
    assert ran.code == 0
    assert json.loads(ran.out) == {"paths": 1, "told_apart": [], "times": None}


def test_a_difference_in_words_fails_and_is_shown(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [Told(KINDS[1], ("wrong", "again"), 7, None, None)]
    monkeypatch.setattr(bench_oracle, "compare_words", lambda url, number, seed: told)
    ran = ivr("bench", "oracle", "--paths", 1, "--calls", 0)
    assert ran.code == 1
    assert "wrong name, after wrong again, answer 7" in ran.out


def test_times_are_measured(ivr: Ivr) -> None:
    """One call of each kind says nothing, and is called nothing."""
    ran = ivr("bench", "oracle", "--paths", 0, "--calls", 1, "--callers", 4)
    assert ran.code == 0
    kinds = ["right", *bench_oracle.TIMED]
    for kind in kinds:
        assert ran.out.count(f"  {kind} ") == 4
    assert "would be found nine times in ten: none of the grid" in ran.out
    assert ran.out.endswith("told apart (*, by chance once in a hundred runs): none\n")
