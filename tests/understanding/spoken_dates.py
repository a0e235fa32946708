"""Every form in which a birthdate is rendered for the tests, by language."""

from __future__ import annotations

import re
from datetime import date
from itertools import product

from ivr.understanding.ja import eras
from ivr.understanding.ja.numbers import kanji

_DIGITS = "〇一二三四五六七八九"
_UNITS = ("", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_MONTHS = (
    "いち", "に", "さん", "し", "ご", "ろく", "しち", "はち", "く", "じゅう", "じゅういち",
    "じゅうに",
)  # fmt: skip
_DAYS = {
    1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか",
    8: "ようか", 9: "ここのか", 10: "とおか", 14: "じゅうよっか", 20: "はつか",
    24: "にじゅうよっか",
}  # fmt: skip
_HUNDREDS = {3: "さんびゃく", 6: "ろっぴゃく", 8: "はっぴゃく"}
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
    "seventeenth", "eighteenth", "nineteenth", "twentieth", "thirtieth",
)  # fmt: skip


def kana(number: int) -> str:
    """1..9999 in hiragana, with its changes of sound."""
    thousands, rest = divmod(number, 1000)
    hundreds, rest = divmod(rest, 100)
    tens, unit = divmod(rest, 10)
    out = "" if not thousands else "せん" if thousands == 1 else f"{_UNITS[thousands]}せん"
    if hundreds:
        plain = ("" if hundreds == 1 else _UNITS[hundreds]) + "ひゃく"
        out += _HUNDREDS.get(hundreds, plain)
    if tens:
        out += ("" if tens == 1 else _UNITS[tens]) + "じゅう"
    return out + _UNITS[unit]


def japanese(day: date) -> dict[str, str]:
    """Form -> the date in it."""
    era, year = eras.of(day)
    year_kanji = "元" if year == 1 else kanji(year)
    year_kana = "がん" if year == 1 else kana(year)
    one_by_one = "".join(_DIGITS[int(digit)] for digit in f"{day.year}")
    month, number = kanji(day.month), kanji(day.day)
    said_day = _DAYS.get(day.day, kana(day.day) + "にち")
    said = f"{_MONTHS[day.month - 1]}がつ{said_day}"
    one_by_one_day = "".join(_DIGITS[int(digit)] for digit in f"{day.day}")
    one_by_one_month = "".join(_DIGITS[int(digit)] for digit in f"{day.month}")
    one_by_one_year = "".join(_DIGITS[int(digit)] for digit in f"{year}")
    return {
        "era kanji": f"{era.kanji}{year_kanji}年{month}月{number}日",
        "era kanji one by one": (
            f"{era.kanji}{one_by_one_year}年{one_by_one_month}月{one_by_one_day}日"
        ),
        "era figures": f"{era.kanji}{year}年{day.month}月{day.day}日",
        "era letter": f"{era.letter.upper()}{year}.{day.month}.{day.day}",
        "era kana": f"{era.spoken[0]}{year_kana}ねん{said}",
        "era tokens": f"{era.kanji} {year_kanji} 年 {month} 月 {number} 日",
        "western kanji": f"{kanji(day.year)}年{month}月{number}日",
        "western one by one": f"{one_by_one}年{month}月{number}日",
        "western kana": f"{kana(day.year)}ねん{said}",
        "western figures": f"{day.year}年{day.month}月{day.day}日",
        "western slashes": f"{day.year}/{day.month}/{day.day}",
        "western dashes": day.isoformat(),
    }


def english(day: date) -> dict[str, str]:
    """Form -> the date in it."""
    month = MONTH_NAMES[day.month - 1]
    tens, unit = divmod(day.day, 10)
    if day.day in (20, 30):
        ordinal = _ORDINALS[20 + (day.day == 30)]
    else:
        ordinal = _ORDINALS[day.day] if day.day < 20 else f"{_TENS[tens]} {_ORDINALS[unit]}"
    year = _year(day.year)
    return {
        "words, month first": f"{month} {ordinal} {year}",
        "words, day first": f"the {ordinal} of {month}, {year}",
        "words, plain numbers": f"{month} {_below_hundred(day.day)} {year}",
        "month first": f"{month} {day.day}, {day.year}",
        "day first": f"{day.day} {month[:3]} {day.year}",
        "figures": f"{day.year}/{day.month:02}/{day.day:02}",
    }


def _year(year: int) -> str:
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {_ONES[year - 2000]}" if year > 2000 else "")
    century, rest = divmod(year, 100)
    if rest == 0:
        return f"{_below_hundred(century)} hundred"
    if rest < 10:
        return f"{_below_hundred(century)} oh {_ONES[rest]}"
    return f"{_below_hundred(century)} {_below_hundred(rest)}"


def _below_hundred(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f" {_ONES[unit]}" if unit else "")


