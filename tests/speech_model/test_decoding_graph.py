"""What the decoding graph accepts, followed arc by arc and through Vosk."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import toy_network
import vosk
from hypothesis import given, settings
from hypothesis import strategies as st

from speech_model.graph import (
    UNKNOWN,
    DecodingGraph,
    UnknownCosts,
    costs,
    decoding_graph,
    default_grammar,
)
from speech_model.phones import PLAIN_MORAE, hiragana, phones
from speech_model.topology import forward, placed, self_loop

vosk.SetLogLevel(-1)
_MORAE = [hiragana(mora) for mora in PLAIN_MORAE]
_READINGS = st.lists(st.sampled_from(_MORAE), min_size=1, max_size=5).map("".join)


def _follow(graph: DecodingGraph, labels: list[int]) -> dict[tuple[str, ...], float]:
    """The word sequences that ``labels`` (transition ids) can mean, and their costs."""
    transducer = graph.lexicon

    def closed(paths: dict[tuple[int, tuple[str, ...]], float]) -> dict:  # type: ignore[type-arg]
        todo = list(paths)
        while todo:
            state, words = todo.pop()
            for arc in transducer.arcs[state]:
                if not arc.input:
                    onward = words + ((graph.words[arc.output],) if arc.output else ())
                    cost = paths[state, words] + arc.cost
                    if cost < paths.get((arc.target, onward), math.inf):
                        paths[arc.target, onward] = cost
                        todo.append((arc.target, onward))
        return paths

    paths = closed({(0, ()): 0.0})
    for label in labels:
        moved: dict[tuple[int, tuple[str, ...]], float] = {}
        for (state, words), cost in paths.items():
            for arc in transducer.arcs[state]:
                if arc.input == label:
                    onward = words + ((graph.words[arc.output],) if arc.output else ())
                    key = arc.target, onward
                    moved[key] = min(moved.get(key, math.inf), cost + arc.cost)
        paths = closed(moved)
    ended: dict[tuple[str, ...], float] = {}
    for (state, words), cost in paths.items():
        if state in transducer.finals:
            total = cost + transducer.finals[state]
            ended[words] = min(ended.get(words, math.inf), total)
    return ended


def _labels(*pronunciations: tuple[str, ...], silences: bool = False) -> list[int]:
    """Two frames for each phone of some words."""
    pause = ["SIL"] if silences else []
    path = list(pause)
    for pronunciation in pronunciations:
        path += [*placed(pronunciation), *pause]
    return [label for phone in path for label in (forward(phone), self_loop(phone))]


@pytest.mark.parametrize("silences", [False, True])
def test_words_are_said_in_any_order(silences: bool) -> None:
    graph = decoding_graph(toy_network.LEXICON)
    said = _follow(graph, _labels(phones("たろう"), phones("やまだ"), silences=silences))
    assert said == {("たろう", "やまだ"): pytest.approx(3 * math.log(2))}


def test_words_that_sound_alike_stay_apart() -> None:
    graph = decoding_graph(toy_network.LEXICON)
    assert set(_follow(graph, _labels(phones("しろう")))) == {("しろう",), ("しろー",)}


def test_a_word_within_another_is_another() -> None:
    graph = decoding_graph(toy_network.LEXICON)
    assert set(_follow(graph, _labels(phones("やまだ")))) == {("やまだ",)}
    assert set(_follow(graph, _labels(phones("やまだい")))) == {("やまだい",)}
    assert _follow(graph, _labels(phones("やま"))) == {}


def test_silence_alone_says_nothing() -> None:
    assert set(_follow(decoding_graph(toy_network.LEXICON), _labels(silences=True))) == {()}


def test_silence_costs_as_it_is_probable() -> None:
    graph = decoding_graph(toy_network.LEXICON, silence=0.2)
    quiet = _follow(graph, _labels(phones("え")))[("え",)]
    paused = _follow(graph, _labels(phones("え"), silences=True))[("え",)]
    assert quiet == pytest.approx(-2 * math.log(0.8))
    assert paused == pytest.approx(-2 * math.log(0.2))


@pytest.mark.parametrize(("reading", "count"), [("ん", 1), ("はい", 3), ("さくらい", 7)])
def test_unknown_is_any_phones_at_a_price(reading: str, count: int) -> None:
    graph = decoding_graph({"いいえ": [phones("いいえ")]}, UnknownCosts(word=5.0, phone=2.0))
    assert len(phones(reading)) == count
    said = _follow(graph, _labels(phones(reading)))
    assert said == {(UNKNOWN,): pytest.approx(2 * math.log(2) + 5.0 + 2.0 * count)}


@settings(max_examples=25, deadline=None)
@given(st.lists(_READINGS, min_size=1, max_size=8, unique=True))
def test_every_word_is_found_by_its_sound(readings: list[str]) -> None:
    graph = decoding_graph({reading: [phones(reading)] for reading in readings})
    assert graph.words[0] == "<eps>"
    assert sorted(graph.words[1:]) == sorted(readings)
    for reading in readings:
        alike = {(other,) for other in readings if phones(other) == phones(reading)}
        assert set(_follow(graph, _labels(phones(reading)))) == alike


def test_a_word_may_have_several_pronunciations() -> None:
    graph = decoding_graph({"七": [phones("しち"), phones("なな")]})
    for reading in ("しち", "なな"):
        assert set(_follow(graph, _labels(phones(reading)))) == {("七",)}


def test_what_a_state_can_write_is_one_run_of_labels() -> None:
    graph = decoding_graph(toy_network.LEXICON)
    by_label = [toy_network.LEXICON[word][0] for word in graph.words[1:]]
    assert by_label == sorted(by_label, key=placed)


def test_the_order_of_the_lexicon_does_not_matter() -> None:
    backwards = dict(reversed(toy_network.LEXICON.items()))
    assert decoding_graph(backwards) == decoding_graph(toy_network.LEXICON)


def test_a_word_without_phones_is_refused() -> None:
    with pytest.raises(ValueError, match="without phones"):
        decoding_graph({"": [()]})


def test_the_default_grammar_prices_words() -> None:
    grammar = default_grammar(("<eps>", "はい", "いいえ"), {"はい": 0.5})
    assert [(arc.output, arc.cost) for arc in grammar.arcs[0]] == [
        (1, 0.5),
        (2, pytest.approx(math.log(2))),
    ]


def test_a_word_costs_as_it_is_rare() -> None:
    found = costs({"はい": 3.0, "いいえ": 1.0})
    assert found == {"はい": pytest.approx(math.log(4 / 3)), "いいえ": pytest.approx(math.log(4))}
    with pytest.raises(ValueError, match="above zero"):
        costs({"はい": 0.0})


def test_vosk_composes_it_with_grammars(tmp_path: Path) -> None:
    toy_network.write(tmp_path / "ja", toy_network.layers())
    model = vosk.Model(str(tmp_path / "ja"))
    for word in (*toy_network.WORDS, UNKNOWN):
        assert model.vosk_model_find_word(word) > 0
    assert model.vosk_model_find_word("たなか") == -1
    for grammar in (["はい", "いいえ"], ["やまだ たろう です", UNKNOWN], None):
        arguments = [] if grammar is None else [json.dumps(grammar, ensure_ascii=False)]
        recognizer = vosk.KaldiRecognizer(model, 8000, *arguments)
        recognizer.AcceptWaveform(toy_network.sound(1, 1.0).tobytes())
        words = json.loads(recognizer.FinalResult())["text"].split()
        allowed = toy_network.WORDS if grammar is None else " ".join(grammar).split()
        assert set(words) <= {*allowed, UNKNOWN}
