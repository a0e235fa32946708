"""Speaks answers of callers whom the evaluation build has never heard, anew for every seed.

``python -m speech_model.unseen_callers FOLDER``; ``ivr evaluate --voice FOLDER`` scores how they
are understood. ``index.jsonl`` has a line for each: ``wav`` (8 kHz, beside it), ``slot``,
``expected`` (an ISO date, furigana, a meaning, digits), ``voice``, and for names ``look_alikes``:
furigana one sound apart.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ivr.errors import FilesError
from ivr.flow.grammars import NOTHING, read_grammar
from speech_model import assets as voice_assets
from speech_model import lexicon, names, synthesis, telephone_line, text, voices
from speech_model.caller_recordings import carried, write_wav
from speech_model.look_alikes import LookAlikes
from speech_model.phones import katakana
from speech_model.text import Utterance
from speech_model.voices import Voice

SLOTS = ("birthdate", "name", "yes_no", "command", "digits")
_GRAMMARS = {"yes_no": "yes_no", "command": "commands"}
#: Customer numbers, as the shipped grammar for them expects.
_DIGITS = 8
#: Look-alikes of a name that are written down at most.
_ALIKE = 12
#: Callers are adults.
_OLDEST, _YOUNGEST = date(1920, 1, 1), date(2006, 12, 31)
#: First day of each era in which a caller may have been born (元年 is the year of that day).
_ERAS = {
    "たいしょう": date(1912, 7, 30),
    "しょうわ": date(1926, 12, 25),
    "へいせい": date(1989, 1, 8),
    "れいわ": date(2019, 5, 1),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one caller says to one question, and what it means."""

    slot: str
    expected: str
    utterance: Utterance
    voice: Voice
    look_alikes: tuple[str, ...] = ()

    @property
    def wav(self) -> str:
        """The file it is spoken into: another text or voice has another."""
        said = self.utterance
        content = repr((said.words, said.pauses, said.text, self.voice))
        return f"{self.slot}-{hashlib.sha256(content.encode()).hexdigest()[:12]}.wav"

    def as_json(self) -> dict[str, Any]:
        """Its line of the index."""
        row = {"wav": self.wav, "slot": self.slot, "expected": self.expected}
        alike = {"look_alikes": list(self.look_alikes)} if self.slot == "name" else {}
        return {**row, "voice": self.voice.name, **alike}


def answers(
    count: int, seed: int, grammars: Path, cast: tuple[str, ...] = voices.UNSEEN
) -> Iterator[Answer]:
    """``count`` answers of every slot, of yes and no and of commands half as many, by the voices
    of ``cast`` in turn; the same for a seed.

    ``grammars``: the folder of a language's grammars, from which yes, no and commands are drawn.
    """
    chances = {slot: Random(f"{seed}:callers:{slot}") for slot in SLOTS}
    callers = {slot: _Caller(random, grammars) for slot, random in chances.items()}
    for at in range(count):
        for slot in SLOTS:
            if slot in _GRAMMARS and at >= count // 2:
                continue
            answer = getattr(callers[slot], slot)(f"{slot}-{at:04d}")
            yield replace(answer, voice=voices.plain(cast[at % len(cast)], chances[slot]))


_NOBODY = Voice("kokoro", ())


class _Caller:
    def __init__(self, random: Random, grammars: Path) -> None:
        self._random, self._grammars = random, grammars
        self._speaker = text.Speaker(random, training=False)

    def birthdate(self, ident: str) -> Answer:
        """A caller's, in any way that the recipe knows to say one."""
        while True:
            said = self._speaker.utterance(ident, "date")
            born = born_on(said.meaning["date"])
            if born is not None and _OLDEST <= born <= _YOUNGEST:
                return Answer("birthdate", born.isoformat(), said, _NOBODY)

    def name(self, ident: str) -> Answer:
        """A full name out of 300 + 300; training never says every third of them."""
        surname, given = map(self._random.choice, text.tested_names())
        said = [surname, given]
        if self._random.random() < 0.12:
            said = [*self._one("filler"), *said]
        if self._random.random() < 0.6:
            said += self._one("ending")
        surnames, givens = _near()
        alike = [(near, given) for near in surnames.of(surname)]
        alike += [(surname, near) for near in givens.of(given)]
        chosen = self._random.sample(alike, min(_ALIKE, len(alike)))
        return Answer(
            "name",
            furigana(surname, given),
            Utterance(ident, "name", tuple(said)),
            _NOBODY,
            tuple(furigana(*each) for each in chosen),
        )

    def yes_no(self, ident: str) -> Answer:
        """See :meth:`_meant`."""
        return self._meant("yes_no", ident)

    def command(self, ident: str) -> Answer:
        """See :meth:`_meant`."""
        return self._meant("command", ident)

    def digits(self, ident: str) -> Answer:
        """A customer number, digit by digit; three in ten with の in the middle."""
        words, meaning, _ = self._speaker.digits(_DIGITS)
        if self._random.random() < 0.4:
            words = [*words, "です"]
        return Answer(
            "digits", meaning["digits"], Utterance(ident, "digits", tuple(words)), _NOBODY
        )

    def _one(self, kind: str) -> tuple[str, ...]:
        found = [item for item in lexicon.said() if item.kind == kind]
        return self._random.choices(found, [item.weight for item in found])[0].words

    def _meant(self, slot: str, ident: str) -> Answer:
        """Two in three a sample of the grammar's twin, else one of its phrases."""
        samples, meanings = _phrases(self._grammars, _GRAMMARS[slot])
        if self._random.random() < 0.67:
            said, meaning = self._random.choice(samples)
        else:
            meaning = self._random.choice(list(meanings))
            said = self._random.choice(meanings[meaning])
        return Answer(slot, meaning, Utterance(ident, slot, (), (), {}, said), _NOBODY)


