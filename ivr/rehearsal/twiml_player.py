"""Plays TwiML to the scripted caller, document by document, until the call is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.errors import RehearsalError
from ivr.flow.duration import seconds
from ivr.rehearsal.agent import Dialled, ScriptedAgent
from ivr.rehearsal.caller import KEY_S, REACTION_S, HangsUp, Presses, ScriptedCaller, Speaks
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import MediaStream, NoStream
from ivr.rehearsal.prompt_book import PromptBook
from ivr.rehearsal.speech import spoken_s
from ivr.rehearsal.stream_talk import StreamTalk
from ivr.rehearsal.streams import Streams
from ivr.rehearsal.trouble import NoTrouble, Trouble
from ivr.rehearsal.twiml_document import (
    Connect,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    Redirect,
    Refer,
    Say,
    Verb,
)
from ivr.rehearsal.waiting_room import WaitingRoom
from ivr.rehearsal.webhooks import Page, WebhookClient

#: Documents in a row without a question or a transfer: more are a loop.
MAX_FILLERS = 40
#: Questions in one call: no flow means to ask more.
MAX_QUESTIONS = 150

#: Neither speech nor keys stop a prompt.
_NOTHING = (False, False)

#: The next URL, and the fields it is told.
Following = tuple[str, dict[str, str]]


class CallOver(Exception):
    """The line is dead; ``how`` is ``end`` (the bot hung up) or ``hangup`` (the caller did)."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


