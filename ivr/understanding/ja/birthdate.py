"""Birthdates as Japanese callers say them and as recognisers write them down.

The utterance is read from left to right as years, months, days, corrections and words that
change nothing. Whatever is left over makes the date doubtful: a misheard 昭和御十年 must never
become a date.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal

from ivr.understanding.birthdate import Reading, uneven
from ivr.understanding.ja import eras, numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.kana import hiragana

#: Longer utterances (signs) are no answers to this question, and would take long to read.
MAX_SIGNS = 160

Kind = Literal["year", "month", "day", "weekday", "correction", "apology", "noise", "left_over"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of an utterance. ``era``: the era a year was said in, None for western years.
    ``doubt``: why the value cannot be certain; ``value`` None: no value may come of it."""

    kind: Kind
    text: str
    value: int | None = None
    era: eras.Era | None = None
    doubt: str = ""


#: Possessive: えーえーえー can be parted in countless ways, and no number begins like a filler.
_GAP = rf"(?:[、。,・ ]|の|{pattern(FILLERS)})*+"
_NUM = rf"{numbers.ATOM}+?"
_RUN = rf"{numbers.ATOM}(?:[ 、,]?{numbers.ATOM})*"
_ERA = (
    rf"(?:(?P<era>{pattern(tuple(eras.BY_NAME))})"
    rf"|(?<![a-z])(?P<short>[{''.join(eras.BY_SHORT)}])(?={numbers.ATOM}|元))"
)
#: Longer than any year and month without 年 between them (きゅうじゅうきゅうじゅうに).
_LONGEST_RUN = 24
_YEAR_SIGN = "(?:年|ねん)"
_MONTH_SIGN = "(?:月(?!曜|よう)|がつ)"
_DAY_SIGN = "(?:日(?!曜|よう)|にち(?!よう))"

#: Dates in figures: S60.3.5, 2021-07-18, 1985 3 5, 19850305, 昭和600305.
_ERA_FIGURES = re.compile(
    rf"{_ERA}{_GAP}(?P<y>{_NUM}|元)[./ -](?P<m>{_NUM})[./ -](?P<d>{_NUM})(?!{numbers.ATOM}|[./-])"
)
_ERA_SIX = re.compile(rf"{_ERA}{_GAP}(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)(?![\d年月日./-])")
_FIGURES = re.compile(
    r"(?P<y>[12]\d{3})(?P<s>[./-]|(?= ) )(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d年月日./-])"
)
_EIGHT = re.compile(r"(?P<y>[12]\d{3})(?P<m>\d\d)(?P<d>\d\d)(?![\d年月日./-])")
#: 昭和六十、三、五 and 一九八五の三の五: said without 年, 月 and 日.
_UNSIGNED = re.compile(
    rf"(?:{_ERA}{_GAP})?(?P<y>{_NUM}|元)[、の・](?P<m>{_NUM})[、の・](?P<d>{_NUM})"
    rf"(?![、の・]?{numbers.ATOM}|[年月日./-]|ねん|がつ|にち)"
)
#: Figures in an order nobody agrees on (5-3-1985, 60/3/5).
_ODD_FIGURES = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{1,2})(?![\d年月日./-])")

_YEAR = re.compile(rf"(?:(?:西暦|せいれき){_GAP}|{_ERA}{_GAP})?(?P<n>{_NUM}|元|がん){_YEAR_SIGN}")
#: 昭和六十三月: the 年 was lost. And 1985 3月, where figures keep year and month apart.
_ERA_NO_SIGN = re.compile(rf"{_ERA}{_GAP}(?P<run>{_RUN}){_MONTH_SIGN}")
_YEAR_NO_SIGN = re.compile(r"(?P<n>[12]\d{3})[ 、,](?=\d{1,2}月)")
_MONTH = re.compile(rf"(?P<n>{_NUM}){_MONTH_SIGN}")
_DAY = re.compile(rf"(?P<n>{_NUM}){_DAY_SIGN}")

#: Days with a name of their own, in hiragana and in old kanji; -1 is the month's last day.
_DAY_NAMES = {
    "ついたち": 1, "朔日": 1, "ふつか": 2, "みっか": 3, "よっか": 4, "いつか": 5, "むいか": 6,
    "なのか": 7, "なぬか": 7, "ようか": 8, "よーか": 8, "ここのか": 9, "とおか": 10, "とうか": 10,
    "とーか": 10, "じゅうよっか": 14, "じゅーよっか": 14, "はつか": 20, "にじゅうよっか": 24,
    "にじゅーよっか": 24, "みそか": -1, "晦日": -1,
}  # fmt: skip
_DAY_NAME = re.compile(pattern(tuple(_DAY_NAMES)))