def born_on(said: str) -> date | None:
    """The day of a date as :mod:`speech_model.numbers` says it (``しょうわ50-3-5``,
    ``1975-3-5``); None where an era, or a month, has no such day."""
    year, month, day = said.split("-")
    era = next((name for name in _ERAS if year.startswith(name)), "")
    number = year.removeprefix(era)
    if not number.isdecimal():
        return None  # an era before those
    first = _ERAS.get(era)
    try:
        born = date(int(number) + (first.year - 1 if first else 0), int(month), int(day))
    except ValueError:
        return None
    began = list(_ERAS.values())
    over = next((end for end in began if first and end > first), date.max)
    return None if first and not first <= born < over else born


def furigana(surname: str, given: str) -> str:
    """As a register has it: さとう, はなこ as サトウ ハナコ."""
    return f"{katakana(surname)} {katakana(given)}"


@cache
def _near() -> tuple[LookAlikes, LookAlikes]:
    return (
        LookAlikes([name.reading for name in names.surnames()]),
        LookAlikes([name.reading for name in names.given_names()]),
    )


@cache
def _phrases(folder: Path, name: str) -> tuple[list[tuple[str, str]], dict[str, list[str]]]:
    """The samples of a grammar that mean something, each with its meaning; its phrases by meaning.

    Raises:
        FilesError: it has problems.
    """
    reading = read_grammar(folder / f"{name}.yaml")
    if reading.grammar is None or reading.problems:
        raise FilesError(reading.problems)
    samples = [
        (sample.say, sample.means)
        for sample in reading.samples
        if sample.means not in (None, NOTHING) and not _latin(sample.say)
    ]
    meanings = {
        meaning: [phrase for phrase in phrases if not _latin(phrase)]
        for meaning, phrases in reading.grammar.meanings.items()
    }
    return [(said, str(meaning)) for said, meaning in samples], {
        meaning: phrases for meaning, phrases in meanings.items() if phrases
    }


def _latin(phrase: str) -> bool:
    """English is not for a Japanese voice."""
    return any(sign.isascii() and sign.isalnum() for sign in phrase)


def speak(found: list[Answer], folder: Path, assets: Path, processes: int) -> int:
    """Speak all into ``folder`` and write its index; what has been spoken stays. Returns how many
    could be said as they must sound."""
    folder.mkdir(parents=True, exist_ok=True)
    answers_ = [replace(answer, utterance=_read(answer.utterance)) for answer in found]
    jobs = {a.wav: (a.utterance, a.voice, folder / a.wav) for a in answers_}
    said: set[str] = set()
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(_speak, *job, assets) for job in jobs.values()]
        for number, future in enumerate(as_completed(futures), 1):
            said.add(future.result())
            sys.stderr.write(f"\r{number} of {len(jobs)} answers spoken")
    sys.stderr.write("\n")
    rows = [answer.as_json() for answer in answers_ if answer.wav in said]
    part = folder / "index.part"
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(folder / "index.jsonl")
    return len(rows)


def _speak(utterance: Utterance, voice: Voice, wav: Path, assets: Path) -> str:
    """The name of the file, if it could be spoken; otherwise nothing. A file without any sound
    says that it was tried."""
    if not wav.exists():
        part = wav.with_suffix(".part")
        try:
            audio = synthesis.speak(utterance, voice, assets, zlib.crc32(wav.name.encode()))
        except synthesis.NotSpoken:
            part.touch()
        else:
            sound = telephone_line.resampled(audio, synthesis.RATE_HZ, telephone_line.RATE_HZ)
            write_wav(part, carried(sound))
        part.replace(wav)
    return wav.name if wav.stat().st_size else ""


def _read(utterance: Utterance) -> Utterance:
    """With the reading of its text, if that is what it has."""
    if not utterance.text:
        return utterance
    return replace(utterance, words=(synthesis.reading(utterance.text),))


def main() -> None:
    """Speak what the arguments say."""
    parser = argparse.ArgumentParser(
        prog="python -m speech_model.unseen_callers",
        description="Speak answers of callers for 'ivr evaluate --voice'. What was spoken before"
        " with the same seed stays.",
    )
    parser.add_argument("folder", type=Path, help="folder for the answers and their index")
    parser.add_argument(
        "--count",
        type=int,
        default=300,
        help="answers of each slot, yes/no and commands together counting as one",
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other answers")
    parser.add_argument(
        "--voices", nargs="+", default=list(voices.UNSEEN), help="voices; default: the unseen two"
    )
    parser.add_argument("--grammars", type=Path, default=Path("grammars/ja"))
    parser.add_argument("--assets", type=Path, default=Path("var/speech_model/assets"))
    parser.add_argument("--processes", type=int, default=1, help="cores to work on")
    args = parser.parse_args()
    voice_assets.prepare(args.assets)
    found = list(answers(args.count, args.seed, args.grammars, tuple(args.voices)))
    said = speak(found, args.folder, args.assets, args.processes)
    sys.stderr.write(f"{said} of {len(found)} could be said as written\n")


if __name__ == "__main__":
    main()
