"""People of many kinds do the same on the telephone and get the same answers, to the letter.

``ivr bench oracle`` does this with thousands of calls, and looks at times as well."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from ivr.commands import bench_oracle
from ivr.commands.oracle_calls import MOVES, Noticed, RestartedClock, compared, paths
from ivr.commands.oracle_people import KINDS, RIGHT
from ivr.dialogue.actions import Ask, Line, Listening, Transfer
from ivr.identity.delivery import Delivery
from ivr.identity.ports import CheckRequest, CheckResult


def test_no_path_of_a_call_tells_who_is_known() -> None:
    """Two paths, one by keys, each walked by 17 kinds of people."""
    assert bench_oracle.compare_words("", 2, seed=1) == []


def test_a_planted_leak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody had told a caller that there is no contact to send a code to."""
    send = Delivery.send

    def tells(self: Delivery, request: CheckRequest, way: str) -> CheckResult:
        result = send(self, request, way)  # type: ignore[arg-type]
        return replace(result, outcome="limit") if "no_contact" in result.flags else result

    unreachable = next(kind for kind in KINDS if kind.name == "no contact")
    monkeypatch.setattr(Delivery, "send", tells)
    monkeypatch.setattr(bench_oracle, "compared_kinds", lambda where: (unreachable,))
    (told,) = bench_oracle.compare_words("", 1, seed=1)
    assert told.kind is unreachable
    assert isinstance(told.other and told.other.action, Transfer)
    assert isinstance(told.right and told.right.action, Ask)


ASKED = Noticed(
    3, Ask("code_entry", (Line("code", "六桁"),), Listening(False, True)), "ja", False, 1
)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ASKED, turn=4),
        replace(ASKED, seconds=1.001),
        replace(ASKED, slow=True),
        replace(ASKED, action=replace(ASKED.action, lines=())),
        replace(ASKED, action=replace(ASKED.action, listen=Listening(True, True))),
    ],
)
def test_any_difference_tells(changed: Noticed) -> None:
    told = compared(RIGHT, ("wrong",), [ASKED, ASKED], [ASKED, changed])
    assert told is not None
    assert (told.answer, told.right, told.other) == (1, ASKED, changed)


def test_an_answer_more_or_less_tells() -> None:
    assert compared(RIGHT, (), [ASKED], [ASKED]) is None
    more, less = (
        compared(RIGHT, (), [ASKED], [ASKED, ASKED]),
        compared(RIGHT, (), [ASKED, ASKED], [ASKED]),
    )
    assert more is not None
    assert less is not None
    assert (more.right, less.other) == (None, None)


def test_paths_go_everywhere() -> None:
    walked = list(paths(80, seed=1))
    assert {move for path in walked for move in path} == set(MOVES)
    follows = {pair for path in walked for pair in pairwise(path)}
    # Whoever has asked for a person does nothing more; all else comes after all else.
    assert len({pair for pair in follows if pair[0] != "person"}) == len(MOVES[:-1]) * len(MOVES)
    assert list(paths(80, seed=1)) == walked


def test_everybody_calls_at_one_time() -> None:
    clock = RestartedClock(bench_oracle.BEGIN)
    clock.sleep(5)
    clock.restart(bench_oracle.BEGIN)
    assert clock.now() == bench_oracle.BEGIN
