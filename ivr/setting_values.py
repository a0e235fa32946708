"""What the values of settings look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

#: What stands in the example of docs/settings.md where a secret goes.
EXAMPLE = "replace-me"


def like(pattern: str, words: str) -> AfterValidator:
    """A text that is empty or fits ``pattern`` as a whole; otherwise ``words`` say what must be."""
    compiled = re.compile(pattern, re.ASCII)

    def checked(value: str) -> str:
        if value and not compiled.fullmatch(value):
            raise ValueError(words)
        return value

    return AfterValidator(checked)


def sid(kind: str) -> AfterValidator:
    """A name that Twilio gave, or empty; ``kind``: its first two letters."""
    words = f"must be {kind} and 32 hexadecimal digits, as Twilio's console shows it"
    return like(f"{kind}[0-9a-f]{{32}}", words)


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


#: A phone number that may be left empty.
OptionalE164 = Annotated[
    str, like(r"\+[1-9][0-9]{6,14}", "must be a phone number with its country, like +81312345678")
]
#: Who is rung: a phone number, a SIP address without a password and without headers of its own
#: (Twilio takes them below 255 characters), or a TaskRouter workflow.
Address = Annotated[
    str,
    AfterValidator(_not_empty),
    like(
        r"(?=.{1,254}\Z)"
        r"(\+[1-9][0-9]{6,14}|sips?:([!-9;=A-~]+@)?[!-;=A-~]{1,249}|WW[0-9a-f]{32})",
        "must be a phone number like +81312345678, a SIP address like sip:desk@pbx.example.co.jp"
        " without a password or headers, or a workflow (WW and 32 hexadecimal digits)",
    ),
]
#: How phone numbers begin, with commas between.
PhonePrefixes = Annotated[
    str,
    like(
        r"\+[1-9][0-9]{0,6}(,\+[1-9][0-9]{0,6})*",
        "must be beginnings of phone numbers with commas between, like +81,+82; empty: any",
    ),
]
Sender = Literal["outbox", "twilio", "verify", "smtp", "off"]
#: A way of taking answers: Vosk on a media stream, Twilio's recognition in ``<Gather>``, or the
#: keypad alone.
Way = Literal["vosk", "twilio", "keys"]


class ResultReader(BaseModel):
    """What a system that fetches results may do.

    ``audience``: only results for it; empty: for anybody. ``until``: the last day (in Japan) on
    which its key counts. ``again_s``: for how many seconds after its first fetch it may fetch the
    same result again, 0 for never; None: until the result expires. By default five minutes: time
    to load a screen anew, and little for whoever finds a key and a reference later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: str = ""
    until: date | None = None
    again_s: Annotated[int, Field(ge=0, le=14_400)] | None = 300


def is_example(value: object) -> bool:
    """Whether a value, or a part of one, was left as it stands in the example of the docs."""
    if isinstance(value, Mapping):
        return any(is_example(each) for each in value.values())
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return isinstance(text, str) and EXAMPLE in text


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach an address with a port."""
    return is_loopback_host(bind.rpartition(":")[0].strip("[]"))


def is_loopback_host(host: str) -> bool:
    """Whether a host, by name or address, is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
