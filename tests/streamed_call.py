"""A call that goes by webhooks and by media streams, at whole processes."""

from __future__ import annotations

from typing import Any

from application_rig import ACCOUNT, AUTH_TOKEN, NUMBER, PUBLIC_URL, ROOT, Call

from ivr.clock import Clock, ManualClock
from ivr.hearing.telephone_audio import encode_mulaw, read_wav
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import MediaStream
from ivr.rehearsal.webhooks import Server

#: Seconds of audio that pass, at the most, while this machine works.
PATIENCE_S = 9000


def sound(name: str) -> bytes:
    """An utterance by a synthetic voice, and what it says: ``scores.json`` beside it."""
    return encode_mulaw(read_wav(ROOT / "tests/hearing/rehearsal_model" / f"{name}.wav").pcm)


class Streamed(Call):
    """A call whose documents may lead to streams."""

    def parameters(self) -> dict[str, str]:
        return {each.attrib["name"]: each.attrib["value"] for each in self.root.iter("Parameter")}

    def stream(self, address: str, clock: Clock, **more: Any) -> MediaStream:
        """The stream that the document asks for, at the media process of ``address``."""
        (element,) = self.root.iter("Stream")
        return MediaStream(
            Server(f"http://{address}", PUBLIC_URL, AUTH_TOKEN, ACCOUNT, NUMBER),
            element.attrib["url"],
            Leg(self.caller, NUMBER, ACCOUNT, sid=self.sid),
            clock,
            **{"parameters": self.parameters(), "in_step": True, **more},
        )

    def answer(self, address: str, clock: Clock, said: bytes) -> Streamed:
        """Answer the question that is asked in a stream, and go on where the stream ends."""
        line = self.stream(address, ManualClock(clock.now()))
        line.until(lambda: "mark" in line.events and not line.bot_speaks, PATIENCE_S)
        line.say(said)
        line.until(lambda: line.closed is not None, PATIENCE_S)
        assert line.closed == 1000
        self.redirected()
        return self
