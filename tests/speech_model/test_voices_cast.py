"""Who speaks: the voices of the corpora, and above all who must not."""

from collections import Counter
from random import Random

import pytest

from speech_model import corpora, schedule, text, voices

PLAN = {corpus.name: corpus for corpus in corpora.plan()}


def cast(name: str, count: int = 400) -> list[voices.Voice]:
    return [PLAN[name].cast(Random(seed)) for seed in range(count)]


@pytest.mark.parametrize("build", schedule.BUILDS)
def test_a_build_is_trained_on_corpora_that_it_may_hear(build: str) -> None:
    given = {corpus.name for corpus in schedule.heard_by(build, corpora.plan())}
    used = {name for stage in schedule.stages(build) for name in stage.shares}
    assert used <= given
    assert not any(PLAN[name].tested for name in given)


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_who_goes_on_from_a_published_model_hears_the_first_of_each_corpus(scale: float) -> None:
    whole = {corpus.name: corpus for corpus in corpora.plan(scale)}
    plan = {corpus.name: corpus for corpus in schedule.again(corpora.plan(scale))}
    used = {name for stage in schedule.onward() for name in stage.shares}
    assert used == {name for name, corpus in plan.items() if not corpus.tested}
    assert {name for name in whole if whole[name].tested} < set(plan)
    for name, corpus in plan.items():
        assert 2 <= corpus.count <= whole[name].count
        first, all_of = (
            [*text.training(name, count, 1, corpus.mix)]
            for count in (corpus.count, whole[name].count)
        )
        assert first == all_of[: len(first)]
    slow = [name for name in plan if name.startswith("kokoro")]
    assert sum(plan[name].count for name in slow) < 0.5 * sum(whole[name].count for name in slow)


@pytest.mark.parametrize(
    "name", [corpus.name for corpus in schedule.heard_by("evaluation", corpora.plan())]
)
def test_the_evaluation_build_never_hears_the_unseen_voices(name: str) -> None:
    heard = {base for voice in cast(name) for base, _ in voice.mix}
    assert not heard & set(voices.UNSEEN)


def test_the_unseen_voices_are_one_woman_and_one_man_and_are_tested() -> None:
    assert sorted(name[1] for name in voices.UNSEEN) == ["f", "m"]
    for name in voices.UNSEEN:
        tested = PLAN[f"test-{name}"]
        assert tested.tested
        assert tested.builds == ()
        assert {voice.mix for voice in cast(f"test-{name}", 5)} == {((name, 1.0),)}
        assert all(voice.careful for voice in cast(f"test-{name}", 5))


def test_the_shipped_build_hears_all_base_voices() -> None:
    heard = {
        base
        for name in schedule.stages("shipped")[0].shares
        for voice in cast(name, 1500)
        for base, _ in voice.mix
    }
    kokoro = {*voices.KOKORO_JAPANESE, *voices.KOKORO_FEMALE, *voices.KOKORO_MALE}
    assert heard == kokoro | set(voices.HTS) | set(voices.ESPEAK)
    assert len(kokoro) == 54


def test_there_are_hundreds_of_speakers_of_both_sexes_at_all_paces() -> None:
    speakers = cast("kokoro", 600)
    assert len({voice.mix for voice in speakers}) > 300
    sexes = Counter(voice.mix[0][0][1] for voice in speakers)
    assert min(sexes["m"], sexes["f"]) > 150
    assert sum(voice.speed < 0.85 for voice in speakers) > 60
    assert all(0.6 < voice.speed < 1.5 for voice in speakers)


@pytest.mark.parametrize(
    ("name", "bases"),
    [
        ("kokoro-own", set(voices.SEEN_JAPANESE)),
        ("kokoro-own-unseen", set(voices.UNSEEN)),
        ("hts-own", set(voices.HTS)),
    ],
)
def test_own_voices_are_base_voices_hardly_moved(name: str, bases: set[str]) -> None:
    speakers = cast(name)
    assert {voice.mix for voice in speakers} == {((base, 1.0),) for base in bases}
    assert all(abs(voice.semitones) <= 1 for voice in speakers)
    assert all(0.97 <= voice.tract <= 1.03 for voice in speakers)
    assert all(voice.jitter <= 0.1 for voice in speakers)
    assert len({voice.semitones for voice in speakers}) > (100 if name == "hts-own" else 0)


@pytest.mark.parametrize("name", sorted(PLAN))
def test_shares_of_a_mix_are_a_whole(name: str) -> None:
    for voice in cast(name, 60):
        assert sum(share for _, share in voice.mix) == pytest.approx(1)
        assert all(share > 0 for _, share in voice.mix)


def test_no_two_corpora_share_a_folder() -> None:
    names = [corpus.name for corpus in corpora.plan()]
    assert len(set(names)) == len(names)


def test_a_small_plan_is_the_same_plan() -> None:
    small = corpora.plan(0.01)
    assert [corpus.name for corpus in small] == list(PLAN)
    assert all(2 <= corpus.count <= 40 for corpus in small)
