"""Names in roman letters, as English calls give them."""

from __future__ import annotations

import re
import unicodedata

from ivr.understanding.names import Asked, understood
from ivr.understanding.value import HeardName, Understood

_LEAD = re.compile(
    r"^(?:um+|uh+|er+m?|well|so|yes|yeah|yep|ok(?:ay)?|sure|hi|hello|hey"
    r"|good (?:morning|afternoon|evening)"
    r"|(?:my |the )?(?:full |last |first |family |given |sur)?name(?:'s| is)?"
    r"|(?:this|it|that)(?:'s| is)|i am|i'm|you(?:'re| are) speaking (?:to|with)|speaking is"
    r"|mr|mrs|ms|miss|dr)\b[\s,.]*"
)
_TAIL = re.compile(
    r"[\s,.]+(?:is my (?:full |last |first )?name|speaking|here|calling|please|thanks|thank you)$"
)
#: Words that show that a sentence was said, not a name.
_NO_NAME = frozenset(
    (
        "a", "about", "again", "agent", "already", "am", "an", "and", "anybody", "anything",
        "are", "arrived", "ask", "at", "be", "because", "been", "but", "bye", "call", "can",
        "can't", "cannot", "card", "code", "come", "could", "did", "didn't", "do", "does",
        "doesn't", "don't", "down", "english", "excuse", "fast", "for", "from", "get", "give",
        "go", "got", "had", "has", "have", "haven't", "he", "hear", "help", "her", "him", "his",
        "how", "i", "i'm", "if", "in", "is", "isn't", "it", "it's", "japanese", "just", "know",
        "later", "let", "like", "looking", "lost", "me", "mean", "minute", "moment", "more",
        "my", "need", "never", "new", "no", "none", "nope", "not", "nothing", "now", "of", "oh",
        "ok", "okay", "on", "one", "operator", "or", "other", "out", "pardon", "person",
        "phone", "please", "ready", "received", "repeat", "said", "say", "second", "send",
        "she", "should", "slow", "slower", "slowly", "somebody", "something", "sorry", "speak",
        "spell", "still", "stolen", "stop", "sure", "talk", "tell", "text", "thank", "thanks",
        "that", "the", "their", "them", "then", "there", "they", "this", "time", "to", "too",
        "try", "two", "understand", "us", "wait", "want", "was", "we", "were", "what", "what's",
        "when", "where", "which", "who", "why", "will", "with", "won't", "would", "wrong",
        "yeah", "yes", "yet", "you", "your",
    )
)  # fmt: skip
_WORD = re.compile(r"[a-zà-öø-ÿ]+(?:['-][a-zà-öø-ÿ]+)*")
_MAX_WORDS = 5


def parse(text: str, *, asked: Asked, confidence: float) -> Understood:
    """The name in ``text``; letters spelt aloud ("S M I T H") are joined.

    The last word is the surname, unless a comma says otherwise ("Smith, John"). Statuses and
    reasons are those of ``ivr.understanding.ja.names.parse``.
    """
    plain = _clean(text)
    surname_first = "," in plain
    words = _joined_letters(_WORD.findall(plain))
    rest = re.sub(r"[\s,.]", "", _WORD.sub("", plain))
    if not words or rest or len(words) > _MAX_WORDS or any(word in _NO_NAME for word in words):
        return understood("none", None, 0.0, "no_name")
    if any(len(word) < 2 for word in (words[0], words[-1])):
        return understood("none", None, 0.0, "no_name")
    written = [_capital(word) for word in words]
    if len(written) == 1:
        if asked == "given":
            return understood("ok", HeardName(written[0], given_text=written[0]), confidence)
        name = HeardName(written[0], surname_text=written[0])
        if asked == "surname":
            return understood("ok", name, confidence)
        return understood("unclear", name, confidence, "given_missing")
    if surname_first:
        written = [*written[1:], written[0]]
    name = HeardName(" ".join(written), written[-1], " ".join(written[:-1]))
    return understood("ok", name, confidence)


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").strip(" .!?,")
    while True:
        shorter = _TAIL.sub("", _LEAD.sub("", plain)).strip(" .!?,")
        if shorter == plain:
            return plain
        plain = shorter


def _joined_letters(words: list[str]) -> list[str]:
    """Single letters in a row (two or more) become one word."""
    out: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1:
            run += word
            continue
        if run:
            out.append(run)
            run = ""
        if word:
            out.append(word)
    return out


def _capital(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
