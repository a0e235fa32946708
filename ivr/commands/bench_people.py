"""Made-up customers for ``ivr bench identify``: any number, the same for the same seed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from ivr.rehearsal.world import CSV_COLUMNS
from ivr.understanding.ja import name_dictionary
from ivr.understanding.value import HeardName

_OLDEST = date(1930, 1, 1)
#: Days on which somebody is born: a million customers leave 40 to each.
DAYS = 25_000
#: Readings to draw from, the common ones more often: 1, 1/2, 1/3 … (Zipf).
_NAMES = 3000
MOST_PEOPLE = 5_000_000


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A customer: the birthdate, and the reading of the name in katakana."""

    serial: int
    born: date
    surname: str
    given: str

    @property
    def heard(self) -> HeardName:
        """The name as a recogniser of readings hears it."""
        return HeardName(
            text=f"{self.surname} {self.given}", surnames=(self.surname,), givens=(self.given,)
        )


def made_up(number: int, seed: int, days: int = DAYS) -> Iterator[MadeUp]:
    """So many customers, born on so many days."""
    chance = Random(seed)  # noqa: S311  # the same every time, on purpose
    dictionary = name_dictionary.load()
    surnames, givens = (
        # What two kana of one sound make, ー twice, no furigana has.
        [name for name in dictionary.common(part, _NAMES) if "ーー" not in name]
        for part in ("surname", "given")
    )
    shares = [
        list(accumulate(1 / rank for rank in range(1, len(names) + 1)))
        for names in (surnames, givens)
    ]
    for serial in range(number):
        yield MadeUp(
            serial,
            _OLDEST + timedelta(days=chance.randrange(days)),
            *chance.choices(surnames, cum_weights=shares[0]),
            *chance.choices(givens, cum_weights=shares[1]),
        )


def write_csv(path: Path, number: int, seed: int, days: int = DAYS) -> None:
    """The file that ``ivr customers import`` takes: each with a mobile, every third with a
    landline, every second with an e-mail address."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(CSV_COLUMNS)
        for person in made_up(number, seed, days):
            own = person.serial
            landline = f"+813{own:08d}" if own % 3 == 0 else ""
            email = f"customer{own}@example.jp" if own % 2 == 0 else ""
            rows.writerow(
                (
                    f"B{own:07d}",
                    *(person.surname, person.given) * 2,
                    person.born.isoformat(),
                    f"+8190{own:08d}",
                    landline,
                    email,
                    "ja",
                    "2019-04-01",
                )
            )


def _shares(number: int) -> list[float]:
    """Cumulative weights of so many names."""
    return list(accumulate(1 / rank for rank in range(1, number + 1)))
