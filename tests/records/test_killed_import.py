"""An import whose process is killed in the middle goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

from found_customers import born_on

from ivr.records.customer_csv import store_file
from ivr.records.customers import Stored
from ivr.records.database import Database

_HEADER = (
    "number,surname,given,surname_kana,given_kana,birthdate,"
    "mobile,landline,email,language,contact_changed\n"
)
#: Stores two customers a transaction, and after the second one waits to be killed.
_IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from fixtures_databases import new_database

from ivr.clock import ManualClock
from ivr.records import customer_csv

def show(done, total):
    print(done, flush=True)
    if done == 4:
        sys.stdin.read()

customer_csv._BATCH = 2
db = new_database(sys.argv[1], ManualClock(datetime(2026, 11, 22, 1, tzinfo=UTC)))
customer_csv.store_file(db, Path(sys.argv[2]), show)
"""


def test_nothing_is_lost_and_nothing_stored_twice(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    rows = "".join(
        f"K{number},山田,花子,ヤマダ,ハナコ,1950-05-03,0900000000{number},,,ja,\n"
        for number in range(9)
    )
    file.write_text(_HEADER + rows, encoding="utf-8")
    folders = os.pathsep.join(str(Path(__file__).parents[up]) for up in (1, 2))
    process = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, database_url, str(file)],
        env=os.environ | {"PYTHONPATH": folders},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["2\n", "4\n"]
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with database.reading() as session:
        before = {each.id for each in born_on(session, _born())}
    assert len(before) == 4
    shown: list[tuple[int, int]] = []

    assert store_file(database, file, lambda *step: shown.append(step)) == Stored(added=9)

    assert shown == [(9, 9)]
    with database.reading() as session:
        after = born_on(session, _born())
    assert sorted(each.number for each in after) == [f"K{number}" for number in range(9)]
    assert before <= {each.id for each in after}


def _born() -> date:
    return date(1950, 5, 3)
