"""Speaks what rehearsed callers say: WAV files beside the call files, as a telephone carries them.

``python -m speech_model.caller_recordings`` makes all that ``words/callers.tsv`` names. The same
versions and processor give the same samples.
"""

from __future__ import annotations

import argparse
import csv
import sys
import wave
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speech_model import assets, rejection, synthesis, telephone_line
from speech_model.telephone_line import RATE_HZ, Samples
from speech_model.text import Utterance
from speech_model.voices import Voice

WORDS = Path(__file__).parent / "words" / "callers.tsv"
_FOLDER = Path("flows/verify/calls/audio")
_WORK = Path("var/speech_model")

_APACHE = "Apache-2.0 (Kokoro-82M, hexgrad)"
_MEI = "CC BY 3.0 (HTS voice Mei, MMDAgent Project Team, Nagoya Institute of Technology)"
_M001 = "CC BY 3.0 (HTS voice NIT ATR503 M001, HTS Working Group)"
_OURS = "Apache-2.0 (this project)"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One caller's voice, and the licence that its sound is under."""

    voice: Voice
    licence: str


def _hts(name: str, speed: float, semitones: float = 0.0, tract: float = 1.0) -> Voice:
    return Voice("hts", ((name, 1.0),), speed, semitones=semitones, tract=tract)


#: The folders of ``words/callers.tsv``. The shipped model has heard all of these voices.
SPEAKERS = {
    "taro": Speaker(_hts("m001", 0.95), _M001),
    "ichiro": Speaker(_hts("m001", 1.05, semitones=3, tract=1.06), _M001),
    "hanako": Speaker(_hts("mei", 0.9), _MEI),
    "kiyo": Speaker(_hts("mei", 0.8, semitones=-4, tract=0.95), _MEI),
    "shigeru": Speaker(_hts("m001", 0.8, semitones=-2, tract=0.96), _M001),
    "misaki": Speaker(Voice("kokoro", (("jf_alpha", 1.0),), 0.95), _APACHE),
    "makoto": Speaker(Voice("kokoro", (("jm_kumo", 1.0),), 0.95), _APACHE),
}
#: A folder for what is no speech: its words are kinds of :mod:`speech_model.rejection`.
SOUNDS = "sounds"

#: Root mean square of the loud half of a recording, in 16-bit steps: a caller a little softer than
#: our prompts are.
_LEVEL = 2000.0
#: The band of a telephone (ITU-T G.712), and seconds of silence around the words.
_LOW_HZ, _HIGH_HZ = 300.0, 3400.0
_MARGIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Recording:
    """``file`` below the folder, without ``.wav``; ``words`` in hiragana as they sound, with
    commas for pauses; ``text`` as call files write it."""

    file: str
    words: str
    text: str

    @property
    def speaker(self) -> str:
        """The folder, which names who speaks."""
        return self.file.partition("/")[0]

    @property
    def utterance(self) -> Utterance:
        """What the synthesis says."""
        words: list[str] = []
        pauses: list[int] = []
        for word in self.words.split():
            if word == ",":
                pauses.append(len(words) - 1)
            else:
                words.append(word)
        return Utterance(self.file, "caller", tuple(words), tuple(pauses))


def recordings(path: Path = WORDS) -> Iterator[Recording]:
    """What is to be spoken.

    Raises ``ValueError`` for a line that is not three columns, or names no speaker.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 3 or columns[0].partition("/")[0] not in (*SPEAKERS, SOUNDS):
            raise ValueError(f"{path}:{number}: must be speaker/file, words and text")
        yield Recording(*columns)


def spoken(recording: Recording, folder: Path) -> Samples:
    """``recording`` as it comes out of a telephone: samples at 8 kHz in 16-bit steps. ``folder``
    is that of :mod:`speech_model.assets`."""
    seed = zlib.crc32(recording.file.encode())
    if recording.speaker == SOUNDS:
        kind = recording.words
        samples = next(sound.samples for sound in rejection.sounds(seed) if sound.kind == kind)
    else:
        voice = SPEAKERS[recording.speaker].voice
        audio = synthesis.speak(recording.utterance, voice, folder, seed)
        samples = telephone_line.resampled(audio, synthesis.RATE_HZ, RATE_HZ)
    return carried(samples)


def carried(samples: Samples) -> Samples:
    """``samples`` (8 kHz) as a telephone carries them: its band, a caller's level, a moment of
    silence around."""
    samples = telephone_line.band(samples, _LOW_HZ, _HIGH_HZ)
    loud = np.abs(samples) >= np.median(np.abs(samples))
    samples = samples * _LEVEL / np.sqrt(np.mean(samples[loud] ** 2))
    return np.pad(samples, round(_MARGIN_S * RATE_HZ))


def write_wav(path: Path, samples: Samples) -> None:
    """16-bit mono at 8 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.round(samples.clip(-32767, 32767)).astype("<i2").tobytes())


def write_manifest(folder: Path, made: list[Recording]) -> None:
    """``manifest.tsv``: each file, its words, its voice and the licence it is under."""
    with (folder / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        writer.writerow(("file", "text", "voice", "licence"))
        for each in made:
            speaker = SPEAKERS.get(each.speaker)
            voice = each.words if speaker is None else speaker.voice.name
            licence = _OURS if speaker is None else speaker.licence
            writer.writerow((f"{each.file}.wav", each.text, voice, licence))


def main() -> None:
    """Make every recording, and the manifest."""
    parser = argparse.ArgumentParser(
        prog="python -m speech_model.caller_recordings",
        description="Speak what the callers of the rehearsals say.",
    )
    parser.add_argument("--work", type=Path, default=_WORK, help="folder of the fetched voices")
    parser.add_argument("--out", type=Path, default=_FOLDER, help="folder of the WAV files")
    args = parser.parse_args()
    voices = args.work / "assets"
    assets.prepare(voices)
    made = list(recordings())
    for each in made:
        write_wav(args.out / f"{each.file}.wav", spoken(each, voices))
        print(each.file, file=sys.stderr)  # noqa: T201
    write_manifest(args.out, made)


if __name__ == "__main__":
    main()
