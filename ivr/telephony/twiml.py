"""Actions -> TwiML, through the twilio SDK. Pure: nothing is asked, nothing is kept.

Attributes stay within Twilio's own typed table of verbs; tests check every document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twilio.twiml import TwiML
from twilio.twiml.voice_response import Gather, Say, VoiceResponse

from ivr.dialogue.actions import Ask, Check, End, Line, Transfer
from ivr.settings import Settings
from ivr.telephony.dialling import FIRST_TRY, Dialling
from ivr.telephony.ladder import Rung, Stream
from ivr.telephony.links import Links
from ivr.telephony.ports import Reply
from ivr.telephony.queueing import task_attributes
from ivr.telephony.sip import address_with_headers
from ivr.telephony.texts import Texts

#: Gives the ``hints`` of a Gather: (language, names of the active grammars) -> text.
FlowHints = Callable[[str, tuple[str, ...]], str]

_LOCALES = {"ja": "ja-JP", "en": "en-US"}
#: The first of every so many silent fillers tells the caller that we are still here.
_HOLD_EVERY = 3
#: Seconds an agent has to press the key after the whisper.
_WHISPER_TIMEOUT_S = 6
_HOLD_PAUSE_S = 2
#: Seconds in a queue after which a caller is not new there; between two words where no music is
#: set; and the last place that is told, because further back is no comfort.
_JUST_BEGUN_S = 5
_WAIT_PAUSE_S = 20
_MOST_PLACES = 20


class Renderer:
    """Renders replies and the few documents that need no reply."""

    def __init__(self, settings: Settings, texts: Texts, hints: FlowHints) -> None:
        self._settings = settings
        self._texts = texts
        self._hints = hints

    def links(
        self, language: str, *, recovered: bool = False, held: int = 0, way: str = ""
    ) -> Links:
        """URLs on the public base, for a call in ``language``."""
        return Links(self._settings.public_url, language, recovered, held, way)

    def reply(
        self,
        reply: Reply,
        links: Links,
        *,
        way: Rung,
        stream: Stream | None = None,
        dialling: Dialling = FIRST_TRY,
        said: bool = False,
        polls: int = 0,
    ) -> str:
        """The TwiML document of a reply, with the URLs of ``links``.

        A question is put in ``stream`` if there is one (and last words are said there), otherwise
        by ``<Gather>``, which listens to speech only if ``way`` is ``twilio``. ``dialling``: what
        else a transfer needs to know. ``said``: the lines of a running check were spoken before;
        ``polls``: how often it was asked after.
        """
        document = VoiceResponse()
        match reply.action:
            case action if stream is not None:
                self._stream(document, reply, action.lines, links, stream)
            case Ask() as ask:
                self._ask(document, reply, ask, links, way)
            case Check() as check:
                self._check(document, reply, check, links, said=said, polls=polls)
            case Transfer() as transfer:
                self._transfer(document, reply, transfer, links, dialling)
            case End() as end:
                if not reply.spoken:
                    self._speak(document, end.lines, reply)
                document.hangup()
        return str(document)

    def _stream(
        self,
        document: VoiceResponse,
        reply: Reply,
        lines: Iterable[Line],
        links: Links,
        stream: Stream,
    ) -> None:
        if stream.said:
            self._speak(document, lines, reply)
        noun = document.connect().stream(url=links.media())
        noun.parameter(name="token", value=stream.token)
        if stream.said:
            noun.parameter(name="said", value=str(reply.turn))
        # Reached when the stream is over, or never was.
        document.redirect(links.streamed(reply.turn), method="POST")

    def _ask(
        self, document: VoiceResponse, reply: Reply, ask: Ask, links: Links, way: Rung
    ) -> None:
        listen = ask.listen
        speech = listen.speech and way == "twilio"
        keys = listen.keys or not speech
        action = links.onward(reply.turn)
        wanted: dict[str, object] = {
            "input": " ".join(name for name, on in (("dtmf", keys), ("speech", speech)) if on),
            "action": action,
            "method": "POST",
            "timeout": listen.timeout_s,
            "action_on_empty_result": True,
        }
        if keys:
            wanted["finish_on_key"] = listen.finish_on
            wanted["num_digits"] = listen.digits
        if speech:
            wanted["language"] = _LOCALES[reply.language]
            wanted["speech_timeout"] = listen.end_silence_s
            wanted["profanity_filter"] = False
            wanted["hints"] = self._hints(reply.language, listen.grammars) or None
        gather = Gather(**wanted)
        self._speak(gather, ask.lines, reply)
        document.append(gather)
        # Should Twilio leave the Gather without its action, the turn is answered all the same.
        document.redirect(action, method="POST")

    def _check(
        self,
        document: VoiceResponse,
        reply: Reply,
        check: Check,
        links: Links,
        *,
        said: bool,
        polls: int,
    ) -> None:
        if not said:
            self._speak(document, check.lines, reply)
        elif polls % _HOLD_EVERY == 1:
            hold = self._texts.emergency(reply.language).hold
            self._say(document, hold, reply.language, slow=reply.slow)
        document.pause(length=1)
        document.redirect(links.onward(reply.turn, poll=polls + 1), method="POST")

    def _transfer(
        self,
        document: VoiceResponse,
        reply: Reply,
        transfer: Transfer,
        links: Links,
        dialling: Dialling,
    ) -> None:
        if dialling.asked:
            hold = self._texts.emergency(reply.language).hold
            self._say(document, hold, reply.language, slow=reply.slow)
        elif not reply.spoken:
            self._speak(document, transfer.lines, reply)
        action = links.onward(reply.turn, asked=dialling.asked)
        addresses = self._settings.destinations[transfer.destination]
        addresses = dialling.now(addresses, in_turn=transfer.in_turn)
        if transfer.by == "taskrouter":
            queue = document.enqueue(
                None,
                workflow_sid=addresses[0],
                action=action,
                method="POST",
                wait_url=links.wait(transfer.wait_s),
                wait_url_method="POST",
            )
            about = task_attributes(reply.reference, dialling.view, transfer.destination)
            queue.task(about, priority=transfer.priority)
            return
        referred = transfer.refer and dialling.by_sip
        if transfer.by == "sip":
            addresses = tuple(
                address_with_headers(each, reply.reference, dialling.view, referred=referred)
                for each in addresses
            )
        if referred:
            refer = document.refer(action=action, method="POST")
            for address in addresses:
                refer.sip(address)
            return
        dial = document.dial(
            action=action,
            method="POST",
            timeout=self._settings.ring_s,
            caller_id=self._settings.twilio_number or None,
            # The caller hears it ring while an agent listens to the whisper.
            answer_on_bridge=True,
        )
        whisper = links.whisper(reply.reference)
        for address in addresses:
            if transfer.by == "sip":
                dial.sip(address)
            else:
                dial.number(address, url=whisper, method="POST")

    def hold(self, language: str, onward: str) -> str:
        """A moment, please; then ``onward`` (a URL) is asked again."""
        document = VoiceResponse()
        self._plain(document, self._texts.emergency(language).hold, language)
        document.pause(length=_HOLD_PAUSE_S)
        document.redirect(onward, method="POST")
        return str(document)

    def person(self, language: str) -> str:
        """When all else fails: an apology and a person. Needs no flow and no database."""
        if not self._settings.fallback_number:
            return self.nobody(language)
        document = VoiceResponse()
        self._plain(document, self._texts.emergency(language).person, language)
        dial = document.dial(
            action=self.links(language).after_person(),
            method="POST",
            timeout=self._settings.ring_s,
            caller_id=self._settings.twilio_number or None,
        )
        dial.number(self._settings.fallback_number)
        return str(document)

    def nobody(self, language: str) -> str:
        """Nobody can be reached: a polite sentence with the number to call, and the end."""
        document = VoiceResponse()
        words = self._texts.emergency(language).nobody
        number = self._settings.callback_number
        self._plain(document, words.replace("{callback_number}", number), language)
        document.hangup()
        return str(document)

    def waiting(self, language: str, place: int | None, waited: int, most: int) -> str:
        """What a caller hears in a queue until Twilio asks again; after ``most`` seconds the call
        leaves the queue."""
        document = VoiceResponse()
        if waited >= most:
            document.leave()
            return str(document)
        texts = self._texts.waiting(language)
        self._say(document, texts.still if waited > _JUST_BEGUN_S else texts.begin, language)
        if place is not None and 1 <= place <= _MOST_PLACES:
            self._say(document, texts.place.replace("{place}", str(place)), language)
        if self._settings.wait_music:
            document.play(self._settings.wait_music)
        else:
            document.pause(length=_WAIT_PAUSE_S)
        return str(document)

    def goodbye(self, language: str) -> str:
        """The caller has talked to a person, who ended the call first: a word, and the end."""
        document = VoiceResponse()
        self._plain(document, self._texts.emergency(language).goodbye, language)
        document.hangup()
        return str(document)

    def hang_up(self) -> str:
        document = VoiceResponse()
        document.hangup()
        return str(document)

    def nothing(self) -> str:
        """An empty document: an agent's leg is connected, an ended call stays ended."""
        return str(VoiceResponse())

    def whisper(self, language: str, announcement: str, reference: str) -> str:
        """What the agent hears and the key that takes the call; without a key, the end."""
        texts = self._texts.whisper(language)
        document = VoiceResponse()
        gather = Gather(
            input="dtmf",
            num_digits=1,
            timeout=_WHISPER_TIMEOUT_S,
            action=self.links(language).whisper_answer(reference),
            method="POST",
            action_on_empty_result=True,
        )
        self._say(gather, announcement, language)
        self._say(gather, texts.accept, language)
        document.append(gather)
        document.hangup()
        return str(document)

    def _speak(self, parent: TwiML, lines: Iterable[Line], reply: Reply) -> None:
        for line in lines:
            # "For English, press nine" in a Japanese call is for people who read no Japanese.
            language = "en" if line.text.isascii() else reply.language
            self._say(parent, line.text, language, slow=reply.slow)

    def _say(self, parent: TwiML, text: str, language: str, *, slow: bool = False) -> None:
        words = speakable(text)
        if not words:
            return
        voice = self._settings.voice_en if language == "en" else self._settings.voice_ja
        say = Say(None if slow else words, voice=voice, language=_LOCALES[language])
        if slow:
            say.prosody(words, rate=f"{self._settings.slow_rate}%")
        parent.append(say)

    @staticmethod
    def _plain(document: VoiceResponse, text: str, language: str) -> None:
        """Speak without naming a voice: a wrong voice setting must not silence an apology."""
        document.say(speakable(text), language=_LOCALES[language])


def speakable(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids (section 2.2); spaces folded."""
    allowed = (
        char
        for char in text
        if char in "\t\n\r"
        or " " <= char <= "\ud7ff"
        or "\ue000" <= char <= "\ufffd"
        or char >= "\U00010000"
    )
    return " ".join("".join(allowed).split())
