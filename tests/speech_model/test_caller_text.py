"""What synthetic callers say."""

from collections import Counter

from speech_model import text, trials
from speech_model.phones import is_reading, phones


def drawn(count: int = 1500, seed: int = 3) -> list[text.Utterance]:
    return list(text.training("t", count, seed))


def test_the_same_seed_draws_the_same_and_a_longer_corpus_begins_alike() -> None:
    assert drawn(50) == drawn(80)[:50]
    assert drawn(50) != drawn(50, seed=4)


def test_every_kind_is_drawn_about_as_often_as_it_should() -> None:
    counts = Counter(item.kind for item in drawn())
    total = sum(text.TRAINING_MIX.values())
    for kind, share in text.TRAINING_MIX.items():
        assert abs(counts[kind] / 1500 - share / total) < 0.04


def test_words_are_readings_and_pauses_lie_between_words() -> None:
    for item in drawn():
        assert bool(item.words) != bool(item.text)
        assert all(map(is_reading, item.words))
        assert all(0 <= at < len(item.words) - 1 for at in item.pauses)


def test_names_kept_for_evaluation_are_never_said_in_training() -> None:
    unheard = text.unheard_names()
    assert len(unheard) > 150
    for item in drawn():
        assert not unheard & {item.meaning.get("surname"), item.meaning.get("given")}


def test_evaluation_says_each_kind_and_only_tested_names() -> None:
    items = list(text.test("v", 1, names_=20, dates=10, codes=5))
    counts = Counter(item.kind for item in items)
    assert counts["name"] == 20
    assert counts["date"] == 10
    assert counts["digits"] == 5
    assert counts["yes_no"] > 50
    assert counts["command"] > 50
    surnames, given_names = text.tested_names()
    for item in items:
        if item.kind == "name":
            assert item.words[0] == item.meaning["surname"] in surnames
            assert item.words[1] == item.meaning["given"] in given_names
        if item.kind == "digits":
            assert len(item.meaning["digits"]) == 6


def test_evaluation_sentences_are_not_trained_on() -> None:
    assert not set(text.test_sentences()) & set(text.training_sentences())


def test_evaluation_lists_hold_what_is_said() -> None:
    lists = trials.lists(1)
    assert len(lists["surnames"]) == len(lists["givens"]) == 300
    assert set(lists["surnames"]) <= set(lists["all_surnames"])
    assert ["はい"] in lists["yes_no"]
    assert len(lists["date_grammar"]) > 3000


def test_short_answers_are_a_breath_long_and_mean_what_they_say() -> None:
    answers = {"はい": "yes", "うん": "yes", "いえ": "no", "ううん": "no"}
    seen = set()
    for item in text.training("short", 300, 1, text.SHORT_MIX):
        assert sum(len(phones(word)) for word in item.words) <= 4
        said = " ".join(item.words)
        seen.add(said)
        if said in answers:
            assert item.meaning == {"answer": answers[said]}
    assert seen >= {*answers, "に", "ご"}


def test_names_of_the_onset_mix_have_a_word_that_begins_with_a_vowel() -> None:
    names = [
        item for item in text.training("onset", 300, 1, text.ONSET_MIX) if item.kind == "onset"
    ]
    assert len(names) > 200
    between = 0
    for item in names:
        surname, given = item.meaning["surname"], item.meaning["given"]
        assert item.words[:2] == (surname, given)
        assert surname[0] in "あいうえお" or given[0] in "あいうえお"
        between += given[0] in "あいうえお"
    # Most of all between two words, where nothing tells them apart.
    assert between > len(names) / 2
