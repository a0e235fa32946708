"""From what a file holds to a checked model, with problems at the line that causes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr.errors import Problem
from ivr.flow.schema_place import SchemaPlace, locate
from ivr.flow.source import Document
from ivr.flow.wording import WANTED, alternatives, worded

Model = TypeVar("Model", bound=BaseModel)


def validate(document: Document, model: type[Model]) -> Model | None:
    """The document as ``model``, or None; what is wrong is added to ``document.problems``.

    Models are validated as JSON is: a strict model takes a list where it wants a tuple and
    text where it wants a date, but never text where it wants a number.
    """
    if document.data is None:
        return None
    try:
        return model.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        found = error.errors(include_url=False)
    blamed = {(problem.line, problem.column) for problem in document.problems}
    places = [(locate(model, document.data, item["loc"], item["type"]), item) for item in found]
    for problem in _problems(document, places):
        if (problem.line, problem.column) not in blamed:
            document.problems.append(problem)
    return None


Found = tuple[SchemaPlace, Any]


def _problems(document: Document, found: list[Found]) -> Iterable[Problem]:
    """One problem for each mistake, not one for each alternative a union offers."""
    unions: dict[tuple[str | int, ...], list[Found]] = {}
    for place, item in found:
        if _is_echo(place, item):
            continue
        if place.union is None:
            yield document.problem(place.where, worded(place, item), key=place.at_key)
        else:
            unions.setdefault(place.union, []).append((place, item))
    for where, tried in unions.items():
        meant = _meant(where, tried)
        if meant:
            for place, item in meant:
                yield document.problem(place.where, worded(place, item), key=place.at_key)
        else:
            yield document.problem(where, alternatives(tried))


def _is_echo(place: SchemaPlace, item: Any) -> bool:
    """A list that counts as too short only because its broken entries do not count."""
    return item["type"] == "too_short" and bool(len(place.value) >= item["ctx"]["min_length"])


def _meant(where: tuple[str | int, ...], tried: list[Found]) -> list[Found]:
    """The mistakes in the alternative the writer seems to have meant: of those whose shape
    (text, list, mapping) is right the one with the fewest. Empty where no shape is right."""
    branches: dict[str, list[Found]] = {}
    for place, item in tried:
        branches.setdefault(place.branch, []).append((place, item))
    fitting = [
        mistakes
        for mistakes in branches.values()
        if not any(p.where == where and item["type"] in WANTED for p, item in mistakes)
    ]
    return min(fitting, key=len, default=[])
