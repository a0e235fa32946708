"""Readings in kana to phones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech_model import phones as p

PRONOUNCED = [
    ("さとう", "s a t o:"),
    ("サトー", "s a t o:"),
    ("さいとう", "s a i t o:"),
    ("けいこ", "k e: k o"),
    ("おの", "o n o"),
    ("おおの", "o: n o"),
    ("しょうわ", "sh o: w a"),
    ("みっか", "m i Q k a"),
    ("きゅうひゃく", "ky u: hy a k u"),
    ("けんいち", "k e N i ch i"),
    ("ジョン", "j o N"),
    ("ヅヂヲ", "z u j i o"),
    ("いいえ", "i: e"),
    ("ｻﾄｳ", "s a t o:"),
]


@pytest.mark.parametrize(("reading", "sounds"), PRONOUNCED)
def test_a_reading_has_its_phones(reading: str, sounds: str) -> None:
    assert p.phones(reading) == tuple(sounds.split())


@pytest.mark.parametrize("text", ["山田", "さとう!", "ーさ", "abc", "さ とう", "ンー"])
def test_what_is_not_kana_has_no_phones(text: str) -> None:
    with pytest.raises(p.NoReading):
        p.phones(text)


def test_what_is_empty_is_no_reading() -> None:
    assert not p.is_reading("")
    assert p.is_reading("あ")


def test_every_unit_is_in_some_mora_or_long_vowel() -> None:
    made = {unit for sounds in p.MORAE.values() for unit in sounds}
    assert made | set(p.LONG_VOWELS) == set(p.SPEECH)
    assert len(set(p.UNITS)) == len(p.UNITS)


def test_plain_morae_sound_all_different_and_cover_every_sound() -> None:
    sounds = [p.MORAE[kana] for kana in p.PLAIN_MORAE]
    assert len(set(sounds)) == len(sounds)
    assert set(sounds) == set(p.MORAE.values())


readings = st.lists(st.sampled_from(sorted(p.MORAE)), min_size=1, max_size=8).map("".join)


@given(readings)
def test_script_does_not_change_the_sound(reading: str) -> None:
    assert p.phones(p.hiragana(reading)) == p.phones(reading)


@given(readings, readings)
def test_phones_of_a_text_begin_with_those_of_its_start(first: str, second: str) -> None:
    whole, start = p.phones(first + second), p.phones(first)
    assert whole[: len(start) - 1] == start[:-1]
    assert whole[len(start) - 1].rstrip(":") == start[-1].rstrip(":")
