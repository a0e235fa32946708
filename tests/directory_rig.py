"""A table such as a company has already, and a directory over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from ivr.clock import JAPAN, Clock
from ivr.identity.ports import Customer
from ivr.identity.table_directory import TableDirectory
from ivr.identity.table_mapping import read_mapping
from ivr.records.company_engine import CompanyDatabase

#: A table such as an old system has, and a file that describes it.
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


def run(url: str, *statements: str) -> None:
    """Change a company's database, as the company does."""
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def fill(url: str, people: Iterable[Customer]) -> None:
    """Store customers in a ``kokyaku`` as its system writes them: phones as in Japan."""
    engine = create_engine(make_url(url))
    insert = text(
        "INSERT INTO kokyaku VALUES"
        " (:id, :name, :kana, :born, :mobile, :landline, :email, :language, :changed, :preferred)"
    )
    with engine.begin() as connection:
        for one in people:
            changed = one.contact_changed
            values = {
                "id": one.id,
                "name": f"{one.surname}　{one.given}",
                "kana": f"{one.surname_kana} {one.given_kana}",
                "born": one.birthdate.strftime("%Y%m%d"),
                "mobile": one.mobile and f"0{one.mobile[3:5]}-{one.mobile[5:9]}-{one.mobile[9:]}",
                "landline": one.landline and f"0{one.landline[3:]}",
                "email": one.email,
                "language": one.language,
                "preferred": one.preferred,
                "changed": changed and changed.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S"),
            }
            connection.execute(insert, values)
    engine.dispose()


@contextmanager
def table_directory(
    url: str, folder: Path, clock: Clock, mapping: str = MAPPING
) -> Iterator[TableDirectory]:
    """A directory over the table that ``mapping`` describes."""
    file = folder / "directory.yaml"
    file.write_text(mapping, encoding="utf-8")
    made = TableDirectory(CompanyDatabase(url, 30), read_mapping(file), clock)
    try:
        yield made
    finally:
        made.close()
