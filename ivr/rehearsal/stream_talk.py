"""The scripted caller on one media stream, from its first sound until the server closes it.

What is heard of the bot is known from the names of its marks
(:meth:`ivr.telephony.media.speaker.Speaker.new_mark`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ivr.errors import RehearsalError
from ivr.hearing.telephone_audio import encode_mulaw, read_wav
from ivr.rehearsal.caller import KEY_S, REACTION_S, HangsUp, Presses, ScriptedCaller, Speaks
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.media_stream import MediaStream
from ivr.rehearsal.prompt_book import PromptBook
from ivr.rehearsal.trouble import Trouble

#: Seconds without a word from the server after which nobody would wait any longer.
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What the sound before a mark is: ``prompt`` of ``turn``, both empty where its name does not
    say. ``asks``: an answer is awaited after it."""

    turn: str = ""
    prompt: str = ""
    asks: bool = False


def read_mark(name: str) -> Mark:
    """The mark of a name such as ``ask:3:birthdate:7``."""
    parts = name.split(":")
    if len(parts) != 4 or parts[0] not in ("say", "ask"):
        return Mark()
    kind, turn, prompt, _ = parts
    return Mark(turn, prompt, kind == "ask")


@dataclass
class StreamTalk:
    """One stream. ``asked`` is called for each question, once; ``look_around`` whenever something
    has happened. ``tones``: whether the network hears the caller's keys."""

    stream: MediaStream
    conversation: Conversation
    book: PromptBook
    caller: ScriptedCaller
    trouble: Trouble
    asked: Callable[[], None]
    look_around: Callable[[], None]
    tones: bool = True
    language: str = "ja"
    #: The mark of the sound that is being played, those that were heard, the turns counted.
    _playing: str = ""
    _heard: set[str] = field(default_factory=set)
    _turns: set[str] = field(default_factory=set)
    #: When the caller acts, if a question is open.
    _acts_at: datetime | None = None

    def converse(self) -> bool:
        """Play the caller until the server closes the stream, or the caller hangs up. Returns
        whether the caller did.

        Raises:
            RehearsalError: the turns cannot go on, or the server broke the protocol.
        """
        while True:
            self.stream.until(self._has_happened, _PATIENCE_S)
            self.look_around()
            while self.stream.reached:
                if self._reached(self.stream.reached.popleft()):
                    return True
            if self.stream.closed is not None:
                return False
            if self.stream.playing != self._playing:
                self._playing = self.stream.playing
                if self._playing and self._begins(self._playing):
                    return True
            elif self._is_time() and self._act():
                return True

    def _has_happened(self) -> bool:
        stream = self.stream
        return bool(stream.reached) or stream.playing != self._playing or self._is_time()

    def _is_time(self) -> bool:
        return self._acts_at is not None and self.conversation.clock.now() >= self._acts_at

    # --- the bot ---------------------------------------------------------------------------------

    def _begins(self, name: str) -> bool:
        """The bot begins to say something. Returns whether the caller hung up."""
        self._acts_at = None
        mark = self._hear(name)
        if not self.caller.interrupts(speech=True, keys=self.tones):
            return False
        self.stream.run(REACTION_S)
        if self.stream.closed is not None or not self.stream.bot_speaks:
            return False
        self._count(mark)
        return self._act()

    def _reached(self, name: str) -> bool:
        """A sound has been played to its end. Returns whether the caller hung up."""
        mark = self._hear(name)
        if name == self._playing:
            self._playing = ""
        if self.caller.leaves_now():
            return self._hang_up()
        if mark.asks:
            self._count(mark)
            reacts = self.conversation.clock.now() + timedelta(seconds=REACTION_S)
            self._acts_at = max(reacts, self.caller.ready_at())
        return False

    def _hear(self, name: str) -> Mark:
        """What the sound before a mark is; the caller and the conversation are told once."""
        mark = read_mark(name)
        if mark.prompt and name not in self._heard:
            self._heard.add(name)
            text = self.book.text(mark.prompt, self.language)
            self.conversation.note("bot", text, (mark.prompt,))
            self.caller.hears((mark.prompt,))
        return mark

    def _count(self, mark: Mark) -> None:
        if mark.turn not in self._turns:
            self._turns.add(mark.turn)
            self.asked()

    # --- the caller ------------------------------------------------------------------------------

    def _act(self) -> bool:
        """Do what the turns say. Returns whether the caller hung up."""
        self._acts_at = None
        # The network does not tell the caller what a question takes.
        now = self.conversation.clock.now()
        match self.caller.answer(speech=True, keys=True, now=now):
            case HangsUp():
                return self._hang_up()
            case Speaks(text, _, audio):
                self._say(text, audio)
            case Presses(keys):
                self._press(keys)
            case _:
                self.conversation.note("caller", "(silence)")
        return False

    def _say(self, text: str, audio: Path | None) -> None:
        if audio is None:
            raise RehearsalError(
                "the caller has to speak on a media stream, and there is no sound of it",
                hint="give each 'say' its 'audio'",
            )
        self.conversation.note("caller", text or f"({audio.stem})")
        self.stream.say(encode_mulaw(read_wav(audio).pcm))
        self.stream.until(lambda: not self.stream.caller_speaks, _PATIENCE_S)
        self.trouble.answering(self.caller.answers)

    def _press(self, keys: str) -> None:
        """Keys go out one by one; those that come after the end are lost."""
        self.conversation.note("caller", "".join(f"[{key}]" for key in keys))
        if not self.tones:
            self.conversation.note("network", "(hears no tones)")
            return
        for number, key in enumerate(keys, start=1):
            self.stream.run(KEY_S)
            if self.stream.closed is not None:
                return
            if number == len(keys):
                self.trouble.answering(self.caller.answers)
            self.stream.press(key)

    def _hang_up(self) -> bool:
        self.stream.hang_up()
        return True