_WEEKDAYS = ("月", "火", "水", "木", "金", "土", "日")
_SPOKEN_WEEKDAYS = ("げつ", "か", "すい", "もく", "きん", "ど", "にち")
_WEEKDAY = re.compile(
    r"\((?P<short>[月火水木金土日])(?:・祝|祝)?\)|\(?(?P<long>[月火水木金土日])曜日?\)?"
    rf"|(?P<spoken>{'|'.join(_SPOKEN_WEEKDAYS)})よう(?:び|日)?"
)
_CORRECTION = re.compile(
    "(?:いいえ|いえいえ|いえ|いや|(?:では|じゃ)(?:なくて|なく|ない(?:です)?|ありません(?:でした)?)"
    "|違います|違いました|違う|違った|違って|ちがいます|ちがいました|ちがう|ちがった"
    "|間違いました|間違えました|間違えた|間違った|間違いです|まちがえました|まちがえた"
    "|訂正(?:します|です)?|ていせいします|もとい)"
)
_APOLOGY = re.compile(
    "(?:すみません|すいません|ごめんなさい|ごめん|失礼(?:しました|いたしました)?|しつれいしました)"
)
#: よ is also a four.
_NOT_DIGITS = tuple(ending for ending in ENDINGS if ending != "よ")
_NOISE = re.compile(
    "(?:(?:私|わたくし|わたし|僕|ぼく|俺|おれ|自分)(?:の|は)?"
    "|(?:お)?(?:誕生日|たんじょうび|生年月日|せいねんがっぴ)(?:は|が)?"
    "|(?:に)?(?:お)?(?:生まれ|うまれ|生れ|生)(?:は|の|ました|まして|た|て)?"
    "|西暦で(?:いうと|言うと|いいますと|言いますと|は)?|せいれきで|和暦で(?:は)?"
    f"|{pattern(FILLERS, LEADS, _NOT_DIGITS)}|よ(?=$|[、。])"
    r"|[、。,・ !?「」…~()]|\.(?=$| )|の|は|で|に$)"
)
#: What makes left-over text dangerous: it may be a piece of a date that was misheard. In a run
#: with other kanji (戻ります) the syllables of a number mean nothing.
_DATE_SIGN = re.compile(rf"[0-9年月日{numbers.SIGNS}]|{pattern(tuple(eras.BY_NAME))}")
_DATE_SOUND = re.compile(numbers.ATOM)
_WORD = re.compile("[一-鿿a-z]")


def read(text: str) -> Reading | None:
    """What ``text`` says about a birthdate; None where nothing of a date is in it.

    ``text`` is as recognised: kanji, kana, figures, spaces between tokens, full width.
    """
    plain = _plain(text[: 2 * MAX_SIGNS])
    if len(plain) > MAX_SIGNS:
        return Reading(doubt="not_understood", hidden=True)
    pieces = _pieces(plain)
    if not any(piece.kind in ("year", "month", "day") for piece in pieces):
        return None
    return _put_together(pieces)


def _plain(text: str) -> str:
    """NFKC, lower case, hiragana, one kind of dash; spaces only where they part figures."""
    plain = hiragana(unicodedata.normalize("NFKC", text)).lower()
    plain = re.sub("[‐‑‒–—―−]", "-", plain)
    plain = re.sub(r"\s+", " ", plain).strip()
    return re.sub(r"(?<!\d) | (?!\d)", "", plain)


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    while at < len(text):
        found = _at(text, at)
        if not found:
            found = [_Piece("left_over", text[at])]
        pieces += found
        at += sum(len(piece.text) for piece in found)
    return pieces


def _at(text: str, at: int) -> list[_Piece]:
    """The pieces that begin at ``at``, or none."""
    for read_piece in (_figures, _year, _month_or_day):
        if found := read_piece(text, at):
            return found
    if match := _WEEKDAY.match(text, at):
        return [_Piece("weekday", match.group(), _weekday(match))]
    rest: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (_CORRECTION, "correction"),
        (_APOLOGY, "apology"),
        (_NOISE, "noise"),
    )
    for regex, kind in rest:
        if match := regex.match(text, at):
            return [_Piece(kind, match.group())]
    return []


def _weekday(match: re.Match[str]) -> int:
    """0 is Monday."""
    if match["spoken"]:
        return _SPOKEN_WEEKDAYS.index(match["spoken"])
    return _WEEKDAYS.index(match["short"] or match["long"])


def _era_of(match: re.Match[str]) -> eras.Era:
    return eras.BY_NAME[match["era"]] if match["era"] else eras.BY_SHORT[match["short"]]


def _figures(text: str, at: int) -> list[_Piece]:
    for regex in (_ERA_FIGURES, _ERA_SIX):
        if match := regex.match(text, at):
            era = _era_of(match)
            return _dated(match, _year_piece(match["y"], match.group(), era))
    for regex in (_FIGURES, _EIGHT):
        if match := regex.match(text, at):
            return _dated(match, _year_piece(match["y"], match.group(), None))
    if match := _ODD_FIGURES.match(text, at):
        return _odd_figures(match)
    if match := _UNSIGNED.match(text, at):
        return _unsigned(match)
    return []


