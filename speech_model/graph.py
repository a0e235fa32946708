"""The decoding graph: every word of the lexicon, silence between words, and ``[unk]``.

Vosk composes ``HCLr.fst`` (transition ids to words) with a grammar while it listens, or with the
default grammar ``Gr.fst`` where a caller gives none. Words share their beginnings (a prefix tree)
and carry their label on their last phone, so a partial result never tells a word before it was
said. The words are numbered in the order of the tree: what a state can still become is then one
run of numbers, which keeps the file small and composition fast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from speech_model.openfst import Transducer
from speech_model.phones import SILENCE, SPEECH
from speech_model.topology import forward, placed, self_loop

#: What stands for speech outside the grammar.
UNKNOWN = "[unk]"
_EPSILON = "<eps>"

Lexicon = Mapping[str, Sequence[tuple[str, ...]]]


@dataclass(frozen=True)
class UnknownCosts:
    """What ``[unk]``, a loop of any phones, costs: negative natural logarithms.

    Less swallows what was in the grammar, more lets strange speech pass as words.
    """

    word: float = 12.0
    phone: float = 4.0


@dataclass(frozen=True)
class DecodingGraph:
    """``words[label]`` is what the lexicon writes as ``label``; label 0 is epsilon."""

    words: tuple[str, ...]
    lexicon: Transducer


def decoding_graph(
    lexicon: Lexicon, unknown: UnknownCosts | None = None, *, silence: float = 0.5
) -> DecodingGraph:
    """The graph of ``lexicon``, a word's pronunciations by its spelling.

    ``silence`` is how probable a silence is before the first word and after each one. Without
    ``unknown`` there is no ``[unk]``. Words that sound the same stay apart by their labels.
    """
    tree = _PrefixTree(silence)
    words = [_EPSILON]
    labels: dict[str, int] = {}
    entries = sorted((placed(tuple(p)), word) for word in lexicon for p in lexicon[word])
    for phones, word in entries:
        if word not in labels:
            labels[word] = len(words)
            words.append(word)
        tree.add(phones, labels[word])
    if unknown is not None:
        tree.add_any_phones(unknown, len(words))
        words.append(UNKNOWN)
    tree.transducer.sort()
    return DecodingGraph(tuple(words), tree.transducer)


def default_grammar(words: Sequence[str], costs: Mapping[str, float]) -> Transducer:
    """Any words in any order, for a recogniser without a grammar.

    A word that ``costs`` does not price costs as if all were equally probable; ``words`` starts
    with epsilon as in :class:`DecodingGraph`.
    """
    grammar = Transducer()
    start = grammar.state()
    equal = math.log(max(1, len(words) - 1))
    for label, word in enumerate(words[1:], start=1):
        grammar.arc(start, start, label, label, costs.get(word, equal))
    grammar.finals[start] = 0.0
    return grammar


def costs(weights: Mapping[str, float]) -> dict[str, float]:
    """For :func:`default_grammar`, the costs of words that are as frequent as ``weights`` say.

    Raises :class:`ValueError` for a weight that is not above zero.
    """
    if any(weight <= 0 for weight in weights.values()):
        raise ValueError("a word's weight must be above zero")
    total = math.log(sum(weights.values()))
    return {word: total - math.log(weight) for word, weight in weights.items()}


class _PrefixTree:
    """Words as paths from ``root`` back to ``between``, where the next one may begin."""

    def __init__(self, silence: float) -> None:
        self.transducer = Transducer()
        self._between = self.transducer.state()
        self._root = self.transducer.state()
        self._children: dict[tuple[int, str], int] = {}
        self._endings: dict[str, int] = {}
        pause = self._phone_state(SILENCE)
        without, within = -math.log(1 - silence), -math.log(silence)
        self.transducer.arc(self._between, self._root, cost=without)
        self.transducer.arc(self._between, pause, forward(SILENCE), cost=within)
        self.transducer.arc(pause, self._root)
        self.transducer.finals = {self._between: without, pause: 0.0}

    def add(self, phones: tuple[str, ...], label: int) -> None:
        """Adds a word; ``phones`` with their places."""
        state = self._root
        *inner, last = phones
        for phone in inner:
            child = self._children.get((state, phone))
            if child is None:
                child = self._children[state, phone] = self._phone_state(phone)
                self.transducer.arc(state, child, forward(phone))
            state = child
        self.transducer.arc(state, self._ending(last), forward(last), label)

    def add_any_phones(self, costs: UnknownCosts, label: int) -> None:
        """Adds a word of one or more phones, whichever."""
        arc = self.transducer.arc
        inside = self.transducer.state()
        entry = costs.word + costs.phone
        for unit in SPEECH:
            single, first, inner, last = (f"{unit}_{place}" for place in "SBIE")
            arc(self._root, self._ending(single), forward(single), label, entry)
            begun = self._phone_state(first)
            arc(self._root, begun, forward(first), label, entry)
            arc(begun, inside)
            going = self._phone_state(inner)
            arc(inside, going, forward(inner), cost=costs.phone)
            arc(going, inside)
            arc(inside, self._ending(last), forward(last), cost=costs.phone)

    def _phone_state(self, phone: str) -> int:
        state = self.transducer.state()
        self.transducer.arc(state, state, self_loop(phone))
        return state

    def _ending(self, phone: str) -> int:
        """The state of a word's last ``phone``; all words that end so share it."""
        if phone not in self._endings:
            state = self._endings[phone] = self._phone_state(phone)
            self.transducer.arc(state, self._between)
        return self._endings[phone]
