"""Lint of prompts: used, complete, speakable, short enough."""

from __future__ import annotations

import pytest
from small_flow import WORDS, Workshop

FLOW = "flows/small/flow.yaml"
JA = "flows/small/prompts.ja.yaml"
EN = "flows/small/prompts.en.yaml"

#: A file, what is changed in it, and all that lint then says.
PROMPT_TABLE: list[tuple[str, tuple[str, str], list[str]]] = [
    (
        JA,
        ("  why: 確認のためです。\n", "  why: 確認のためです。\n  wyh: はい。\n"),
        [f"{JA}:6:3: the flow never says the prompt 'wyh'"],
    ),
    (JA, ("  why: 確認のためです。\n", ""), [f"{FLOW}:19:30: no prompt 'why' in {JA}"]),
    (JA, ("why: 確認のためです。", "why: ' '"), [f"{JA}:5:8: prompt 'why' has an empty text"]),
    (JA, ("why: 確認のためです。", "why: []"), [f"{JA}:5:8: prompt 'why' has no text"]),
    (JA, ("もう一度お願いいたします。]", "'']"), [f"{JA}:4:20: prompt 'sorry' has an empty text"]),
    (
        JA,
        ("{company}", "{compny}"),
        [f"{JA}:3:10: unknown placeholder '{{compny}}' (did you mean 'company'?)"],
    ),
    (JA, ("{company}", "{company"), [f"{JA}:3:10: a brace is opened or closed on its own"]),
    (
        EN,
        ("{company}", "{value}"),
        [f"{EN}:3:10: {{value}} is only for prompts that a state names as 'confirm'"],
    ),
    (
        JA,
        ('"{value}でよろしいでしょうか。"', "よろしいでしょうか。"),
        [f"{JA}:8:22: a 'confirm' prompt must read the value back with {{value}}"],
    ),
    (
        JA,
        ('"{value}でよろしいでしょうか。"', '["{value}でよろしいでしょうか。", はい？]'),
        [f"{JA}:8:45: a 'confirm' prompt must read the value back with {{value}}"],
    ),
    (
        JA,
        ("why: 確認のためです。", "why: " + "確認のためです。" * 8),
        [f"{JA}:5:8: takes about 15.8 s at the slow rate; 12 s is the most a caller can follow"],
    ),
    (
        EN,
        ("To check who you are.", "To check who you are. " * 7),
        [f"{EN}:5:8: takes about 13.6 s at the slow rate; 12 s is the most a caller can follow"],
    ),
]


@pytest.mark.parametrize(("path", "edit", "expected"), PROMPT_TABLE)
def test_mistakes_in_prompts(
    workshop: Workshop, path: str, edit: tuple[str, str], expected: list[str]
) -> None:
    workshop.edit(path, edit)
    assert workshop.problems() == expected


def test_length_counts_the_words_of_the_settings(workshop: Workshop) -> None:
    words = {**WORDS, "ja": {**WORDS["ja"], "company": "ひばり商店" * 12}}
    [problem] = workshop.problems(words=words)
    assert problem.startswith(f"{JA}:3:10: takes about ")


def test_length_counts_the_slow_rate(workshop: Workshop) -> None:
    workshop.edit(JA, ("why: 確認のためです。", "why: " + "確認のためです。" * 5))
    assert workshop.problems() == []
    [problem] = workshop.problems(slow_rate=50)
    assert problem.startswith(f"{JA}:5:8: takes about ")


def test_words_missing_from_the_settings(workshop: Workshop) -> None:
    words = {"ja": {"company": "x"}, "en": WORDS["en"]}
    assert workshop.problems(words=words) == [
        f"{JA}:11:8: the settings have no word for {{hours}} in 'ja'"
    ]
