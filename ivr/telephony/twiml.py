"""Actions -> TwiML, through the twilio SDK. Pure: nothing is asked, nothing is kept.

Attributes stay within Twilio's own typed table of verbs; tests check every document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twilio.twiml import TwiML
from twilio.twiml.voice_response import Gather, Say, VoiceResponse

from ivr.dialogue.actions import Ask, Check, End, Line, Transfer
from ivr.settings import Settings
from ivr.telephony.links import Links
from ivr.telephony.ports import Reply
from ivr.telephony.texts import Texts

#: Gives the ``hints`` of a Gather: (language, names of the active grammars) -> text.
FlowHints = Callable[[str, tuple[str, ...]], str]

_LOCALES = {"ja": "ja-JP", "en": "en-US"}
#: Twilio rings at most this many <Number>s of one <Dial> at once.
_MOST_NUMBERS = 10
#: The first of every so many silent fillers tells the caller that we are still here.
_HOLD_EVERY = 3
#: Seconds an agent has to press the key after the whisper.
_WHISPER_TIMEOUT_S = 6
_HOLD_PAUSE_S = 2


class Renderer:
    """Renders replies and the few documents that need no reply."""

    def __init__(self, settings: Settings, texts: Texts, hints: FlowHints) -> None:
        self._settings = settings
        self._texts = texts
        self._hints = hints

    def links(self, language: str, *, recovered: bool = False, held: int = 0) -> Links:
        """URLs on the public base, for a call in ``language``."""
        return Links(self._settings.public_url, language, recovered, held)

    def reply(
        self,
        reply: Reply,
        *,
        said: bool = False,
        polls: int = 0,
        recovered: bool = False,
        held: int = 0,
    ) -> str:
        """The TwiML document of a reply.

        ``said``: the lines of a running check were spoken before; ``polls``: how often it was
        asked after; ``recovered`` and ``held``: see ``Links``.
        """
        links = self.links(reply.language, recovered=recovered, held=held)
        document = VoiceResponse()
        match reply.action:
            case Ask() as ask:
                self._ask(document, reply, ask, links)
            case Check() as check:
                self._check(document, reply, check, links, said=said, polls=polls)
            case Transfer() as transfer:
                self._transfer(document, reply, transfer, links)
            case End() as end:
                self._speak(document, end.lines, reply)
                document.hangup()
        return str(document)

    def _ask(self, document: VoiceResponse, reply: Reply, ask: Ask, links: Links) -> None:
        listen = ask.listen
        speech = listen.speech and self._settings.speech
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
        self, document: VoiceResponse, reply: Reply, transfer: Transfer, links: Links
    ) -> None:
        self._speak(document, transfer.lines, reply)
        dial = document.dial(
            action=links.onward(reply.turn),
            method="POST",
            timeout=self._settings.ring_s,
            caller_id=self._settings.twilio_number or None,
        )
        whisper = links.whisper(reply.reference)
        for number in self._settings.destinations[transfer.destination][:_MOST_NUMBERS]:
            dial.number(number, url=whisper, method="POST")

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
