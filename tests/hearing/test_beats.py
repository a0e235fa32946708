"""Beats of readings, and how words with these beats may be spelt."""

from __future__ import annotations

import pytest
from fakes.vocabularies import MORAE
from hypothesis import given
from hypothesis import strategies as st

from ivr.hearing.beats import beats, is_long, plain, spellings


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ("さとう", "さ とう"),
        ("サトー", "さ とー"),
        ("おおうち", "おお う ち"),
        ("きょうこ", "きょう こ"),
        ("けいすけ", "けい す け"),
        ("しょういち", "しょう い ち"),
        ("さとううめ", "さ とう う め"),
        ("いっかい", "い っ か い"),
        ("しんいち", "し ん い ち"),
        ("ディーン", "でぃー ん"),
        ("ｻﾄｳ", "さ とう"),
        ("えーっと", "えー っ と"),
        ("んー", "ん"),
        ("ー", ""),
        ("", ""),
    ],
)
def test_beats_are_morae_with_their_long_vowels(reading: str, expected: str) -> None:
    assert beats(reading) == tuple(expected.split())


@pytest.mark.parametrize("text", ["佐藤", "sato", "さとう1", "さ とう", "[unk]", "、"])
def test_what_is_no_kana_has_no_beats(text: str) -> None:
    assert beats(text) is None


@pytest.mark.parametrize(
    ("beat", "expected"),
    [
        ("とう", "とー"), ("けい", "けー"), ("おお", "おー"), ("を", "お"), ("づ", "ず"),
        ("ゔぁ", "ば"), ("ぢゃ", "じゃ"), ("か", "か"), ("ん", "ん"), ("っ", "っ"),
        ("きょ", "きょ"), ("きょう", "きょー"),
    ],
)  # fmt: skip
def test_a_beat_in_the_one_spelling_of_mora_words(beat: str, expected: str) -> None:
    assert plain(beat) == expected


def test_spellings_begin_with_what_was_written() -> None:
    assert spellings(("さ", "とう")) == ["さとう", "さとー", "さとお"]
    assert " ".join(spellings(("こー", "へー"))) == (
        "こーへー こうへい こうへえ こうへー こおへい こおへえ こおへー こーへい こーへえ"
    )
    assert spellings(("つ", "づ", "き")) == ["つづき", "つずき"]


def test_many_long_vowels_are_not_multiplied() -> None:
    assert spellings(("とう", "きょう", "とう", "こう")) == [
        "とうきょうとうこう",
        "とーきょーとーこー",
    ]


def test_every_mora_is_one_beat_in_its_only_spelling() -> None:
    assert len(MORAE) == len(set(MORAE)) == 100
    for mora in MORAE:
        assert beats(mora) == (mora,)
        assert plain(mora) == mora
        assert is_long(mora + "ー")
        assert not is_long(mora)


READING = st.lists(
    st.sampled_from([*MORAE, "ん", "っ", "ー", "う", "い"]), min_size=1, max_size=8
).map("".join)


@given(READING)
def test_a_spelling_sounds_like_the_reading(reading: str) -> None:
    found = beats(reading)
    assert found is not None
    for spelling in spellings(found):
        again = beats(spelling)
        assert again is not None
        assert "".join(map(plain, again)) == "".join(map(plain, found))
