"""Names heard in a call: passes of the right person, of look-alikes, of strangers.

Needs the spoken test utterances of the speech model's recipe (speech_model/README.md)::

    python benchmarks/heard_names.py MODEL var/speech_model/tested.jsonl [VOICE ...]

Each full name is heard with itself registered, with names one sound apart registered instead
(three at most), and with another tested name registered instead. Printed is how many of each would
be taken for the person registered: by the words alone that are heard without candidates, by the
candidates alone, and by both, at several thresholds (``least_margin``, ``least_agreement`` of
``ivr/identity/name_evidence.py``). Some minutes; prints its progress.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

from ivr.flow.grammars import read_grammar
from ivr.hearing.model import load_model
from ivr.hearing.recogniser import Transcript, recognise
from ivr.hearing.telephone_audio import Audio
from ivr.identity.listened_names import NameSelection
from ivr.identity.name_evidence import (
    LEAST_AGREEMENT,
    LEAST_MARGIN,
    Guess,
    NameEvidence,
    weigh,
)
from ivr.understanding import slots
from ivr.understanding.compare import compare
from ivr.understanding.kana import katakana
from ivr.understanding.value import HeardName, Hypothesis
from ivr.wiring.listening import compiler_for, name_pool, phrases_of
from speech_model.augmentation import telephone
from speech_model.evaluation import read_wav
from speech_model.look_alikes import LookAlikes
from speech_model.names import given_names, surnames
from speech_model.scenarios import Kind, read_index

MODEL, INDEX, VOICES = Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:])
SNR_DB = 25.0
BIRTHDATE, TODAY = "1985-03-05", date(2026, 11, 22)
WHO = ("the right person", "a look-alike", "a stranger")
MARGINS, AGREEMENTS = (0.5, 1.0, 3.0), (0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class Trial:
    """``by_words``: what was heard without candidates passes as the registered name."""

    who: str
    by_words: bool
    evidence: NameEvidence


def guesses(found: list[Transcript]) -> list[Guess]:
    return [Guess(each.text, each.score) for each in found if each.score is not None]


def passes(found: list[Transcript], surname: str, given: str) -> bool:
    """Whether the words alone are the registered name."""
    heard = [Hypothesis(each.text, each.confidence) for each in found]
    value = slots.parse("name", heard, language="ja", today=TODAY).value
    if not isinstance(value, HeardName):
        return False
    furigana = {"surname_kana": surname, "given_kana": given}
    return compare(value, surname="", given="", **furigana).decision == "pass"


def trials() -> list[Trial]:
    model = load_model(MODEL)
    compiler = compiler_for(model, "ja")
    selection = NameSelection(name_pool(compiler), b"a benchmark keeps no secrets")
    read = [read_grammar(Path(f"grammars/ja/{name}.yaml")).grammar for name in ("name", "commands")]
    lists = [phrases_of(grammar) for grammar in read if grammar is not None]
    near = LookAlikes([name.reading for name in surnames()])
    near_given = LookAlikes([name.reading for name in given_names()])
    names = [
        item
        for item in read_index(INDEX)
        if item.kind is Kind.NAME and (not VOICES or item.voice in VOICES)
    ]
    random = np.random.default_rng(1)
    done = []
    for at, item in enumerate(names):
        samples, rate = read_wav(item.wav)
        sent = np.round(telephone(samples, rate, np.random.default_rng(at), SNR_DB))
        sound = Audio(sent.clip(-32768, 32767).astype("<i2").tobytes())
        own = item.meaning["surname"], item.meaning["given"]
        other = names[int(random.integers(len(names)))].meaning
        alike = [(name, own[1]) for name in near.of(own[0])]
        alike += [(own[0], name) for name in near_given.of(own[1])]
        registered = [(WHO[0], own)]
        chosen = random.choice(len(alike), min(3, len(alike)), replace=False) if alike else ()
        registered += [(WHO[1], alike[each]) for each in chosen]
        if not {other["surname"], other["given"]} & set(own):
            registered.append((WHO[2], (other["surname"], other["given"])))
        freely = recognise(model, None, sound)
        for who, name in registered:
            surname, given = map(katakana, name)
            listened = selection.select(BIRTHDATE, [(surname, given)])
            found = recognise(model, compiler.compile(*lists, once=listened.phrases()), sound)
            evidence = weigh(listened, guesses(found), guesses(freely))
            done.append(Trial(who, passes(freely, surname, given), evidence))
        if (at + 1) % 20 == 0:
            sys.stderr.write(f"{at + 1} of {len(names)}\n")
    return done


def rates(done: list[Trial], taken: Callable[[Trial], bool]) -> str:
    tried = Counter(trial.who for trial in done)
    passed = Counter(trial.who for trial in done if taken(trial))
    return "  ".join(
        f"{who} {passed[who]} of {tried[who]} ({passed[who] / tried[who]:.1%})" for who in WHO
    )


def main() -> None:
    done = trials()

    def both(trial: Trial, margin: float, agreement: float) -> bool:
        found = trial.evidence
        said = bool(found.names) and found.whole
        return said and found.margin >= margin and found.agreement >= agreement

    print("words alone:     ", rates(done, lambda trial: trial.by_words))
    print("candidates alone:", rates(done, lambda trial: both(trial, 0.0, 0.0)))
    for margin, agreement in product(MARGINS, AGREEMENTS):
        in_force = " <- in force" if (margin, agreement) == (LEAST_MARGIN, LEAST_AGREEMENT) else ""
        print(
            f"margin {margin}, agreement {agreement}:",
            rates(done, lambda trial, m=margin, a=agreement: both(trial, m, a)) + in_force,
        )


if __name__ == "__main__":
    main()
