"""The words of the model and how they sound."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from speech_model import names, numbers
from speech_model.names import WORDS
from speech_model.phones import PLAIN_MORAE, hiragana, phones

Lexicon = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that callers say: its kind, its words (hiragana, as they sound), its weight, and
    what a command asks for."""

    kind: str
    words: tuple[str, ...]
    weight: float
    asks: str = ""


@lru_cache(maxsize=1)
def said() -> tuple[Said, ...]:
    """Everything in ``words/said.tsv``."""
    with (WORDS / "said.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        return tuple(
            Said(kind, tuple(words.split()), float(weight), *asks)
            for kind, words, weight, *asks in rows
        )


def sentences() -> list[str]:
    """The sentences of ``words/sentences.txt``, which no grammar expects."""
    return _lines("sentences.txt")


def grammar_words() -> list[str]:
    """The words of ``words/grammar.txt``: what the shipped grammars say besides."""
    return _lines("grammar.txt")


def _lines(name: str) -> list[str]:
    lines = (WORDS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def mora_words() -> list[str]:
    """Every mora, short and long (か, かー), and ん and っ: with them any reading can be spelt."""
    out = []
    for kana in PLAIN_MORAE:
        word = hiragana(kana)
        out.append(word)
        if kana not in "ンッ":
            out.append(word + "ー")
    return out


def lexicon() -> Lexicon:
    """Word → its pronunciations. Words are hiragana; は and を as particles are わ and お."""
    readings = [name.reading for name in names.surnames()]
    readings += [name.reading for name in names.given_names()]
    readings += numbers.words()
    readings += [word for item in said() for word in item.words]
    readings += grammar_words()
    readings += mora_words()
    return {word: [phones(word)] for word in sorted(set(readings))}


def weights() -> dict[str, float]:
    """How likely a word is, as far as known, for decoding without a grammar; not normalised."""
    out: dict[str, float] = dict.fromkeys(mora_words(), 0.5)
    out |= dict.fromkeys(grammar_words(), 20.0)
    for name in (*names.surnames(), *names.given_names()):
        out[name.reading] = out.get(name.reading, 0.0) + name.weight
    for word in numbers.words():
        out[word] = out.get(word, 0.0) + 200.0
    for item in said():
        for word in item.words:
            out[word] = out.get(word, 0.0) + 40.0 * item.weight
    return out
