"""What the synthetic callers say: seeded utterances of every kind, with their meanings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from speech_model import lexicon, names, numbers
from speech_model.phones import PLAIN_MORAE, hiragana, phones

#: How often each kind is drawn for training.
TRAINING_MIX = {
    "name": 5.0, "date": 3.0, "digits": 2.0, "yes_no": 1.2, "command": 1.2, "topic": 0.8,
    "sounds": 1.4, "sentence": 0.5,
}  # fmt: skip
#: How often each kind is drawn where a corpus is about what callers answer.
ANSWERS_MIX = {"name": 4.0, "date": 3.0, "digits": 3.0, "yes_no": 2.5, "command": 2.5}
#: Answers of a breath: nothing is so easily taken for silence.
SHORT_MIX = {"short": 1.0}
#: Names that begin with a vowel, and answers of a breath: what is hardest to hear.
ONSET_MIX = {"onset": 6.0, "short": 1.0}
#: Answers with more of these names: for voices that are cheap to speak with.
OWN_MIX = {**ANSWERS_MIX, "onset": 1.5, "short": 0.5}
_SHORT_PHONES = 4
#: Of the names tested, this share is never said in training: a caller's name may be new.
HELD_OUT = 3
_DATE_ENDINGS: tuple[tuple[str, ...], ...] = ((), (), ("です",), ("うまれ", "です"))
#: Names tested are drawn from so many of the most common ones.
TESTED = 300


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing said.

    ``words`` are hiragana as they sound; ``pauses`` are the indices of words after which the
    speaker stops for a moment; ``meaning`` holds ``surname`` and ``given``, ``date`` or
    ``digits``; ``text`` is set for sentences only, whose reading the synthesiser finds.
    """

    id: str
    kind: str
    words: tuple[str, ...]
    pauses: tuple[int, ...] = ()
    meaning: dict[str, str] = field(default_factory=dict)
    text: str = ""


