"""Recorded answers whose meaning is known, read from an index, and the lines they are said on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal, get_args

from ivr.errors import FilesError, HearingError, Problem
from ivr.hearing.telephone_audio import TELEPHONE_RATE, encode_mulaw, read_wav
from ivr.hearing.voice_activity import FRAME
from ivr.rehearsal.bad_line import BadLine, Line
from ivr.speaking.speech_level import active_rms
from ivr.understanding.kana import is_kana
from ivr.wiring.hearing_booth import LEAD_S

Slots = Literal["birthdate", "name", "yes_no", "command", "digits"]
SLOTS: tuple[Slots, ...] = get_args(Slots)
INDEX = "index.jsonl"
#: What a line may do to an answer, by name.
LINES: Mapping[str, Line] = {
    "clean": Line(),
    "noise-20": Line(noise_db=20),
    "noise-10": Line(noise_db=10),
    "loss-3": Line(loss=0.03),
    "clipping": Line(clip=True),
}

_SILENCE = b"\xff" * FRAME
#: Seconds that callers take to begin.
_THINKING_S = 0.6
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class SpokenAnswer:
    """``wav`` is somebody with ``voice`` answering for ``slot``; ``expected`` is an ISO date,
    furigana with a space, ``yes`` or ``no``, a command, or digits. ``look_alikes`` are furigana
    of names that sound like it."""

    wav: Path
    slot: Slots
    expected: str
    voice: str
    look_alikes: tuple[str, ...] = ()

    @property
    def full_name(self) -> tuple[str, str]:
        """Surname and given name that are said, if it is a name."""
        return parts_of(self.expected)

    def on(self, line: Line) -> Iterator[bytes]:
        """Frames of a line on which it is said, after a moment of thought; it never ends.

        Raises:
            HearingError: the file is no telephone audio.
        """
        sound = read_wav(self.wav)
        if sound.rate != TELEPHONE_RATE:
            raise HearingError(f"{self.wav} has {sound.rate} samples a second, not 8000")
        said = encode_mulaw(sound.pcm)
        said += b"\xff" * (-len(said) % FRAME)
        quiet = round((LEAD_S + _THINKING_S) * TELEPHONE_RATE / FRAME)
        frames = (said[at : at + FRAME] for at in range(0, len(said), FRAME))
        bad = BadLine(line, active_rms(sound), self.wav.name)
        for frame in chain(repeat(_SILENCE, quiet), frames, repeat(_SILENCE)):
            yield bad.carry(frame, _SILENCE)


def parts_of(furigana: str) -> tuple[str, str]:
    """Surname and given name of furigana with a space between."""
    surname, _, given = furigana.partition(" ")
    return surname, given


def read_index(folder: Path) -> list[SpokenAnswer]:
    """The answers in ``folder``, as ``python -m speech_model.unseen_callers`` leaves them.

    Raises:
        HearingError: there is no index.
        FilesError: it has lines that are no answers, or names files that are not there; the first
            twenty of those.
    """
    path = folder / INDEX
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HearingError(
            f"there are no spoken answers in {folder}: {INDEX} cannot be read"
            f" [{type(error).__name__}]",
            hint=f"python -m speech_model.unseen_callers {folder} makes some",
        ) from None
    found: list[SpokenAnswer] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        answer = _answer(line, folder)
        if isinstance(answer, str):
            problems.append(Problem(path.as_posix(), number, 1, answer))
        else:
            found.append(answer)
    if not found and not problems:
        problems.append(Problem(path.as_posix(), 0, 0, "holds no answer"))
    if problems:
        raise FilesError(problems[:_MOST_PROBLEMS])
    return found


def _answer(line: str, folder: Path) -> SpokenAnswer | str:
    """The answer on a line of the index, or what is wrong with it."""
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        return "is no JSON object"
    texts = [row.get(name) for name in ("wav", "slot", "expected", "voice")]
    alike = row.get("look_alikes", [])
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(alike, list):
        return "an answer has wav, slot, expected and voice, and may have look_alikes"
    wav, slot, expected, voice = map(str, texts)
    if slot not in SLOTS:
        return f"slot must be one of {', '.join(SLOTS)}"
    if not (folder / wav).is_file():
        return f"{wav} is missing"
    kind = next(each for each in SLOTS if each == slot)
    problem = _misfit(kind, expected, *map(str, alike))
    return problem or SpokenAnswer(folder / wav, kind, expected, voice, tuple(map(str, alike)))


def _misfit(slot: Slots, expected: str, *alike: str) -> str:
    """Why this is no value of the slot, or nothing."""
    match slot:
        case "birthdate" if not _is_date(expected):
            return f"{expected} is no date such as 1985-03-05"
        case "name":
            wrong = next((name for name in (expected, *alike) if not _is_furigana(name)), None)
            return "" if wrong is None else f"{wrong} is no name in furigana such as サトウ ハナコ"
        case "yes_no" if expected not in ("yes", "no"):
            return f"{expected} is neither yes nor no"
        case "digits" if not (expected.isascii() and expected.isdecimal()):
            return f"{expected} is not all digits"
    return ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_furigana(text: str) -> bool:
    parts = text.split(" ")
    return len(parts) == 2 and all(map(is_kana, parts))
