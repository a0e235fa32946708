"""What is known of published models."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import get_args
from urllib.parse import urlsplit

import pytest

from ivr.errors import FilesError
from ivr.hearing import known_models as module
from ivr.hearing.known_models import KnownModel, known_models
from ivr.hearing.model_download import Archive


def test_every_language_has_one_known_model() -> None:
    languages = get_args(KnownModel.model_fields["language"].annotation)
    assert sorted(each.language for each in known_models()) == sorted(languages)


@pytest.mark.parametrize("known", known_models(), ids=lambda known: known.name)
def test_they_come_from_their_maker(known: KnownModel) -> None:
    parts = urlsplit(known.url)
    assert (parts.scheme, parts.hostname) == ("https", "alphacephei.com")
    assert PurePosixPath(parts.path).name == f"{known.name}.zip"
    assert known.licence == "Apache-2.0"
    assert known.archive() == Archive(known.url, known.sha256, known.size)
    assert known.archive("https://mirror.example/m.zip").url == "https://mirror.example/m.zip"


def test_the_japanese_one_is_the_one_that_was_specified() -> None:
    (known,) = (each for each in known_models() if each.language == "ja")
    assert (known.name, known.size, known.sha256) == (
        "vosk-model-small-ja-0.22",
        49_704_573,
        "efa092d280153a77615e9e0c7d7283e93e600de3d19d3bec686c57ef19d52eac",
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read .FileNotFoundError.; install the package again"),
        ("models: [", "cannot be read"),
        ("models: [{name: ../x}]", "models.0.name: "),
        ("models: [{url: 'http://models.example/'}]", "models.0.url: "),
        ("models: [{sha256: abc}]", "models.0.sha256: "),
    ],
)
def test_a_file_that_is_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, complaint: str
) -> None:
    if content is not None:
        (tmp_path / "known_models.yaml").write_text(content)
    known_models.cache_clear()
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    with pytest.raises(FilesError, match=f"known_models.yaml: .*{complaint}|{complaint}"):
        known_models()
