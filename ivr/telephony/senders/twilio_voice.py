"""Codes spoken on a phone call, through Twilio Voice."""

from __future__ import annotations

from collections.abc import Mapping

from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from ivr.identity.ports import CodeMessage
from ivr.telephony.senders.twilio_errors import translated

_LOCALES = {"ja": "ja-JP", "en": "en-US"}
#: A receiver takes a moment to reach the ear.
_PAUSE_S = 1
#: The message takes about 40 s; nothing else is said on this call.
_LONGEST_CALL_S = 120


class TwilioVoice:
    """Phones a registered number and speaks the text slowly. The text repeats the code itself."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        from_number: str,
        voices: Mapping[str, str],
        rate: int = 75,
        ring_s: int = 30,
        timeout_s: float = 6.0,
        http_client: HttpClient | None = None,
    ) -> None:
        """
        Args:
            from_number: ours, E.164, shown on the customer's display.
            voices: language -> a voice of ``<Say>``, such as ``Polly.Kazuha-Neural``.
            rate: speaking rate, per cent of normal.
            ring_s: seconds the phone rings before Twilio gives up.
            timeout_s: seconds to wait for Twilio to connect, and again to answer.
            http_client: carries the requests instead of the SDK's own.
        """
        carrier = http_client or TwilioHttpClient(timeout=timeout_s)
        self._client = Client(account_sid, auth_token, http_client=carrier)
        self._from = from_number
        self._voices = voices
        self._rate = rate
        self._ring_s = ring_s

    def send(self, message: CodeMessage) -> None:
        """Have Twilio place the call; returning means Twilio queued it, not that anybody
        answered.

        Raises:
            SendFailed: see ``twilio_errors``; never holds the number or the code.
        """
        with translated():
            self._client.calls.create(
                to=message.destination,
                from_=self._from,
                twiml=self.twiml(message),
                timeout=self._ring_s,
                time_limit=_LONGEST_CALL_S,
            )

    def twiml(self, message: CodeMessage) -> str:
        """What the call plays, as a TwiML document."""
        language = message.language if message.language in _LOCALES else "ja"
        response = VoiceResponse()
        response.pause(length=_PAUSE_S)
        say = response.say(language=_LOCALES[language], voice=self._voices[language])
        say.prosody(message.text, rate=f"{self._rate}%")
        response.pause(length=_PAUSE_S)
        response.hangup()
        return str(response)
