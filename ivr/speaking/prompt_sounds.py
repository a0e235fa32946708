"""What callers hear for the lines of a flow, as µ-law: recorded, else rendered, else nothing.

Nothing means that Twilio has to say it (``<Say>``). Texts of the prompts file are kept, on disk
and in memory. Everything else may read back what a caller said: it is rendered when it is
needed, and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from ivr.errors import SpeakingError
from ivr.flow.flow import Flow
from ivr.hearing.telephone_audio import TELEPHONE_RATE, encode_mulaw, read_wav
from ivr.settings import Settings
from ivr.speaking.open_jtalk import OpenJTalk
from ivr.speaking.prompt_texts import PromptText, flow_texts
from ivr.speaking.readings import read_readings
from ivr.speaking.recordings import Recording, read_recordings
from ivr.speaking.rendered_files import RenderedFiles
from ivr.speaking.speech_level import TARGET_RMS, levelled
from ivr.speaking.stretching import slowed
from ivr.speaking.voice import Voice

#: Seconds a caller may wait for a line that has to be rendered first.
RENDER_LIMIT_S = 2.0

#: How a text becomes sound: ``said`` by Twilio, the others by us.
Source = Literal["recorded", "rendered", "said"]


class PromptSounds:
    """The sounds of one flow. May be used by several threads; close it at the end."""

    def __init__(
        self,
        texts: Sequence[PromptText],
        recordings: Mapping[tuple[str, str], Recording],
        voice: Voice | None,
        files: RenderedFiles,
        *,
        slow_rate: int,
    ) -> None:
        """``slow_rate``: speaking rate of slow mode, per cent of normal."""
        self.texts = tuple(texts)
        fixed = [text for text in texts if not text.open]
        self._fixed = {_heard_as(text.language, text.text): text for text in fixed}
        self._recordings = {_heard_as(*key): found for key, found in recordings.items()}
        self._voice = voice
        self._files = files
        self._slow_rate = slow_rate
        self._kept: dict[tuple[str, str, bool], bytes] = {}
        # One voice speaks one text at a time; more threads would only wait for it.
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="voice")

    def __call__(self, key: str, text: str, language: str, slow: bool) -> bytes | None:
        """See :class:`ivr.telephony.ports.PromptAudio`. ``key`` does not matter: a sound belongs
        to its words, whatever has become of the prompt since the call began."""
        return self.sound(language, text, slow=slow)

    def source(self, language: str, text: str) -> Source:
        """How ``text`` becomes sound in a call in ``language``."""
        language, text = _heard_as(language, text)
        if (language, text) in self._recordings:
            return "recorded"
        if self._voice is not None and self._voice.speaks(text, language):
            return "rendered"
        return "said"

    def ready(self, language: str, text: str, *, slow: bool) -> bytes | None:
        """The sound of a text of the prompts file, if it is there without rendering."""
        language, text = _heard_as(language, text)
        if (language, text) not in self._fixed:
            return None
        key = (language, text, slow)
        if key not in self._kept:
            found = self._found(language, text, slow=slow)
            if found is None:
                return None
            self._kept[key] = found
        return self._kept[key]

    def sound(
        self, language: str, text: str, *, slow: bool, wait_s: float = RENDER_LIMIT_S
    ) -> bytes | None:
        """µ-law at 8 kHz for ``text``; None where Twilio has to say it: nothing can make it a
        sound, or not within ``wait_s`` seconds. Blocks for as long; never raises for a text."""
        found = self.ready(language, text, slow=slow)
        if found is not None or self.source(language, text) != "rendered":
            return found
        try:
            rendering = self._renderer.submit(self.render, language, text, slow=slow)
        except RuntimeError:  # closed
            return None
        try:
            return rendering.result(wait_s)
        except (NotInTime, CancelledError):
            rendering.cancel()
            return None
        except SpeakingError:
            # Where it could only not be kept on disk it is there all the same.
            return self._kept.get((*_heard_as(language, text), slow))

    def render(self, language: str, text: str, *, slow: bool) -> bytes:
        """Have the voice read ``text`` now, and keep it if it is one of the prompts file.

        Raises:
            SpeakingError: the voice cannot, there is none, or its sound cannot be kept.
        """
        language, text = _heard_as(language, text)
        voice = self._voice
        if voice is None or not voice.speaks(text, language):
            raise SpeakingError(f"there is no voice for this text in language {language!r}")
        audio = levelled(voice.speak(text, self._slow_rate if slow else 100))
        sound = encode_mulaw(audio.pcm)
        if (language, text) in self._fixed:
            self._kept[language, text, slow] = sound
            self._files.write(self._path(voice, language, text, slow=slow), audio)
        return sound

    def close(self) -> None:
        """Stop rendering; what waits for it is given up."""
        self._renderer.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _found(self, language: str, text: str, *, slow: bool) -> bytes | None:
        recording = self._recordings.get((language, text))
        if recording is not None:
            if slow and recording.slow is not None:
                return encode_mulaw(levelled(read_wav(recording.slow)).pcm)
            audio = levelled(read_wav(recording.normal))
            return encode_mulaw((slowed(audio, self._slow_rate) if slow else audio).pcm)
        voice = self._voice
        if voice is None or not voice.speaks(text, language):
            return None
        rendered = self._files.read(self._path(voice, language, text, slow=slow))
        if rendered is None or rendered.rate != TELEPHONE_RATE:
            return None
        return encode_mulaw(rendered.pcm)

    def _path(self, voice: Voice, language: str, text: str, *, slow: bool) -> Path:
        rate = self._slow_rate if slow else 100
        name = self._fixed[language, text].name + (".slow" if slow else "")
        made_of = f"{TARGET_RMS} {rate} {voice.fingerprint(text)}"
        return self._files.path(self._fixed[language, text].language, name, made_of)


def _heard_as(language: str, text: str) -> tuple[str, str]:
    """The language that ``text`` is in: "For English, press nine" in a Japanese call is not in
    Japanese (as in ``ivr/telephony/twiml.py``)."""
    return ("en" if text.isascii() else language), text


def open_voice(settings: Settings, readings_folder: Path) -> Voice | None:
    """The voice that the settings want, with the readings beside a flow's prompts; None where
    there is none and need not be.

    Raises:
        FilesError: the readings are wrong.
        SpeakingError: it must be there, and is not.
    """
    if settings.rendered_voice == "off":
        return None
    readings = read_readings(readings_folder / f"readings.{OpenJTalk.language}.tsv")
    try:
        return OpenJTalk(readings)
    except SpeakingError:
        if settings.rendered_voice == "auto":
            return None
        raise


def open_prompt_sounds(settings: Settings, flow: Flow) -> PromptSounds:
    """The sounds of ``flow``, as the settings want them.

    Raises:
        FilesError: recordings or readings are not as they must be; all of it is named.
        SpeakingError: the voice must be there, and is not.
    """
    folder = settings.flows_dir / flow.name
    texts = flow_texts(flow)
    return PromptSounds(
        texts,
        read_recordings(folder, texts, flow.words),
        open_voice(settings, folder),
        RenderedFiles(settings.rendered_folder / flow.name),
        slow_rate=settings.slow_rate,
    )
