"""The signing key is replaced while two processes take calls, and no result is ever unreadable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from application_rig import settings_for
from fixtures_application import House
from joserfc.jws import extract_compact
from steered_office import START, SteeredOffice
from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_cache_control_header

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.result import verify
from ivr.identity.signing_keys import PUBLISHED_AFTER, PUBLISHED_BEFORE
from ivr.records import signing_keys
from ivr.records.database import Database
from ivr.wiring.backstage import open_database

KEY_SET = "/.well-known/jwks.json"


@dataclass
class Reader:
    """A system of agents that keeps the key set for as long as it is told, and asks one of the
    processes in turn."""

    clock: ManualClock
    offices: list[SteeredOffice]
    jwks: dict[str, Any] = field(default_factory=dict)
    etag: str = ""
    until: datetime | None = None
    asked: int = 0
    unchanged: int = 0

    def keys(self) -> dict[str, Any]:
        if self.until is None or self.clock.now() >= self.until:
            self._ask()
        return self.jwks

    def _ask(self) -> None:
        answer = self.offices[self.asked % len(self.offices)].keys(self.etag)
        self.asked += 1
        if answer["status"] == 304:
            self.unchanged += 1
        else:
            assert answer["status"] == 200
            self.jwks, self.etag = answer["keys"], answer["etag"]
        control = parse_cache_control_header(answer["control"], cls=ResponseCacheControl)
        assert control.public and control.must_revalidate
        self.until = self.clock.now() + timedelta(seconds=control.max_age or 0)


@pytest.fixture
def two(database: Database, database_url: str, tmp_path: Path) -> Iterator[list[SteeredOffice]]:
    """Two processes of the operating system on one database, whose results live as long as they
    can."""
    made = [SteeredOffice(tmp_path / "var", database_url) for _ in range(2)]
    yield made
    for each in made:
        each.close()


def rotate(db: Database) -> datetime:
    key = signing_keys.rotate(db, published_before=PUBLISHED_BEFORE, who="operator ops", why="T")
    return key.active_from


def signed_by(token: str) -> str:
    return str(extract_compact(token.encode()).headers()["kid"])


def test_every_result_can_be_read_by_whoever_honours_the_headers(
    two: list[SteeredOffice], database_url: str, tmp_path: Path
) -> None:
    clock = ManualClock(START)
    operators = open_database(settings_for(tmp_path / "var", database_url), clock)
    readers = [Reader(clock, two), Reader(clock, two[::-1]), Reader(clock, two[:1])]
    tokens: list[tuple[datetime, str]] = []

    def wait(seconds: float) -> None:
        clock.advance(seconds)
        for office in two:
            office.advance(seconds)

    def look() -> None:
        """A call is transferred, and everybody reads every result that is valid."""
        tokens.append((clock.now(), two[len(tokens) % 2].token()))
        for issued, token in tokens:
            if clock.now() - issued < timedelta(minutes=240):
                for reader in readers:
                    verify(token, reader.keys(), audience="agents", issuer=None, now=clock.now())

    def key_ids() -> list[list[str]]:
        return [[key["kid"] for key in office.keys("")["keys"]["keys"]] for office in two]

    look()
    wait(7)
    begins = rotate(operators)
    # Until the next key has begun, and a while after.
    while clock.now() < begins + timedelta(seconds=90):
        look()
        wait(41)
    assert [len(each) for each in key_ids()] == [2, 2]
    # Again, before the first key is out of use.
    wait(600)
    rotate(operators)
    for _ in range(6):
        wait(97)
        look()
    for _ in range(4):
        wait(PUBLISHED_AFTER.total_seconds() / 4)
        look()
    wait(60)
    signers = list(dict.fromkeys(signed_by(token) for _, token in tokens))
    assert len(signers) == 3
    assert key_ids() == [[signers[-1]], [signers[-1]]]
    assert sum(reader.unchanged for reader in readers) > 0
    operators.dispose()


def test_while_the_database_is_away_the_known_keys_are_given_but_not_to_be_kept(
    house: House, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.apps[0].app.test_client()
    before = client.get(KEY_SET)
    assert before.cache_control.max_age == 300
    clock.advance(31)
    away(house, monkeypatch)
    answer = client.get(KEY_SET)
    assert (answer.status_code, answer.get_json()) == (200, before.get_json())
    assert answer.cache_control.no_cache and answer.cache_control.max_age is None


def test_a_process_that_never_saw_the_database_gives_no_keys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might leave out the one that signs."""
    made = house.open()
    made.db.keys._held = None
    away(house, monkeypatch)
    answer = made.app.test_client().get(KEY_SET)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.cache_control.no_store


def away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process has lost its database."""

    def nobody(connection: object) -> object:
        raise RecordsUnavailable("the database does not answer")

    monkeypatch.setattr("ivr.records.data_keys.every", nobody)