@lru_cache(maxsize=4)
def tested_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The 300 surnames and the 300 given names that are tested."""
    return (
        tuple(name.reading for name in names.surnames(TESTED)),
        tuple(name.reading for name in names.given_names(TESTED)),
    )


@lru_cache(maxsize=4)
def unheard_names() -> frozenset[str]:
    """The tested names that training never says: every third."""
    surnames, given_names = tested_names()
    return frozenset((*surnames[::HELD_OUT], *given_names[::HELD_OUT]))


def training_sentences() -> list[str]:
    """Four fifths of ``words/sentences.txt``."""
    sentences = lexicon.sentences()
    return sentences[: len(sentences) * 4 // 5]


def test_sentences() -> list[str]:
    """The last fifth of ``words/sentences.txt``."""
    sentences = lexicon.sentences()
    return sentences[len(sentences) * 4 // 5 :]


class Speaker:
    """Draws utterances from one seeded random source."""

    def __init__(self, random: Random, *, training: bool) -> None:
        self._random = random
        self._training = training
        unheard = unheard_names() if training else frozenset()
        self._surnames = [name for name in names.surnames() if name.reading not in unheard]
        self._given = [name for name in names.given_names() if name.reading not in unheard]
        self._said: dict[str, list[lexicon.Said]] = {}
        for item in lexicon.said():
            self._said.setdefault(item.kind, []).append(item)

    def utterance(self, ident: str, kind: str) -> Utterance:
        """One utterance of ``kind``, a key of ``TRAINING_MIX``."""
        words, meaning, text = getattr(self, f"_{kind}")()
        return Utterance(ident, kind, tuple(words), self._pauses(len(words)), meaning, text)

    def _pick(self, kind: str) -> list[str]:
        items = self._said[kind]
        return list(self._random.choices(items, [item.weight for item in items])[0].words)

    def _maybe(self, kind: str, share: float) -> list[str]:
        return self._pick(kind) if self._random.random() < share else []

    def _pauses(self, length: int) -> tuple[int, ...]:
        """Callers over seventy stop between words; most others do not."""
        if length < 2 or self._random.random() > 0.2:
            return ()
        share = self._random.choice((0.2, 0.4, 0.7))
        return tuple(at for at in range(length - 1) if self._random.random() < share)

    def _a_name(self, of: list[names.Name]) -> str:
        """Half the time by how common it is, half the time any: rare names must be heard too."""
        if self._random.random() < 0.5:
            return self._random.choice(of).reading
        return self._random.choices(of, [name.weight for name in of])[0].reading

    def _name(self) -> tuple[list[str], dict[str, str], str]:
        surname, given = self._a_name(self._surnames), self._a_name(self._given)
        said = [surname, given]
        draw = self._random.random()
        if self._training and draw < 0.25:
            said = [surname] if draw < 0.15 else [given]
        start = self._maybe("filler", 0.12) + self._maybe("opening", 0.06)
        if self._training and self._random.random() < 0.04:
            wrong = self._a_name(self._surnames)
            start = [*start, wrong, *self._pick("correction")]
        end = self._maybe("ending", 0.6)
        return [*start, *said, *end], {"surname": surname, "given": given}, ""

    def _onset(self) -> tuple[list[str], dict[str, str], str]:
        """A full name in which a word begins with a vowel: a breath before it is easily taken for
        a consonant, and between two like vowels (いだ あきよし) nothing tells where a word ends."""
        surname, given = self._a_name(self._surnames), self._a_name(self._given)
        while not self._begins_with_vowel(given if self._random.random() < 0.6 else surname):
            surname, given = self._a_name(self._surnames), self._a_name(self._given)
        end = self._maybe("ending", 0.6)
        return [surname, given, *end], {"surname": surname, "given": given}, ""

    @staticmethod
    def _begins_with_vowel(word: str) -> bool:
        return word[0] in "あいうえお"

    def _date(self) -> tuple[list[str], dict[str, str], str]:
        said, meaning = numbers.date(self._random)
        start = self._maybe("filler", 0.1) + self._maybe("date_opening", 0.06)
        return [*start, *said, *self._maybe("date_ending", 0.4)], {"date": meaning}, ""

    def digits(self, length: int) -> tuple[list[str], dict[str, str], str]:
        """``length`` digits said one by one."""
        value = "".join(str(self._random.randint(0, 9)) for _ in range(length))
        words = [numbers.digit(int(sign), self._random) for sign in value]
        if length >= 7 and self._random.random() < 0.3:
            words.insert(length - 4, "の")
        return words, {"digits": value}, ""

    def _digits(self) -> tuple[list[str], dict[str, str], str]:
        return self.digits(self._random.choice((1, 2, 3, 4, 4, 6, 6, 7, 8, 10, 11)))

    def _yes_no(self) -> tuple[list[str], dict[str, str], str]:
        kind = self._random.choice(("yes", "no"))
        return [*self._maybe("filler", 0.06), *self._pick(kind)], {"answer": kind}, ""

    def _short(self) -> tuple[list[str], dict[str, str], str]:
        """Yes or no in four phones at most (はい, うん, いえ), or a digit."""
        if self._random.random() < 0.3:
            return self.digits(1)
        kind = self._random.choice(("yes", "no"))
        words = [item.words for item in self._said[kind]]
        short = [said for said in words if sum(len(phones(w)) for w in said) <= _SHORT_PHONES]
        return list(self._random.choice(short)), {"answer": kind}, ""

    def _command(self) -> tuple[list[str], dict[str, str], str]:
        return [*self._maybe("filler", 0.08), *self._pick("command")], {}, ""

    def _topic(self) -> tuple[list[str], dict[str, str], str]:
        """An address or a matter of business."""
        if self._random.random() < 0.5:
            return [*self._pick("bank"), *self._maybe("bank_ending", 0.7)], {}, ""
        words = [*self._pick("address"), self._a_name(self._surnames)]
        for _ in range(self._random.randint(0, 2)):
            number = numbers.below_hundred(self._random.randint(1, 30), self._random)
            words += [*number, *self._pick("address_tail")]
        return words, {}, ""

    def _sounds(self) -> tuple[list[str], dict[str, str], str]:
        """Words of random morae: without them a network learns the names instead of the sounds."""
        words = []
        for _ in range(self._random.choice((1, 2, 2))):
            word = ""
            for _ in range(self._random.randint(2, 5)):
                word += self._random.choice([kana for kana in PLAIN_MORAE if kana not in "ンッ"])
                draw = self._random.random()
                if draw < 0.12:
                    word += "ン"
                elif draw < 0.24:
                    word += "ー"
                elif draw < 0.3:
                    word += "ッ" + self._random.choice("カキクケコサシスセソタチツテトパピプペポ")
            words.append(hiragana(word))
        return words, {}, ""

    def _sentence(self) -> tuple[list[str], dict[str, str], str]:
        return [], {}, self._random.choice(training_sentences())


def training(
    prefix: str, count: int, seed: int, mix: Mapping[str, float] = TRAINING_MIX
) -> Iterator[Utterance]:
    """``count`` utterances for training, of kinds as often as ``mix`` says, the same for the same
    seed."""
    random = Random(f"{seed}:{prefix}")
    speaker = Speaker(random, training=True)
    kinds, shares = list(mix), list(mix.values())
    for at in range(count):
        yield speaker.utterance(f"{prefix}-{at:05d}", random.choices(kinds, shares)[0])


def test(
    prefix: str, seed: int, *, names_: int, dates: int, codes: int, every: int = 1
) -> Iterator[Utterance]:
    """The utterances one voice says in evaluation: full names out of 300 + 300, dates, six-digit
    codes, and everything in ``said.tsv`` that is a yes, a no or a command, and sentences; of
    these every ``every``-th."""
    random = Random(f"{seed}:test:{prefix}")
    speaker = Speaker(random, training=False)
    surnames, given_names = tested_names()
    endings = [item.words for item in lexicon.said() if item.kind == "ending"]
    numbered = (f"{prefix}-{at:05d}" for at in range(100_000))
    for _ in range(names_):
        surname, given = random.choice(surnames), random.choice(given_names)
        end = random.choice([(), *endings[:4]])
        meaning = {"surname": surname, "given": given}
        yield Utterance(next(numbered), "name", (surname, given, *end), (), meaning)
    for _ in range(dates):
        said, value = numbers.date(random)
        end = random.choice(_DATE_ENDINGS)
        yield Utterance(next(numbered), "date", (*said, *end), (), {"date": value})
    for _ in range(codes):
        words, meaning, _ = speaker.digits(6)
        yield Utterance(next(numbered), "digits", tuple(words), (), meaning)
    for item in lexicon.said()[::every]:
        if item.kind in ("yes", "no"):
            yield Utterance(next(numbered), "yes_no", item.words, (), {"answer": item.kind})
        elif item.kind == "command":
            yield Utterance(next(numbered), "command", item.words, (), {"command": item.asks})
    for sentence in test_sentences()[::every]:
        yield Utterance(next(numbered), "sentence", (), (), {}, sentence)
