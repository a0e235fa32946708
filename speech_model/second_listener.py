"""A second opinion on synthetic speech: Julius with the models of its dictation kit hears it too.

Those models learnt from people (the corpora JNAS and CSJ), ours from synthesis alone. What Julius
hears as its text is well enough spoken, whatever our network makes of it: ``words/heard.txt``,
which keeps it from being left out of training (:mod:`speech_model.misfits`). And a tested
utterance that Julius hears is not to blame where ours does not: ``--tested`` compares.

Run apart from the recipe, which needs only the file (README.md, "A second listener")::

    python -m speech_model.second_listener JULIUS --work var/speech_model [--tested]
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from speech_model import corpora, lexicon, meanings, scenarios, text, trials
from speech_model.corpora import Spoken
from speech_model.phones import phones
from speech_model.scenarios import Heard, Kind

#: A corpus and numbers of its utterances on each line.
HEARD = Path(__file__).parent / "words" / "heard.txt"
SEED = 1
#: Kinds whose wording a grammar can hold against like ones. Words of random morae have no rivals.
_JUDGED = ("name", "date", "digits", "yes_no", "command", "topic", "short", "onset")
_HEARD_CORPORA = "kokoro"
_PER_LINE = 16
_HEADER = """\
# Utterances of the corpora that a second listener heard as their text (second_listener.py): the
# corpus, then their numbers. Training never leaves them out as misfits.
"""


class NotJulius(Exception):
    """A folder does not hold Julius, built, and its models."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What Julius may hear: ``rules`` over categories of phrases, from ``B`` to ``E``, which are
    silence; ``P`` is a pause."""

    rules: tuple[str, ...]
    phrases: Mapping[str, Iterable[str]]

    @classmethod
    def of_phrases(cls, phrases: Iterable[str]) -> Grammar:
        """One of ``phrases``."""
        return cls(("S: B PHRASE E", "S: B PHRASE P E"), {"PHRASE": phrases})

    @classmethod
    def of_digits(cls, words: Iterable[str]) -> Grammar:
        """Any number of ``words``."""
        return cls(("S: B DS E", "DS: D", "DS: DS D", "DS: DS P D"), {"D": words})

    @classmethod
    def of_names(cls, surnames: Iterable[str], given: Iterable[str], *, loose: bool) -> Grammar:
        """Full names with or without an ending; ``loose`` ones may begin with a filler, lack a
        part, or hold a corrected surname, as in training."""
        said = _said()
        names = ["SUR GIV", "SUR P GIV"]
        starts = [""]
        phrases = {"SUR": surnames, "GIV": given, "END": said["ending"]}
        if loose:
            names += ["SUR", "GIV", "SUR COR SUR GIV"]
            starts += ["START "]
            phrases["START"] = said["filler"] + said["opening"]
            phrases["COR"] = said["correction"]
        ends = ("", " END", " P END")
        rules = tuple(f"S: B {a}{b}{c} E" for a in starts for b in names for c in ends)
        return cls(rules, phrases)

    def written(self) -> tuple[str, str]:
        """The ``.grammar`` and the ``.voca`` file."""
        voca = ["% B", "silB silB", "% E", "silE silE"]
        if any(" P " in rule for rule in self.rules):
            voca += ["% P", "silB silB"]
        for category, phrases in self.phrases.items():
            voca.append(f"% {category}")
            voca += [f"{p.replace(' ', '_')} {_sounds(p)}" for p in sorted(set(phrases))]
        return "\n".join(self.rules) + "\n", "\n".join(voca) + "\n"


def _sounds(phrase: str) -> str:
    """The dictation kit's phones are ours, but for っ."""
    return " ".join(p.replace("Q", "q") for word in phrase.split() for p in phones(word))


def _said() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for item in lexicon.said():
        out.setdefault(item.kind, []).append(" ".join(item.words))
    return out


def understood(output: str) -> dict[str, tuple[str, ...]]:
    """What Julius's ``output`` says was heard in each file; nothing where it found no way."""
    heard: dict[str, tuple[str, ...]] = {}
    file = ""
    for line in output.splitlines():
        if found := re.search(r"input speechfile: (.*)", line):
            file = found[1].strip()
            heard[file] = ()
        elif file and (found := re.match(r"sentence1: (.*)", line)):
            words = found[1].replace("_", " ").split()
            heard[file] = tuple(word for word in words if word not in ("silB", "silE"))
    return heard


