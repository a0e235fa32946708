"""The models that can be fetched: ``known_models.yaml``, beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr.errors import FilesError, Problem
from ivr.hearing.model_download import Archive

_FILE = "known_models.yaml"


class KnownModel(BaseModel):
    """A published model. ``size`` (of its archive) in bytes, ``rate`` in samples a second."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    language: Literal["ja", "en"]
    url: str = Field(pattern=r"^https://")
    size: int = Field(alias="bytes", gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str = Field(min_length=1)
    rate: int = Field(gt=0)
    takes_telephone_audio: bool
    checksum_from: str = Field(min_length=1)

    def archive(self, url: str | None = None) -> Archive:
        """What is to be fetched, from its maker or from a mirror at ``url``."""
        return Archive(url or self.url, self.sha256, self.size)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[KnownModel, ...]


@cache
def known_models() -> tuple[KnownModel, ...]:
    """All of them, one for each language.

    Raises:
        FilesError: the file is missing or malformed.
    """
    file = resources.files("ivr.hearing") / _FILE
    try:
        return _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))).models
    except (OSError, yaml.YAMLError) as error:
        problem = f"cannot be read ({type(error).__name__}); install the package again"
        raise FilesError([Problem(str(file), 0, 0, problem)]) from None
    except ValidationError as error:
        raise FilesError(
            Problem(str(file), 0, 0, f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
            for item in error.errors()
        ) from None