def _unsigned(match: re.Match[str]) -> list[_Piece]:
    """Three numbers are a date only where the first can be nothing but a year."""
    era = _era_of(match) if match["era"] or match["short"] else None
    year = _year_piece(match["y"], match.group(), era)
    month, day = _small_piece("month", match["m"], ""), _small_piece("day", match["d"], "")
    if year.value is None or year.doubt or month.value is None or day.value is None:
        return []
    return [replace(year, doubt="year_sign_missing"), month, day]


def _dated(match: re.Match[str], year: _Piece) -> list[_Piece]:
    figures = [match[part].isdecimal() for part in "ymd" if match[part] != "元"]
    mixed = any(figures) and not all(figures)  # R5.三.3
    parts = [match[part] for part in ("ymd" if len(match["y"]) < 3 else "md")]
    if year.value is not None and (mixed or uneven(*parts)):
        year = replace(year, doubt="uneven_figures")
    return [year, _small_piece("month", match["m"], ""), _small_piece("day", match["d"], "")]


def _odd_figures(match: re.Match[str]) -> list[_Piece]:
    one, two, year = (int(group) for group in match.groups())
    if len(match[3]) < 4:
        return [_Piece("year", match.group(), None, doubt="era_missing")]
    if one > 12 >= two or one == two:
        day, month = one, two
    elif two > 12 >= one:
        month, day = one, two
    else:
        return [_Piece("year", match.group(), None, doubt="day_month_order")]
    return [
        _Piece("year", match.group(), year, doubt="day_month_order"),
        _Piece("month", "", month),
        _Piece("day", "", day),
    ]


def _year(text: str, at: int) -> list[_Piece]:
    if match := _YEAR.match(text, at):
        era = _era_of(match) if match["era"] or match["short"] else None
        return [_year_piece(match["n"], match.group(), era)]
    if match := _ERA_NO_SIGN.match(text, at):
        return _year_and_month(match)
    if match := _YEAR_NO_SIGN.match(text, at):
        return [_Piece("year", match.group(), int(match["n"]), doubt="year_sign_missing")]
    return []


def _year_piece(number: str, text: str, era: eras.Era | None) -> _Piece:
    """A year said with its era, or a western one. Two figures without an era are no year."""
    if number in ("元", "がん"):
        if era is None:
            return _Piece("year", text, None, doubt="era_missing")
        return _Piece("year", text, era.year(1), era)
    parsed = numbers.parse(number)
    if parsed is None or parsed.value == 0 or _is_particle(number, text):
        return _Piece("year", text, None, era, doubt="year_not_understood")
    if era is not None:
        if parsed.value > 99 or parsed.digits > 2:
            return _Piece("year", text, None, era, doubt="year_not_understood")
        # さんよんねん: 34, or three or four years?
        doubt = "year_not_understood" if parsed.kana and parsed.digits == 2 else ""
        return _Piece("year", text, era.year(parsed.value), era, doubt)
    if parsed.value < 100:
        return _Piece("year", text, parsed.value, None, doubt="era_missing")
    if not 1800 <= parsed.value <= 2199:
        return _Piece("year", text, None, doubt="year_not_understood")
    return _Piece("year", text, parsed.value)


def _year_and_month(match: re.Match[str]) -> list[_Piece]:
    """昭和六十三月: every way to part the run into a year and a month; only one may do."""
    run, era = match["run"], _era_of(match)
    ways: set[tuple[int, int]] = set()
    for cut in range(1, len(run)) if len(run) <= _LONGEST_RUN else ():
        head, tail = run[:cut].rstrip(" 、,"), run[cut:]
        if re.search("[ 、,]", head + tail):
            continue
        year, month = numbers.parse(head), numbers.parse(tail)
        if year and month and 1 <= year.value <= 99 and 1 <= month.value <= 12:
            ways.add((year.value, month.value))
    whole = numbers.parse(run)
    # 平成十一月三日: the 10th year, January, or November of a year that was lost?
    if len(ways) != 1 or (whole is not None and 1 <= whole.value <= 12):
        return [_Piece("year", match.group(), None, era, doubt="year_not_understood")]
    ((number, month_number),) = ways
    year_piece = _Piece("year", match.group(), era.year(number), era, doubt="year_sign_missing")
    return [year_piece, _Piece("month", "", month_number)]


def _month_or_day(text: str, at: int) -> list[_Piece]:
    if match := _DAY_NAME.match(text, at):
        return [_Piece("day", match.group(), _DAY_NAMES[match.group()])]
    if match := _MONTH.match(text, at):
        return [_small_piece("month", match["n"], match.group())]
    if match := _DAY.match(text, at):
        return [_small_piece("day", match["n"], match.group())]
    return []


