"""docs/security.md names tests that exist."""

from __future__ import annotations

from citations import CITATION, ROOT, absent

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_what_the_page_cites_exists() -> None:
    assert CITATION.search(PAGE)
    assert absent(PAGE) == []
