"""Phrase templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.template import expand


@pytest.mark.parametrize(
    ("template", "phrases"),
    [
        ("はい", ("はい",)),
        ("(はい|ええ)お願いします", ("はいお願いします", "ええお願いします")),
        ("[はい]そうです", ("そうです", "はいそうです")),
        ("(a|b[c|d])", ("a", "b", "bc", "bd")),
        ("[[very] much] thanks", ("thanks", "much thanks", "very much thanks")),
        ("  two   words ", ("two words",)),
        ("(a|a)", ("a",)),
        (
            "(はい|ええ)[、お願いします]",
            ("はい", "はい、お願いします", "ええ", "ええ、お願いします"),
        ),
    ],
)
def test_expansion(template: str, phrases: tuple[str, ...]) -> None:
    assert expand(template) == phrases


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("(a|b", r"'\(' at character 1 is never closed"),
        ("x[a", r"'\[' at character 2 is never closed"),
        ("a)", r"'\)' without its opening at character 2"),
        ("a|b", r"'\|' outside brackets at character 2"),
        ("(a]", r"'\(' at character 1 is closed by '\]' at character 3"),
        ("(a|)", "empty alternative in the bracket at character 1"),
        ("()", "empty alternative"),
        ("[ ]x", "empty alternative"),
        ("", "may be empty"),
        ("[a]", "may be empty"),
        ("(a|b)" * 12, "more than 2000 phrases"),
    ],
)
def test_mistakes_say_what_and_where(template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        expand(template)


@given(st.text(alphabet="ab()[]| ", max_size=12))
def test_any_template_gives_phrases_or_a_clear_error(template: str) -> None:
    try:
        phrases = expand(template)
    except ValueError as error:
        assert str(error)
    else:
        assert phrases
        assert len(set(phrases)) == len(phrases)
        assert all(phrase.strip() == phrase != "" for phrase in phrases)
        assert not any(sign in phrase for phrase in phrases for sign in "()[]|")
