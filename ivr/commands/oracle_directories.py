"""Where the customers of ``ivr bench oracle`` are registered: here, or in a system of a company's
own, which takes another time for each of them and is out of order for some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from pydantic import SecretStr
from sqlalchemy import Column, MetaData, String, Table, create_engine, make_url

from ivr.clock import JAPAN, Clock
from ivr.commands.oracle_people import CRM_KINDS, KINDS, Kind, registered, service_troubles
from ivr.records.customers import CustomerData
from ivr.rehearsal.customer_service import CustomerService, serving_customers

#: ``records``: our own table. ``table``: one of the company's. ``crm``: its web service, which is
#: slower for customers than for strangers, and hangs, fails or is wrong for some. ``crm-strict``:
#: it fails where nobody is found. ``crm-away``: it fails for everybody, so that it is left alone.
Where = Literal["records", "table", "crm", "crm-strict", "crm-away"]
WHERES: tuple[Where, ...] = get_args(Where)

_KOKYAKU = Table(
    "kokyaku",
    MetaData(),
    Column("kokyaku_no", String(20), primary_key=True),
    Column("shimei", String(80)),
    Column("shimei_kana", String(80)),
    Column("seinengappi", String(8), index=True),
    Column("keitai", String(20), index=True),
    Column("denwa", String(20), index=True),
    Column("mail", String(254)),
    Column("renrakusaki_henko", String(30)),
)
_MAPPING = """\
table: kokyaku
columns:
  id: kokyaku_no
  name: shimei
  name_kana: shimei_kana
  birthdate: seinengappi
  mobile: keitai
  landline: denwa
  email: mail
  contact_changed: renrakusaki_henko
birthdate_format: YYYYMMDD
"""


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
        file.write_text(_MAPPING, encoding="utf-8")
        _store(url, found)
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


def _store(url: str, people: Sequence[CustomerData]) -> None:
    """Fill a table as an old system does: whole names, phones as they are dialled."""
    target = make_url(url)
    if target.drivername.startswith("postgres"):
        target = target.set(drivername="postgresql+psycopg")
    engine = create_engine(target, hide_parameters=True)
    try:
        with engine.begin() as connection:
            _KOKYAKU.metadata.create_all(connection)
            connection.execute(_KOKYAKU.insert(), [_cells(one) for one in people])
    finally:
        engine.dispose()


def _cells(one: CustomerData) -> Mapping[str, str | None]:
    changed = one.contact_changed
    return {
        "kokyaku_no": one.id,
        "shimei": f"{one.surname}　{one.given}",
        "shimei_kana": f"{one.surname_kana} {one.given_kana}",
        "seinengappi": f"{one.birthdate:%Y%m%d}",
        "keitai": one.mobile and f"0{one.mobile[3:]}",
        "denwa": one.landline and f"0{one.landline[3:]}",
        "mail": one.email,
        "renrakusaki_henko": None if changed is None else _instant(changed),
    }


def _instant(at: datetime) -> str:
    return f"{at.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}"


def _row(one: CustomerData) -> dict[str, str | None]:
    changed = one.contact_changed
    written = {
        "birthdate": one.birthdate.isoformat(),
        "contact_changed": None if changed is None else changed.isoformat(),
    }
    return {**asdict(one), **written}
