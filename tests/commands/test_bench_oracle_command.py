"""``ivr bench oracle`` says what it found, and finds what was planted."""

from __future__ import annotations

import json
from random import Random

import pytest
from command_line import Ivr

from ivr.commands import bench_oracle
from ivr.commands.oracle_calls import Told
from ivr.commands.oracle_figures import Found, judged, times_text
from ivr.commands.oracle_people import KINDS, RIGHT


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
    return judged({"name": kinds}, (0.5, 0.6), seed=1, reached=300)


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


def test_what_would_be_found_is_stated_and_is_found() -> None:
    found = found_with(later_ms=0)
    likely, surely = found.smallest_ms["name"]
    assert likely is not None
    assert surely is not None
    assert 0.5 < likely <= surely < 10
    assert found.comparisons == 2
    # What is surely found is found; half of what is likely found is not.
    assert found_with(later_ms=2 * surely).rows[2].p < 0.01  # type: ignore[operator]
    assert found_with(later_ms=likely / 2).rows[2].p > 0.01  # type: ignore[operator]
    text = times_text(found, 300, 4)
    assert f"a delay would have been found of {likely:g} ms with 80% power, {surely:g} ms" in text
    assert "at a level of 0.01 over all 2 comparisons): none" in text
    assert "codes sent to right callers: 300" in text


def test_words_are_compared(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everybody: tests/security/test_oracle_calls.py."""
    monkeypatch.setattr(bench_oracle, "compared_kinds", lambda where: KINDS[1:2])
    ran = ivr("bench", "oracle", "--paths", 1, "--calls", 0, "--json")
    assert ran.code == 0
    assert json.loads(ran.out) == {
        "directory": "records",
        "paths": 1,
        "told_apart": [],
        "times": None,
    }


def test_a_difference_in_words_fails_and_is_shown(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [Told(KINDS[1], ("wrong", "again"), 7, None, None)]
    monkeypatch.setattr(bench_oracle, "compare_words", lambda url, number, seed, where: told)
    ran = ivr("bench", "oracle", "--paths", 1, "--calls", 0)
    assert ran.code == 1
    assert "wrong name, after wrong again, answer 7" in ran.out


def test_times_are_measured(ivr: Ivr) -> None:
    """One call of each kind says nothing, and is called nothing."""
    ran = ivr("bench", "oracle", "--paths", 0, "--calls", 1, "--callers", 4)
    assert ran.code == 0
    kinds = [kind.name for kind in KINDS if kind is RIGHT or kind.name in bench_oracle.TIMED]
    assert len(kinds) == 10
    for kind in kinds:
        assert ran.out.count(f"  {kind} ") == 4
    assert ran.out.count("found of more than a second with 80% power") == 4
    assert "codes sent to right callers: 2\n" in ran.out  # one of them warms up
    assert ran.out.endswith("over all 36 comparisons): none\n")
