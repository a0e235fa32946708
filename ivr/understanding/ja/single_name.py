"""One Japanese name: from what a recogniser wrote to the readings of surname and given name.

Recognisers return whatever kanji they think of, or kana; the reading is what counts, so every
reading the spelling may have is kept (``HeardName``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ivr.understanding.ja import foreign_names, name_dictionary, name_frame
from ivr.understanding.ja.kanji_variants import Part
from ivr.understanding.ja.name_dictionary import NameDictionary, Readings
from ivr.understanding.kana import is_kana, katakana
from ivr.understanding.mora import level, morae
from ivr.understanding.names import Asked, understood
from ivr.understanding.value import HeardName, Understood

_KANJI_ONLY = re.compile(f"[{name_frame.KANJI}]{{1,4}}")
#: No name begins with these: a word was cut in two.
_NO_BEGINNING = frozenset("ンーッャュョァィゥェォ")

_MAX_PART_MORAE = 8
_UNKNOWN_SURE = 0.6
_USUAL_SURNAME = 2
#: A reading that so many given names have is one even of an ordinary word.
_MANY = 20
#: Words for people that have such a reading.
_PEOPLE = ("主人", "友人", "知人", "本人", "恋人", "愛人", "夫人", "婦人")
#: Spellings of the surname times those of the given name, of two usual ones (ヤマダ, タロウ: 72).
_USUAL = 30


@dataclass(frozen=True, slots=True)
class _Split:
    surname: str
    given: str
    surnames: tuple[str, ...]
    givens: tuple[str, ...]
    score: float


def parse(text: str, *, asked: Asked, confidence: float) -> Understood:
    """The name in ``text``, which says one name once; see :func:`ivr.understanding.ja.names.parse`.

    ``unclear``: ``given_missing`` or ``unknown_name``.
    """
    found = _parsed(name_frame.words(text), text, asked, confidence)
    if asked == "full" and found.reason == "given_missing":
        return _named_like_a_filler(text, confidence) or found
    if found.status != "ok" and text.endswith("の"):
        # 佐藤の: said before something that never came. 綾乃 and 小野 keep theirs.
        text = text.removesuffix("の")
        shorter = _parsed(name_frame.words(text), text, asked, confidence)
        if shorter.status != "none" and shorter.reason != "unknown_name":
            return shorter
    return found


def known_to_be_one(text: str, asked: Asked) -> HeardName:
    """The name in a text that holds nothing else, whether anybody knows it as a name or not.

    Kana are their own reading; kanji have those of their parts. A full name is parted at its
    space, else behind a listed surname of about two signs.
    """
    words = [katakana(word) if is_kana(word) else word for word in text.split()]
    joined = "".join(words)
    if not joined:
        return HeardName("")
    if is_kana(joined):
        return HeardName(joined, surnames=(words[0],), givens=(words[-1],), wholes=(joined,))
    names = name_dictionary.load()
    if asked != "full":
        return _part(joined, "given" if asked == "given" else "surname", names)
    cuts = _edges(words)[:1] or [
        cut for cut in range(1, len(joined)) if names.listed(joined[:cut], "surname")
    ]
    if not cuts:
        return HeardName(joined)
    cut = min(cuts, key=lambda each: abs(each - _USUAL_SURNAME))
    return _both(joined, joined[:cut], joined[cut:], names)


def is_ordinary_word(spelling: str) -> bool:
    """Whether a name in kana is an ordinary word as well (その, まこと)."""
    return is_kana(spelling) and name_dictionary.load().is_common_word(spelling)


def _named_like_a_filler(text: str, confidence: float) -> Understood | None:
    """アノ タロウ: what looked like a filler before a surname may be the surname of a given name.

    Only where the rest is rather a given name; the caller is asked all the same.
    """
    chunks = unicodedata.normalize("NFKC", text).split()
    whole = _parsed(name_frame.words(text, short_leads=False), "", "full", confidence)
    name = whole.value
    if whole.status != "ok" or not isinstance(name, HeardName) or not is_kana(name.given_text):
        return None
    names = name_dictionary.load()
    given = name.given_text
    if chunks[0] != name.surname_text or names.spellings(given, "given") <= names.spellings(
        given, "surname"
    ):
        return None
    return understood("unclear", name, confidence * _UNKNOWN_SURE, "unknown_name")


def _parsed(chunks: list[str], text: str, asked: Asked, confidence: float) -> Understood:
    joined = "".join(chunks)
    if name_frame.is_no_name(joined):
        return understood("none", None, 0.0, "no_name")
    names = name_dictionary.load()
    if foreign_names.dotted(text):
        foreign = foreign_names.parse(chunks, asked, confidence, dotted=True)
        if foreign is not None:
            return foreign
    alone: Part = "given" if asked == "given" else "surname"
    spaced = _best(_splits(joined, _edges(chunks), names))
    single = names.listed(joined, alone)
    whole = _best(_splits(joined, range(1, len(joined)), names))
    unparted = asked == "full" and spaced is None
    if unparted and single and not _beats(whole, joined, "surname", names):
        name = _part(joined, "surname", names)
        return understood("unclear", name, confidence, "given_missing")
    if asked != "full" and single and (spaced is None or len(chunks) == 1):
        return understood("ok", _part(joined, alone, names), confidence)
    best = spaced or (whole if asked == "full" or _roomy(whole, joined) else None)
    if unparted and _given_alone(whole, joined, names):
        return understood("none", None, 0.0, "surname_missing")
    if best is not None:
        name = _full(joined, best, names)
        if spaced and names.rather(best.surname) == names.rather(best.given) == "surname":
            # サトウ サイトウ: two surnames, one of them a slip of the tongue?
            return understood("unclear", name, confidence * _UNKNOWN_SURE, "unknown_name")
        return understood("ok", name, confidence)
    foreign = foreign_names.parse(chunks, asked, confidence)
    if foreign is not None:
        return foreign
    return _unknown(joined, chunks, asked, names, confidence)


def _edges(chunks: list[str]) -> list[int]:
    """Where words part in the joined text."""
    edges: list[int] = []
    at = 0
    for chunk in chunks[:-1]:
        at += len(chunk)
        edges.append(at)
    return edges


def _splits(joined: str, cuts: range | list[int], names: NameDictionary) -> Iterator[_Split]:
    """Ways to part ``joined`` at one of ``cuts`` into a surname and a given name, both known."""
    for cut in cuts:
        surname, given = joined[:cut], joined[cut:]
        if katakana(given[0]) in _NO_BEGINNING:
            continue
        givens = names.listed(given, "given")
        surnames = names.listed(surname, "surname") if givens else ()
        if surnames and givens:
            yield _Split(surname, given, surnames, givens, _score(surname, given, names))


def _score(surname: str, given: str, names: NameDictionary) -> float:
    """How likely a split is: common readings in kana, the usual two kanji for a surname."""
    if is_kana(surname + given):
        commonness = names.spellings(surname, "surname") * names.spellings(given, "given")
        return math.log(commonness)
    return 1.0 - abs(len(surname) - 2) * 0.3 - (0.2 if len(given) > 3 else 0.0)


def _best(splits: Iterator[_Split]) -> _Split | None:
    return max(splits, key=lambda split: split.score, default=None)


def _roomy(split: _Split | None, joined: str) -> bool:
    """Whether an answer is long enough for a full name though one part was asked (陽翔 is not
    a Mr or Ms 陽), and in kana made of two usual ones (マツバヤシ is not マツバ ヤシ)."""
    if is_kana(joined):
        usual = split is not None and split.score > math.log(_USUAL)
        return usual and len(morae(level(joined))) > 4
    return len(joined) > 2


def _given_alone(split: _Split | None, joined: str, names: NameDictionary) -> bool:
    """太一 and ハナコ are given names, rather than Mr 太 and his given name 一, or Ms ハ."""
    if is_kana(joined):
        known = names.spellings(joined, "given") > 0
        return known and not _beats(split, joined, "given", names)
    return _short_kanji(joined) and len(joined) == 2 and bool(names.listed(joined, "given"))


def _beats(split: _Split | None, joined: str, part: Part, names: NameDictionary) -> bool:
    """Whether a full name is likelier than the whole being one part (マキノ and アイ)."""
    if split is None or not is_kana(joined):
        return False
    return split.score > math.log(50) + 2 * math.log(names.spellings(joined, part))


def _possible(spelling: str, part: Part, names: NameDictionary) -> Readings:
    """All readings of one part; kana reads itself, whether there is such a name or not."""
    if is_kana(spelling):
        return Readings((katakana(spelling),))
    return names.possible(spelling, part)


def _part(text: str, part: Part, names: NameDictionary) -> HeardName:
    found = _possible(text, part, names)
    readings = found.usual + found.rare
    if part == "given":
        return HeardName(text, given_text=text, givens=readings, rare=found.rare)
    return HeardName(text, surname_text=text, surnames=readings, rare=found.rare)


def _both(joined: str, surname: str, given: str, names: NameDictionary) -> HeardName:
    """A full name in two parts. Kana is also its own reading as a whole, however it is parted."""
    first = _possible(surname, "surname", names)
    second = _possible(given, "given", names)
    return HeardName(
        joined,
        surname,
        given,
        first.usual + first.rare,
        second.usual + second.rare,
        (katakana(joined),) if is_kana(joined) else (),
        tuple(dict.fromkeys(first.rare + second.rare)),
    )


def _full(joined: str, best: _Split, names: NameDictionary) -> HeardName:
    """The best split, with the usual readings of the whole that other splits would give."""
    name = _both(joined, best.surname, best.given, names)
    if name.wholes:
        return name
    wholes: dict[str, None] = {}
    for split in _splits(joined, range(1, len(joined)), names):
        firsts = _possible(split.surname, "surname", names).usual
        seconds = _possible(split.given, "given", names).usual
        wholes.update(dict.fromkeys(one + two for one in firsts for two in seconds))
    return replace(name, wholes=tuple(wholes))


def _unknown(
    joined: str, chunks: list[str], asked: Asked, names: NameDictionary, confidence: float
) -> Understood:
    """A name of which the dictionary knows one part or none."""
    if name_frame.may_be_a_sentence(joined) or is_ordinary_word(joined):
        return understood("none", None, 0.0, "no_name")
    sure = confidence * _UNKNOWN_SURE
    if asked == "full":
        name = _half_known(joined, _edges(chunks) or range(1, len(joined)), names)
        if name is not None:
            return understood("unclear", name, sure, "unknown_name")
        reason = "surname_missing" if names.listed(joined, "given") else "no_name"
        return understood("none", None, 0.0, reason)
    if not _may_be_a_part(joined, names):
        return understood("none", None, 0.0, "no_name")
    part: Part = "given" if asked == "given" else "surname"
    return understood("unclear", _part(joined, part, names), sure, "unknown_name")


def _may_be_a_part(text: str, names: NameDictionary) -> bool:
    """Whether a text nobody knows as a name may be one: short, and no other word."""
    if is_kana(text):
        beats = len(morae(level(text)))
        begins = katakana(text)[0] not in _NO_BEGINNING
        return begins and 2 <= beats <= _MAX_PART_MORAE and not names.is_word(text)
    return _short_kanji(text) and not names.is_common_word(text)


def _short_kanji(text: str) -> bool:
    return _KANJI_ONLY.fullmatch(text) is not None


def _may_be_a_given_name(given: str, names: NameDictionary) -> bool:
    """Whether a word beside a surname may be a given name after all: 朝陽 (アサヒ) rather than 先生
    or 友人."""
    usual = names.possible(given, "given").usual
    if not usual or given in _PEOPLE:
        return False
    return not names.is_common_word(given) or names.spellings(usual[0], "given") >= _MANY


def _half_known(joined: str, cuts: range | list[int], names: NameDictionary) -> HeardName | None:
    """A full name of which one part is known; the longest known part wins.

    Names are also words (虹, 係): one kanji, or what a space sets apart, may be such a one.
    """
    spaced = isinstance(cuts, list)
    found: list[tuple[int, str, str]] = []
    for cut in cuts:
        surname, given = joined[:cut], joined[cut:]
        if katakana(given[0]) in _NO_BEGINNING:
            continue
        surnames = names.listed(surname, "surname")
        givens = names.listed(given, "given")
        unknown, known = (given, surname) if surnames else (surname, given)
        word = bool(surnames) and _short_kanji(given) and (spaced or len(given) == 1)
        word = word or (bool(givens) and len(surname) == 1 and _short_kanji(surname))
        if not (surnames or givens) or (len(known) < 2 and not (spaced and surnames)):
            continue
        # Given names are also words, and names of places and families (朝陽, 南沙, 正宗).
        word = word or (
            bool(surnames) and _short_kanji(surname) and _may_be_a_given_name(given, names)
        )
        if not (word or _may_be_a_part(unknown, names)):
            continue
        found.append((len(known) + (1 if surnames else 0), surname, given))
    if not found:
        return None
    _, surname, given = max(found, key=lambda each: each[0])
    return _both(joined, surname, given, names)
