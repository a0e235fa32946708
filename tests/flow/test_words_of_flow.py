"""Prompts as spoken, how long they take, the picture of a flow, and did-you-mean."""

from __future__ import annotations

import pytest
from small_flow import WORDS, Workshop

from ivr.flow import prompts
from ivr.flow.diagram import mermaid
from ivr.flow.duration import seconds
from ivr.flow.suggestion import did_you_mean, shown


@pytest.mark.parametrize(
    ("attempt", "said"),
    [(1, "恐れ入ります。"), (2, "もう一度お願いいたします。"), (9, "もう一度お願いいたします。")],
)
def test_the_last_text_repeats(workshop: Workshop, attempt: int, said: str) -> None:
    assert prompts.text(workshop.load(), "ja", "sorry", attempt) == said


def test_placeholders_are_filled_once(workshop: Workshop) -> None:
    flow = workshop.load(words={**WORDS, "en": {**WORDS["en"], "company": "{hours} Ltd"}})
    assert prompts.text(flow, "en", "hello", 1) == "This is {hours} Ltd."
    asked = prompts.text(flow, "en", "birthdate_confirm", 1, "{company}")
    assert asked == "{company}, is that right?"


def test_a_prompt_cannot_be_spoken_wrongly(workshop: Workshop) -> None:
    flow = workshop.load()
    with pytest.raises(ValueError, match="needs one"):
        prompts.text(flow, "ja", "birthdate_confirm", 1)
    with pytest.raises(ValueError, match="count from 1"):
        prompts.text(flow, "ja", "sorry", 0)
    with pytest.raises(KeyError):
        prompts.text(flow, "ja", "nothing", 1)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("", "ja", 0.0),
        ("あいうえおかきくけこさしすせ。", "ja", 14 / 7.5),
        ("きゃ", "ja", 1 / 7.5),
        ("キャッチー", "ja", 4 / 7.5),
        ("山", "ja", 1.75 / 7.5),
        ("0120", "ja", 8 / 7.5),
        ("SMS", "ja", 6 / 7.5),
        ("「あ、あ。あ」", "ja", 3 / 7.5 + 0.2 + 0.4),
        ("Goodbye.", "en", 2 / 4.5),
        ("Yes, yes. Yes", "en", 3 / 4.5 + 0.2 + 0.4),
        ("Press 1", "en", 3 / 4.5),
        ("1.5", "en", 4 / 4.5),
    ],
)
def test_seconds(text: str, language: str, expected: float) -> None:
    assert seconds(text, language, 100) == pytest.approx(expected)
    assert seconds(text, language, 50) == pytest.approx(2 * expected)


def test_a_picture_of_the_flow(workshop: Workshop) -> None:
    picture = mermaid(workshop.load())
    lines = picture.splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert '  state "bye (end)" as s_bye' in lines
    assert "  [*] --> s_hello" in lines
    assert "  s_hello --> s_consent: next" in lines
    assert "  s_consent --> s_birthdate: yes" in lines
    assert "  s_check --> s_to_agent: ok, expired, exhausted, failed" in lines
    assert "  s_bye --> [*]" in lines
    assert "    agent → to_agent" in lines
    assert picture.endswith("end note\n")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("promt", " (did you mean 'prompt'?)"),
        ("yse", " (did you mean 'yes'?)"),
        ("prompt", " (did you mean 'prompt'?)"),
        ("zzz", ""),
        ("", ""),
        ("x" * 100_000, ""),
    ],
)
def test_did_you_mean(word: str, expected: str) -> None:
    assert did_you_mean(word, ["yes", "prompt", "next"]) == expected


def test_nothing_to_mean() -> None:
    assert did_you_mean("a", []) == ""


def test_words_are_shown_on_one_short_line() -> None:
    assert shown("a\nb\u3000c") == "'a\\u000ab\\u3000c'"
    assert shown("あ" * 100) == "'" + "あ" * 60 + "…'"
