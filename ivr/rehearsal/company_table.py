"""A table of customers such as a company's old system has, and the file that describes it: whole
names, phones as they are dialled, dates without a sign between their parts.

It shares no code with whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, make_url, text

from ivr.clock import JAPAN
from ivr.identity.ports import Customer
from ivr.records.customers import CustomerData

TABLE = """
CREATE TABLE kokyaku (
    kokyaku_no VARCHAR(20) PRIMARY KEY,
    shimei VARCHAR(80),
    shimei_kana VARCHAR(80),
    seinengappi CHAR(8) NOT NULL,
    keitai VARCHAR(20),
    denwa VARCHAR(20),
    mail VARCHAR(254),
    gengo VARCHAR(2),
    renrakusaki_henko TIMESTAMP,
    hoho VARCHAR(8)
)
"""
INDEXES = (
    "CREATE INDEX ix_seinengappi ON kokyaku (seinengappi)",
    "CREATE INDEX ix_keitai ON kokyaku (keitai)",
    "CREATE INDEX ix_denwa ON kokyaku (denwa)",
)
#: What IVR_DIRECTORY_FILE says of it (docs/identity.md).
MAPPING = """\
table: kokyaku
columns:
  id: kokyaku_no
  name: shimei
  name_kana: shimei_kana
  birthdate: seinengappi
  mobile: keitai
  landline: denwa
  email: mail
  language: gengo
  contact_changed: renrakusaki_henko
  preferred: hoho
birthdate_format: YYYYMMDD
"""
_INSERT = text(
    "INSERT INTO kokyaku VALUES"
    " (:id, :name, :kana, :born, :mobile, :landline, :email, :language, :changed, :preferred)"
)


def run(url: str, *statements: str) -> None:
    """Change the company's database at ``url``, as the company does."""
    with _changing(url) as connection:
        for statement in statements:
            connection.execute(text(statement))


def fill(url: str, people: Iterable[Customer | CustomerData]) -> None:
    """Store customers in ``kokyaku`` as the company's system writes them; at least one."""
    with _changing(url) as connection:
        connection.execute(_INSERT, [_cells(one) for one in people])


@contextmanager
def _changing(url: str) -> Iterator[Connection]:
    target = make_url(url)
    if target.drivername.startswith("postgres"):
        target = target.set(drivername="postgresql+psycopg")
    engine = create_engine(target, hide_parameters=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _cells(one: Customer | CustomerData) -> Mapping[str, str | None]:
    changed = one.contact_changed
    return {
        "id": one.id,
        "name": f"{one.surname}　{one.given}",
        "kana": f"{one.surname_kana} {one.given_kana}",
        "born": f"{one.birthdate:%Y%m%d}",
        "mobile": one.mobile and f"0{one.mobile[3:5]}-{one.mobile[5:9]}-{one.mobile[9:]}",
        "landline": one.landline and f"0{one.landline[3:]}",
        "email": one.email,
        "language": one.language,
        "changed": None if changed is None else f"{changed.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}",
        "preferred": one.preferred,
    }
