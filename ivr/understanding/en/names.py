"""Names in roman letters, as English calls give them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from ivr.understanding.en.spelling import unspelt
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
        "are", "arrived", "ask", "at", "be", "because", "been", "beginning", "but", "bye", "call",
        "can", "can't", "cannot", "card", "code", "come", "could", "daughter", "did", "didn't",
        "do", "does", "doesn't", "don't", "down", "english", "excuse", "fast", "father", "for",
        "from", "get", "give", "go", "got", "had", "has", "have", "haven't", "he", "hear", "help",
        "her", "him", "his", "how", "husband", "i", "i'm", "if", "in", "is", "isn't", "it",
        "it's", "japanese", "just", "know", "later", "let", "like", "looking", "lost", "me",
        "mean", "minute", "moment", "more", "mother", "my", "need", "never", "new", "no", "none",
        "nope", "not", "nothing", "now", "of", "oh", "ok", "okay", "on", "one", "operator", "or",
        "other", "out", "pardon", "person", "phone", "please", "ready", "received", "repeat",
        "said", "say", "second", "send", "she", "should", "slow", "slower", "slowly", "somebody",
        "something", "sorry", "speak", "spell", "start", "still", "stolen", "stop", "sure",
        "talk", "tell", "text", "thank", "thanks", "that", "the", "their", "them", "then",
        "there", "they", "this", "time", "to", "too", "try", "two", "understand", "us", "wait",
        "want", "was", "we", "were", "what", "what's", "when", "where", "which", "who", "why",
        "wife", "will", "with", "won't", "would", "wrong", "yeah", "yes", "yet", "you", "your",
    )
)  # fmt: skip
_WORD = re.compile(r"[a-zà-öø-ÿ]+(?:['-][a-zà-öø-ÿ]+)*")
_MAX_WORDS = 5
#: S-M-I-T-H, as recognisers write what was spelt.
_LETTERS = re.compile(r"\b[a-z](?:-[a-z])+\b")
#: "Smith, John"; a comma before letters only parts the name from its spelling.
_COMMA = re.compile(r",(?! *(?:that's|it's|spell|spelt|[a-z](?:[\s.,-]|$)))")


#: What is said before a name is taken back ("John Smith, no, John Smyth"). "No message" is not.
_CORRECTION = re.compile(
    r"[\s,.]*(?:^no(?=,| (?:it|this|that|my|i)\b)|(?<=[\s,.])no\b"
    r"|\b(?:no,? wait|oh,? no|nope|wait|sorry|i'm sorry|excuse me|i mean|i meant|i said"
    r"|correction|actually|or rather|rather|make that|that's wrong|that's not right)\b)[\s,.]*"
)


def parse(text: str, *, asked: Asked, confidence: float) -> Understood:
    """The name in ``text``; what is spelt aloud is put together (``en/spelling.py``).

    The last word is the surname, unless a comma says otherwise ("Smith, John"). Of a corrected
    name the last one counts, if it has as many parts as the first. Statuses and reasons are
    those of ``ivr.understanding.ja.names.parse``.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").strip(" .!?,")
    parts = _CORRECTION.split(plain)
    names = [_said(part, asked, confidence) for part in parts if part]
    heard = [name for name in names if name.value is not None]
    if not heard:
        return names[-1] if names else understood("none", None, 0.0, "no_name")
    last = names[-1]
    if not parts[-1] or last.value is None or any(_parts(one) != _parts(last) for one in heard):
        return understood("unclear", None, 0.0, "corrected")
    if len(heard) == len(names):
        return last
    if last.status == "ok" and asked == "full":
        return replace(last, status="unclear", reason="extra_words")
    return understood("none", None, 0.0, "no_name")


def _parts(found: Understood) -> tuple[bool, bool]:
    assert isinstance(found.value, HeardName)  # noqa: S101
    return bool(found.value.surname_text), bool(found.value.given_text)


def _said(text: str, asked: Asked, confidence: float) -> Understood:
    """The name of an utterance that takes nothing back (small letters)."""
    plain = _clean(text)
    surname_first = _COMMA.search(plain) is not None
    words = unspelt(_WORD.findall(_LETTERS.sub(_apart, plain)))
    rest = re.sub(r"[\s,.-]", "", _WORD.sub("", plain))
    if not words or rest or len(words) > _MAX_WORDS or _says_more(words):
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
    """The name without what is said before and after it."""
    plain = text
    while True:
        shorter = _TAIL.sub("", _LEAD.sub("", plain)).strip(" .!?,")
        if shorter == plain:
            return plain
        plain = shorter


def _says_more(words: list[str]) -> bool:
    """Whether a sentence was said. A letter in the middle is an initial (John A Smith)."""
    if any(word.endswith("'s") for word in words):
        return True
    return any(
        word in _NO_NAME and not (len(word) == 1 and 0 < at < len(words) - 1)
        for at, word in enumerate(words)
    )


def _apart(letters: re.Match[str]) -> str:
    return " ".join(re.findall("[a-z]", letters[0]))


def _capital(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-"))
