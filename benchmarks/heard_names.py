"""Names heard against candidates: passes of the right person, of look-alikes, of strangers.

Needs the spoken test utterances of the speech model's recipe (speech_model/README.md)::

    python benchmarks/heard_names.py MODEL var/speech_model/tested.jsonl [VOICE …]

Each full name is heard three times: registered itself, a name one sound apart registered instead,
another tested name registered instead. Counts of pass, uncertain and none.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from ivr.commands.hear import listened_names
from ivr.flow.grammars import read_grammar
from ivr.hearing.model import load_model
from ivr.hearing.recogniser import recognise
from ivr.hearing.telephone_audio import Audio
from ivr.identity.name_evidence import Guess, weigh
from ivr.understanding.kana import katakana
from ivr.wiring.listening import compiler_for, phrases_of
from speech_model.augmentation import telephone
from speech_model.evaluation import read_wav
from speech_model.look_alikes import LookAlikes
from speech_model.names import given_names, surnames
from speech_model.scenarios import Kind, read_index

MODEL, INDEX, VOICES = Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:])
GRAMMAR = read_grammar(Path("grammars/ja/name.yaml")).grammar
SNR_DB = 25.0

model = load_model(MODEL)
compiler = compiler_for(model, "ja")
assert GRAMMAR is not None
phrases = phrases_of(GRAMMAR)
near = LookAlikes([name.reading for name in surnames()])
near_given = LookAlikes([name.reading for name in given_names()])
names = [
    item
    for item in read_index(INDEX)
    if item.kind is Kind.NAME and (not VOICES or item.voice in VOICES)
]
counts: dict[str, Counter[str]] = {}
random = np.random.default_rng(1)
for at, item in enumerate(names):
    samples, rate = read_wav(item.wav)
    sent = np.round(telephone(samples, rate, np.random.default_rng(at), SNR_DB))
    sound = Audio(sent.clip(-32768, 32767).astype("<i2").tobytes())
    own = item.meaning["surname"], item.meaning["given"]
    other = names[int(random.integers(len(names)))].meaning
    alike = [(name, own[1]) for name in near.of(own[0])]
    alike += [(own[0], name) for name in near_given.of(own[1])]
    registered = {"the right person": own, "a stranger": (other["surname"], other["given"])}
    if alike:
        registered["a look-alike"] = alike[int(random.integers(len(alike)))]
    freely = [each.text for each in recognise(model, compiler.anything(), sound)]
    for who, name in registered.items():
        if who == "a stranger" and set(name) & set(own):
            continue
        listened = listened_names(compiler, [" ".join(map(katakana, name))], ["name"])
        compiled = compiler.compile(phrases, once=listened.phrases())
        found = recognise(model, compiled, sound, n_best=5)
        guesses = [Guess(each.text, each.score) for each in found if each.score is not None]
        decision = weigh(listened, guesses, freely).decision
        counts.setdefault(who, Counter())[str(decision)] += 1
    if (at + 1) % 50 == 0:
        sys.stderr.write(f"{at + 1} of {len(names)}\n")
for who, decided in sorted(counts.items()):
    total = sum(decided.values())
    print(who, {key: f"{n} ({n / total:.1%})" for key, n in sorted(decided.items())}, total)
