"""``ivr hear``: what a recogniser makes of a WAV file, and what is understood of that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from ivr.commands.lines import write_object
from ivr.commands.options import spoken_language
from ivr.commands.understand import shown, today_of
from ivr.errors import HearingError
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import load_model
from ivr.hearing.recogniser import N_BEST, Transcript, recognise
from ivr.hearing.telephone_audio import read_wav
from ivr.identity.listened_names import ListenedNames, NameSelection
from ivr.identity.name_evidence import Guess, weigh
from ivr.settings import load_settings
from ivr.understanding.grammar import Grammar
from ivr.understanding.kana import is_kana
from ivr.understanding.value import Hypothesis, Understood
from ivr.wiring.listening import (
    compiler_for,
    evidence_for,
    grammar_named,
    name_pool,
    open_model,
    phrases_of,
    read_calibration,
    understand,
)

#: Instead of a grammar: whatever the model expects by itself.
FREE = "free"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--grammar",
    "names",
    multiple=True,
    required=True,
    help="What is listened for: a grammar (birthdate, yes_no, commands ...), or free for anything."
    " Give it again to listen for more, as a call listens for commands too.",
)
@spoken_language
@click.option("--model", "path", type=click.Path(path_type=Path), help="Folder of a Vosk model.")
@click.option(
    "--n-best",
    type=click.IntRange(1, 20),
    default=N_BEST,
    show_default=True,
    help="Hypotheses at most.",
)
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="FURIGANA",
    help="With the grammar name: a registered name (サトウ ハナコ) to be told from others, as in a"
    " call once the birthdate is known; again for each.",
)
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="The day it is said on; today.")
def hear(
    files: tuple[Path, ...],
    names: tuple[str, ...],
    language: str,
    path: Path | None,
    n_best: int,
    candidates: tuple[str, ...],
    now: datetime | None,
) -> None:
    """Hear one utterance in each WAV file: one JSON object a line.

    Each has the hypotheses (text as the grammar writes it, words as the model heard them with
    seconds and confidence), what was understood, by which grammar, and the real-time factor:
    seconds of work for a second of sound, without loading anything. With candidates also the
    evidence: whether one of them was heard, clearly better than look-alikes and decoys, and
    whether the same sound, heard without a list, agrees.
    """
    settings = load_settings()
    grammars = [grammar_named(settings, name, language) for name in names if name != FREE]
    calibration = read_calibration(settings)
    today = today_of(now)
    audio = [(file, read_wav(file)) for file in files]
    model = load_model(path) if path is not None else open_model(settings, language)
    compiler = compiler_for(model, language)
    listened = listened_names(compiler, candidates, names) if candidates else None
    compiled = None
    if FREE not in names:
        lists = [phrases_of(grammar) for grammar in grammars]
        compiled = compiler.compile(*lists, once=listened.phrases() if listened else ())
    for file, sound in audio:
        began = time.perf_counter()
        found = recognise(model, compiled, sound, n_best=n_best)
        freely = recognise(model, None, sound) if listened else []
        took = time.perf_counter() - began
        heard = [Hypothesis(each.text, each.confidence) for each in found]
        name, understood = _understood(grammars, heard, language, today)
        if calibration is not None and name:
            (grammar,) = (each for each in grammars if each.name == name)
            evidence = evidence_for(grammar, heard, understood, language=language, today=today)
            understood = replace(understood, confidence=calibration.probability(name, evidence))
        write_object(
            {
                "file": str(file),
                "seconds": round(sound.seconds, 3),
                "language": language,
                "now": today.isoformat(),
                "grammar": name,
                "hypotheses": [_object(each) for each in found],
                "status": understood.status,
                "value": shown(understood.value),
                "confidence": round(understood.confidence, 4),
                "reason": understood.reason,
                "real_time_factor": round(took / sound.seconds, 4),
                **({"evidence": _weighed(listened, found, freely)} if listened else {}),
            }
        )


def listened_names(
    compiler: GrammarCompiler, candidates: Sequence[str], grammars: Sequence[str]
) -> ListenedNames:
    """The names to listen for where ``candidates`` (surname and given name in kana) are those
    registered.

    Raises:
        HearingError: one is no such name, names are not what is listened for, or the model does
            not know names by their reading.
    """
    if "name" not in grammars or FREE in grammars:
        raise HearingError("candidates are names", hint="--grammar name")
    registered = []
    for candidate in candidates:
        parts = candidate.split()
        if len(parts) != 2 or not all(map(is_kana, parts)):
            raise HearingError(
                "a candidate is a surname and a given name in kana with a space between",
                hint="--candidate 'サトウ ハナコ'",
            )
        registered.append((parts[0], parts[1]))
    # Nobody is told anything here, so the decoys need no secret.
    return NameSelection(name_pool(compiler), b"ivr hear").select(None, registered)


def _weighed(
    listened: ListenedNames, found: Sequence[Transcript], freely: Sequence[Transcript]
) -> dict[str, Any]:
    listed, free = (
        [Guess(each.text, each.score) for each in heard if each.score is not None]
        for heard in (found, freely)
    )
    evidence = weigh(listened, listed, free)
    return {
        "decision": evidence.decision,
        "names": sorted(f"{name.surname} {name.given}" for name in evidence.names),
        "margin": round(evidence.margin, 4),
        "agreement": round(evidence.agreement, 4),
        "freely": freely[0].text if freely else "",
    }


def _understood(
    grammars: list[Grammar], heard: list[Hypothesis], language: str, today: date
) -> tuple[str, Understood]:
    """What the first grammar that makes sense of it understands, and that grammar's name."""
    found = ("", Understood("none", None, 0.0, "nothing_heard"))
    for grammar in grammars if heard else ():
        this = understand(grammar, heard, language=language, today=today)
        if this.status in ("ok", "invalid"):
            return grammar.name, this
        if not found[0] or this.value is not None:
            found = (grammar.name, this)
    return found


def _object(transcript: Transcript) -> dict[str, Any]:
    return {
        "text": transcript.text,
        "confidence": round(transcript.confidence, 4),
        "words": [
            {
                "word": word.word,
                "start": round(word.start_s, 3),
                "end": round(word.end_s, 3),
                "confidence": None if word.confidence is None else round(word.confidence, 4),
            }
            for word in transcript.words
        ],
    }
