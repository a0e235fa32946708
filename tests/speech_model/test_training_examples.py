"""What the trainer makes of an utterance, and how it shares utterances out."""

import random
from pathlib import Path

import pytest

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
pytest.importorskip("torch", reason=MISSING)

from speech_model import examples, training  # noqa: E402
from speech_model.corpora import Spoken  # noqa: E402
from speech_model.full_sum import Path as UnitPath  # noqa: E402
from speech_model.phones import UNITS  # noqa: E402
from speech_model.text import Utterance  # noqa: E402
from speech_model.voices import Voice  # noqa: E402


def said(*words: str, pauses: tuple[int, ...] = ()) -> Spoken:
    return Spoken(Utterance("t-0", "name", words, pauses), Voice("hts", (("mei", 1.0),)), Path())


def names(path: UnitPath) -> list[str]:
    return [
        f"({UNITS[unit]})" if optional else UNITS[unit]
        for unit, optional in zip(path.units, path.optional, strict=True)
    ]


def test_silence_may_be_at_both_ends_and_at_pauses_only() -> None:
    assert names(examples.path_of(said("さ", "い"))) == ["(SIL)", "s", "a", "i", "(SIL)"]
    assert names(examples.path_of(said("さ", "い", pauses=(0,)))) == [
        "(SIL)", "s", "a", "(SIL)", "i", "(SIL)",
    ]  # fmt: skip


def test_who_breathes_may_pause_between_any_two_words() -> None:
    assert names(examples.path_of(said("さ", "い", "か"), breathing=True)) == [
        "(SIL)", "s", "a", "(SIL)", "i", "(SIL)", "k", "a", "(SIL)",
    ]  # fmt: skip


def test_windows_follow_one_another_over_the_sound() -> None:
    path = examples.evenly(examples.path_of(said("やまだ", "はなこ")), seconds=1.2)
    begins = [first for first, _ in path.windows]
    ends = [last for _, last in path.windows]
    assert begins == sorted(begins)
    assert ends == sorted(ends)
    # 0.3 s of silence are ten outputs; the last phone ends with the sound.
    assert path.windows[0][0] == 0
    assert begins[1] < 10 < ends[1]
    assert begins[-2] < 50 < ends[-2]


def test_every_example_is_in_one_batch_of_like_lengths() -> None:
    draw = random.Random(1)
    path = UnitPath((0, 1, 0), (True, False, True))
    items = [examples.Example(f"{at}.wav", draw.uniform(0.5, 6.0), path, path) for at in range(300)]
    made = training.batches(items, random.Random(2))
    assert sorted(item.wav for batch in made for item in batch) == sorted(i.wav for i in items)
    for batch in made:
        lengths = [item.seconds for item in batch]
        assert sum(lengths) < 60
        assert max(lengths) - min(lengths) < 2.5
    assert made != training.batches(items, random.Random(3))
