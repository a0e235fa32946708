"""Open JTalk with the voice "Mei" (PyPI ``pyopenjtalk-plus``, the extra ``voice``).

It brings its dictionary and its voice along and needs no network. Its packages are imported
only when a voice is made, because an installation may go without them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import re
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import TELEPHONE_RATE, Audio
from ivr.speaking.readings import Readings
from ivr.speaking.voice import LONGEST_TEXT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Change it when anything below changes what is heard: prompts are rendered anew then.
_EDITION = "1"
#: A sentence ends with its mark, which may be followed by a closing bracket.
_SENTENCE = re.compile(r".+?(?:[。！？]+[」』）]*|$)", re.DOTALL)
#: Pauses at normal speed; the voice's own, of half a second at every mark, tire the listener.
_COMMA_S = 0.28
_STOP_S = 0.45
#: Asked to be slower the engine lengthens pauses most, which are shortened here, so it is asked
#: for more: by this factor. At 75 per cent the shipped prompts take a fifth to a quarter longer
#: and stay below twelve seconds.
_STRETCH = 1.4
#: Quiet before and after a prompt: prompts are played one after the other.
_BEFORE_S = 0.05
_AFTER_S = 0.25
#: Below this a frame of 10 ms is silence (16-bit steps; the voice peaks near 25,000) ...
_SILENCE = 150.0
_FRAMES_A_SECOND = 100
#: ... and this much beside speech belongs to it: consonants begin and end softly.
_SOFT_S = 0.03
#: ITU-T G.712: a telephone channel carries 300 to 3,400 Hz. Between these pairs of
#: frequencies (Hz) it fades.
_LOW = (200.0, 300.0)
_HIGH = (3400.0, 3800.0)
_NOT_SPOKEN = "the voice cannot read this text"


class OpenJTalk:
    """The Japanese voice. ``readings``: see :class:`Readings`."""

    language = "ja"

    def __init__(self, readings: Readings) -> None:
        """
        Raises:
            SpeakingError: the extra ``voice`` is not installed, or is broken.
        """
        try:
            # Says on import what it could do with further packages.
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(None):
                import pyopenjtalk
        except ImportError as error:
            raise SpeakingError(
                f"the voice needs the package {(error.name or '').partition('.')[0]}",
                hint="pip install 'honnin-ivr[voice]', or IVR_RENDERED_VOICE=off",
            ) from None
        self._jtalk: Any = pyopenjtalk
        self._readings = readings
        self._lock = threading.Lock()
        path = pyopenjtalk.DEFAULT_HTS_VOICE
        try:
            self._engine = self._jtalk.HTSEngine(path)
            digest = hashlib.sha256(Path(path.decode()).read_bytes()).hexdigest()
        except (OSError, RuntimeError) as error:
            raise SpeakingError(
                f"the voice cannot be loaded [{type(error).__name__}]",
                hint="install pyopenjtalk-plus again",
            ) from None
        self._made_of = f"{_EDITION} {version('pyopenjtalk-plus')} {digest}"

    def speaks(self, text: str, language: str) -> bool:
        """Whether there is something Japanese in it, it is not too long, and, in a call in
        another language, the readings leave nothing of that."""
        spelt = self._spelt(text)
        if len(spelt) > LONGEST_TEXT or not any("\u3041" <= each <= "\u9fff" for each in spelt):
            return False
        return language == self.language or not re.search("[A-Za-z]", spelt)

    def fingerprint(self, text: str) -> str:
        """See :class:`Voice`."""
        spelt = self._spelt(text)
        accents = sorted(each for each in self._readings.accents.items() if each[0] in spelt)
        return f"{self._made_of} {accents} {spelt}"

    def reading(self, text: str) -> str:
        """What is said, in katakana, with its marks."""
        with self._lock:
            nodes = self._nodes(self._spelt(text))
        return "".join(
            node["string"] if node["pos"] == "記号" else node["pron"].replace("’", "")
            for node in nodes
        )

    def speak(self, text: str, rate: int) -> Audio:
        """See :class:`Voice`."""
        if not self.speaks(text, self.language):
            raise SpeakingError(_NOT_SPOKEN)
        import numpy as np

        speed = rate / 100
        try:
            with self._lock:
                asked = 1 / (1 + (1 / speed - 1) * _STRETCH)
                parts = list(self._synthesized(self._spelt(text), asked))
                rate_of_voice = int(self._engine.get_sampling_frequency())
        except (RuntimeError, ValueError):
            # The library's message may quote the text.
            raise SpeakingError(_NOT_SPOKEN) from None
        sentences = [self._tightened(part, rate_of_voice, _COMMA_S / speed) for part in parts]
        sentences = [part for part in sentences if part.size]
        if not sentences:
            raise SpeakingError(_NOT_SPOKEN)
        stop = np.zeros(round(_STOP_S / speed * rate_of_voice))
        pieces = [np.zeros(round(_BEFORE_S * rate_of_voice)), sentences[0]]
        for sentence in sentences[1:]:
            pieces += [stop, sentence]
        pieces.append(np.zeros(round(_AFTER_S * rate_of_voice)))
        narrow = self._telephone_band(np.concatenate(pieces), rate_of_voice)
        return Audio(np.clip(np.rint(narrow), -32_768, 32_767).astype("<i2").tobytes())

    def _synthesized(self, spelt: str, speed: float) -> Iterator[NDArray[np.float64]]:
        """Sentence by sentence, as the voice speaks; nothing for one of marks only."""
        import numpy as np

        for sentence in _SENTENCE.findall(spelt):
            nodes = self._nodes(sentence)
            if not any(node["mora_size"] for node in nodes):
                continue
            if labels := self._jtalk.make_label(nodes):
                self._engine.set_speed(speed)
                yield np.asarray(self._engine.synthesize(labels), dtype=np.float64)

    def _spelt(self, text: str) -> str:
        """``text`` with the readings, without what cannot be printed."""
        return self._readings.apply("".join(each for each in text if each.isprintable()))

    def _nodes(self, spelt: str) -> list[Any]:
        nodes: list[Any] = self._jtalk.run_frontend(spelt, predict_nani=False)
        for node in nodes:
            if (accent := self._readings.accents.get(node["string"])) is not None:
                node["acc"] = accent
        return nodes

    def _tightened(
        self, samples: NDArray[np.float64], rate: int, longest_s: float
    ) -> NDArray[np.float64]:
        """``samples`` without the silence around them, and none inside longer than
        ``longest_s`` seconds."""
        import numpy as np

        frame = rate // _FRAMES_A_SECOND
        frames = np.abs(samples[: len(samples) // frame * frame]).reshape(-1, frame).max(axis=1)
        loud = np.flatnonzero(frames > _SILENCE)
        if not loud.size:
            return samples[:0]
        soft = round(_SOFT_S * rate)
        start, end = max(0, loud[0] * frame - soft), (loud[-1] + 1) * frame + soft
        longest = round(longest_s * rate)
        pieces = []
        for before, after in itertools.pairwise(loud):
            silence = (after - before - 1) * frame
            if silence > longest:
                half = longest // 2
                pieces.append(samples[start : (before + 1) * frame + half])
                start = after * frame - half
        pieces.append(samples[start:end])
        tightened: NDArray[np.float64] = np.concatenate(pieces)
        return tightened

    def _telephone_band(self, samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
        """What a telephone carries of ``samples``, at 8 kHz."""
        import numpy as np

        ratio = rate // TELEPHONE_RATE
        if rate != ratio * TELEPHONE_RATE:
            raise SpeakingError(f"the voice has {rate} samples a second, no multiple of 8000")
        # A second of silence: the filter wraps around.
        length = -(-(len(samples) + rate) // (2 * ratio)) * 2 * ratio
        spectrum = np.fft.rfft(samples, length)
        hertz = np.arange(spectrum.size) * (rate / length)
        rising = np.clip((hertz - _LOW[0]) / (_LOW[1] - _LOW[0]), 0, 1)
        falling = np.clip((_HIGH[1] - hertz) / (_HIGH[1] - _HIGH[0]), 0, 1)
        spectrum *= np.sin(rising * np.pi / 2) ** 2 * np.sin(falling * np.pi / 2) ** 2
        narrow: NDArray[np.float64] = (
            np.fft.irfft(spectrum[: length // ratio // 2 + 1], length // ratio) / ratio
        )
        return narrow[: len(samples) // ratio]
