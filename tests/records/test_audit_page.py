"""docs/audit.md tells of everything that is audited."""

import re
from pathlib import Path

from ivr.records.audit import KINDS
from ivr.records.audit_chain import FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


def test_every_kind_is_on_the_page_in_its_own_words() -> None:
    told = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert dict(told) == dict(KINDS)


def test_every_field_is_on_the_page() -> None:
    assert {name for name in FIELDS if f"`{name}`" not in PAGE} == set()
