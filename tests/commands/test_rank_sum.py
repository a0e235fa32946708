"""The test that looks for leaks finds one of known size, and none where there is none."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.commands.rank_sum import found_shifts, holm, rank_sum, smallest_shift

_TIMES = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=40)


def answers(number: int, seed: int) -> list[float]:
    """Seconds as answers take: most around 20 ms, some much longer."""
    chance = Random(seed)  # noqa: S311
    return [0.015 + chance.gammavariate(2, 0.004) for _ in range(number)]


def test_figures_of_an_example_worked_by_hand() -> None:
    # U = 3 of 20 pairs; by the normal approximation z = (|3 - 10| - 0.5) / sqrt(20 * 10 / 12).
    found = rank_sum([19, 22, 16, 29, 24], [20, 11, 17, 12])
    assert found.larger == pytest.approx(3 / 20)
    assert found.p == pytest.approx(0.1113, abs=1e-3)


def test_ties_count_half() -> None:
    assert rank_sum([1, 1], [1, 1]).larger == 0.5
    assert rank_sum([1, 1], [1, 1]).p == 1.0
    assert rank_sum([1, 2], [2, 3]).larger == pytest.approx(3.5 / 4)


@given(_TIMES, _TIMES)
def test_changing_sides_changes_the_sign_and_nothing_else(
    first: list[float], second: list[float]
) -> None:
    one, other = rank_sum(first, second), rank_sum(second, first)
    assert one.larger + other.larger == pytest.approx(1)
    assert one.p == pytest.approx(other.p)
    assert 0 <= one.p <= 1


def test_a_planted_leak_is_found() -> None:
    """Two milliseconds on times that themselves vary by six, over 300 calls."""
    later = [time + 0.002 for time in answers(300, seed=2)]
    assert rank_sum(answers(300, seed=1), later).p < 0.001


def test_a_leak_that_only_some_answers_show_is_found() -> None:
    now_and_then = [
        time + (0.02 if at % 4 == 0 else 0) for at, time in enumerate(answers(300, seed=2))
    ]
    assert rank_sum(answers(300, seed=1), now_and_then).p < 0.001


def test_where_there_is_nothing_to_find_it_is_seldom_found() -> None:
    """At level 0.05, in about one of twenty pairs; 400 pairs, a fixed seed."""
    found = sum(
        rank_sum(answers(60, seed=2 * n), answers(60, seed=2 * n + 1)).p < 0.05 for n in range(400)
    )
    assert 8 <= found <= 34


def test_more_calls_find_less() -> None:
    chance = Random(5)  # noqa: S311
    found = [
        found_shifts(answers(number, seed=3), 0.001, alpha=0.01, trials=60, chance=chance)
        for number in (50, 400, 1600)
    ]
    assert found[0] < 0.5 < found[2]
    assert found == sorted(found)


def test_a_shift_of_nothing_has_the_power_of_the_level() -> None:
    chance = Random(7)  # noqa: S311
    found = found_shifts(answers(100, seed=3), 0.0, alpha=0.05, trials=200, chance=chance)
    assert found <= 0.12


def test_the_smallest_delay_is_found_as_often_as_is_said() -> None:
    times, chance = answers(200, seed=3), Random(9)  # noqa: S311
    smallest = smallest_shift(times, alpha=0.01, power=0.8, chance=chance)
    assert smallest is not None
    found = found_shifts(times, smallest, alpha=0.01, trials=300, chance=chance)
    assert 0.7 <= found <= 0.95
    less = found_shifts(times, smallest / 1.5, alpha=0.01, trials=300, chance=chance)
    assert less < 0.7


def test_fewer_calls_and_a_stricter_level_need_more_of_a_delay() -> None:
    chance = Random(9)  # noqa: S311
    few = smallest_shift(answers(40, seed=3), alpha=0.01, power=0.8, chance=chance)
    many = smallest_shift(answers(400, seed=3), alpha=0.01, power=0.8, chance=chance)
    strict = smallest_shift(answers(40, seed=3), alpha=0.0001, power=0.8, chance=chance)
    assert few is not None
    assert many is not None
    assert strict is not None
    assert many < few < strict
    assert smallest_shift([0.02], alpha=0.01, power=0.8, chance=chance) is None


def test_many_comparisons_are_corrected() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []
