"""Codes that Twilio Verify makes, sends and checks; nobody else knows them.

What is different from codes of our own is in docs/identity.md, "Twilio Verify".
"""

from __future__ import annotations

from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.base.values import unset
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage, Verdict
from ivr.telephony.senders.twilio_errors import translated

#: Our channel -> the name Verify has for it.
_CHANNELS = {"sms": "sms", "voice": "call"}
#: Status of a verification -> what it says of the digits (docs of VerificationCheck, v2).
_VERDICTS: dict[str, Verdict] = {
    "approved": "right",
    "pending": "wrong",
    "canceled": "expired",
    "expired": "expired",
    "deleted": "expired",
    "max_attempts_reached": "exhausted",
}
_TOO_MANY_CHECKS = 60202
#: Approved, expired or checked too often: Verify forgets a verification then, and answers so.
_NOT_FOUND = 404


class TwilioVerify:
    """One Verify service. Implements :class:`ivr.identity.ports.CodeChecker`. Each request is made
    once; nothing is retried."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        service_sid: str,
        template_sid: str = "",
        timeout_s: float = 6.0,
        http_client: HttpClient | None = None,
    ) -> None:
        """
        Args:
            service_sid: the service (``VA…``): its name is in the message.
            template_sid: the message (``HJ…``); empty: the default one of the service.
            timeout_s: seconds to wait for Twilio to connect, and again to answer.
            http_client: carries the requests instead of the SDK's own.
        """
        carrier = http_client or TwilioHttpClient(timeout=timeout_s)
        client = Client(account_sid, auth_token, http_client=carrier)
        self._service = client.verify.v2.services(service_sid)
        self._template = template_sid or unset

    def send(self, message: CodeMessage) -> None:
        """Have Verify send a code of its own; returning means Twilio took it.

        Raises:
            SendFailed: see ``twilio_errors``; never holds the number.
        """
        with translated():
            self._service.verifications.create(
                to=message.destination,
                channel=_CHANNELS[message.channel],
                locale=message.language,
                template_sid=self._template,
            )

    def check(self, destination: str, code: str) -> Verdict:
        """Ask Verify whether these are the digits it last sent to this number.

        Raises:
            SendFailed: Verify does not say; never holds the number or the digits.
        """
        with translated():
            try:
                checked = self._service.verification_checks.create(to=destination, code=code)
            except (TwilioRestException, TwilioServiceException) as error:
                if error.code == _TOO_MANY_CHECKS:
                    return "exhausted"
                if error.status == _NOT_FOUND:
                    return "expired"
                raise
        verdict = _VERDICTS.get(str(checked.status))
        if verdict is None:
            raise SendFailed(
                "Twilio gave no usable answer to a check",
                kind="retry_later",
                hint="the digits may be right all the same",
            )
        return verdict