class Julius:
    """Julius as npm's package ``julius`` has it, unpacked and built in ``folder``.

    Raises :class:`NotJulius` where something is missing there.
    """

    def __init__(self, folder: Path) -> None:
        source, model = folder / "julius-4.4.2", folder / "model" / "phone_m"
        self._program = source / "julius" / "julius"
        self._compiler = source / "gramtools" / "mkdfa" / "mkdfa.pl"
        self._acoustic = model / "hmmdefs_ptm_gid.binhmm", model / "logicalTri"
        for path in (self._program, self._compiler, *self._acoustic):
            if not path.exists():
                raise NotJulius(f"{path} is not there: unpack and build Julius as README.md says")

    def hears(self, grammar: Grammar, wavs: Sequence[Path]) -> dict[str, tuple[str, ...]]:
        """The words of each of ``wavs`` (16 kHz) under ``grammar``."""
        rules, voca = grammar.written()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "g.grammar").write_text(rules, "utf-8")
            (folder / "g.voca").write_text(voca, "utf-8")
            (folder / "wavs").write_text("".join(f"{wav}\n" for wav in wavs), "utf-8")
            self._run("perl", self._compiler, folder / "g")
            if not (folder / "g.dfa").exists():
                raise NotJulius(
                    "mkdfa.pl made nothing of a grammar: are mkfa and dfa_minimize by it?"
                )
            hmm, triphones = self._acoustic
            models = ("-h", hmm, "-hlist", triphones, "-gram", folder / "g", "-gprune", "safe")
            beams = ("-b", "1500", "-b2", "200", "-s", "2000", "-n", "1", "-output", "1")
            files = ("-input", "rawfile", "-filelist", folder / "wavs")
            return understood(self._run(self._program, *models, *beams, *files))

    @staticmethod
    def _run(*command: str | Path) -> str:
        done = subprocess.run(  # noqa: S603
            [str(part) for part in command],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return done.stdout


def _grammars(kind: str, items: Sequence[Spoken], lists: Mapping[str, Any]) -> Grammar:
    """What utterances of one ``kind`` in a corpus are held against."""
    said, own = _said(), [" ".join(item.utterance.words) for item in items]
    match kind:
        case "name" | "onset":
            meant = [item.utterance.meaning for item in items]
            surnames = {*lists["surnames"], *(name["surname"] for name in meant)}
            given = {*lists["givens"], *(name["given"] for name in meant)}
            return Grammar.of_names(surnames, given, loose=True)
        case "digits":
            return Grammar.of_digits([*lists["digit_words"], "の"])
        case "date":
            return Grammar.of_phrases([*lists["date_grammar"], *own])
        case _:
            return Grammar.of_phrases([*said["yes"], *said["no"], *said["command"], *own])


def heard_in(julius: Julius, corpus: Sequence[Spoken]) -> list[str]:
    """The ids of the utterances of ``corpus`` that sound like their text to ``julius``."""
    lists = trials.lists(SEED)
    out = []
    for kind in _JUDGED:
        items = [item for item in corpus if item.utterance.kind == kind]
        if not items:
            continue
        heard = julius.hears(_grammars(kind, items, lists), [item.wav.resolve() for item in items])
        for item in items:
            words = heard.get(str(item.wav.resolve()), ())
            if meanings.sound(words) == meanings.sound(item.utterance.words):
                out.append(item.utterance.id)
    return out


def texts() -> str:
    """A checksum of what the corpora say that Julius heard: with other texts, the list is void."""
    said = hashlib.sha256()
    for corpus in corpora.plan():
        if corpus.name.startswith(_HEARD_CORPORA):
            for item in text.training(corpus.name, corpus.count, SEED, corpus.mix):
                said.update(f"{item.id} {' '.join(item.words)} {item.text}\n".encode())
    return said.hexdigest()[:16]


@lru_cache(maxsize=2)
def heard(seed: int) -> frozenset[str]:
    """The ids of the utterances in ``words/heard.txt``; with another ``seed`` than was heard, the
    same ids say something else, and there are none."""
    if seed != SEED:
        return frozenset()
    lines = [line.split() for line in HEARD.read_text("utf-8").splitlines() if line[:1] != "#"]
    return frozenset(f"{corpus}-{number}" for corpus, *numbers in lines for number in numbers)


def listed(ids: Iterable[str]) -> str:
    """``words/heard.txt`` with the utterances ``ids``."""
    numbers: dict[str, list[str]] = {}
    for ident in sorted(ids):
        corpus, _, number = ident.rpartition("-")
        numbers.setdefault(corpus, []).append(number)
    lines = [
        " ".join([corpus, *found[at : at + _PER_LINE]]) + "\n"
        for corpus, found in sorted(numbers.items())
        for at in range(0, len(found), _PER_LINE)
    ]
    return f"{_HEADER}# texts {texts()}\n" + "".join(lines)


def compare(julius: Julius, work: Path) -> list[tuple[str, str, int, int]]:
    """Voice, scenario, how many tested utterances ``julius`` hears right, and of how many: clean,
    at 16 kHz. A date is one phrase out of 4,000 and more, where our grammar is of words."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for corpus in corpora.plan():
        if not corpus.tested:
            continue
        spoken = corpora.spoken(corpus, work)
        with tempfile.TemporaryDirectory() as name:
            trials.write_index(Path(name) / "index", spoken)
            trials.write_lists(Path(name) / "lists", SEED)
            said = scenarios.read_index(Path(name) / "index")
            lists = scenarios.Lists.read(Path(name) / "lists")
        for kind, grammar in _tested_grammars(lists, said).items():
            items = [item for item in said if item.kind is kind]
            heard = julius.hears(grammar, [item.wav for item in items])
            for item in items:
                words = heard.get(str(item.wav), ())
                trial = scenarios.Scenarios(lists, said).asked(item)
                right = trial.judge(Heard(words, (1.0,) * len(words)))
                counts[item.voice, trial.scenario, right] += 1
    rows = sorted({key[:2] for key in counts})
    return [(*row, counts[*row, True], counts[*row, True] + counts[*row, False]) for row in rows]


def _tested_grammars(
    lists: scenarios.Lists, said: Sequence[scenarios.Utterance]
) -> dict[Kind, Grammar]:
    dates = [" ".join(item.words) for item in said if item.kind is Kind.DATE]
    answers = Grammar.of_phrases([*lists.yes_no, *lists.commands])
    return {
        Kind.NAME: Grammar.of_names(lists.surnames, lists.givens, loose=False),
        Kind.DATE: Grammar.of_phrases([*lists.dates, *dates]),
        Kind.DIGITS: Grammar.of_digits(lists.digit_words),
        Kind.YES_NO: answers,
        Kind.COMMAND: answers,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write ``words/heard.txt``, or compare over the tested utterances."""
    parser = argparse.ArgumentParser(prog="python -m speech_model.second_listener")
    parser.add_argument("julius", type=Path, help="npm's package julius, unpacked and built")
    parser.add_argument("--work", type=Path, default=Path("var/speech_model"), help="of make model")
    parser.add_argument("--tested", action="store_true", help="compare instead of writing the list")
    asked = parser.parse_args(arguments)
    try:
        julius = Julius(asked.julius)
        return _listen(julius, asked.work, tested=asked.tested)
    except NotJulius as problem:
        sys.stderr.write(f"{problem}\n")
    except FileNotFoundError as problem:
        sys.stderr.write(f"{problem.filename} is not there: 'make model' speaks it\n")
    return 1


def _listen(julius: Julius, work: Path, *, tested: bool) -> int:
    if tested:
        for voice, scenario, right, all_ in compare(julius, work):
            sys.stdout.write(f"{voice:12} {scenario:24} {right}/{all_}\n")
        return 0
    ids: list[str] = []
    for corpus in corpora.plan():
        if corpus.name.startswith(_HEARD_CORPORA):
            spoken = corpora.spoken(corpus, work)
            found = heard_in(julius, spoken)
            sys.stdout.write(f"{corpus.name}: {len(found)} of {len(spoken)} heard as said\n")
            sys.stdout.flush()
            ids += found
    HEARD.write_text(listed(ids), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
