"""Spoken Japanese numbers, digits and dates, as lists of hiragana words, in all their readings."""

from __future__ import annotations

from random import Random

#: Readings of a digit said on its own, the usual one first.
DIGITS = (
    ("ぜろ", "れい", "まる"),
    ("いち", "いっ"),
    ("に", "にー"),
    ("さん",),
    ("よん", "し", "よ"),
    ("ご", "ごー"),
    ("ろく",),
    ("なな", "しち"),
    ("はち",),
    ("きゅう", "く"),
)
#: Said before a counter only.
_JOINED = {"いっ", "よ"}
_HUNDREDS = (
    "", "ひゃく", "にひゃく", "さんびゃく", "よんひゃく", "ごひゃく", "ろっぴゃく", "ななひゃく",
    "はっぴゃく", "きゅうひゃく",
)  # fmt: skip
_TENS = (
    ("",), ("じゅう",), ("にじゅう",), ("さんじゅう",), ("よんじゅう", "しじゅう"), ("ごじゅう",),
    ("ろくじゅう",), ("ななじゅう", "しちじゅう"), ("はちじゅう",), ("きゅうじゅう", "くじゅう"),
)  # fmt: skip
_DAYS = {
    1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか",
    8: "ようか", 9: "ここのか", 10: "とおか", 20: "はつか",
}  # fmt: skip
#: Era, its reading, its last year as spoken of births.
ERAS = (
    ("めいじ", 45, 0.3), ("たいしょう", 15, 1.0), ("しょうわ", 64, 6.0), ("へいせい", 31, 3.0),
    ("れいわ", 8, 0.7),
)  # fmt: skip
_THOUSANDS = {1: "せん", 2: "にせん"}
#: The counters of a date and the words around its numbers.
COUNTERS = ("ねん", "がつ", "にち", "がん", "せいれき", "の", "まん", "ひゃく", "せん", "にせん")


def words() -> list[str]:
    """Every word that numbers, digits and dates are made of."""
    found = [word for readings in DIGITS for word in readings]
    found += [word for word in _HUNDREDS if word]
    found += [word for readings in _TENS for word in readings if word]
    found += list(_DAYS.values()) + [era for era, _, _ in ERAS] + list(COUNTERS)
    return list(dict.fromkeys(found))


def alone() -> set[str]:
    """The readings of digits that are said one by one: not いっ, nor よ of よねん."""
    return {word for readings in DIGITS for word in readings} - _JOINED


def digit(number: int, random: Random) -> str:
    """One digit as somebody says it on its own; the usual reading twice in three times."""
    readings = DIGITS[number]
    usable = [word for word in readings if word not in _JOINED]
    return usable[0] if random.random() < 0.67 else random.choice(usable)


def below_hundred(number: int, random: Random, last: dict[int, str] | None = None) -> list[str]:
    """1 to 99; ``last`` overrides how a final digit is read (四月 is し, 四年 is よ)."""
    tens, ones = divmod(number, 10)
    out = []
    if tens:
        readings = _TENS[tens]
        out.append(readings[0] if random.random() < 0.85 else random.choice(readings))
    if ones:
        out.append((last or {}).get(ones) or DIGITS[ones][0])
    return out


def years(number: int, random: Random) -> list[str]:
    """A count of years and ねん: よねん, ななねん or しちねん, きゅうねん or くねん."""
    last = {
        4: "よ",
        7: random.choice(("なな", "なな", "しち")),
        9: random.choice(("きゅう", "きゅう", "く")),
    }
    return [*below_hundred(number, random, last), "ねん"]


def western_year(year: int, random: Random) -> list[str]:
    """A western year: せん きゅうひゃく はちじゅう ご ねん, or digit by digit, or with せいれき."""
    out = ["せいれき"] if random.random() < 0.1 else []
    if random.random() < 0.2:
        return [*out, *(digit(int(sign), random) for sign in str(year)), "ねん"]
    out.append(_THOUSANDS[year // 1000])
    if year // 100 % 10:
        out.append(_HUNDREDS[year // 100 % 10])
    return [*out, *(years(year % 100, random) if year % 100 else ["ねん"])]


def month(number: int, random: Random) -> list[str]:
    """し がつ, しち がつ, く がつ; now and then なな がつ, to keep it apart from いち."""
    seven = "なな" if random.random() < 0.2 else "しち"
    return [*below_hundred(number, random, {4: "し", 7: seven, 9: "く"}), "がつ"]


def day(number: int, random: Random) -> list[str]:
    """ついたち to とおか, じゅう よっか, はつか, にじゅう よっか; the others with にち.

    Now and then the plain count is said where the native name is usual (いち にち, に にち).
    """
    if number in (14, 24):
        return ["じゅう" if number == 14 else "にじゅう", "よっか"]
    if number in _DAYS and random.random() < 0.95:
        return [_DAYS[number]]
    last = {4: "よん", 7: random.choice(("しち", "しち", "なな")), 9: "く"}
    return [*below_hundred(number, random, last), "にち"]


def date(random: Random) -> tuple[list[str], str]:
    """A birthdate as somebody may say it, and what it means: ``昭和50-3-5`` as ``S50-3-5``.

    Western years mean themselves (``1975-3-5``). Days that no month has are not made.
    """
    month_number = random.randint(1, 12)
    last = 29 if month_number == 2 else 30 if month_number in (4, 6, 9, 11) else 31
    day_number = random.randint(1, last)
    if random.random() < 0.65:
        era, length, _ = random.choices(ERAS, [weight for _, _, weight in ERAS])[0]
        number = random.randint(1, length)
        first = ["がん", "ねん"] if number == 1 and random.random() < 0.9 else years(number, random)
        start, meaning = [era, *first], f"{era}{number}"
    else:
        number = random.randint(1926, 2015)
        start, meaning = western_year(number, random), str(number)
    joined = [] if random.random() < 0.9 else ["の"]
    said = [*start, *joined, *month(month_number, random), *day(day_number, random)]
    return said, f"{meaning}-{month_number}-{day_number}"
