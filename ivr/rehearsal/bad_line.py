"""What a telephone line does to the caller's sound: noise, an echo of the bot, peaks cut off,
packets lost. An utterance of a call meets the same of it in every rehearsal, whenever it comes."""

from __future__ import annotations

from random import Random
from typing import Annotated

from pydantic import Field

from ivr.flow.model import Strict
from ivr.hearing.telephone_audio import (
    TELEPHONE_RATE,
    decode_mulaw,
    encode_mulaw,
    pcm_of,
    samples_of,
)

#: Seconds of noise that are made; they come again and again.
_NOISE_S = 3
#: How much too loud a caller is where the line clips, and the most that it carries.
_TOO_LOUD = 4.0
_MOST = 20_000
_FULL = 32_767
_SILENCE = b"\xff"
#: Frames of silence after which the caller says something new.
_PAUSE = 50


class Line(Strict):
    """What the line does to the caller's sound, the same in every rehearsal of the call."""

    #: How much louder the caller is than the noise, in dB.
    noise_db: Annotated[float, Field(ge=0, le=60)] | None = None
    #: Share of the packets (20 ms) that never arrive.
    loss: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    #: How loud the bot comes back into the caller's line, in dB below what it said.
    echo_db: Annotated[float, Field(ge=-60, le=-3)] | None = None
    #: Milliseconds until it does.
    echo_ms: Annotated[int, Field(ge=20, le=500)] = 60
    #: The caller is too loud for the line, which cuts the peaks off.
    clip: bool = False


class BadLine:
    """Carries the frames of one call, in order."""

    def __init__(self, line: Line, speech_rms: float, seed: str) -> None:
        """``speech_rms``: root mean square of the caller's speech, in 16-bit steps."""
        self._line, self._seed = line, seed
        self._chance = Random(seed)  # noqa: S311 - a line has no secrets
        self._utterances, self._silent = 0, _PAUSE
        self._noise: list[float] = []
        self._at = 0
        if line.noise_db is not None:
            rms = speech_rms * 10 ** (-line.noise_db / 20)
            self._noise = [self._chance.gauss(0, rms) for _ in range(_NOISE_S * TELEPHONE_RATE)]
        self._echo = 0.0 if line.echo_db is None else 10 ** (line.echo_db / 20)
        self._gain = _TOO_LOUD if line.clip else 1.0
        self._most = _MOST if line.clip else _FULL
        self._is_clean = not (self._noise or self._echo or line.clip)

    @property
    def echo_s(self) -> float:
        """Seconds until the bot's sound comes back."""
        return self._line.echo_ms / 1000

    def carry(self, said: bytes, echoed: bytes) -> bytes:
        """A frame that the caller ``said`` as it comes out at the other end; ``echoed`` is what
        the bot said :attr:`echo_s` before. All are µ-law and equally long."""
        self._listen(said)
        if self._line.loss and self._chance.random() < self._line.loss:
            return _SILENCE * len(said)
        if self._is_clean:
            return said
        noise = self._noise_of(len(said))
        most, gain, echo = self._most, self._gain, self._echo
        voices, bots = samples_of(decode_mulaw(said)), samples_of(decode_mulaw(echoed))
        mixed = (
            max(-most, min(most, round(voice * gain + hiss + bot * echo)))
            for voice, hiss, bot in zip(voices, noise, bots, strict=True)
        )
        return encode_mulaw(pcm_of(mixed))

    def _listen(self, said: bytes) -> None:
        """Where an utterance begins, chance begins anew."""
        if not said.strip(_SILENCE):
            self._silent += 1
            return
        if self._silent >= _PAUSE:
            self._utterances += 1
            self._chance.seed(f"{self._seed} {self._utterances}")
            self._at = self._chance.randrange(max(1, len(self._noise)))
        self._silent = 0

    def _noise_of(self, length: int) -> list[float]:
        if not self._noise:
            return [0.0] * length
        if self._at + length > len(self._noise):
            self._at = 0
        self._at += length
        return self._noise[self._at - length : self._at]
