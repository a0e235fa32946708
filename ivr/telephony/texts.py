"""Words that must be there when the flow files and the database are not.

They live in ``emergency.yaml``, ``whisper.yaml`` and ``waiting.yaml`` beside this module and are
read at start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr.errors import FilesError, Problem


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Emergency(_Strict):
    """``hold``: a moment, please. ``person``: an apology before a person is called.
    ``nobody``: nobody answers either; ``{callback_number}`` is filled in. ``goodbye``: the
    person has ended the call."""

    hold: str = Field(min_length=1)
    person: str = Field(min_length=1)
    nobody: str = Field(min_length=1)
    goodbye: str = Field(min_length=1)


class WhisperTexts(_Strict):
    """``levels``: one text for each assurance level. ``notes``: flags and reasons, the most
    important first. ``unknown``: no result can be read. ``accept``: which key takes the call."""

    levels: dict[str, str]
    notes: dict[str, str]
    unknown: str = Field(min_length=1)
    accept: str = Field(min_length=1)

    def announcement(self, level: str, codes: Iterable[str]) -> str:
        """The level and the most important note, in one breath (at most six seconds)."""
        given = set(codes)
        note = next((text for code, text in self.notes.items() if code in given), "")
        return self.levels.get(level, self.unknown) + note


class Waiting(_Strict):
    """``begin`` and ``still``: said first, and then now and again. ``place``: which in the queue,
    where that is known; ``{place}`` is filled in."""

    begin: str = Field(min_length=1)
    still: str = Field(min_length=1)
    place: str = Field(pattern=r"\{place\}")


class _EmergencyFile(_Strict):
    ja: Emergency
    en: Emergency


class _WhisperFile(_Strict):
    ja: WhisperTexts
    en: WhisperTexts


class _WaitingFile(_Strict):
    ja: Waiting
    en: Waiting


_File = TypeVar("_File", bound=_Strict)


@dataclass(frozen=True, slots=True)
class Texts:
    """All files; look up by language with :meth:`emergency`, :meth:`whisper`, :meth:`waiting`."""

    _emergency: _EmergencyFile
    _whisper: _WhisperFile
    _waiting: _WaitingFile

    def emergency(self, language: str) -> Emergency:
        return self._emergency.en if language == "en" else self._emergency.ja

    def whisper(self, language: str) -> WhisperTexts:
        return self._whisper.en if language == "en" else self._whisper.ja

    def waiting(self, language: str) -> Waiting:
        return self._waiting.en if language == "en" else self._waiting.ja


def load_texts() -> Texts:
    """Read all files.

    Raises:
        FilesError: a file is missing or malformed, naming it and the key.
    """
    return Texts(
        _load("emergency.yaml", _EmergencyFile),
        _load("whisper.yaml", _WhisperFile),
        _load("waiting.yaml", _WaitingFile),
    )


def _load(name: str, model: type[_File]) -> _File:
    file = resources.files("ivr.telephony") / name
    try:
        return model.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        problem = f"cannot be read ({type(error).__name__}); install the package again"
        raise FilesError([Problem(str(file), 0, 0, problem)]) from error
    except ValidationError as error:
        raise FilesError(
            Problem(str(file), 0, 0, f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
            for item in error.errors()
        ) from None
