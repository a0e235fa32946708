"""One leg of a call, and the form fields that Twilio sends about it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


def new_call_sid() -> str:
    """A call identifier in Twilio's form."""
    return "CA" + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Leg:
    """``caller`` and ``called`` as Twilio gives them: E.164, or ``anonymous``. ``parent`` is
    the CallSid of the leg that dialled this one, empty for the caller's own."""

    caller: str
    called: str
    account_sid: str
    direction: str = "inbound"
    parent: str = ""
    sid: str = field(default_factory=new_call_sid)

    def fields(self, status: str, **more: str) -> dict[str, str]:
        """The fields of a webhook about this leg while it is in ``status``, and ``more``."""
        about = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": status,
            "Called": self.called,
            "CalledCountry": _country(self.called),
            "Caller": self.caller,
            "CallerCountry": _country(self.caller),
            "Direction": self.direction,
            "From": self.caller,
            "FromCountry": _country(self.caller),
            "To": self.called,
            "ToCountry": _country(self.called),
        }
        if self.parent:
            about["ParentCallSid"] = self.parent
        return about | more


def _country(number: str) -> str:
    return "JP" if number.startswith("+81") else ""
