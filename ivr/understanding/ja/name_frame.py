"""What Japanese callers say around a name, and what shows that they said no name at all."""

from __future__ import annotations

import re
import unicodedata

from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern, spaced_pattern
from ivr.understanding.kana import hiragana

#: Kanji, for character classes.
KANJI = r"㐀-䶿一-鿿豈-﫿𠀀-𯟿々〆"
_NAME_SIGNS = re.compile(rf"[{KANJI}ぁ-ゖァ-ヺー ]+")
_PUNCTUATION = re.compile(r"[、。,.・=!?「」『』…\s]+")

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
_SHORT_LEAD = re.compile(f"(?:{pattern(FILLERS, LEADS)})(?: +|(?=[{KANJI}]))")
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
_OTHERS = re.compile(f"[{KANJI}](?:さん|様|さま|ちゃん|くん|君)$")
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
     "おばあちゃん", "いいえいえ", "いえいえ", "いやいや", "そうそう")
)  # fmt: skip
#: はい、そうです is two answers and no ハイ ソウ.
_TWO_ANSWERS = re.compile(
    f"(?:{pattern(LEADS)}|いいえ|いえ|いや|うん|ううん)+"
    "(?:そう|ちがう|違う|もう|まだ|いい|いや|いえ|わたし|私|本人|ほんにん)"
)


def words(text: str, *, short_leads: bool = True) -> list[str]:
    """The words of the name, as the recogniser parted them, without what is said around it.

    佐藤 佐藤太郎 says one name. Without ``short_leads``, short fillers stay: they may be names.
    """
    chunks = _clean(text, short_leads).split()
    if len(chunks) > 1 and len(chunks[0]) > 1 and chunks[1].startswith(chunks[0]):
        return chunks[1:]
    return chunks


def is_no_name(joined: str) -> bool:
    """Whether a cleaned utterance without spaces cannot be a name: other signs, the end of a
    sentence, さん, or an answer."""
    folded = hiragana(joined)
    return (
        not _NAME_SIGNS.fullmatch(joined)
        or _SENTENCE.search(folded) is not None
        or _OTHERS.search(joined) is not None
        or is_answer(joined)
    )


def is_answer(joined: str) -> bool:
    """Whether a cleaned utterance is nothing, fillers, or an answer such as はいそう."""
    folded = hiragana(joined)
    return not folded or folded in _ANSWERS or _TWO_ANSWERS.fullmatch(folded) is not None


def may_be_a_sentence(joined: str) -> bool:
    """Whether it ends as sentences do, and some names."""
    return _MAYBE_SENTENCE.search(hiragana(joined)) is not None


def _clean(text: str, short_leads: bool) -> str:
    """The name without fillers before it and politeness after it; spaces where words part."""
    plain = unicodedata.normalize("NFKC", text)
    plain = " ".join(_PUNCTUATION.sub(" ", plain).split())
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
