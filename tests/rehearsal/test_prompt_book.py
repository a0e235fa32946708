"""Recognising prompts by how they sound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bot_server import small_flow
from hypothesis import given
from hypothesis import strategies as st

from ivr.rehearsal.prompt_book import PromptBook

PROMPTS: dict[str, dict[str, tuple[str, ...]]] = {
    "ja": {
        "greeting": ("{company}です。",),
        "sorry": ("恐れ入ります。", "たびたび恐れ入ります。"),
        "again": ("恐れ入ります。",),
        "name": ("お名前をどうぞ。",),
        "confirm": ("{value}様、でよろしいですか。",),
        "value_only": ("{value}",),
        "why": ("なぜか(理由)を、申しあげます。",),
    },
    "en": {"name": ("Your name, please.",)},
}

BOOK = PromptBook(replace(small_flow(), prompts=PROMPTS))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("お名前をどうぞ。", ("name",)),
        ("お名前を どうぞ。", ("name",)),
        ("Your name, please.", ("name",)),
        ("つばめ銀行です。", ("greeting",)),
        ("恐れ入ります。", ("again", "sorry")),
        ("たびたび恐れ入ります。", ("sorry",)),
        ("山田太郎様、でよろしいですか。", ("confirm",)),
        ("たびたび恐れ入ります。お名前をどうぞ。", ("sorry", "name")),
        ("恐れ入ります。お名前をどうぞ。", ("again", "sorry", "name")),
        ("なぜか(理由)を、申しあげます。", ("why",)),
        ("なぜか理由を、申しあげます。", ()),
        ("少々お待ちください。", ()),
        ("お名前をどうぞ。少々お待ちください。", ()),
        ("", ()),
    ],
)
def test_prompts_by_their_sound(text: str, keys: tuple[str, ...]) -> None:
    assert BOOK.find(text) == keys


@given(st.lists(st.sampled_from(["お名前をどうぞ。", "恐れ入ります。"]), min_size=1, max_size=8))
def test_any_row_of_prompts_is_taken_apart(texts: list[str]) -> None:
    found = BOOK.find("".join(texts))
    assert found.count("name") == texts.count("お名前をどうぞ。")
    assert found.count("sorry") == texts.count("恐れ入ります。")


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    assert set(BOOK.find(text)) <= set(PROMPTS["ja"])


@pytest.mark.parametrize(
    ("key", "language", "text"),
    [
        ("name", "ja", "お名前をどうぞ。"),
        ("name", "en", "Your name, please."),
        ("sorry", "ja", "恐れ入ります。"),
        ("confirm", "ja", "…様、でよろしいですか。"),
        ("nonsense", "ja", "(nonsense)"),
        ("greeting", "fr", "(greeting)"),
    ],
)
def test_the_words_of_a_prompt(key: str, language: str, text: str) -> None:
    assert BOOK.text(key, language) == text
