"""The words around a code, from ``messages.<language>.yaml`` beside this module.

What they must say is DESIGN.md "Codes": the company, that the code is only for the keypad of
the present call, that no employee asks for it, whom to phone otherwise; and no link.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ivr.errors import FilesError, Problem
from ivr.identity.ports import Channel

LANGUAGES = ("ja", "en")
_NEEDED = frozenset({"code", "company", "minutes", "callback_number"})
_LINK = re.compile(r"://|www\.|https?", re.IGNORECASE)


def _placeholders(text: str) -> set[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("a brace is open or closed on its own") from None
    if any(form or conversion for _, name, form, conversion in parts if name is not None):
        raise ValueError("a placeholder is a plain word in braces, like {code}")
    return {name for _, name, _, _ in parts if name is not None}


def _whole(text: str) -> str:
    names = _placeholders(text)
    if unknown := sorted(names - _NEEDED):
        raise ValueError(f"unknown placeholder {{{unknown[0]}}}; known are {_listed(_NEEDED)}")
    if missing := _NEEDED - names:
        raise ValueError(f"the text lacks {_listed(missing)}")
    return _plain(text)


def _subject(text: str) -> str:
    if _placeholders(text) - {"company"}:
        raise ValueError("a subject may name the {company} only: locked screens show it")
    if "\n" in text:
        raise ValueError("a subject is one line")
    return _plain(text)


def _plain(text: str) -> str:
    if _LINK.search(text):
        raise ValueError("a code message never holds a link")
    return text


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Email(_Strict):
    subject: Annotated[str, Field(min_length=1), AfterValidator(_subject)]
    text: Annotated[str, AfterValidator(_whole)]


class MessagesFile(_Strict):
    """The content of ``messages.<language>.yaml``. ``digits`` and ``pause`` spell a code out."""

    language: Literal["ja", "en"]
    digits: Annotated[list[str], Field(min_length=10, max_length=10)]
    pause: Annotated[str, Field(min_length=1)]
    sms: Annotated[str, AfterValidator(_whole)]
    voice: Annotated[str, AfterValidator(_whole)]
    email: _Email


@dataclass(frozen=True, slots=True)
class Wording:
    """A message ready to send. ``subject`` is empty except for e-mail."""

    text: str
    subject: str = ""


class Messages:
    """Fills the texts in. ``words[language]`` holds ``company`` and ``callback_number``."""

    def __init__(
        self, texts: Mapping[str, MessagesFile], words: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._texts = texts
        self._words = words

    def wording(self, channel: Channel, language: str, *, code: str, minutes: int) -> Wording:
        """The message for one code; a language without texts gets Japanese."""
        spoken_here = language if language in self._texts else "ja"
        texts = self._texts[spoken_here]
        words = self._words[spoken_here]
        values = {
            "code": code,
            "minutes": str(minutes),
            "company": words["company"],
            "callback_number": words["callback_number"],
        }
        if channel == "sms":
            return Wording(texts.sms.format_map(values))
        if channel == "voice":
            spoken = texts.pause.join(texts.digits[int(digit)] for digit in code)
            return Wording(texts.voice.format_map(values | {"code": spoken}))
        return Wording(texts.email.text.format_map(values), texts.email.subject.format_map(values))


def load_messages(words: Mapping[str, Mapping[str, str]]) -> Messages:
    """The texts of every language, filled in with ``words`` (see ``Settings.words``).

    Raises:
        FilesError: a texts file is not as :class:`MessagesFile` says.
    """
    folder = files("ivr.identity")
    texts: dict[str, MessagesFile] = {}
    problems: list[Problem] = []
    for language in LANGUAGES:
        name = f"messages.{language}.yaml"
        try:
            texts[language] = parse_messages((folder / name).read_text("utf-8"), name)
        except FilesError as error:
            problems.extend(error.problems)
    if problems:
        raise FilesError(problems)
    return Messages(texts, words)


def parse_messages(text: str, path: str) -> MessagesFile:
    """Read one texts file; ``path`` is named in problems.

    Raises:
        FilesError: with every problem and where it stands.
    """
    try:
        node = yaml.compose(text, Loader=_StrictLoader)
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise FilesError([Problem(path, line, column, str(error.problem))]) from None
    except yaml.YAMLError as error:
        raise FilesError([Problem(path, 0, 0, str(error))]) from None
    try:
        return MessagesFile.model_validate(data)
    except ValidationError as error:
        raise FilesError(
            Problem(path, *_place(node, item["loc"]), _message(item["loc"], item["msg"]))
            for item in error.errors(include_url=False, include_input=False)
        ) from None


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML, but a key may stand only once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if key.value in first:
                line = first[key.value].start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    problem=f"duplicate key '{key.value}', first given in line {line}",
                    problem_mark=key.start_mark,
                )
            first[key.value] = key
        return super().construct_mapping(node, deep)


def _message(where: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in where)
    plain = message.removeprefix("Value error, ")
    return f"{name}: {plain}" if name else plain


def _place(node: yaml.Node | None, where: tuple[int | str, ...]) -> tuple[int, int]:
    """Line and column, from 1, of the value at ``where``, or of what is nearest around it."""
    if node is None:
        return (0, 0)
    for part in where:
        inner = _child(node, part)
        if inner is None:
            break
        node = inner
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _child(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    return None
