"""The files of a Vosk model directory: are they all there, and what do they say?

Vosk kills the process for some broken models and only mutters about others, so they are looked
at before it sees them.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import HearingError

#: What recognition with a grammar needs (Vosk's second layout, that of all models since 2020).
NEEDED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst")
#: First bytes of a Kaldi model and of an OpenFst file.
_BEGINNINGS = {"am/final.mdl": b"\0B", ".fst": b"\xd6\xfd\xb2\x7e"}
#: What a model says about itself, in a file that is ours and not Vosk's.
CARD = "model.json"
_HINT = "IVR_SPEECH_MODELS names the folder of a model for each language, docs/hearing.md"
#: Kaldi's own default.
_KALDI_RATE = 16000
_ENDS = 65_536


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A directory that looks like a Vosk model.

    ``identity`` changes when any file does (hex). ``rehearsal``: it has only heard made-up
    voices and must not decide about real callers. ``rate``: samples a second of its own;
    ``slower`` and ``faster`` say whether audio with fewer or more is converted.
    """

    path: Path
    identity: str
    rehearsal: bool
    rate: int
    slower: bool
    faster: bool

    def takes(self, rate: int) -> bool:
        """Whether audio of ``rate`` samples a second can be recognised."""
        return rate == self.rate or (self.slower if rate < self.rate else self.faster)


def look_at(path: Path) -> ModelFiles:
    """The model in the folder ``path``.

    Raises:
        HearingError: it is none, or one that cannot listen for grammars; the reason is named.
    """
    if not path.is_dir():
        raise HearingError(f"there is no folder {path}", hint=_HINT)
    try:
        _check(path)
        rate, slower, faster = _rates((path / "conf/mfcc.conf").read_text(encoding="utf-8"))
        return ModelFiles(path, _identity(path), _is_rehearsal(path), rate, slower, faster)
    except OSError as error:
        reason = f"{path} cannot be read [{type(error).__name__}]"
        raise HearingError(reason, hint="check who may read it") from None
    except UnicodeDecodeError:
        raise HearingError(f"{path / 'conf/mfcc.conf'} is not text", hint=_HINT) from None


def _check(path: Path) -> None:
    missing = [name for name in NEEDED if not (path / name).is_file()]
    if "graph/HCLr.fst" in missing and (path / "graph/HCLG.fst").is_file():
        raise HearingError(
            f"the model in {path} has a graph that cannot be changed and so cannot listen for"
            " grammars",
            hint="take a small model: they have graph/HCLr.fst and graph/Gr.fst",
        )
    if missing:
        raise HearingError(f"{path} is no Vosk model: it lacks {', '.join(missing)}", hint=_HINT)
    for name in NEEDED:
        expected = _BEGINNINGS.get(name) or _BEGINNINGS.get(Path(name).suffix, b"")
        with (path / name).open("rb") as file:
            begins = file.read(max(1, len(expected)))
        if not begins.startswith(expected) or (expected and not begins):
            raise HearingError(f"{path / name} is damaged", hint="fetch or make the model again")


def _rates(conf: str) -> tuple[int, bool, bool]:
    options = dict(re.findall(r"^--([a-z-]+)=(\S+)", conf, re.MULTILINE))
    try:
        rate = int(float(options.get("sample-frequency", _KALDI_RATE)))
    except ValueError:
        rate = 0
    if rate <= 0:
        raise HearingError("conf/mfcc.conf: --sample-frequency must be a number", hint=_HINT)
    return (
        rate,
        options.get("allow-upsample") == "true",
        options.get("allow-downsample") == "true",
    )


def _is_rehearsal(path: Path) -> bool:
    card = path / CARD
    if not card.exists():
        return False
    try:
        content = json.loads(card.read_bytes())
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise HearingError(f"{card} must be a JSON object", hint="fetch or make the model again")
    return content.get("rehearsal") is not False


def _identity(path: Path) -> str:
    """A digest of all names, sizes, beginnings and ends: models may have gigabytes."""
    digest = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        size = file.stat().st_size
        with file.open("rb") as stream:
            ends = stream.read(_ENDS)
            if size > 2 * _ENDS:
                stream.seek(-_ENDS, 2)
            ends += stream.read(_ENDS)
        for part in (file.relative_to(path).as_posix().encode(), str(size).encode(), ends):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
