"""Letters, digits and signs as Japanese callers spell an e-mail address."""

from __future__ import annotations

import re

from ivr.understanding.kana import hiragana
from ivr.understanding.spelling import DOMAINS, ENDINGS, Piece, Spelling

#: One sound, two signs: キュー and 九, オー and 0. The read-back says which was taken.
_LETTER_OR_DIGIT = "letter_or_digit"
#: Right at the beginning エー may be no letter but えー, a hesitation.
_LETTER_OR_FILLER = "letter_or_filler"

_SIGNS = {
    "@": ("あっとまーく", "あっとまあく", "あっと", "@まーく", "@"),
    ".": ("どっと", "ぴりおど", "てん", "点", "."),
    "-": ("はいふん", "まいなす", "よこぼう", "横棒", "-", "−"),
    "_": ("あんだーばー", "あんだばー", "あんだーすこあ", "あんだーらいん", "あんだー", "_"),
    "+": ("ぷらす", "+"),
}
_LETTERS = {
    "a": ("えー", "えい"), "b": ("びー", "びい"), "c": ("しー", "しい"),
    "d": ("でぃー", "でー", "でぃ"), "e": ("いー",), "f": ("えふ",), "g": ("じー", "じい"),
    "h": ("えいち", "えっち"), "i": ("あい",),
    "j": ("じぇー", "じぇい", "じぇえ"), "k": ("けー", "けい"), "l": ("える",), "m": ("えむ",),
    "n": ("えぬ",), "o": ("おー", "おう"), "p": ("ぴー", "ぴい"), "q": ("きゅー",),
    "r": ("あーる",), "s": ("えす",), "t": ("てぃー", "てー", "てぃ"), "u": ("ゆー", "ゆう"),
    "v": ("ぶい", "ゔい", "ゔぃー", "ぶぃー"),
    "w": ("だぶりゅー", "だぶりゅう", "だぶりゅ", "だぶるゆー"),
    "x": ("えっくす",), "y": ("わい",), "z": ("ぜっと", "ぜっど", "ずぃー"),
}  # fmt: skip
_DIGITS = {
    "0": ("ぜろ", "れい", "零", "〇"), "1": ("いち", "一"), "2": ("に", "にー", "二"),
    "3": ("さん", "三"), "4": ("よん", "四"), "5": ("ご", "ごー", "五"), "6": ("ろく", "六"),
    "7": ("なな", "しち", "七"), "8": ("はち", "八"), "9": ("きゅう", "九"),
}  # fmt: skip
_DOUBTFUL = ("きゅー", "きゅう", "おー", "おう")
_DOMAIN_WORDS = {
    "gmail": ("じーめーる", "gめーる", "gmail"),
    "icloud": ("あいくらうど", "icloud"),
    "docomo": ("どこも", "docomo"),
    "ezweb": ("いーじーうぇぶ", "いーじーうえぶ", "ezweb"),
    "au": ("えーゆー", "au"),
    "softbank": ("そふとばんく", "softbank"),
    "yahoo": ("やふー", "yahoo"),
    "hotmail": ("ほっとめーる", "hotmail"),
    "outlook": ("あうとるっく", "outlook"),
    "nifty": ("にふてぃ", "にふてぃー", "nifty"),
    "biglobe": ("びっぐろーぶ", "biglobe"),
}
_ENDING_WORDS = {
    "com": ("こむ", "com"), "net": ("ねっと", "net"), "org": ("おーぐ", "おるぐ", "org"),
    "info": ("いんふぉ", "info"), "jp": ("じぇーぴー", "じぇいぴー", "jp"),
    "co": ("co", "しーおー"), "ne": ("ne", "えぬいー"), "or": ("or", "おーあーる"),
}  # fmt: skip
#: What tells a letter from a digit, said before it.
_LETTER_MARK, _DIGIT_MARK = "あるふぁべっとの", "数字の"
_MARKS = {
    _LETTER_MARK: "letter", "えいごの": "letter", "英語の": "letter",
    _DIGIT_MARK: "digit", "すうじの": "digit",
}  # fmt: skip

#: Hesitations and politeness. None that sounds like a letter: あ, えー and ね stay out.
_NOISE = (
    "めーるあどれすは", "めあどは", "あどれすは", "めーるは", "えーと", "ええと", "えっと",
    "えーっと", "えーとですね", "えっとですね", "あのー", "あのう", "あのですね", "そうですね",
    "はい",
    "それから", "つぎが", "次が", "つぎに", "次に", "小文字の", "小文字で", "こもじの", "こもじで",
    "全部小文字で", "です", "ですけど", "ですが", "ですね", "でございます", "になります",
    "となります",
    "といいます", "でお願いします", "でおねがいします", "の", "、", "。", ",", " ", "・",
)  # fmt: skip


def _table(words: dict[str, tuple[str, ...]], doubt: str = "") -> dict[str, Piece]:
    return {
        word: Piece(sign, doubt=doubt if word in _DOUBTFUL else "")
        for sign, spoken in words.items()
        for word in spoken
    }


