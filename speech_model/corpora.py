"""Which voice says how much: the corpora of training and evaluation, and speaking them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random

from speech_model import synthesis, text, voices
from speech_model.text import Utterance
from speech_model.voices import Voice

#: How many utterances a process speaks at a time.
_BATCH = 20
Progress = Callable[[str], None]
#: Names that each tested voice says; half as many dates and codes.
_TESTED = 80


@dataclass(frozen=True, slots=True)
class Corpus:
    """``count`` utterances said by voices that ``cast`` draws.

    ``builds`` says which builds train on it: ``evaluation`` never hears the unseen voices.
    ``tested`` corpora are not trained on at all. ``mix`` is how often each kind of utterance is
    drawn for the others.
    """

    name: str
    count: int
    cast: Callable[[Random], Voice]
    builds: tuple[str, ...] = ("evaluation", "shipped")
    tested: bool = False
    mix: Mapping[str, float] = field(default_factory=lambda: text.TRAINING_MIX)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance with the voice that says it and where its sound is (16 kHz WAV)."""

    utterance: Utterance
    voice: Voice
    wav: Path


def plan(scale: float = 1.0) -> list[Corpus]:
    """The corpora, at ``scale`` times their full size (tests make tiny ones).

    Engines differ a thousandfold in cost: Open JTalk brings the text, Kokoro the speakers.
    """
    trained = [
        Corpus("kokoro", 2300, voices.kokoro),
        Corpus("mei", 3500, partial(voices.hts, "mei")),
        Corpus("m001", 3500, partial(voices.hts, "m001")),
        Corpus("espeak", 1200, voices.espeak),
        Corpus(
            "kokoro-careful",
            380,
            partial(voices.kokoro, careful=True),
            mix=text.ANSWERS_MIX,
        ),
        Corpus(
            "kokoro-unseen",
            1000,
            partial(voices.kokoro, among=voices.UNSEEN),
            builds=("shipped",),
        ),
        Corpus(
            "kokoro-careful-unseen",
            200,
            partial(voices.kokoro, among=voices.UNSEEN, careful=True),
            builds=("shipped",),
            mix=text.ANSWERS_MIX,
        ),
        Corpus(
            "kokoro-own",
            450,
            partial(voices.own, among=voices.SEEN_JAPANESE),
            mix=text.ANSWERS_MIX,
        ),
        Corpus(
            "kokoro-own-unseen",
            2200,
            partial(voices.own, among=voices.UNSEEN),
            builds=("shipped",),
            mix=text.ANSWERS_MIX,
        ),
        Corpus(
            "kokoro-short",
            400,
            partial(voices.kokoro, careful=True),
            mix=text.SHORT_MIX,
        ),
        Corpus(
            "kokoro-short-unseen",
            150,
            partial(voices.own, among=voices.UNSEEN),
            builds=("shipped",),
            mix=text.SHORT_MIX,
        ),
        Corpus("mei-onset", 500, partial(voices.hts, "mei"), mix=text.ONSET_MIX),
        Corpus("m001-onset", 500, partial(voices.hts, "m001"), mix=text.ONSET_MIX),
        Corpus(
            "kokoro-onset",
            420,
            partial(voices.kokoro, careful=True),
            mix=text.ONSET_MIX,
        ),
        Corpus(
            "kokoro-onset-unseen",
            420,
            partial(voices.own, among=voices.UNSEEN),
            builds=("shipped",),
            mix=text.ONSET_MIX,
        ),
        Corpus(
            "hts-own",
            2400,
            partial(voices.own, among=voices.HTS),
            builds=("shipped",),
            mix=text.OWN_MIX,
        ),
    ]
    tested = [
        Corpus(f"test-{name}", _TESTED, partial(voices.plain, name), builds=(), tested=True)
        for name in (*voices.UNSEEN, *voices.HTS)
    ]
    return [replace(corpus, count=max(2, round(corpus.count * scale))) for corpus in trained] + [
        replace(corpus, count=max(2, round(corpus.count * scale))) for corpus in tested
    ]


def utterances(corpus: Corpus, seed: int) -> Iterator[tuple[Utterance, Voice]]:
    """What is said in ``corpus``, and by whom; sentences have their readings."""
    if corpus.tested:
        items = text.test(
            corpus.name,
            seed,
            names_=corpus.count,
            dates=corpus.count // 2,
            codes=corpus.count // 2,
            every=max(1, round(_TESTED / corpus.count)),
        )
    else:
        items = text.training(corpus.name, corpus.count, seed, corpus.mix)
    for item in items:
        voice = corpus.cast(Random(f"{seed}:{item.id}"))
        if item.text:
            item = replace(item, words=(synthesis.reading(item.text),), pauses=())  # noqa: PLW2901
        yield item, voice


def _speak(batch: list[tuple[Utterance, Voice, str]], assets: Path) -> list[tuple[str, str | None]]:
    """The wav paths of a batch that were spoken; what cannot be said has an empty file."""
    done: list[tuple[str, str | None]] = []
    for utterance, voice, wav in batch:
        path = Path(wav)
        if not path.exists():
            try:
                audio = synthesis.speak(utterance, voice, assets, zlib.crc32(utterance.id.encode()))
            except synthesis.NotSpoken:
                audio = None
            if audio is None:
                path.write_bytes(b"")
            else:
                synthesis.write_wav(path, audio)
        done.append((utterance.id, wav if path.stat().st_size else None))
    return done


def synthesise(
    corpora: list[Corpus], work: Path, seed: int, processes: int, progress: Progress
) -> None:
    """Speak every corpus into ``work/wav/<corpus>``, with an index beside it. What is there stays.

    ``progress`` is told how far it is, in a line.
    """
    assets = work / "assets"
    with ProcessPoolExecutor(processes) as pool:
        for corpus in corpora:
            folder = work / "wav" / corpus.name
            index = folder / "index.jsonl"
            if index.exists():
                progress(f"{corpus.name}: already spoken")
                continue
            folder.mkdir(parents=True, exist_ok=True)
            jobs = [
                (utterance, voice, str(folder / f"{utterance.id}.wav"))
                for utterance, voice in utterances(corpus, seed)
            ]
            futures = [
                pool.submit(_speak, jobs[at : at + _BATCH], assets)
                for at in range(0, len(jobs), _BATCH)
            ]
            spoken: dict[str, str | None] = {}
            for future in as_completed(futures):
                spoken.update(future.result())
                if len(spoken) // _BATCH % 10 == 0:
                    progress(f"{corpus.name}: {len(spoken)} of {len(jobs)} spoken")
            rows = [
                {"utterance": asdict(utterance), "voice": asdict(voice), "wav": Path(wav).name}
                for utterance, voice, wav in jobs
                if spoken[utterance.id] is not None
            ]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            part = index.with_suffix(".part")
            part.write_text(lines, encoding="utf-8")
            part.rename(index)
            progress(f"{corpus.name}: {len(rows)} of {len(jobs)} could be said as written")


def spoken(corpus: Corpus, work: Path) -> list[Spoken]:
    """What :func:`synthesise` made of ``corpus``."""
    folder = work / "wav" / corpus.name
    out = []
    for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        said, voice = row["utterance"], row["voice"]
        said["words"], said["pauses"] = tuple(said["words"]), tuple(said["pauses"])
        voice["mix"] = tuple((name, share) for name, share in voice["mix"])
        out.append(Spoken(Utterance(**said), Voice(**voice), folder / row["wav"]))
    return out
