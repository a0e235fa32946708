"""Where in a file, and where in its schema, a pydantic error belongs.

pydantic's ``loc`` mixes the two: besides keys and positions it holds the tag of a tagged
union, a label for the tried branch of any other union, and ``[key]`` for a mapping's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator
from pydantic.fields import FieldInfo

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """``where`` in the document; ``at_key`` where the key itself is meant. ``value`` is what
    stands there, ``known`` the keys that its mapping may have, ``missing`` a key it lacks.
    ``union`` is the place of the outermost untagged union on the way, ``branch`` the
    alternative of it that was tried."""

    where: Where
    at_key: bool
    value: Any
    known: tuple[str, ...]
    missing: str
    union: Where | None
    branch: str


def locate(model: type[BaseModel], data: Any, loc: Sequence[str | int], kind: str) -> SchemaPlace:
    """Follow ``loc`` of an error of type ``kind`` through ``model`` and ``data`` together."""
    walk = _Walk(model, data)
    steps = list(loc)
    missing = str(steps.pop()) if kind == "missing" and steps else ""
    for step in steps:
        walk.take(step)
    if kind == "union_tag_invalid":
        walk.take_tag()
    at_key = walk.at_key or kind in {"missing", "extra_forbidden", "union_tag_not_found"}
    return SchemaPlace(
        where=tuple(walk.where),
        at_key=at_key,
        value=walk.data,
        known=walk.known,
        missing=missing,
        union=walk.union,
        branch=walk.branch,
    )


class _Walk:
    def __init__(self, model: Any, data: Any) -> None:
        self.type, self.tag = _bare(model)
        self.data = data
        self.where: list[str | int] = []
        self.at_key = False
        self.known: tuple[str, ...] = ()
        self.union: Where | None = None
        self.branch = ""

    def take(self, step: str | int) -> None:
        """Go one step of a ``loc`` further."""
        if step == "[key]":
            self.at_key = True
        elif self._is_union():
            self._choose(str(step))
        elif self._has(step):
            self._enter(step)

    def take_tag(self) -> None:
        """Go to the value that should have told which member of a tagged union is meant."""
        self.data = self.data[self.tag]
        self.where.append(self.tag)

    def _is_union(self) -> bool:
        return get_origin(self.type) in {Union, UnionType}

    def _has(self, step: str | int) -> bool:
        if isinstance(self.data, dict):
            return step in self.data
        return isinstance(self.data, list) and isinstance(step, int) and step < len(self.data)

    def _enter(self, step: str | int) -> None:
        self.data = self.data[step]
        self.where.append(step)
        inner: Any = Any
        if isinstance(self.type, type) and issubclass(self.type, BaseModel):
            fields = self.type.model_fields
            self.known = tuple(fields)
            field = fields.get(str(step))
            inner = Annotated[field.annotation, field] if field else Any
        elif arguments := get_args(self.type):
            inner = arguments[1] if get_origin(self.type) is dict else arguments[0]
        self.type, self.tag = _bare(inner)

    def _choose(self, label: str) -> None:
        members = [_bare(member)[0] for member in get_args(self.type)]
        if self.tag:
            tagged = [m for m in members if label in _tags(m, self.tag)]
            self.type, self.tag = (tagged or [Any])[0], ""
            return
        if self.union is None:
            self.union, self.branch = tuple(self.where), label
        self.type = next((m for m in members if _label(m) in label), Any)


def _bare(kind: Any) -> tuple[Any, str]:
    """``kind`` without annotations and without None, and the tag's key if it is a tagged union."""
    tag = ""
    while True:
        if get_origin(kind) is Annotated:
            kind, *notes = get_args(kind)
            tag = next(filter(None, map(_discriminator, notes)), tag)
        elif get_origin(kind) in {Union, UnionType} and NoneType in get_args(kind):
            rest = tuple(member for member in get_args(kind) if member is not NoneType)
            kind = Union[rest]  # noqa: UP007 - built at run time
        else:
            return kind, tag


def _discriminator(note: object) -> str:
    found = note.discriminator if isinstance(note, FieldInfo | Discriminator) else None
    return found if isinstance(found, str) else ""


def _tags(member: Any, tag: str) -> tuple[Any, ...]:
    field = member.model_fields.get(tag)
    return get_args(field.annotation) if field else ()


def _label(member: Any) -> str:
    """A word that pydantic's label for this member of a union contains."""
    if get_origin(member) is Literal:
        return "literal"
    name: str = getattr(get_origin(member) or member, "__name__", "?")
    return name
