"""Codes as text messages, through Twilio Messaging."""

from __future__ import annotations

from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from ivr.identity.ports import CodeMessage
from ivr.telephony.senders.twilio_errors import translated

#: A message Twilio could not pass on within the life of its code is not worth sending.
_LONGEST_VALIDITY_S = 600


class TwilioMessaging:
    """Sends from one number of ours. Each message is asked for once; nothing is retried."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        from_number: str,
        validity_s: int = _LONGEST_VALIDITY_S,
        timeout_s: float = 6.0,
        http_client: HttpClient | None = None,
    ) -> None:
        """
        Args:
            from_number: ours, E.164, able to send text messages to where customers live.
            validity_s: seconds the code works; Twilio drops the message after them (<= 600).
            timeout_s: seconds to wait for Twilio to connect, and again to answer.
            http_client: carries the requests instead of the SDK's own.
        """
        carrier = http_client or TwilioHttpClient(timeout=timeout_s)
        self._client = Client(account_sid, auth_token, http_client=carrier)
        self._from = from_number
        self._validity_s = min(validity_s, _LONGEST_VALIDITY_S)

    def send(self, message: CodeMessage) -> None:
        """Hand the text to Twilio; returning means Twilio queued it.

        Raises:
            SendFailed: see ``twilio_errors``; never holds the number or the code.
        """
        with translated():
            self._client.messages.create(
                to=message.destination,
                from_=self._from,
                body=message.text,
                validity_period=self._validity_s,
            )
