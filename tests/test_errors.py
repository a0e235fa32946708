"""The error tree: one root, messages that say what to do, problems in reading order."""

from __future__ import annotations

import inspect

import pytest

from ivr import errors
from ivr.errors import (
    SEND_FAILURES,
    FilesError,
    HonninError,
    NotFound,
    Problem,
    RecordsError,
    RecordsUnavailable,
    SendFailed,
)

TREE = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, Exception)
]


@pytest.mark.parametrize("error", TREE)
def test_one_tree_and_every_error_says_what_it_is(error: type[Exception]) -> None:
    assert issubclass(error, HonninError)
    assert error.__doc__


@pytest.mark.parametrize("error", [RecordsUnavailable, NotFound])
def test_records_errors_can_be_caught_together(error: type[HonninError]) -> None:
    with pytest.raises(RecordsError):
        raise error("gone")


@pytest.mark.parametrize(
    ("hint", "text"), [("", "the door is shut"), ("knock", "the door is shut (knock)")]
)
def test_the_hint_is_part_of_what_is_shown(hint: str, text: str) -> None:
    error = HonninError("the door is shut", hint=hint)
    assert str(error) == text
    assert (error.message, error.hint) == ("the door is shut", hint)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("f.yaml", 41, 7, "unknown state"), "f.yaml:41:7: unknown state"),
        (Problem("f.yaml", 0, 0, "is missing"), "f.yaml: is missing"),
    ],
)
def test_a_problem_reads_as_editors_expect(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_problems_are_all_shown_in_reading_order() -> None:
    later, earlier, other = (
        Problem("b.yaml", 10, 1, "later"),
        Problem("b.yaml", 9, 30, "earlier"),
        Problem("a.yaml", 99, 1, "other file"),
    )
    error = FilesError(iter([later, earlier, other]))
    assert error.problems == (other, earlier, later)
    assert str(error).splitlines() == [str(other), str(earlier), str(later)]


@pytest.mark.parametrize("kind", sorted(SEND_FAILURES))
def test_a_failed_send_says_what_may_be_tried(kind: str) -> None:
    assert SendFailed("the provider refused", kind=kind).kind == kind


def test_a_failed_send_of_unknown_kind_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        SendFailed("the provider refused", kind="other")


def test_after_a_list_the_hint_has_a_line_of_its_own() -> None:
    assert str(HonninError("wrong:\n  a\n  b", hint="knock")) == "wrong:\n  a\n  b\n(knock)"
