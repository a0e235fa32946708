"""The tables beside the modules: read strictly, and what stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import FilesError
from ivr.understanding import tables
from ivr.understanding.en import nicknames
from ivr.understanding.ja import kanji_variants


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with room for tables; its name is that of the folder."""
    folder = tmp_path / f"tables_of_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_rows(package: Path) -> None:
    (package / "a.tsv").write_text("# why\nア\tb c\n\nイ\td\n", encoding="utf-8")
    found = list(tables.rows(package.name, "a.tsv", 2))
    assert [(row.line, row.cells) for row in found] == [(2, ("ア", "b c")), (4, ("イ", "d"))]
    assert str(found[1].wrong("no")) == "a.tsv:4:1: no"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a\tb\na\n", "a.tsv:2:1: "),
        ("a\tb\tc\n", "a.tsv:1:1: "),
        ("a\t\n", "a.tsv:1:1: "),
        ("# nothing\n", "a.tsv: "),
    ],
)
def test_what_is_no_table(package: Path, text: str, where: str) -> None:
    (package / "a.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(FilesError) as caught:
        list(tables.rows(package.name, "a.tsv", 2))
    assert str(caught.value).startswith(where)


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("Bob", "Robert", True),
        ("robert", "BOB", True),
        ("Bob", "Robbie", True),
        ("Robert", "Robert", True),
        ("Bob", "William", False),
        ("Hanako", "Taro", False),
        ("Hanako", "Hanako", True),
    ],
)
def test_nicknames(one: str, other: str, related: bool) -> None:
    assert nicknames.related(one, other) is related


@pytest.mark.parametrize("name", ["斎藤", "斉藤", "齋藤", "齊藤"])
def test_variants_of_a_surname_are_one(name: str) -> None:
    assert kanji_variants.plain(name, "surname") == "斎藤"
    assert kanji_variants.spellings(name, "surname") == kanji_variants.spellings("斎藤", "surname")


def test_variants() -> None:
    assert kanji_variants.plain("渡邉", "surname") == kanji_variants.plain("渡邊", "surname")
    assert kanji_variants.plain("髙﨑", "surname") == "高崎"
    # 斉 (ヒトシ) and 斎 (イツキ) are two given names.
    assert kanji_variants.plain("齊", "given") != kanji_variants.plain("齋", "given")
    assert kanji_variants.spellings("太郎", "given") == ["太郎", "太郞"]
    many = "斎辺沢島浜"
    assert kanji_variants.spellings(many, "surname")[0] == many
    assert len(kanji_variants.spellings(many, "surname")) == 1
