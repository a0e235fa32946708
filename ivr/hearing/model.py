"""A loaded Vosk model. The only module that knows the ``vosk`` package."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ivr.errors import HearingError
from ivr.hearing.model_files import ModelFiles, look_at

#: How models call speech that no grammar expects; which one, or none, is up to the model.
_UNKNOWN = ("[unk]", "<UNK>", "<unk>")
#: Warnings only; the library writes to standard error.
_QUIET = -1


class SpeechModel:
    """A model in memory, shared by all recognisers of its language; safe for threads."""

    def __init__(self, files: ModelFiles, handle: Any) -> None:
        self.files = files
        self._handle = handle
        self.unknown_word = next((word for word in _UNKNOWN if self._has(word)), None)

    def knows(self, word: str) -> bool:
        """Whether ``word`` is in the vocabulary and may stand in a grammar.

        Never what the library uses itself (``<eps>`` in a grammar kills the process), nor
        :attr:`unknown_word`, which no caller says.
        """
        # A sign that ends a text in C would let the library see another word.
        plain = bool(word) and word.isprintable() and not set(word) & _NO_WORD_HAS
        return plain and self._has(word)

    def _has(self, word: str) -> bool:
        # 0 is epsilon.
        return int(self._handle.vosk_model_find_word(word)) > 0

    def recogniser(self, rate: int, grammar: str | None) -> Any:
        """A ``vosk.KaldiRecognizer`` for audio of ``rate`` samples a second.

        ``grammar`` is JSON that :mod:`ivr.hearing.grammar` has made, and nobody else: a broken
        one kills the process. None: the model's own language model.

        Raises:
            HearingError: the model does not take this rate.
        """
        if not self.files.takes(rate):
            way = "upsample" if rate < self.files.rate else "downsample"
            raise HearingError(
                f"the model in {self.files.path} takes {self.files.rate} samples a second, not"
                f" {rate}",
                hint=f"add --allow-{way}=true to its conf/mfcc.conf, or convert the audio",
            )
        arguments = (self._handle, float(rate), *(() if grammar is None else (grammar,)))
        try:
            return _library().KaldiRecognizer(*arguments)
        except Exception as error:  # what the library raises
            raise HearingError(
                f"the model in {self.files.path} cannot be used: {error}",
                hint="fetch or make the model again",
            ) from None


_NO_WORD_HAS = frozenset(' \t\n\0<>[]#"\\/')


def load_model(path: Path) -> SpeechModel:
    """Load the model in the folder ``path``.

    Raises:
        HearingError: the folder holds no usable model, or the package ``vosk`` is not installed.
    """
    files = look_at(path)
    library = _library()
    try:
        handle = library.Model(str(path))
    except Exception:  # what the library raises: a plain Exception
        raise HearingError(
            f"the model in {path} cannot be loaded", hint="fetch or make the model again"
        ) from None
    return SpeechModel(files, handle)


@lru_cache(maxsize=1)
def _library() -> Any:
    """The ``vosk`` module, told to be quiet."""
    try:
        import vosk
    except ImportError as error:
        raise HearingError(
            f"recognising speech needs the package vosk, which cannot be loaded [{error.name}]",
            hint="pip install vosk (it is a dependency of honnin-ivr)",
        ) from None
    vosk.SetLogLevel(_QUIET)
    return vosk