@dataclass
class TwimlPlayer:
    """Plays one call on the caller's ``leg``.

    ``language``: what the caller speaks. ``tones``: whether the network hears the caller's keys.
    ``before_dial_action`` is called when a joined call has ended, before the server hears of it;
    ``look_around`` now and then while a stream goes on.
    """

    leg: Leg
    webhooks: WebhookClient
    conversation: Conversation
    book: PromptBook
    caller: ScriptedCaller
    agent: ScriptedAgent
    streams: Streams
    trouble: Trouble = field(default_factory=NoTrouble)
    language: str = "ja"
    tones: bool = True
    before_dial_action: Callable[[], None] = lambda: None
    look_around: Callable[[], None] = lambda: None
    #: Questions asked and transfers made so far.
    questions: int = 0
    dialled: list[Dialled] = field(default_factory=list)

    def play(self, url: str) -> str:
        """Place the call: fetch ``url`` and whatever follows. Returns how it ended:
        ``transfer`` where the caller was connected, else as :class:`CallOver` says.

        Raises:
            RehearsalError: the server broke the protocol, or the turns cannot go on.
            WebhookFailed: a document and the fallback document could not be fetched.
        """
        fields = self.leg.fields("ringing")
        fillers = 0
        try:
            while fillers <= MAX_FILLERS:
                page = self.webhooks.fetch(url, fields)
                before = (self.questions, len(self.dialled))
                url, more = self._document(page)
                fields = self.leg.fields("in-progress", **more)
                fillers = fillers + 1 if before == (self.questions, len(self.dialled)) else 0
        except CallOver as over:
            return "transfer" if any(dialled.bridged for dialled in self.dialled) else over.how
        raise RehearsalError(
            f"{MAX_FILLERS} documents in a row without a question or a transfer",
            hint="does a <Redirect> lead back to itself?",
        )

    def _document(self, page: Page) -> Following:
        """Play one document; Twilio hangs up at the end of one that leads nowhere."""
        for verb in page.verbs:
            following = self._verb(verb, page)
            if following is not None:
                return self.webhooks.absolute(page.url, following[0]), following[1]
        raise CallOver("end")

    def _verb(self, verb: Verb, page: Page) -> Following | None:
        match verb:
            case Say() | Pause():
                self._speak(verb)
                self._leave_if_told()
            case Gather():
                fields = self._gather(verb)
                return None if fields is None else (verb.action, fields)
            case Redirect(url):
                return url, {}
            case Connect():
                self._stream(verb)
            case Dial():
                fields = self._dial(verb, page)
                return (verb.action, fields) if verb.action else None
            case Refer():
                return verb.action, self._refer(verb)
            case Enqueue():
                return verb.action, self._enqueue(verb, page)
            case Play() | Leave():
                raise RehearsalError(f"<{type(verb).__name__}> where no call waits in a queue")
            case Hangup():
                raise CallOver("end")
        return None

    # --- speaking --------------------------------------------------------------------------------

    def _speak(self, prompt: Say | Pause, stoppers: tuple[bool, bool] = _NOTHING) -> bool:
        """Speak ``prompt``, which speech or keys may stop (``stoppers``). True where the caller
        cut in, having heard half of it."""
        if isinstance(prompt, Pause):
            self.conversation.clock.sleep(prompt.length_s)
            return False
        keys = self.book.find(prompt.text)
        self.conversation.note("bot", prompt.text, keys)
        self.caller.hears(keys)
        cut_in = self.caller.interrupts(speech=stoppers[0], keys=stoppers[1])
        self.conversation.clock.sleep(spoken_s(prompt) * (0.5 if cut_in else 1.0))
        return cut_in

    def _leave_if_told(self) -> None:
        if self.caller.leaves_now():
            self._hang_up()

    def _hang_up(self) -> None:
        self.conversation.note("caller", "(hangs up)")
        self.caller.hung_up()
        raise CallOver("hangup")

    # --- asking ----------------------------------------------------------------------------------

    def _gather(self, gather: Gather) -> dict[str, str] | None:
        """Ask; returns what the action is told, None where the document goes on."""
        self._count_question()
        stoppers = (gather.speech, gather.keys and self.tones) if gather.barge_in else _NOTHING
        cut_in = any(self._speak(part, stoppers) for part in gather.prompts)
        self._leave_if_told()
        clock = self.conversation.clock
        waits = self._waits()
        reaction = self.caller.answer(speech=gather.speech, keys=gather.keys, now=clock.now())
        match reaction:
            case HangsUp():
                clock.sleep(waits)
                self._hang_up()
            case Speaks(text, confidence) if text:
                clock.sleep(0 if cut_in else max(REACTION_S, waits))
                return self._spoken(gather, text, confidence)
            case Presses(keys):
                clock.sleep(0 if cut_in else max(REACTION_S, waits))
                return self._pressed(gather, keys)
        self.conversation.note("caller", "(silence)")
        clock.sleep(gather.timeout_s)
        return _nothing(gather)

    def _count_question(self) -> None:
        """
        Raises:
            RehearsalError: it is one too many.
        """
        self.questions += 1
        if self.questions > MAX_QUESTIONS:
            raise RehearsalError(f"the call went on for more than {MAX_QUESTIONS} questions")

    def _waits(self) -> float:
        """Seconds until a ``wait`` of the caller's is over."""
        left = self.caller.ready_at() - self.conversation.clock.now()
        return max(0.0, left.total_seconds())

    def _spoken(self, gather: Gather, text: str, confidence: float | None) -> dict[str, str]:
        self.conversation.note("caller", text)
        self.conversation.clock.sleep(seconds(text, self.language, 100) + gather.end_silence_s)
        self.trouble.answering(self.caller.answers)
        fields = {"SpeechResult": text, "Language": gather.language}
        if confidence is not None:
            fields["Confidence"] = f"{confidence:.8f}"
        return fields

    def _pressed(self, gather: Gather, keys: str) -> dict[str, str] | None:
        """Keys arrive one by one; what is pressed after the entry has ended is lost."""
        self.conversation.note("caller", "".join(f"[{key}]" for key in keys))
        self.conversation.clock.sleep(KEY_S * len(keys))
        if not self.tones:
            self.conversation.note("network", "(hears no tones)")
            self.conversation.clock.sleep(gather.timeout_s)
            return _nothing(gather)
        entry, finished_on = _entry(gather, keys)
        if not finished_on and len(entry) != gather.digits:
            self.conversation.clock.sleep(gather.timeout_s)
        self.trouble.answering(self.caller.answers)
        if not entry:
            return _nothing(gather, finished_on)
        return {"Digits": entry, "FinishedOnKey": finished_on, "msg": "Gather End"}

    # --- streaming -------------------------------------------------------------------------------

    def _stream(self, connect: Connect) -> None:
        """Converse on a media stream until the server closes it. Where none can be opened Twilio
        goes on with the document, as it does after one."""
        try:
            stream = self.streams.open(connect.url, self.leg, connect.parameters)
        except NoStream as failed:
            self.conversation.note("network", str(failed))
            return
        talk = StreamTalk(
            stream,
            conversation=self.conversation,
            book=self.book,
            caller=self.caller,
            trouble=self.trouble,
            asked=lambda: self._asked_on(stream),
            look_around=self.look_around,
            tones=self.tones,
            language=self.language,
        )
        try:
            hung_up = talk.converse()
        finally:
            self.streams.ended(stream)
        if hung_up:
            self._hang_up()

    def _asked_on(self, stream: MediaStream) -> None:
        self._count_question()
        self.streams.asked(stream)

    # --- transferring ----------------------------------------------------------------------------

    def _dial(self, dial: Dial, page: Page) -> dict[str, str]:
        """Connect to an agent; returns what the action is told."""
        self.conversation.note("network", f"dials {dial.numbers[0].number}")
        if self.caller.gives_up_ringing():
            if dial.action:
                # Twilio tells the action of a transfer that the caller did not wait for,
                # and ignores what it answers.
                fields = self.leg.fields("completed", DialCallStatus="canceled")
                self.webhooks.notify(self.webhooks.absolute(page.url, dial.action), fields)
            self._hang_up()
        dialled = self.agent.take(dial, self.leg, page.url)
        self.dialled.append(dialled)
        if dialled.bridged:
            self.before_dial_action()
        return dialled.fields()

    def _refer(self, refer: Refer) -> dict[str, str]:
        """Hand the call back to the telephone system it came from; returns what the action is
        told. Where that has worked Twilio asks for one more document all the same."""
        if not self.leg.caller.startswith(("sip:", "sips:")):
            raise RehearsalError("<Refer> in a call that did not come by SIP")
        self.conversation.note("network", f"refers to {refer.sip.number}")
        dialled = self.agent.take_referred(refer.sip)
        self.dialled.append(dialled)
        if dialled.bridged:
            self.before_dial_action()
        return dialled.refer_fields()

    def _enqueue(self, enqueue: Enqueue, page: Page) -> dict[str, str]:
        """Wait in a queue; returns what the action is told."""
        self.conversation.note("network", f"enqueues {enqueue.workflow}")
        room = WaitingRoom(
            leg=self.leg,
            webhooks=self.webhooks,
            conversation=self.conversation,
            agent=self.agent,
            speak=self._speak,
            gives_up=self.caller.gives_up_ringing,
        )
        left = room.wait(enqueue, page.url)
        if left.result == "hangup":
            fields = self.leg.fields("completed", **left.fields())
            self.webhooks.notify(self.webhooks.absolute(page.url, enqueue.action), fields)
            self._hang_up()
        self.dialled.append(left.dialled)
        if left.dialled.bridged:
            self.before_dial_action()
        return left.fields()


def _entry(gather: Gather, keys: str) -> tuple[str, str]:
    """What of ``keys`` is taken, and the finishing key that ended it (or nothing)."""
    entry = ""
    for key in keys:
        if key == gather.finish_on:
            return entry, key
        entry += key
        if len(entry) == gather.digits:
            break
    return entry, ""


def _nothing(gather: Gather, finished_on: str = "") -> dict[str, str] | None:
    """No input, or a finishing key alone: Twilio goes on with the document, unless
    ``actionOnEmptyResult`` says otherwise."""
    if not gather.on_empty:
        return None
    return {"Digits": "", "FinishedOnKey": finished_on, "msg": "Gather End"}
