"""Prompts that a person has recorded: WAV files in ``recordings/<language>`` beside a flow.

``greeting.wav`` is the prompt ``greeting``, ``birthdate.2.wav`` the second text of one that has
several, ``greeting.slow.wav`` the same spoken slowly. Beside them stands ``script.yaml``, the
prompts file as it was when they were recorded, so that nobody hears a recording of words that
have changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import FilesError, HearingError, Problem
from ivr.flow.model import PromptsFile
from ivr.flow.rules.texts import LONGEST_S
from ivr.flow.source import read_yaml
from ivr.flow.suggestion import did_you_mean
from ivr.flow.validation import validate
from ivr.hearing.telephone_audio import TELEPHONE_RATE, Audio, read_wav
from ivr.speaking.prompt_texts import PromptText, prompt_texts
from ivr.speaking.speech_level import active_rms, dbm0, is_clipped

SCRIPT = "script.yaml"
SLOW = ".slow"
#: Active speech levels (dBm0) that can be brought to that of other prompts: 12 dB around it.
#: What is quieter would come with its noise, what is louder has been distorted.
QUIETEST_DBM0, LOUDEST_DBM0 = -28.0, -4.0
_CONVERT = "sox IN.wav -r 8000 -c 1 -b 16 OUT.wav sinc 200-3600"


@dataclass(frozen=True, slots=True)
class Recording:
    """The files of one text; ``slow`` where it was also spoken slowly."""

    normal: Path
    slow: Path | None


def read_recordings(
    flow_folder: Path,
    texts: Sequence[PromptText],
    words: Mapping[str, Mapping[str, str]],
) -> dict[tuple[str, str], Recording]:
    """(language, text) -> its recording, for all ``texts`` that have one. ``words`` fill the
    placeholders of the script, by language.

    Raises:
        FilesError: with every recording that is not as it must be.
    """
    problems: list[Problem] = []
    found: dict[tuple[str, str], Recording] = {}
    for language in dict.fromkeys(text.language for text in texts):
        folder = flow_folder / "recordings" / language
        files = {path.stem: path for path in sorted(folder.glob("*.wav"))}
        if not files:
            continue
        by_name = {text.name: text for text in texts if text.language == language}
        script = _script(folder / SCRIPT, language, words.get(language, {}), problems)
        for stem, path in files.items():
            name = stem.removesuffix(SLOW)
            problem = _misplaced(name, stem, files, by_name, script) or _unusable(path)
            if problem:
                problems.append(Problem(path.as_posix(), 0, 0, problem))
            elif stem == name:
                slow = files.get(name + SLOW)
                found[language, by_name[name].text] = Recording(path, slow)
    if problems:
        raise FilesError(problems)
    return found


def _script(
    path: Path, language: str, words: Mapping[str, str], problems: list[Problem]
) -> dict[str, str] | None:
    """Name -> the words that were recorded; None where the script cannot be used."""
    if not path.exists():
        message = f"is missing: the prompts.{language}.yaml that was read out, docs/voice.md"
        problems.append(Problem(path.as_posix(), 0, 0, message))
        return None
    document = read_yaml(path)
    file = validate(document, PromptsFile)
    problems += document.problems
    if file is None:
        return None
    prompts = {
        key: (entry,) if isinstance(entry, str) else entry for key, entry in file.prompts.items()
    }
    return {text.name: text.text for text in prompt_texts(prompts, language, words)}


def _misplaced(
    name: str,
    stem: str,
    files: Mapping[str, Path],
    texts: Mapping[str, PromptText],
    script: Mapping[str, str] | None,
) -> str:
    """Why no recording belongs there, or nothing."""
    if name not in texts:
        return f"there is no prompt {name!r}{did_you_mean(name, tuple(texts))}"
    if texts[name].open:
        return "this prompt reads a value back, which nobody can record"
    if name not in files:
        return f"the same at normal speed, {name}.wav, is missing"
    if script is not None and name not in script:
        return f"{SCRIPT} does not say what was recorded"
    if script is not None and _squeezed(script[name]) != _squeezed(texts[name].text):
        return f"the prompt has changed since it was recorded (see {SCRIPT}): record it again"
    return ""


def _unusable(path: Path) -> str:
    """What is wrong with the sound of a recording, or nothing."""
    try:
        audio = read_wav(path)
    except HearingError as error:
        return error.message.removeprefix(f"{path} ")
    return _sound_problem(audio)


def _sound_problem(audio: Audio) -> str:
    if audio.rate != TELEPHONE_RATE:
        return f"has {audio.rate} samples a second, not {TELEPHONE_RATE}: {_CONVERT}"
    if audio.seconds > LONGEST_S:
        return f"takes {audio.seconds:.1f} s; {LONGEST_S:g} s is the most a caller can follow"
    if is_clipped(audio):
        return "is clipped: record it again, less loudly"
    rms = active_rms(audio)
    if rms == 0.0:
        return "holds no speech"
    if not QUIETEST_DBM0 <= dbm0(rms) <= LOUDEST_DBM0:
        bounds = f"{QUIETEST_DBM0:g} to {LOUDEST_DBM0:g} dBm0"
        return f"has its speech at {dbm0(rms):.0f} dBm0, not at {bounds}: record it again"
    return ""


def _squeezed(text: str) -> str:
    return "".join(text.split())