def says(text: str, day: date, language: str) -> bool:
    """Whether ``text``, mutated or not, is a way to say ``day``: each part in any of its forms."""
    if language == "ja":
        bare = re.sub(r"(ねん|がつ)[はのね]", r"\1", text)
        return _says_in_japanese(text, day) or _says_in_japanese(bare, day)
    plain = re.sub(r"[ ,.]+", " ", text.lower()).strip()
    month = MONTH_NAMES[day.month - 1].lower()
    months = (month, month[:3], *(["sept"] if day.month == 9 else []))
    ordinal = english(day)["words, month first"].lower().removeprefix(month).split(" ")
    word = " ".join(ordinal[1 : 3 if day.day > 20 and day.day != 30 else 2])
    days = (word, _below_hundred(day.day), f"{day.day}", f"{day.day:02}")
    year = _year(day.year)
    years = (year, year.replace(" and ", " "), f"{day.year}", *_more_years(day.year))
    for m, d, y in product(months, days, years):
        first = (f"{m} {d} {y}", f"{d} {m} {y}", f"{d} of {m} {y}", f"{m} of {d} {y}")
        if plain.removeprefix("the ") in (*first, f"{y} {m} {d}", f"{y} {d} {m}"):
            return True
    return plain in _figures(day)


def _more_years(year: int) -> tuple[str, ...]:
    century, rest = divmod(year, 100)
    if year == 2000:
        return ("twenty hundred",)
    if rest == 0:
        return ()
    if rest < 10:
        return tuple(f"{_below_hundred(century)} {o} {_ONES[rest]}" for o in ("o", "zero"))
    return (f"two thousand {_below_hundred(rest)}",) if century == 20 else ()


def _figures(day: date) -> set[str]:
    month, number = (f"{day.month}", f"{day.month:02}"), (f"{day.day}", f"{day.day:02}")
    pairs = [(month[0], number[0]), (month[1], number[1])]
    return {f"{day.year}{s}{m}{s}{d}" for m, d in pairs for s in "/-. "} | {f"{day:%Y%m%d}"}


def _says_in_japanese(text: str, day: date) -> bool:
    plain = re.sub(r"[ 、,]", "", text).lower()
    if {plain, plain.rstrip("ねよはのに"), text.strip()} & _figures(day):
        return True
    # ね, よ, は and の stand between parts and mean nothing.
    plain = re.sub(r"(?<=[年月日和成正治])[ねよはの](?=.)|(?<=[日/.0-9-])[ねよはのに]$", "", plain)
    era, year = eras.of(day)
    older, older_year = eras.of(date(day.year, 1, 1))
    years = {f"{form}年" for form in _written(day.year)}
    years |= {f"{form}ねん" for form in (*_sounds(day.year), *_written(day.year))}
    for each, number in ((era, year), (older, older_year)):
        names = (each.kanji, *each.spoken, *each.alike, each.letter, each.kanji[0])
        numbers = {*_written(number), *(["元"] if number == 1 else [])}
        sounds = {*_sounds(number), *_written(number), *(["がん"] if number == 1 else [])}
        years |= {f"{name}{form}年" for name in names for form in numbers}
        years |= {f"{name}{form}ねん" for name in names for form in sounds}
        if any(plain == f"{name}{number}{rest}" for name in names for rest in _rest(day)):
            return True
    months = {f"{form}月" for form in _written(day.month)}
    months |= {f"{form}がつ" for form in (*_sounds(day.month), *_written(day.month))}
    days = {f"{form}日" for form in _written(day.day)}
    days |= {f"{form}にち" for form in (*_sounds(day.day), *_written(day.day))}
    days |= {_DAYS[day.day]} if day.day in _DAYS else set()
    return any(
        plain.startswith(y) and plain[len(y) :] == m + d for y, m, d in product(years, months, days)
    )


def _rest(day: date) -> list[str]:
    """Month and day in figures behind an era's year: .3.5, 0305."""
    pairs = [(f"{day.month}", f"{day.day}"), (f"{day.month:02}", f"{day.day:02}")]
    return [f"{s}{m}{s}{d}" for m, d in pairs for s in "/-."] + [f"{day:%m%d}"]


def _written(number: int) -> set[str]:
    one_by_one = "".join(_DIGITS[int(digit)] for digit in f"{number}")
    forms = {kanji(number), one_by_one, f"{number}", f"{number:02}", f"〇{one_by_one}"[-2:]}
    if number > 1000:
        forms -= {f"〇{one_by_one}"[-2:]}
        century, rest = divmod(number, 100)
        if rest >= 10:
            forms.add("".join(_DIGITS[int(d)] for d in f"{century}") + kanji(rest))
    if 1000 <= number < 2000:
        forms.add("一" + kanji(number))
    return forms


def _sounds(number: int) -> set[str]:
    """Kana with its other readings of four, seven and nine."""
    digits = {
        "よん": ("よん", "よ", "し"),
        "なな": ("なな", "しち"),
        "きゅう": ("きゅう", "きゅ", "く"),
        "じゅう": ("じゅう", "じゅ"),
    }
    said = kana(number)
    pieces = re.split("(よん|なな|きゅう|じゅう)", said)
    return {"".join(choice) for choice in product(*(digits.get(p, (p,)) for p in pieces))}
