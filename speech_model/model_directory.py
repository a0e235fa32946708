"""A model directory as Vosk reads it, with a card and digests that Vosk ignores.

The layout is Vosk's (``doc/models.md`` of vosk-api): ``am``, ``graph``, ``conf``. Options are those
of Kaldi's ``online2`` decoder (``src/decoder/lattice-incremental-decoder.h``,
``src/online2/online-endpoint.h``) and of its features (``src/feat/feature-mfcc.h``).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from speech_model.acoustic_model import Floats, Layer, acoustic_model
from speech_model.graph import Lexicon, UnknownCosts, decoding_graph, default_grammar
from speech_model.openfst import const_fst, lookahead_fst
from speech_model.phones import SILENCE
from speech_model.topology import PHONES, PLACES

CARD = "model.json"
#: Stands in the card, in the README and in every listing of the model.
WARNING = "synthetic voices only: for rehearsal"

_MODEL_CONF = {
    "acoustic-scale": 1.0,
    "frame-subsampling-factor": 3,
    "min-active": 200,
    # Frames that go through the network together (20 if nothing is said): a quarter less work. What
    # is heard 0.7 s after the last sound, when a caller seems to have said all, is the same.
    "frames-per-chunk": 42,
    # [unk] is a loop of phones. Telling its phone sequences apart costs ten times real time over
    # key tones, and nobody asks which phones [unk] was. The cap is for grammars of free morae.
    "phone-determinize": "false",
    "max-mem": 5_000_000,
    "endpoint.silence-phones": PHONES.index(SILENCE) + 1,
    "endpoint.rule2.min-trailing-silence": 0.5,
    "endpoint.rule3.min-trailing-silence": 1.0,
    "endpoint.rule4.min-trailing-silence": 2.0,
}


class DamagedModel(Exception):
    """A model directory is not what its card says."""


@dataclass(frozen=True)
class Mfcc:
    """The features that the network was trained on: ``bins`` mel filters and as many cepstra."""

    bins: int
    low_hz: float
    high_hz: float
    rate_hz: int = 8000


@dataclass(frozen=True)
class Beams:
    """How widely Vosk searches: costs in natural logarithms, states a frame."""

    search: float = 14.0
    lattice: float = 8.0
    states: int = 5000


@dataclass(frozen=True)
class Card:
    """What a model says about itself; ``date`` as ``2026-11-22``."""

    name: str
    version: str
    date: str
    seed: int
    training: Mapping[str, object]


def write(
    directory: Path,
    layers: Sequence[Layer],
    lexicon: Lexicon,
    *,
    card: Card,
    mfcc: Mfcc,
    priors: Floats | None = None,
    prior_scale: float = 1.0,
    unknown: UnknownCosts | None = None,
    beams: Beams | None = None,
    word_costs: Mapping[str, float] | None = None,
) -> None:
    """Writes a model to ``directory``; one that stood there before is replaced whole.

    ``word_costs`` (negative natural logarithms) are those of the default grammar. The same
    arguments give the same bytes.
    """
    fresh = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    graph = decoding_graph(lexicon, unknown or UnknownCosts())
    grammar = default_grammar(graph.words, word_costs or {})
    beams = beams or Beams()
    files = {
        "am/final.mdl": acoustic_model(layers, priors, prior_scale=prior_scale),
        "graph/HCLr.fst": lookahead_fst(graph.lexicon, len(graph.words) - 1),
        "graph/Gr.fst": const_fst(grammar, graph.words),
        # Kaldi wants at least one label here; this one is on no arc.
        "graph/disambig_tid.int": f"{2 * len(PHONES) + 1}\n".encode(),
        "graph/phones.txt": _lines(f"{p} {n}" for n, p in enumerate(("<eps>", *PHONES))),
        "graph/phones/word_boundary.int": _lines(
            f"{n} {_place(phone)}" for n, phone in enumerate(PHONES, start=1)
        ),
        "conf/mfcc.conf": _mfcc_conf(mfcc),
        "conf/model.conf": _model_conf(beams),
        "README": _readme(card, len(graph.words) - 1).encode(),
    }
    for name, content in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    described = {
        "name": card.name,
        "version": card.version,
        "warning": WARNING,
        "rehearsal": True,
        "date": card.date,
        "seed": card.seed,
        "words": len(graph.words) - 1,
        "parameters": sum(layer.weight.size + layer.bias.size for layer in layers),
        "mfcc": asdict(mfcc),
        "training": dict(card.training),
        "sha256": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    text = json.dumps(described, ensure_ascii=False, indent=1) + "\n"
    (fresh / CARD).write_text(text, "utf-8")
    shutil.rmtree(directory, ignore_errors=True)
    fresh.rename(directory)


def check(directory: Path) -> dict[str, object]:
    """The card of a model directory, once every file in it has been found unchanged.

    Raises :class:`DamagedModel` naming the first file that is missing, changed or not in the card.
    """
    try:
        card: dict[str, object] = json.loads((directory / CARD).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise DamagedModel(f"{directory / CARD}: cannot be read; run 'make model'") from problem
    digests = card.get("sha256")
    if not isinstance(digests, dict):
        raise DamagedModel(f"{directory / CARD}: holds no digests; run 'make model'")
    found = {
        path.relative_to(directory).as_posix(): path
        for path in directory.rglob("*")
        if path.is_file() and path.name != CARD
    }
    for name in sorted(found.keys() | digests.keys()):
        if name not in found:
            raise DamagedModel(f"{directory / name}: is missing; run 'make model'")
        if digests.get(name) != hashlib.sha256(found[name].read_bytes()).hexdigest():
            raise DamagedModel(f"{directory / name}: is not what {CARD} says; run 'make model'")
    return card


def size(directory: Path) -> int:
    """Bytes of all files in ``directory``."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _place(phone: str) -> str:
    return "nonword" if phone == SILENCE else PLACES[phone[-1]]


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _options(options: Mapping[str, object]) -> bytes:
    return _lines(f"--{name}={value}" for name, value in options.items())


def _mfcc_conf(mfcc: Mfcc) -> bytes:
    return _options(
        {
            "sample-frequency": mfcc.rate_hz,
            "use-energy": "false",
            "num-mel-bins": mfcc.bins,
            "num-ceps": mfcc.bins,
            "low-freq": mfcc.low_hz,
            "high-freq": mfcc.high_hz,
            "dither": 0,
            "allow-upsample": "true",
            "allow-downsample": "true",
        }
    )


def _model_conf(beams: Beams) -> bytes:
    searched = {
        "beam": beams.search,
        "lattice-beam": beams.lattice,
        "max-active": beams.states,
    }
    return _options(searched | _MODEL_CONF)


def _readme(card: Card, words: int) -> str:
    return f"""{card.name} {card.version} ({card.date})

{WARNING.capitalize()}.

A small Japanese model for telephone audio (8 kHz) in Vosk's format: {words} words as hiragana
readings, every mora, and [unk]. It has never heard a human being; it must not decide about real
callers. Made by speech_model/ of the project it stands in; speech_model/README.md says from what,
and what was measured. {CARD} holds the digest of every file.
"""