def _small_piece(kind: Kind, number: str, text: str) -> _Piece:
    parsed = numbers.parse(number)
    halves = parsed is None or (parsed.kana and parsed.digits > 1 and number[:2] not in _ZEROS)
    if parsed is None or halves or _is_particle(number, text):
        # にさんにち may be a 23rd or two or three days: nobody's birthday.
        return _Piece(kind, text, None, doubt=f"{kind}_not_understood")
    return _Piece(kind, text, parsed.value)


def _is_particle(number: str, text: str) -> bool:
    """に月, ご日: a lone syllable before a kanji, where a number was lost."""
    return len(number) == 1 and "ぁ" <= number <= "ん" and not text.endswith(_SPOKEN_SIGNS)


_SPOKEN_SIGNS = ("ねん", "がつ", "にち")
_ZEROS = ("ぜろ", "れい", "まる")


def _put_together(pieces: list[_Piece]) -> Reading:
    """One date from the pieces, corrections applied."""
    held: dict[str, _Piece] = {}
    taken_back = False  # a correction was said, and nothing anew yet
    renewable: set[str] = set()  # kinds that may be said anew once, after a correction
    repeating = False  # the whole date is being said once more
    for last, piece in pairwise((_Piece("noise", ""), *pieces)):
        if piece.kind in ("correction", "apology"):
            taken_back = bool(held) and (taken_back or piece.kind == "correction")
            renewable = set(held)
        elif piece.kind in ("year", "month", "day"):
            before = held.get(piece.kind)
            if before is None and taken_back:
                # "昭和60年、いえ、3月": what was taken back has not been said anew.
                return Reading(doubt="corrected", hidden=True)
            # Only a whole date may be repeated: 十月十月五日 may be 十月十五日, 一日一日 十一日.
            anew = last.kind not in _DATED or (piece.kind != "day" and last.kind == "day")
            repeating = repeating or (len(held) == 3 and anew)
            again = repeating and _same(before, piece)
            if before is not None and piece.kind not in renewable and not again:
                return Reading(doubt="said_twice", hidden=True)
            renewable.discard(piece.kind)
            held[piece.kind] = _in_the_era_before(piece, before)
            taken_back = False
    if taken_back:
        return Reading(doubt="corrected", hidden=True)
    doubt = ""
    for piece in held.values():
        if piece.value is None or piece.doubt == "era_missing":
            return Reading(doubt=piece.doubt, hidden=True)
        doubt = doubt or piece.doubt
    weekdays = {piece.value for piece in pieces if piece.kind == "weekday"}
    weekday = weekdays.pop() if len(weekdays) == 1 else None
    return _with_left_over(replace(_reading(held, doubt), weekday=weekday), pieces)


_DATED = ("year", "month", "day")


def _same(before: _Piece | None, after: _Piece) -> bool:
    return before is not None and before.value is not None and before.value == after.value


def _in_the_era_before(piece: _Piece, before: _Piece | None) -> _Piece:
    """ "昭和60年、いえ61年": the era still holds, but that is our guess."""
    if piece.doubt == "era_missing" and piece.value and before and before.era:
        year = before.era.year(piece.value)
        return replace(piece, value=year, era=before.era, doubt="era_assumed")
    return piece


def _reading(held: dict[str, _Piece], doubt: str) -> Reading:
    year, month, day = (held.get(kind) for kind in ("year", "month", "day"))
    era = year.era if year else None
    return Reading(
        year.value if year else None,
        month.value if month else None,
        day.value if day else None,
        doubt,
        span=(era.first, era.last) if era else None,
    )


def _with_left_over(reading: Reading, pieces: list[_Piece]) -> Reading:
    """Words nobody understood: around a whole date they ask for a confirmation, within it or
    where they may be a piece of a date they forbid the value."""
    kinds = [piece.kind for piece in pieces]
    if "left_over" not in kinds:
        return reading
    dated = [at for at, kind in enumerate(kinds) if kind in ("year", "month", "day")]
    within = "left_over" in kinds[dated[0] : dated[-1]]
    if within or reading.missing or any(_may_be_dated(run) for run in _left_over(pieces)):
        return Reading(doubt="not_understood", hidden=True)
    return replace(reading, doubt=reading.doubt or "extra_words")


def _left_over(pieces: list[_Piece]) -> list[str]:
    """The runs of text that nobody understood."""
    together = groupby(pieces, key=lambda piece: piece.kind == "left_over")
    return ["".join(piece.text for piece in run) for odd, run in together if odd]


def _may_be_dated(run: str) -> bool:
    """Whether left-over text may be a piece of a date."""
    if _DATE_SIGN.search(run):
        return True
    return not _WORD.search(run) and _DATE_SOUND.search(run) is not None
