"""Percentiles and tables of ``ivr bench``."""

from __future__ import annotations

import pytest

from ivr.rehearsal.bench_figures import Figures, columns, figures, percentile, table


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([3.0], 50, 3.0),
        ([3.0], 95, 3.0),
        ([2.0, 1.0], 50, 1.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(n) for n in range(100, 0, -1)], 95, 95.0),
        ([float(n) for n in range(1, 21)], 95, 19.0),
        ([float(n) for n in range(1, 21)], 100, 20.0),
    ],
)
def test_the_nearest_rank(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_figures_are_per_turn_and_per_second() -> None:
    found = figures("speech", [0.010, 0.030, 0.020, 0.040], wall_s=0.5, queries=5.0)
    assert found == Figures("speech", 4, 8.0, 20.0, 40.0, 5.0)
    assert found.as_json()["per_s"] == 8.0


def test_what_was_not_measured_is_left_out() -> None:
    part = figures("check poll", [0.0012], wall_s=None)
    assert part.as_json() == {"name": "check poll", "turns": 1, "p50_ms": 1.2, "p95_ms": 1.2}
    assert table([part]).splitlines()[1].split() == ["check", "poll", "1", "1.2", "1.2"]


def test_columns_line_up_with_wide_characters() -> None:
    assert columns([("発話", "1"), ("keys", "22")]) == "発話   1\nkeys  22"
