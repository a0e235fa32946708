"""One rig a sender: the sender, what its provider received, and ways to break the provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mail_server import PASSWORD, USER, Certificate, Mailbox, free_port
from twilio_rest import FakeTwilio

from ivr.clock import ManualClock
from ivr.identity.ports import Channel, CodeMessage, CodeSender
from ivr.telephony.senders.outbox import LocalOutbox
from ivr.telephony.senders.smtp import SmtpSender

OURS = "+815012345678"
VOICES = {"ja": "Polly.Kazuha-Neural", "en": "Polly.Joanna-Neural"}
#: Seconds; loopback answers in a few milliseconds or, where broken, never.
TIMEOUT_S = 0.3


def message(channel: Channel, **changes: Any) -> CodeMessage:
    """A message as identity makes them."""
    values: dict[str, Any] = {
        "channel": channel,
        "destination": "hanako@example.jp" if channel == "email" else "+819012345678",
        "code": "072916",
        "text": "【つばめ銀行】確認番号 072916（10分有効）",
        "subject": "【つばめ銀行】お電話での確認番号" if channel == "email" else "",
        "language": "ja",
        "idempotency_key": "intent:1",
    }
    return CodeMessage(**values | changes)


@dataclass(frozen=True)
class Rig:
    """``count`` tells how many messages the provider holds; ``breakages`` maps a way to break
    the provider to the kind of failure it must be reported as."""

    channel: Channel
    sender: CodeSender
    count: Callable[[], int]
    breakages: dict[str, tuple[Callable[[], object], str]]


def smtp_sender(
    port: int, certificate: Certificate, clock: ManualClock, **changes: Any
) -> SmtpSender:
    values: dict[str, Any] = {
        "sender": "code@tsubame.example",
        "user": USER,
        "password": PASSWORD,
        "timeout_s": 2.0,
        "tls": certificate.client_side(),
    }
    return SmtpSender("127.0.0.1", port, clock=clock, **values | changes)


def outbox_rig(folder: Path, clock: ManualClock) -> Rig:
    path = folder / "outbox" / "codes.jsonl"

    def count() -> int:
        return len(path.read_text("utf-8").splitlines()) if path.is_file() else 0

    return Rig(
        "sms",
        LocalOutbox(path, clock),
        count,
        {"no file": (lambda: path.mkdir(parents=True), "configuration")},
    )


def twilio_rig(channel: Channel, sender: CodeSender, twilio: FakeTwilio) -> Rig:
    def become(manner: str | tuple[int, int | None]) -> Callable[[], object]:
        return lambda: setattr(twilio, "manner", manner)

    breakages: dict[str, tuple[Callable[[], object], str]] = {
        "hangs": (become("hang"), "retry_later"),
        "drops": (become("drop"), "retry_later"),
        "garbage": (become("garbage"), "retry_later"),
        "empty 500": (become("empty"), "retry_later"),
        "truncated": (become("truncated"), "retry_later"),
        "cut": (become("cut"), "retry_later"),
        "a list": (become("list"), "retry_later"),
        "busy": (become((429, 20429)), "retry_later"),
        "busy without code": (become((429, None)), "retry_later"),
        "fraud": (become((400, 30450)), "blocked"),
        "landline": (become((400, 21614)), "other_channel"),
        "no such number": (become((400, 21211)), "refused"),
        "wrong token": (become((401, 20003)), "configuration"),
        "unknown refusal": (become((400, 99999)), "refused"),
        "no such account": (become((404, None)), "configuration"),
    }

    def count() -> int:
        return len(twilio.requests) if twilio.manner == "accept" else 0

    return Rig(channel, sender, count, breakages)


def smtp_rig(box: Mailbox, certificate: Certificate, clock: ManualClock) -> Rig:
    sender = smtp_sender(box.port, certificate, clock)

    def answer(part: str, reply: str) -> Callable[[], object]:
        def become() -> None:
            box.mail_from = box.rcpt = box.data = ""
            setattr(box, part, reply)

        return become

    breakages: dict[str, tuple[Callable[[], object], str]] = {
        "no such mailbox": (answer("rcpt", "550 5.1.1 unknown"), "refused"),
        "greylisted": (answer("rcpt", "451 4.7.1 later"), "retry_later"),
        "spam": (answer("data", "554 5.7.1 no"), "refused"),
        "full": (answer("data", "452 4.3.1 later"), "retry_later"),
        "sender unknown": (answer("mail_from", "550 5.7.1 not you"), "configuration"),
        "closed": (lambda: setattr(sender, "_port", free_port()), "retry_later"),
    }
    return Rig("email", sender, lambda: len(box.mails), breakages)
