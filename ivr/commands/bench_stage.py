"""What ``ivr bench turns`` measures: the application and a bare handler, on made-up customers."""

from __future__ import annotations

import csv
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import flask
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from werkzeug.test import Client

from ivr.clock import Clock
from ivr.commands.opened_database import opened_database
from ivr.commands.web_process import environment, free_address, running, serving
from ivr.errors import RehearsalError, SettingsError
from ivr.records.customer_csv import store_file
from ivr.records.database import QueryCount
from ivr.rehearsal.bench_call import BenchCaller, Person, SentCodes
from ivr.rehearsal.webhooks import Server
from ivr.rehearsal.world import CSV_COLUMNS
from ivr.settings import Settings, load_settings
from ivr.telephony.logging import configure_logging
from ivr.understanding import slots
from ivr.wiring.application import build_app
from ivr.wiring.keys import with_rehearsal_keys

#: The flow that the benchmark's caller can walk.
FLOW = "verify"
_NUMBER = "+815000001000"
_AGENT = "+815000001001"
_ACCOUNT_SID = "AC" + "0" * 32
#: Surname and given name of every caller, in kanji and in kana.
_NAME = ("山田", "太郎", "ヤマダ", "タロウ")
_OLDEST = date(1930, 1, 1)
#: Callers that can be made up: one for each birthday of about 60 years.
MOST_CALLS = 20_000


def bench_settings(folder: Path, database_url: str) -> Settings:
    """Settings of a measurement: what the environment says of threads, files and limits of time
    holds, but nothing can reach a real provider, person or database, and no limit on sends ends
    the measurement early. ``database_url`` empty: an SQLite file in ``folder``."""
    address = free_address()
    own: dict[str, object] = {
        "mode": "rehearsal",
        "var_dir": folder / "var",
        "database_url": database_url,
        "directory": "records",
        "bind": address,
        "public_url": f"http://{address}",
        "flow": FLOW,
        "hearing": ("twilio", "keys"),
        "check_signatures": True,
        "twilio_account_sid": _ACCOUNT_SID,
        "twilio_auth_token": secrets.token_hex(16),
        "twilio_webhook_key": "",
        "twilio_number": _NUMBER,
        "fallback_number": _NUMBER,
        "sms_sender": "outbox",
        "voice_sender": "outbox",
        "email_sender": "outbox",
        "prefix_sends_per_day": 100_000,
        "sends_per_day": 10_000_000,
        "breaker_percent": 0,
    }
    settings = load_settings(**own)
    # Mappings given to load_settings are merged with those of the environment.
    maps = {
        "destinations": {"agents": (_AGENT,)},
        "result_keys": {"rehearsal": SecretStr(secrets.token_hex(16))},
        "result_readers": {},
        "crm_webhooks": {},
        "crm_secrets": {},
    }
    return with_rehearsal_keys(settings.model_copy(update=maps))


def server_of(settings: Settings) -> Server:
    """The application as a caller knows it."""
    return Server(
        address=f"http://{settings.bind}",
        public=settings.public_url,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        account_sid=settings.twilio_account_sid,
        number=settings.twilio_number,
    )


def people(number: int) -> list[Person]:
    """Made-up customers of one name, each with a birthdate and a phone of their own."""
    born = (_OLDEST + timedelta(days=day) for day in range(number))
    return [
        Person(
            mobile=f"+8190{10_000_000 + serial:08d}",
            birthdate=f"{day.year}年{day.month}月{day.day}日です",
            name="".join(_NAME[:2]) + "です",
        )
        for serial, day in enumerate(born)
    ]


def prepare(settings: Settings, clock: Clock, number: int) -> None:
    """An up-to-date database with the sample customers and ``number`` callers of :func:`people`."""
    path = settings.var_dir / "callers.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(CSV_COLUMNS)
        for serial, person in enumerate(people(number)):
            born = (_OLDEST + timedelta(days=serial)).isoformat()
            rows.writerow(
                (f"B{serial:06d}", *_NAME, born, person.mobile, "", "", "ja", "2019-04-01")
            )
    with opened_database(settings, clock) as db:
        db.upgrade()
        for customers in (settings.flows_dir / FLOW / "customers.csv", path):
            store_file(db, customers, lambda done, total: None)


@contextmanager
def both_servers(settings: Settings, log_dir: Path) -> Iterator[str]:
    """The application at its address, and a bare handler at the address that is given."""
    bare = free_address()
    command = (sys.executable, "-m", "ivr.commands.bench_bare", bare, str(settings.threads))
    probe = f"http://{bare}/readyz"
    with (
        running(command, environment(settings), log_dir / "bare.log", probe),
        serving(settings, log_dir / "honnin.log"),
    ):
        yield bare


class _InProcess:
    """A line to an app in this process that counts the queries of each webhook."""

    def __init__(self, app: flask.Flask, queries: QueryCount) -> None:
        self._client = Client(app)
        self._queries = queries
        self.counts: list[int] = []
        #: The result that travelled with the last transfer.
        self.reference = ""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """See :class:`ivr.rehearsal.bench_call.Line`."""
        before = self._queries.count
        answer = self._client.post(path, data=body, headers=dict(headers))
        self.counts.append(self._queries.count - before)
        self.reference = "".join(parse_qs(urlsplit(path).query).get("ref", [self.reference]))
        return answer.status_code, answer.get_data()


def count_queries(
    settings: Settings, clock: Clock, callers: Sequence[Person]
) -> list[tuple[str, int]]:
    """Place calls one by one on the application in this process: the kind of every turn, and
    how many queries it took, those of its check included.

    Raises:
        RehearsalError: the last call was not verified.
    """
    # What is measured elsewhere needs no log here; and a slow check must not be given up.
    configure_logging("error")
    slots.warm()
    application = build_app(settings.model_copy(update={"check_wait_ms": 8000}), clock)
    codes = SentCodes(settings.var_dir / "outbox.jsonl")
    counted: list[tuple[str, int]] = []
    try:
        with application.db.count_queries() as queries:
            line = _InProcess(application.app, queries)
            for person in callers:
                line.counts.clear()
                turns = BenchCaller(line, server_of(settings), codes, clock).place(person)
                kinds = (turn.kind for turn in turns)
                counted += zip(kinds, line.counts, strict=True)
        level = application.service.agent_view(reference=line.reference).level
    finally:
        application.close()
    if level != "verified":
        raise RehearsalError(f"the measured calls end at level {level!r}, not verified")
    return counted


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A database of its own on a PostgreSQL server, dropped at the end; nothing that is there
    already is touched.

    Raises:
        SettingsError: not the URL of a PostgreSQL server.
        RehearsalError: its user may not create databases, or it cannot be reached.
    """
    try:
        server = make_url(server_url)
    except ArgumentError:
        server = None
    if server is None or not server.drivername.startswith("postgres"):
        raise SettingsError(
            "--database-url must name a PostgreSQL server",
            hint="postgresql://USER:PASSWORD@HOST/NAME; SQLite needs no URL",
        )
    name = f"honnin_bench_{secrets.token_hex(6)}"
    url = server.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True)
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise RehearsalError(
            f"no database could be created on that server ({type(error).__name__})",
            hint="the URL's user needs the right CREATEDB; pip install 'honnin-ivr[postgres]'",
        ) from None
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
