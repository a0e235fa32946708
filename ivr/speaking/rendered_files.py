"""Rendered prompts on disk, found by what they were made of.

A file is named after the prompt, for people, and after a digest of all that its sound depends
on. So nothing is ever out of date: what changes gets another name. Only texts that stand in a
prompts file may come here; a value that is read back is personal data and never does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import HearingError, SpeakingError
from ivr.hearing.telephone_audio import Audio, read_wav


@dataclass(frozen=True)
class RenderedFiles:
    """The files in ``folder``, one folder for each language below it."""

    folder: Path

    def path(self, language: str, name: str, made_of: str) -> Path:
        """Where the prompt ``name`` is, if it is made of ``made_of``."""
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:32]
        return self.folder / language / f"{name}-{digest}.wav"

    def read(self, path: Path) -> Audio | None:
        """What is there; None where nothing is, or nothing that can be read."""
        if not path.exists():
            return None
        with contextlib.suppress(HearingError):
            return read_wav(path)
        return None

    def write(self, path: Path, audio: Audio) -> None:
        """Keep ``audio``: wholly or not at all, whoever else writes the same.

        Raises:
            SpeakingError: it cannot be written.
        """
        temporary = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(number, "wb") as stream, wave.open(stream, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(audio.rate)
                file.writeframes(audio.pcm)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except OSError as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            raise SpeakingError(
                f"{path} cannot be written [{type(error).__name__}]",
                hint="IVR_RENDERED_PROMPTS names the folder",
            ) from None
