"""Letters, digits and signs as English speakers spell an e-mail address."""

from __future__ import annotations

import re
import unicodedata

from ivr.understanding.spelling import DOMAINS, ENDINGS, Piece, Spelling

_SIGNS = {
    "@": "@", "at": "@", ".": ".", "dot": ".", "period": ".", "point": ".", "-": "-", "dash": "-",
    "hyphen": "-", "minus": "-", "_": "_", "underscore": "_", "+": "+", "plus": "+",
}  # fmt: skip
#: What recognisers write for a letter said alone.
_LETTER_NAMES = {
    "bee": "b", "be": "b", "see": "c", "sea": "c", "cee": "c", "dee": "d", "ef": "f", "eff": "f",
    "gee": "g", "aitch": "h", "haitch": "h", "eye": "i", "jay": "j", "kay": "k", "el": "l",
    "ell": "l", "em": "m", "en": "n", "pee": "p", "pea": "p", "queue": "q", "cue": "q", "are": "r",
    "ar": "r", "ess": "s", "tee": "t", "tea": "t", "you": "u", "vee": "v", "ex": "x", "why": "y",
    "wye": "y", "zee": "z", "zed": "z",
}  # fmt: skip
#: The NATO alphabet with both spellings in use.
_NATO = {
    "alfa": "a", "alpha": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e",
    "foxtrot": "f", "golf": "g", "hotel": "h", "india": "i", "juliett": "j", "juliet": "j",
    "kilo": "k", "lima": "l", "mike": "m", "november": "n", "oscar": "o", "papa": "p",
    "quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v",
    "whiskey": "w", "whisky": "w", "xray": "x", "yankee": "y", "zulu": "z",
}  # fmt: skip
_DIGITS = {
    "zero": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3}
#: "oh" may be the letter or a nought.
_OH = Piece("o", doubt="letter_or_digit")
_EXPLAINS = (("as", "in"), ("for",), ("like",))
_NOISE = (
    r"(?:my |the )?(?:e-?mail )?(?:e-?mail|address)(?: address)? is|it's|it is|that's|that is"
    r"|um|uh|er|(?:all )?lower ?case|please|thank you|then|the letter|the number|and|all one word"
)
_WORD = re.compile(
    rf"(?P<noise>(?:{_NOISE})(?![a-z'])|[,;:\s]+)|at sign(?![a-z])|double (?:u|you)(?![a-z])"
    r"|x-ray(?![a-z])|(?P<word>[a-z']+)|[0-9]|[@.+_-]"
)


def read(text: str) -> Spelling:
    """The signs ``text`` spells. "as in Bravo" after a letter must begin with that letter.

    A word that is no letter's name is taken as it is written, but doubted; two such words side
    by side are no spelling.
    """
    words, left_over = _words(unicodedata.normalize("NFKC", text).lower())
    pieces: list[Piece] = []
    times = 1
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word in _TIMES and times == 1:
            times = _TIMES[word]
            continue
        piece = _piece(word, after_at=any(piece.signs == "@" for piece in pieces))
        if times > 1 and (piece.kind != "sign" or not piece.signs.isalnum()):
            left_over = True
        if piece.kind == "word" and pieces and pieces[-1].kind == "word":
            left_over = True
        pieces += [piece] * times
        times = 1
        used, fits = _explained(words, at, piece)
        left_over |= not fits
        at += used
    return Spelling(tuple(pieces), left_over or times > 1)


def _words(text: str) -> tuple[list[str], bool]:
    words: list[str] = []
    left_over = False
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            left_over = True
            at += 1
            continue
        at = match.end()
        if match.lastgroup != "noise":
            words.append(match.group())
    return words, left_over


def _piece(word: str, *, after_at: bool) -> Piece:
    if word == "at sign":
        return Piece("@")
    if word.startswith("double "):
        return Piece("w")
    if word == "oh":
        return _OH
    if after_at and word in DOMAINS:
        return DOMAINS[word]
    if after_at and word in ENDINGS:
        return ENDINGS[word]
    for table in (_SIGNS, _LETTER_NAMES, _NATO, _DIGITS):
        if word in table:
            return Piece(table[word])
    if word == "x-ray":
        return Piece("x")
    if len(word) == 1:
        return Piece(word)
    return Piece(word, "word", doubt="not_spelt")


def _explained(words: list[str], at: int, piece: Piece) -> tuple[int, bool]:
    """How many words from ``at`` explain the letter before them, and whether they fit it."""
    if len(piece.signs) != 1 or not piece.signs.isalpha():
        return 0, True
    for lead in _EXPLAINS:
        if tuple(words[at : at + len(lead)]) == lead and at + len(lead) < len(words):
            return len(lead) + 1, words[at + len(lead)].startswith(piece.signs)
    return 0, True


_SPOKEN = {
    "@": "at sign", ".": "dot", "-": "hyphen", "_": "underscore", "+": "plus",
    **{sign: word for word, sign in _DIGITS.items() if word != "nought"},
}  # fmt: skip
_WORD_OF = {letter: word for word, letter in reversed(_NATO.items())}


def spoken(local: str, labels: list[str]) -> str:
    """An address spelt back with a word for each letter, well-known domains as words."""
    domain = [
        label if label in DOMAINS or label in ("com", "net") else ", ".join(map(_sign, label))
        for label in labels
    ]
    return ", ".join([*map(_sign, local), _SPOKEN["@"], ", dot, ".join(domain)])


def _sign(sign: str) -> str:
    return f"{sign} as in {_WORD_OF[sign]}" if sign in _WORD_OF else _SPOKEN[sign]
