"""A process that takes calls until it is told to close: ``busy_office.py URL NAME``.

Prints ``open`` when it has begun, and at the end how many answers it wrote and how many of them
it can still read.
"""

from __future__ import annotations

import sys
import threading

from fixtures_databases import new_database

from ivr.clock import SystemClock
from ivr.records import audit, webhook_answers
from ivr.records.audit import Entry


def main(url: str, name: str) -> None:
    clock = SystemClock()
    db = new_database(url, clock, keys_fresh_s=1.5)
    closing = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), closing.set()), daemon=True).start()
    written = 0
    while not closing.is_set():
        with db.writing() as session:
            webhook_answers.put(session, f"{name}-{written}", f"鷲尾 {written}", clock.now())
            audit.note(session, Entry("caller", "call.began", f"{name}-{written}"), clock.now())
        with db.reading() as session:
            found = webhook_answers.get(session, f"{name}-{written}")
        assert found == f"鷲尾 {written}"
        written += 1
        if written == 1:
            print("open", flush=True)  # noqa: T201
        closing.wait(0.005)
    with db.reading() as session:
        kept = [
            number
            for number in range(written)
            if webhook_answers.get(session, f"{name}-{number}") == f"鷲尾 {number}"
        ]
    print(written, len(kept))  # noqa: T201
    db.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
