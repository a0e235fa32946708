"""Japanese names: from what a recogniser wrote to the possible readings of surname and given name.

Recognisers return whatever kanji they think of, or kana; the reading is what counts, so every
reading the spelling may have is kept (``HeardName``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ivr.understanding.ja import name_dictionary
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern, spaced_pattern
from ivr.understanding.ja.kanji_variants import Part
from ivr.understanding.ja.name_dictionary import NameDictionary, Readings
from ivr.understanding.kana import hiragana, is_kana, katakana
from ivr.understanding.mora import level, morae
from ivr.understanding.names import Asked, understood
from ivr.understanding.value import HeardName, Understood

_KANJI = r"㐀-䶿一-鿿豈-﫿𠀀-𯟿々〆"
_NAME_SIGNS = re.compile(rf"[{_KANJI}ぁ-ゖァ-ヺー ]+")
_KANJI_ONLY = re.compile(f"[{_KANJI}]{{1,4}}")
#: No name begins with these: a word was cut in two.
_NO_BEGINNING = frozenset("ンーッャュョァィゥェォ")

#: What may lead a name, in hiragana. No name begins with these, whatever follows.
_LEAD_IN = (
    "私の名前は", "わたしのなまえは", "名前は", "お名前は", "なまえは", "氏名は", "姓名は",
    "名字は", "苗字は", "みょうじは", "下の名前は", "したのなまえは", "私は", "わたしは",
    "わたくしは", "私", "わたくし", "本人の", "えーと", "ええと", "えっと", "えーっと",
    "ええっと", "えーとですね", "えっとですね", "あのー", "あのですね", "うーん", "んーと", "んー",
    "こちら", "こちらは", "もしもし", "そうですね",
)  # fmt: skip
_LEAD = re.compile(f"(?:{spaced_pattern(_LEAD_IN)}) *")
#: Short ones also begin names (江藤, 青木): they count only before a space or a kanji.
_SHORT_LEAD = re.compile(f"(?:{pattern(FILLERS, LEADS)})(?: +|(?=[{_KANJI}]))")
_NAME_ENDINGS = (
    *(ending for ending in ENDINGS if ending not in ("ね", "よ", "はい")),
    "の者です", "のものです", "という者です", "というものです", "という者でございます",
    "と申す者です", "と申す者でございます", "ともうすものです", "ともうしますが", "と申しますけど",
    "と申しますけれども", "っていいます", "って言います", "だと思います", "本人です",
    "の者ですが", "の者ですけど", "のものですが", "という者ですが", "と申す者ですが",
    "といいますけど", "って言うんですけど", "様なし", "様なしで", "様なしです",
)  # fmt: skip
#: "... please": only after an ending. 係の者お願いします asks for somebody else.
_PLEASE = "(?: *(?:どうぞ)? *(?:よろしく|宜しく)? *(?:お願い|おねがい) *(?:いた|致)? *し *ます)?"
_ENDING = re.compile(rf" *(?:(?:{spaced_pattern(_NAME_ENDINGS)}){_PLEASE}| はい)$")
#: Nobody speaks so of themselves: somebody else is meant.
_OTHERS = re.compile(f"[{_KANJI}](?:さん|様|さま|ちゃん|くん|君)$")
#: 名字は佐藤、名前は太郎: the parts, told apart by the caller.
_LABELLED = re.compile(
    "(?:名字|苗字|みょうじ|姓) *[はが] *(?P<surname>.+?) *(?:です|でして|で|、)? +?"
    "(?:下の名前|したのなまえ|お名前|名前|なまえ|名) *[はが] *(?P<given>.+)"
)
#: Hiragana that ends a sentence; no name ends so.
_SENTENCE = re.compile(
    "(?:ません|ますか|ですか|ください|下さい|でしょう|でしょうか|お願いします|おねがいします)$"
)
#: Endings of sentences that names have too (山下, 金井, 神田, 高良): only where no name is known.
_MAYBE_SENTENCE = re.compile(
    "(?:ました|ます|です|ない|ないん|たい|んだ|けど|から|のか|って|じゃん|だよ|かな)$"
)
#: Answers and everyday words that a list of rare names also holds (灰, 飯江), or that can be
#: parted into two of them (さよう なら).
_ANSWERS = frozenset(
    (*FILLERS, *LEADS, "いいえ", "いえ", "いや", "うん", "ううん", "そう", "いい", "なに", "なんで",
     "どうして", "もう", "ちがう", "わからん", "しらん", "まって", "かかり", "わたし", "あたし",
     "おれ", "なまえ", "まだ", "それで", "でも", "どうも", "もういい", "これでいいの", "そのあれ",
     "はじめから", "しばらく", "さようなら", "おはよう", "こんにちは", "こんばんは", "おじいちゃん",
     "おばあちゃん")
)  # fmt: skip

_MAX_PART_MORAE = 8
_UNKNOWN_SURE = 0.6


@dataclass(frozen=True, slots=True)
class _Split:
    surname: str
    given: str
    surnames: tuple[str, ...]
    givens: tuple[str, ...]
    score: float


def parse(text: str, *, asked: Asked, confidence: float) -> Understood:
    """The name in ``text``. ``confidence`` is the recogniser's, 0..1.

    ``ok``: the asked part, or more, with parts the dictionary knows. ``unclear``:
    ``given_missing`` (the full name was asked, the value is the surname), ``unknown_name`` (it
    sounds like a name, but a part is not known as one). ``none``: no name, or only a given
    name where more was asked (``surname_missing``).
    """
    found = _parsed(_chunks(text), asked, confidence)
    if asked == "full" and found.reason == "given_missing":
        return _named_like_a_filler(text, confidence) or found
    if found.status != "ok" and text.endswith("の"):
        # 佐藤の: said before something that never came. 綾乃 and 小野 keep theirs.
        shorter = _parsed(_chunks(text.removesuffix("の")), asked, confidence)
        if shorter.status != "none" and shorter.reason != "unknown_name":
            return shorter
    return found


def _named_like_a_filler(text: str, confidence: float) -> Understood | None:
    """アノ タロウ: what looked like a filler before a surname may be the surname of a given name.

    Only where the rest is rather a given name; the caller is asked all the same.
    """
    chunks = unicodedata.normalize("NFKC", text).split()
    whole = _parsed(_chunks(" ".join(chunks), short_leads=False), "full", confidence)
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


def _chunks(text: str, *, short_leads: bool = True) -> list[str]:
    """The words of the name, as the recogniser parted them. 佐藤 佐藤太郎 says one name."""
    chunks = _clean(text, short_leads).split()
    if len(chunks) > 1 and len(chunks[0]) > 1 and chunks[1].startswith(chunks[0]):
        return chunks[1:]
    return chunks


def _parsed(chunks: list[str], asked: Asked, confidence: float) -> Understood:
    joined = "".join(chunks)
    folded = hiragana(joined)
    if (
        not _NAME_SIGNS.fullmatch(joined)
        or _SENTENCE.search(folded)
        or _OTHERS.search(joined)
        or folded in _ANSWERS
    ):
        return understood("none", None, 0.0, "no_name")
    names = name_dictionary.load()
    alone: Part = "given" if asked == "given" else "surname"
    spaced = _best(_splits(joined, _edges(chunks), names))
    single = _readings(joined, alone, names)
    whole = _best(_splits(joined, range(1, len(joined)), names))
    if asked == "full" and spaced is None and single and not _beats(whole, joined, names):
        name = _part(joined, "surname", names)
        return understood("unclear", name, confidence, "given_missing")
    if asked != "full" and single and (spaced is None or len(chunks) == 1):
        return understood("ok", _part(joined, alone, names), confidence)
    best = spaced or (whole if asked == "full" or _roomy(joined) else None)
    if best is not None:
        return understood("ok", _full(joined, best, names), confidence)
    return _unknown(joined, chunks, asked, names, confidence)


def _clean(text: str, short_leads: bool) -> str:
    """The name without fillers before it and politeness after it; spaces where words part."""
    plain = unicodedata.normalize("NFKC", text)
    plain = " ".join(re.sub(r"[、。,.・!?「」『』…\s]+", " ", plain).split())
    labelled = _LABELLED.search(plain)
    if labelled:
        plain = f"{labelled['surname']} {labelled['given']}"
    while True:
        # Folding keeps lengths, so positions fit the unfolded text.
        folded = hiragana(plain)
        lead = _LEAD.match(folded) or (_SHORT_LEAD.match(folded) if short_leads else None)
        if lead and lead.end() < len(plain):
            plain = plain[lead.end() :].strip()
            continue
        ending = _ENDING.search(folded)
        if ending:
            plain = plain[: ending.start()].strip()
            continue
        return plain


def _edges(chunks: list[str]) -> list[int]:
    """Where words part in the joined text."""
    edges: list[int] = []
    at = 0
    for chunk in chunks[:-1]:
        at += len(chunk)
        edges.append(at)
    return edges


def _readings(spelling: str, part: Part, names: NameDictionary) -> tuple[str, ...]:
    """Readings of one part; kana reads itself if there is such a name."""
    if is_kana(spelling):
        reading = katakana(spelling)
        return (reading,) if names.spellings(reading, part) else ()
    return names.readings(spelling, part)


def _splits(joined: str, cuts: range | list[int], names: NameDictionary) -> Iterator[_Split]:
    """Ways to part ``joined`` at one of ``cuts`` into a surname and a given name, both known."""
    for cut in cuts:
        surname, given = joined[:cut], joined[cut:]
        givens = _readings(given, "given", names)
        surnames = _readings(surname, "surname", names) if givens else ()
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


def _roomy(joined: str) -> bool:
    """Whether an answer is long enough for a full name though one part was asked (陽翔 is not
    a Mr or Ms 陽)."""
    return len(morae(level(joined))) > 4 if is_kana(joined) else len(joined) > 2


def _beats(split: _Split | None, joined: str, names: NameDictionary) -> bool:
    """Whether a full name is likelier than the whole being a surname (マキノ and アイ)."""
    if split is None or not is_kana(joined):
        return False
    return split.score > math.log(50) + 2 * math.log(names.spellings(joined, "surname"))


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
    if _MAYBE_SENTENCE.search(hiragana(joined)):
        return understood("none", None, 0.0, "no_name")
    sure = confidence * _UNKNOWN_SURE
    if asked == "full":
        name = _half_known(joined, _edges(chunks) or range(1, len(joined)), names)
        if name is not None:
            return understood("unclear", name, sure, "unknown_name")
        reason = "surname_missing" if _readings(joined, "given", names) else "no_name"
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
    return _short_kanji(text) and not names.is_word(text)


def _short_kanji(text: str) -> bool:
    return _KANJI_ONLY.fullmatch(text) is not None


def _half_known(joined: str, cuts: range | list[int], names: NameDictionary) -> HeardName | None:
    """A full name of which one part is known; the longest known part wins.

    Names are also words (虹, 係): one kanji, or what a space sets apart, may be such a one.
    """
    spaced = isinstance(cuts, list)
    found: list[tuple[int, str, str]] = []
    for cut in cuts:
        surname, given = joined[:cut], joined[cut:]
        surnames = _readings(surname, "surname", names)
        givens = _readings(given, "given", names)
        unknown, known = (given, surname) if surnames else (surname, given)
        word = bool(surnames) and _short_kanji(given) and (spaced or len(given) == 1)
        word = word or (bool(givens) and len(surname) == 1 and _short_kanji(surname))
        if not (surnames or givens) or len(known) < 2:
            continue
        if not (word or _may_be_a_part(unknown, names)):
            # Given names are also names of places and families (南沙, 正宗).
            if not surnames or names.is_common_word(given):
                continue
            if not names.possible(given, "given").usual:
                continue
        found.append((len(known) + (1 if surnames else 0), surname, given))
    if not found:
        return None
    _, surname, given = max(found, key=lambda each: each[0])
    return _both(joined, surname, given, names)
