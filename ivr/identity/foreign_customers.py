"""Customers as another system spells them, brought to our spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ivr.clock import JAPAN
from ivr.identity.ports import Candidate, Customer
from ivr.records.customer_fields import read_cell

#: Ids are kept beside verifications, in a column of this width.
MOST_ID = 128
#: Cells without which nobody can be found.
_NEEDED = frozenset({"id", "surname_kana", "given_kana"})


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one row. ``customer`` is None where it cannot be used; ``unusable`` names the
    cells that could not be read, whether or not the customer could do without."""

    customer: Customer | None
    unusable: tuple[str, ...] = ()


def read_customer(row: Mapping[str, object], born: date | None, now: datetime) -> Read:
    """A customer of ``row``: our name of a cell -> what the other system has there. Whole names
    (``name``, ``name_kana``) are parted at their first space.

    Without an id, a birthdate and a reading of surname and given name nobody can be found, and
    there is no customer. Other cells are left empty where they hold nothing that can be used.
    Instants without a zone are those of Japan.
    """
    cells = {name: _text(value) for name, value in row.items()}
    for whole, parts in (("name_kana", "surname_kana given_kana"), ("name", "surname given")):
        if whole in cells:
            cells |= zip(
                parts.split(), (*cells.pop(whole).split(maxsplit=1), "", "")[:2], strict=True
            )
    unusable = [] if born else ["birthdate"]
    values: dict[str, object] = {}
    for name, cell in cells.items():
        try:
            values[name] = _read(name, cell, now)
        except ValueError:
            unusable.append(name)
    if born is None or not all(values.get(name) for name in _NEEDED):
        missing = [name for name in sorted(_NEEDED - {*unusable}) if not values.get(name)]
        return Read(None, (*unusable, *missing))
    values |= {name: values.get(name) or "" for name in ("surname", "given")}
    values |= {"number": values.get("number") or values["id"], "birthdate": born}
    values["language"] = values.get("language") or "ja"
    return Read(Customer(**values), tuple(unusable))  # type: ignore[arg-type]


def candidate_of(customer: Customer) -> Candidate:
    """What of a customer names are compared by."""
    return Candidate(*(getattr(customer, name) for name in Candidate.__dataclass_fields__))


def _text(value: object) -> str:
    if value is None:
        return ""
    return (value.isoformat() if isinstance(value, date) else str(value)).strip()


def _read(name: str, cell: str, now: datetime) -> object:
    if name == "id":
        if len(cell) > MOST_ID:
            raise ValueError("is too long")
        return cell
    if name == "contact_changed" and len(cell) > len("2026-11-22"):
        instant = datetime.fromisoformat(cell)
        cell = instant.replace(tzinfo=instant.tzinfo or JAPAN).isoformat()
    return read_cell(name, cell, now) if cell else None
