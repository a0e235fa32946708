"""The whole application while its database is away: callers hear something and reach a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from application_rig import (
    AGENT,
    PERSON,
    settings_for,
)
from fixtures_application import House, opened_house
from sqlalchemy import event, text

from ivr.clock import ManualClock
from ivr.flow.flow import Flow

pytestmark = pytest.mark.usefixtures("log")

#: What a caller hears while the database is away, and when it stays away.
HOLD = "少々お待ちください"
SORRY = "係の者におつなぎします"


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow) -> Iterator[House]:
    # Impatient: what is locked or away stays so for the whole test.
    yield from opened_house(sqlite_url, tmp_path / "var", clock, shipped, database_wait_s=0.5)


@contextmanager
def without_file(house: House) -> Iterator[None]:
    """The database file is not there, as after a failed mount."""
    path = Path(house.settings.database.removeprefix("sqlite:///"))
    away = path.with_name("away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


@contextmanager
def locked_file(house: House) -> Iterator[None]:
    """Another process writes and does not end."""
    other = sqlite3.connect(
        house.settings.database.removeprefix("sqlite:///"), isolation_level=None
    )
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def full_disk(house: House) -> Iterator[None]:
    """Nothing can be written any more; what is there can be read."""
    with house.db.writing() as session:
        session.execute(text("CREATE TABLE ballast (weight BLOB)"))
    full = [True]

    def write(cursor: sqlite3.Cursor, statement: str, *_: object) -> None:
        if full[0] and statement.startswith(("INSERT", "UPDATE")):
            (pages,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}")
            cursor.execute("INSERT INTO ballast VALUES (zeroblob(1000000))")

    event.listen(house.db.engine, "do_execute", write)
    try:
        yield
    finally:
        full[0] = False
        with house.db.engine.connect() as connection:
            connection.execute(text("PRAGMA max_page_count = 1000000"))


Trouble = Callable[[House], AbstractContextManager[None]]
TROUBLES = pytest.mark.parametrize("trouble", [without_file, locked_file, full_disk])


@TROUBLES
def test_a_call_that_comes_while_the_database_is_away(house: House, trouble: Trouble) -> None:
    call = house.call()
    with trouble(house):
        call.rings()
        assert HOLD in call.words
        assert call.verbs == ["Say", "Pause", "Redirect"]
    call.redirected()
    assert "つばめ銀行" in call.words
    assert call.verbs[0] == "Gather"


@TROUBLES
def test_a_database_that_stays_away_gives_the_caller_a_person(
    house: House, trouble: Trouble
) -> None:
    with trouble(house):
        call = house.call().rings()
        holds = 0
        while call.verbs[-1] == "Redirect":
            assert HOLD in call.words
            call.redirected()
            holds += 1
    assert holds == 3
    assert SORRY in call.words
    assert call.dials == [PERSON]


@TROUBLES
def test_nothing_collected_is_lost_with_the_database(house: House, trouble: Trouble) -> None:
    call = house.call().rings().press("").say("はい").say("昭和六十年三月五日です")
    asked = call.words
    with trouble(house):
        call.say("山田太郎です")
        assert HOLD in call.words
    call.redirected()
    assert call.words == asked  # the same question; the birthdate is known
    call.say("山田太郎です").say("はい").press(house.sms.last_code)
    assert house.result(call)["acr"] == "verified"
    assert len(house.sms.messages) == 1


@TROUBLES
def test_whoever_is_in_a_call_reaches_a_person_too(house: House, trouble: Trouble) -> None:
    """Also where the question can still be read and asked again, but no answer be stored."""
    call = house.call().rings().press("").say("はい").say("昭和六十年三月五日です")
    with trouble(house):
        for _ in range(10):
            if call.verbs[0] == "Gather":
                call.say("山田太郎です")
            elif call.verbs[-1] == "Redirect":
                assert HOLD in call.words
                call.redirected()
    assert call.dials == [PERSON]
    assert SORRY in call.words


@TROUBLES
def test_silence_counts_again_once_the_database_is_back(house: House, trouble: Trouble) -> None:
    call = house.call().rings().press("").say("はい")
    with trouble(house):
        call.say("昭和六十年三月五日です")
    call.redirected()
    for _ in range(12):
        if call.verbs[0] == "Gather":
            call.press("")
    assert call.dials == [AGENT]


def test_an_application_starts_without_its_database(
    tmp_path: Path, clock: ManualClock, shipped: Flow
) -> None:
    """Callers reach a person; once the database is there, calls are taken without a restart."""
    url = f"sqlite:///{tmp_path}/later.sqlite3"
    house = House(settings_for(tmp_path / "var", url, database_wait_s=0.1), clock, shipped)
    client = house.open().app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    call = house.call().rings()
    assert HOLD in call.words
    house.db.upgrade()
    assert client.get("/readyz").status_code == 200
    assert "つばめ銀行" in call.redirected().words
    house.apps[0].close()
