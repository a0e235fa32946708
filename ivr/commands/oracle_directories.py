"""Where the customers of ``ivr bench oracle`` are registered: here, or in a system of a company's
own, which takes another time for each of them and is out of order for some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

from pydantic import SecretStr

from ivr.clock import Clock
from ivr.commands.oracle_people import CRM_KINDS, KINDS, Kind, registered, service_troubles
from ivr.records.customers import CustomerData
from ivr.rehearsal import company_table
from ivr.rehearsal.customer_service import CustomerService, serving_customers

#: ``records``: our own table. ``table``: one of the company's. ``crm``: its web service, which is
#: slower for customers than for strangers, and hangs, fails or is wrong for some. ``crm-strict``:
#: it fails where nobody is found. ``crm-away``: it fails for everybody, so that it is left alone.
Where = Literal["records", "table", "crm", "crm-strict", "crm-away"]
WHERES: tuple[Where, ...] = get_args(Where)


def kinds_of(where: Where) -> tuple[Kind, ...]:
    """Who can be compared with right callers there. Those for whom a service is out of order are
    customers like all others where it is so for everybody."""
    return (*KINDS, *CRM_KINDS) if where == "crm" else KINDS


@contextmanager
def company_directory(
    where: Where,
    folder: Path,
    database_url: str,
    clock: Clock,
    *,
    kinds: Sequence[Kind],
    people: int,
    seconds: float,
) -> Iterator[dict[str, object]]:
    """Settings by which the customers of these kinds are found ``where`` they are, filled and
    answering. ``seconds``: how long each look-up takes there."""
    found = registered(kinds, people, clock)
    if where == "records":
        yield {}
    elif where == "table":
        url = database_url or f"sqlite:///{folder / 'company.sqlite3'}"
        file = folder / "directory.yaml"
        file.write_text(company_table.MAPPING, encoding="utf-8")
        company_table.run(url, company_table.TABLE, *company_table.INDEXES)
        company_table.fill(url, found)
        yield _settings("table", url, seconds) | {"directory_file": str(file)}
    else:
        service = CustomerService(
            clock, seconds, down=where == "crm-away", strict=where == "crm-strict"
        )
        service.register(map(_row, found), service_troubles(kinds, people))
        with serving_customers(service):
            key = {"directory_key": SecretStr(service.key)}
            yield _settings("crm", service.url, seconds) | key


def _settings(kind: str, url: str, seconds: float) -> dict[str, object]:
    return {"directory": kind, "directory_url": SecretStr(url), "directory_seconds": seconds}


def _row(one: CustomerData) -> dict[str, str | None]:
    changed = one.contact_changed
    written = {
        "birthdate": one.birthdate.isoformat(),
        "contact_changed": None if changed is None else changed.isoformat(),
    }
    return {**asdict(one), **written}
