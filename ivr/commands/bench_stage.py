"""What ``ivr bench turns`` measures: the application and a bare handler, on made-up customers."""

from __future__ import annotations

import csv
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import flask
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from werkzeug.test import Client

from ivr.clock import Clock
from ivr.commands.web_process import environment, free_address, running, serving
from ivr.errors import RehearsalError, SettingsError
from ivr.records.customer_csv import store_file
from ivr.rehearsal.bench_call import BenchCaller, Person, SentCodes
from ivr.rehearsal.webhooks import Server
from ivr.settings import Settings, load_settings
from ivr.wiring import build_app, open_database, with_rehearsal_keys

#: The flow that the benchmark's caller can walk.
FLOW = "verify"
_NUMBER = "+815000001000"
_AGENT = "+815000001001"
_ACCOUNT_SID = "AC" + "0" * 32
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
        "bind": address,
        "public_url": f"http://{address}",
        "flow": FLOW,
        "speech": True,
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
    }
    settings = load_settings(**own)
    # Mappings given to load_settings are merged with those of the environment.
    maps = {
        "destinations": {"agents": (_AGENT,)},
        "result_keys": {"rehearsal": SecretStr(secrets.token_hex(16))},
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
            name="山田太郎です",
        )
        for serial, day in enumerate(born)
    ]


def prepare(settings: Settings, clock: Clock, number: int) -> None:
    """An up-to-date database with the sample customers and ``number`` callers of :func:`people`."""
    path = settings.var_dir / "callers.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            "number surname given surname_kana given_kana birthdate mobile landline email"
            " language contact_changed".split()
        )
        for serial, person in enumerate(people(number)):
            born = (_OLDEST + timedelta(days=serial)).isoformat()
            name = ("山田", "太郎", "ヤマダ", "タロウ")
            phones = (person.mobile, "", "")
            rows.writerow((f"B{serial:06d}", *name, born, *phones, "ja", "2019-04-01"))
    db = open_database(settings, clock)
    try:
        db.upgrade()
        for customers in (settings.flows_dir / FLOW / "customers.csv", path):
            store_file(db, customers, lambda done, total: None)
    finally:
        db.dispose()


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
    """A line to an app in this process. Remembers nothing between requests."""

    def __init__(self, app: flask.Flask) -> None:
        self._client = Client(app)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """See :class:`ivr.rehearsal.bench_call.Line`."""
        answer = self._client.post(path, data=body, headers=dict(headers))
        return answer.status_code, answer.get_data()


def count_queries(
    settings: Settings, clock: Clock, callers: Sequence[Person]
) -> dict[str, tuple[int, int]]:
    """Place calls one by one on the application in this process: for each kind of turn, how many
    there were and how many queries they took, the queries of their checks included.

    Raises:
        RehearsalError: a call was not verified.
    """
    running_app = build_app(settings.model_copy(update={"log_level": "error"}), clock)
    line = _CountedLine(_InProcess(running_app.app))
    codes = SentCodes(settings.var_dir / "outbox.jsonl")
    counted: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    try:
        with running_app.db.count_queries() as queries:
            line.queries = queries
            for person in callers:
                line.counts.clear()
                turns = BenchCaller(line, server_of(settings), codes, clock).place(person)
                for turn, number in zip(turns, line.counts, strict=True):
                    known, before = counted[turn.kind]
                    counted[turn.kind] = known + 1, before + number
        level = running_app.service.agent_view(reference=line.reference).level
    finally:
        running_app.close()
    if level != "verified":
        raise RehearsalError(f"the measured calls end at level {level}, not verified")
    return dict(counted)
