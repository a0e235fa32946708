"""What Japanese callers say around an answer: fillers before it, politeness after it."""

from __future__ import annotations

import re

#: Hesitations, in hiragana; they mean nothing wherever they stand between words.
FILLERS = (
    "ええと", "えーと", "えっと", "えーっと", "ええっと", "えと", "えーとですね", "えっとですね",
    "ええとですね", "あの", "あのう", "あのー", "あのですね", "そのう", "そのー", "うーん",
    "うーんと", "んーと", "んー", "んと", "うんと", "まあ", "まぁ", "まー", "そうですね",
    "そうですねえ", "そうですねー", "ですね", "えー", "えーえー", "あー", "あ", "あっ",
    "もしもし", "すみません", "すいません",
)  # fmt: skip

#: Words that may lead an answer without changing it.
LEADS = ("はい", "はーい", "ええ", "はいはい", "じゃあ", "では")

#: Polite endings, in hiragana with kanji as they are mostly written.
ENDINGS = (
    "です", "でございます", "でござります", "でして", "ですが", "ですけど", "ですけども",
    "ですけれど", "ですけれども", "でございますが", "なんですが", "なんですけど",
    "なんですけれども", "なんです", "になります", "となります", "と申します", "ともうします",
    "と申しますが", "といいます", "と言います", "といいますが", "でお願いします",
    "でおねがいします", "でお願いいたします", "でお願い致します", "ですよ", "ですね", "ですねえ",
    "ね", "よ", "はい",
)  # fmt: skip


def pattern(*groups: tuple[str, ...]) -> str:
    """A regular expression for any phrase of ``groups``, the longest first."""
    phrases = {phrase for group in groups for phrase in group}
    return "|".join(re.escape(p) for p in sorted(phrases, key=lambda p: (-len(p), p)))


def spaced_pattern(*groups: tuple[str, ...]) -> str:
    """:func:`pattern` with spaces anywhere, as recognisers part words (と 申し ます)."""
    phrases = {phrase for group in groups for phrase in group}
    return "|".join(
        " *".join(map(re.escape, phrase)) for phrase in sorted(phrases, key=lambda p: (-len(p), p))
    )
