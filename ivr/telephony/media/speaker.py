"""Our voice on one stream: sounds in order, marks after them, and silence at once when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ivr.hearing.echo import Echo
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.telephony.media import messages

#: Sends one message; waits where the other side does not keep up.
Send = Callable[[str], Awaitable[None]]

#: Bytes of a message: half a second. Shorter ones let :meth:`Speaker.hush` in sooner.
_PIECE = 4000
#: Seconds that a mark may be late before nobody waits for it any longer.
_LATE_S = 20.0


class Speaker:
    """Sounds that are sent are played by Twilio one after the other; a mark tells when.

    Not for several sounds at once: the second waits until the first has been sent.
    """

    def __init__(self, send: Send, stream_sid: str, echo: Echo | None = None) -> None:
        """``echo`` is told of all that is played."""
        self._send, self._stream, self._echo = send, stream_sid, echo or Echo()
        self._lock = asyncio.Lock()
        self._hushed = 0
        self._marks = 0
        #: Marks that have not come back, and whose sound was not cut off; the seconds of it.
        self._awaited: dict[str, asyncio.Event] = {}
        self._seconds: dict[str, float] = {}

    @property
    def speaking(self) -> bool:
        """Whether something is being sent or played."""
        return bool(self._awaited)

    def new_mark(self, turn: int, prompt: str, *, last: bool = False) -> str:
        """A name for the mark after the sound of ``prompt``, of which a recording of the call or a
        rehearsal can tell what was heard: ``say:TURN:PROMPT:NUMBER``, or ``ask:…`` after the
        ``last`` sound of a question, when the caller's answer is awaited."""
        self._marks += 1
        return f"{'ask' if last else 'say'}:{turn}:{prompt}:{self._marks}"

    async def play(self, sound: bytes, name: str) -> None:
        """Send ``sound`` (µ-law) and a mark called ``name`` after it. What is hushed meanwhile is
        not sent to its end."""
        self._awaited[name] = asyncio.Event()
        self._seconds[name] = len(sound) / TELEPHONE_RATE
        began = self._hushed
        for start in range(0, len(sound), _PIECE):
            piece = sound[start : start + _PIECE]
            async with self._lock:
                if self._hushed != began:
                    return
                self._echo.play(piece)
                await self._send(messages.audio(self._stream, piece))
        async with self._lock:
            if self._hushed == began:
                self._echo.mark(name)
                await self._send(messages.mark(self._stream, name))

    async def hush(self) -> None:
        """Stop speaking. The lock keeps a piece that is being sent from slipping in behind."""
        self._hushed += 1
        self._forget()
        self._echo.hushed()
        async with self._lock:
            await self._send(messages.clear(self._stream))

    def marked(self, name: str) -> bool:
        """A mark came back. False: its sound was cut off before, or it is none of ours."""
        self._echo.reached(name)
        self._seconds.pop(name, None)
        event = self._awaited.pop(name, None)
        if event is None:
            return False
        event.set()
        return True

    async def finished(self) -> bool:
        """Wait until all that was sent has been played, or was hushed. False: its marks have not
        come back long after that."""
        try:
            async with asyncio.timeout(sum(self._seconds.values()) + _LATE_S):
                for event in list(self._awaited.values()):
                    await event.wait()
        except TimeoutError:
            return False
        return True

    def _forget(self) -> None:
        for event in self._awaited.values():
            event.set()
        self._awaited.clear()
        self._seconds.clear()
