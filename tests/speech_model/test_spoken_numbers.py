"""Numbers, digits and dates as people say them."""

from random import Random

import pytest

from speech_model import numbers
from speech_model.phones import is_reading

ONES = {word: at for at, readings in enumerate(numbers.DIGITS) for word in readings}
TENS = {"じゅう": 10, "しじゅう": 40, "しちじゅう": 70, "くじゅう": 90} | {
    f"{start}じゅう": 10 * at
    for at, start in enumerate(("に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"), 2)
}
DAYS = {
    "ついたち": 1, "ふつか": 2, "みっか": 3, "よっか": 4, "いつか": 5, "むいか": 6, "なのか": 7,
    "ようか": 8, "ここのか": 9, "とおか": 10, "はつか": 20,
}  # fmt: skip
HUNDREDS = {
    "ひゃく": 100, "にひゃく": 200, "さんびゃく": 300, "よんひゃく": 400, "ごひゃく": 500,
    "ろっぴゃく": 600, "ななひゃく": 700, "はっぴゃく": 800, "きゅうひゃく": 900,
    "せん": 1000, "にせん": 2000,
}  # fmt: skip


def value(words: list[str]) -> int:
    """Read a number back, by a table written independently of the module."""
    if all(word in ONES for word in words) and len(words) == 4:
        return int("".join(str(ONES[word]) for word in words))
    table = ONES | TENS | DAYS | HUNDREDS | {"がん": 1}
    return sum(table[word] for word in words)


def read_back(words: list[str]) -> str:
    words = [word for word in words if word not in ("せいれき", "の")]
    era = words.pop(0) if words[0] in [name for name, _, _ in numbers.ERAS] else ""
    year_end, month_end = words.index("ねん"), words.index("がつ")
    day = [word for word in words[month_end + 1 :] if word != "にち"]
    year = value(words[:year_end])
    return f"{era}{year}-{value(words[year_end + 1 : month_end])}-{value(day)}"


@pytest.mark.parametrize("seed", range(300))
def test_a_date_says_what_it_means(seed: int) -> None:
    words, meaning = numbers.date(Random(seed))
    assert read_back(words) == meaning


@pytest.mark.parametrize(
    ("day", "said"), [(1, "ついたち"), (8, "ようか"), (14, "じゅう よっか"), (20, "はつか"),
                      (24, "にじゅう よっか")]
)  # fmt: skip
def test_days_have_their_own_names(day: int, said: str) -> None:
    usual = [" ".join(numbers.day(day, Random(seed))) for seed in range(40)]
    assert usual.count(said) > 30


def test_months_are_read_as_months() -> None:
    assert numbers.month(4, Random(1)) == ["し", "がつ"]
    assert numbers.month(9, Random(1)) == ["く", "がつ"]
    assert {tuple(numbers.month(7, Random(seed))) for seed in range(30)} == {
        ("しち", "がつ"),
        ("なな", "がつ"),
    }


def test_no_date_has_a_day_that_its_month_lacks() -> None:
    days = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    for seed in range(2000):
        _, meaning = numbers.date(Random(seed))
        month, day = map(int, meaning.split("-")[-2:])
        assert day <= days.get(month, 31)


def test_everything_said_is_in_the_vocabulary() -> None:
    known = set(numbers.words())
    assert all(map(is_reading, known))
    for seed in range(500):
        assert set(numbers.date(Random(seed))[0]) <= known
        assert numbers.digit(seed % 10, Random(seed)) in known
