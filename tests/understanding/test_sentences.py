"""Patterns of grammar files and the sentences that stand for them."""

from __future__ import annotations

import re
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.sentences import sentences

LISTS = {
    "era": ["昭和/しょうわ", "平成/へいせい"],
    "digit": ["一/いち", "二/に", "三/さん"],
    "number": ["<digit>", "十/じゅう [<digit>]"],
}


def pairs(said: tuple[str, ...]) -> set[tuple[str, str]]:
    return {pair for one in said for pair in pairwise(["^", *one.split(), "$"])}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("はい", ["はい"]),
        ("はい [です]", ["はい", "はい です"]),
        ("(はい|ええ) です", ["はい です", "ええ です"]),
        (
            "<era> 元/がん 年/ねん",
            ["昭和/しょうわ 元/がん 年/ねん", "平成/へいせい 元/がん 年/ねん"],
        ),
        ("[a|b c] d", ["a d", "b c d", "d"]),
        ("((a|b) [c])", ["a c", "b", "a", "b c"]),
    ],
)
def test_small_patterns_become_all_their_sentences(pattern: str, expected: list[str]) -> None:
    assert sorted(sentences(pattern, LISTS)) == sorted(expected)


def test_every_pair_of_neighbours_is_shown_and_no_other() -> None:
    said = sentences("<era> <number> 年/ねん [<number> 月/がつ]", LISTS)
    digits = LISTS["digit"]
    numbers = [*digits, "十/じゅう"]
    expected = {("^", era) for era in LISTS["era"]}
    expected |= set(product(LISTS["era"], numbers))
    expected |= set(product(["十/じゅう"], digits))
    expected |= {(number, sign) for number in numbers for sign in ("年/ねん", "月/がつ")}
    expected |= {("年/ねん", number) for number in numbers} | {("年/ねん", "$"), ("月/がつ", "$")}
    assert pairs(said) == expected


def test_a_large_pattern_takes_few_sentences() -> None:
    """A date has millions of ways; as many sentences do as its widest place has, for each era."""
    lists = {name: [f"{name}{number}" for number in range(60)] for name in ("year", "day")}
    lists["era"] = ["s", "h", "r"]
    said = sentences("<era> <year> 年 <day> 日", lists)
    assert len(pairs(said)) == 3 + 180 + 60 + 60 + 60 + 1
    assert 180 <= len(said) <= 240


def test_pairs_are_shown_about_as_often_as_others() -> None:
    lists = {"a": list("abc"), "b": list("uvwxyz")}
    said = sentences("<a> <b>", lists)
    counts = [sum(one.startswith(first) for one in said) for first in "abc"]
    assert counts == [6, 6, 6]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "has no word"),
        ("   ", "has no word"),
        ("[a]", "may be empty"),
        ("[a] [<era>]", "may be empty"),
        ("(a", r"'\(' at character 1 is not closed"),
        ("b [a", r"'\[' at character 3 is not closed"),
        ("(a]", r"'\(' at character 1 is not closed"),
        ("a)", r"'\)' at character 2 has no opening"),
        ("a | b", r"'\|' at character 3 has no opening"),
        ("(a|)", "has no word"),
        ("()", "has no word"),
        ("<nobody>", "there is no list 'nobody'"),
        ("<>", "there is no list ''"),
        ("<era", "unexpected '<' at character 1"),
        ("a/", "'a/' is no word"),
        ("/a", "'/a' is no word"),
        ("a/b/c", "'a/b/c' is no word"),
        (" ".join("a" * 2001), "more than 2000 words"),
        (" ".join(["<many>"] * 2), "more than 4000 sentences"),
    ],
)
def test_mistakes_are_named(pattern: str, complaint: str) -> None:
    lists = {**LISTS, "many": [f"w{number}" for number in range(100)]}
    with pytest.raises(ValueError, match=complaint):
        sentences(pattern, lists)


def test_lists_within_themselves_are_named() -> None:
    with pytest.raises(ValueError, match="the list 'a' contains itself"):
        sentences("<a>", {"a": ["x <b>"], "b": ["<a>"]})


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "c", "<era>"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({'|'.join(each)})"),
        inner.map(lambda each: f"[{each}]"),
    ),
    max_leaves=8,
)


def regular(pattern: str) -> str:
    """The pattern as a regular expression over words that end with a space."""
    found = pattern.replace("<era>", f"(?:{'|'.join(LISTS['era'])})")
    found = re.sub(r"[^()\[\]|?: ]+", lambda match: f"(?:{match.group()} )", found)
    found = re.sub(r"(?<=\)) (?=[(\[])|(?<=\]) (?=[(\[])", "", found)
    return found.replace("[", "(?:").replace("]", ")?")


@given(PATTERNS)
def test_sentences_are_what_the_pattern_says(pattern: str) -> None:
    try:
        said = sentences(pattern, LISTS)
    except ValueError as error:
        assert "may be empty" in str(error)
        assert re.fullmatch(regular(pattern), "")
        return
    assert said
    for one in said:
        assert re.fullmatch(regular(pattern), one + " ")
