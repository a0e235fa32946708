"""What the values of settings look like."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

E164 = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
#: A phone number that may be left empty.
OptionalE164 = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14})?$")]
#: Who is rung: a phone number, a SIP address without a password and without headers of its own
#: (Twilio takes them below 255 characters), or a TaskRouter workflow.
Address = Annotated[
    str,
    Field(
        pattern=r"^(\+[1-9][0-9]{6,14}|sips?:([!-9;=A-~]+@)?[!-;=A-~]{1,249}|WW[0-9a-f]{32})$",
        max_length=254,
    ),
]
#: How phone numbers begin, with commas between.
PhonePrefixes = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{0,6}(,\+[1-9][0-9]{0,6})*)?$")]
Sender = Literal["outbox", "twilio", "verify", "smtp", "off"]
#: A way of taking answers: Vosk on a media stream, Twilio's recognition in ``<Gather>``, or the
#: keypad alone.
Way = Literal["vosk", "twilio", "keys"]


class ResultReader(BaseModel):
    """What a system that fetches results may do.

    ``audience``: only results for it; empty: for anybody. ``until``: the last day (in Japan) on
    which its key counts. ``again_s``: for how many seconds after its first fetch it may fetch the
    same result again, 0 for never; None: until the result expires.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: str = ""
    until: date | None = None
    again_s: Annotated[int, Field(ge=0, le=14_400)] | None = None
