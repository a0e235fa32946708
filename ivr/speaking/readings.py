"""What a voice says where its dictionary would read something else.

``readings.<language>.tsv`` stands beside a flow's prompts. A line has what is written, what is
said instead, and, if it matters, the accent: after how many morae the pitch falls, 0 where it
does not. The accent is that of a word: it has no effect where what is said is more than one.
Parts of a line are separated by tabs; # begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import FilesError, Problem

#: Kana, kanji, and marks: no digits and no Latin letters, whose reading is open.
_SPOKEN = re.compile(r"[\u3041-\u3096\u30a1-\u30fc\u3400-\u9fff々、。？！「」 ]+")


@dataclass(frozen=True)
class Readings:
    """``spoken``: written -> said. ``accents``: word that is said -> mora before the fall."""

    spoken: Mapping[str, str]
    accents: Mapping[str, int]

    def apply(self, text: str) -> str:
        """``text`` with every entry replaced, from left to right, the longest that fits first."""
        if not self.spoken:
            return text
        longest_first = sorted(self.spoken, key=lambda written: (-len(written), written))
        pattern = "|".join(map(re.escape, longest_first))
        return re.sub(pattern, lambda found: self.spoken[found[0]], text)


NO_READINGS = Readings({}, {})


def read_readings(path: Path) -> Readings:
    """The readings in ``path``; none where there is no such file.

    Raises:
        FilesError: naming every line that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return NO_READINGS
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read as UTF-8 text [{type(error).__name__}]"
        raise FilesError([Problem(path.as_posix(), 0, 0, message)]) from None
    spoken: dict[str, str] = {}
    accents: dict[str, int] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        written, said, accent = (*line.split("\t"), "", "", "")[:3]
        wrong = _wrong(line, said, accent)
        if not wrong and written in spoken:
            wrong = "this is written further up already"
        if wrong:
            problems.append(Problem(path.as_posix(), number, 1, wrong))
            continue
        spoken[written] = said
        if accent:
            accents[said] = int(accent)
    if problems:
        raise FilesError(problems)
    return Readings(spoken, accents)


def _wrong(line: str, said: str, accent: str) -> str:
    parts = line.split("\t")
    if len(parts) not in (2, 3) or not parts[0].strip():
        return "must be: what is written, tab, what is said, and perhaps a tab and the accent"
    if not _SPOKEN.fullmatch(said):
        return "what is said must be kana or kanji, without digits and Latin letters"
    if accent and not re.fullmatch("[0-9]{1,2}", accent):
        return "the accent must be the number of the mora before the fall, or 0"
    return ""
