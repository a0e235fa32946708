"""What is said of a table of rehearsed calls."""

import pytest

from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.report import hint_of_load


def went(*, well: bool) -> Outcome:
    problems = () if well else ("level: expected verified, got none",)
    return Outcome(
        "a call", "transfer", None, None, 3, 80.0, (), (), 0, 0, frozenset(), problems=problems
    )


@pytest.mark.parametrize(
    ("wells", "load", "cores", "told"),
    [
        ([True, False], 14.4, 2, True),
        ([False], 4.1, 2, True),
        ([True, True], 14.4, 2, False),
        ([True, False], 4.0, 2, False),
        ([True, False], 14.4, 16, False),
        ([], 14.4, 2, False),
    ],
)
def test_a_busy_machine_is_told_of_where_calls_failed(
    wells: list[bool], load: float, cores: int, told: bool
) -> None:
    hint = hint_of_load([went(well=well) for well in wells], load=load, cores=cores)
    assert bool(hint) == told
    if told:
        assert f"load {load} on {cores} cores" in hint
        assert "--jobs 1" in hint
