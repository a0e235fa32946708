"""What Twilio's refusals mean for the next step. Never quotes Twilio: its texts repeat numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from ivr.errors import SendFailed

#: Twilio error code -> kind of failure (TWILIO.md "OTP"; twilio.com/docs/api/errors).
KIND_OF_CODE = {
    30450: "blocked",
    60410: "blocked",
    60605: "blocked",
    60205: "other_channel",
    21614: "other_channel",
    21612: "other_channel",
    21408: "other_channel",
    20404: "refused",
    21211: "refused",
    21215: "refused",
    21216: "refused",
    21610: "refused",
    60200: "refused",
    60202: "refused",
    60203: "refused",
    60212: "refused",
    20429: "retry_later",
    20003: "configuration",
}
#: HTTP status -> kind, where Twilio's own code is unknown.
_KIND_OF_STATUS = {401: "configuration", 403: "configuration", 404: "configuration"}
_TOO_MANY = 429
_SERVER_ERROR = 500
_HINTS = {
    "blocked": "Twilio blocked it as likely fraud; see its console",
    "other_channel": "this contact cannot be reached by this channel",
    "refused": "Twilio will not send to this contact",
    "retry_later": "Twilio is busy or out of reach; the message may have left all the same",
    "configuration": "check IVR_TWILIO_ACCOUNT_SID, IVR_TWILIO_AUTH_TOKEN, IVR_TWILIO_NUMBER",
}


#: What the SDK raises over an answer that is no JSON, or not the JSON it expects.
MALFORMED = (ValueError, AttributeError, KeyError, TypeError)


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of a Twilio request into :class:`SendFailed`.

    Raises:
        SendFailed: ``retry_later`` where Twilio did not answer or not sensibly.
    """
    try:
        yield
    except TwilioRestException as error:
        raise _failed(error.status, error.code) from None
    except TwilioServiceException as error:
        raise _failed(error.status, error.code) from None
    except (TwilioException, requests.RequestException, OSError, *MALFORMED) as error:
        raise SendFailed(
            f"Twilio gave no usable answer [{type(error).__name__}]",
            kind="retry_later",
            hint=_HINTS["retry_later"],
        ) from None


def kind_of(status: int, code: int | None) -> str:
    """The kind of failure for an HTTP status and Twilio's own error code, if it gave one."""
    if code in KIND_OF_CODE:
        return KIND_OF_CODE[code]
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return "retry_later"
    return _KIND_OF_STATUS.get(status, "refused")


def _failed(status: int, code: int | None) -> SendFailed:
    kind = kind_of(status, code)
    named = f", error {code}" if isinstance(code, int) else ""
    return SendFailed(f"Twilio answered HTTP {status}{named}", kind=kind, hint=_HINTS[kind])