_LETTER_WORDS = _table(_LETTERS, _LETTER_OR_DIGIT)
_DIGIT_WORDS = _table(_DIGITS, _LETTER_OR_DIGIT)
_EVERYWHERE = {**_table(_SIGNS), **_LETTER_WORDS, **_DIGIT_WORDS}
_AFTER_AT = {
    **_EVERYWHERE,
    **{word: ENDINGS[name] for name, spoken in _ENDING_WORDS.items() for word in spoken},
    **{word: DOMAINS[name] for name, spoken in _DOMAIN_WORDS.items() for word in spoken},
}
_WORDS = re.compile(
    "|".join(
        re.escape(word)
        for word in sorted({*_EVERYWHERE, *_NOISE, *_MARKS}, key=lambda word: (-len(word), word))
    )
)
_WORDS_AFTER_AT = re.compile(
    "|".join(
        re.escape(word)
        for word in sorted({*_AFTER_AT, *_NOISE, *_MARKS}, key=lambda word: (-len(word), word))
    )
)
_LATIN = re.compile(r"[a-z]+|[0-9]+")
#: Recognisers put spaces between Japanese words, and into them.
_SPACES = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")


def read(text: str) -> Spelling:
    """The signs ``text`` spells. Letters written together (``tanaka``) are a word that the
    recogniser spelt by itself: doubted."""
    plain = _SPACES.sub("", hiragana(text).lower())
    pieces: list[Piece] = []
    left_over = False
    mark = ""
    at = 0
    while at < len(plain):
        after_at = any(piece.signs == "@" for piece in pieces)
        table, words = (_AFTER_AT, _WORDS_AFTER_AT) if after_at else (_EVERYWHERE, _WORDS)
        latin = _LATIN.match(plain, at)
        match = latin or words.match(plain, at)
        if match is None:
            left_over = True
            mark = ""
            at += 1
            continue
        at = match.end()
        word = match.group()
        if word in _MARKS:
            left_over |= mark != ""
            mark = _MARKS[word]
        elif mark and word.strip() and word not in ("、", ","):
            piece = _marked(word, mark)
            left_over |= piece is None
            pieces += [piece] if piece else []
            mark = ""
        elif latin:
            pieces.append(_latin(word, after_at=after_at))
        elif word in table:
            pieces.append(_first(table[word], word) if not pieces else table[word])
    return Spelling(tuple(pieces), left_over or mark != "")


def _latin(word: str, *, after_at: bool) -> Piece:
    if after_at and word in _AFTER_AT:
        return _AFTER_AT[word]
    if len(word) == 1 or word.isdecimal():
        return Piece(word)
    return Piece(word, "word", doubt="not_spelt")


def _marked(word: str, mark: str) -> Piece | None:
    """A letter or digit that was called one: no doubt is left."""
    if word.isascii() and len(word) == 1 and word.isalnum():
        return Piece(word) if word.isdecimal() == (mark == "digit") else None
    if word in ("きゅー", "きゅう"):
        return Piece("9" if mark == "digit" else "q")
    table = _DIGIT_WORDS if mark == "digit" else _LETTER_WORDS
    return Piece(table[word].signs) if word in table else None


def _first(piece: Piece, word: str) -> Piece:
    return Piece("a", doubt=_LETTER_OR_FILLER) if word == "えー" else piece


_SPOKEN = {
    "@": "アットマーク", ".": "ドット", "-": "ハイフン", "_": "アンダーバー", "+": "プラス",
    "a": "エー", "b": "ビー", "c": "シー", "d": "ディー", "e": "イー", "f": "エフ", "g": "ジー",
    "h": "エイチ", "i": "アイ", "j": "ジェー", "k": "ケー", "l": "エル", "m": "エム", "n": "エヌ",
    "o": "アルファベットのオー", "p": "ピー", "q": "アルファベットのキュー", "r": "アール",
    "s": "エス", "t": "ティー", "u": "ユー", "v": "ブイ", "w": "ダブリュー", "x": "エックス",
    "y": "ワイ", "z": "ゼット",
    "0": "数字のゼロ", "1": "イチ", "2": "ニ", "3": "サン", "4": "ヨン", "5": "ゴ", "6": "ロク",
    "7": "ナナ", "8": "ハチ", "9": "数字のキュウ",
}  # fmt: skip
_SPOKEN_LABELS = {
    "gmail": "ジーメール", "icloud": "アイクラウド", "docomo": "ドコモ", "ezweb": "イージーウェブ",
    "softbank": "ソフトバンク", "yahoo": "ヤフー", "hotmail": "ホットメール",
    "outlook": "アウトルック", "nifty": "ニフティ", "biglobe": "ビッグローブ",
    "com": "コム", "net": "ネット",
}  # fmt: skip


def spoken(local: str, labels: list[str]) -> str:
    """An address spelt back, the parts of well-known domains as words."""
    signs = [_SPOKEN[sign] for sign in local]
    if local.startswith("a"):
        signs[0] = "アルファベットのエー"
    domain = [
        _SPOKEN_LABELS[label] if label in _SPOKEN_LABELS else "、".join(map(_SPOKEN.get, label))  # type: ignore[arg-type]
        for label in labels
    ]
    return "、".join([*signs, _SPOKEN["@"], "、ドット、".join(domain)])
