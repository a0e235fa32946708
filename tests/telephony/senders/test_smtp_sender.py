"""Mail as it arrives at a real server, and a server that cannot be trusted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from mail_server import USER, Certificate, Mailbox, mail_server, silent_server
from sender_rigs import message, smtp_sender

from ivr.clock import ManualClock
from ivr.errors import SendFailed


def test_a_mail_arrives_encrypted_and_whole(
    mailbox: Mailbox, certificate: Certificate, clock: ManualClock
) -> None:
    sent = message("email", text="確認番号： 072916\n（10分間有効）\n")

    smtp_sender(mailbox.port, certificate, clock).send(sent)

    ((recipients, mail),) = mailbox.mails
    assert mailbox.encrypted == [True]
    assert recipients == [sent.destination]
    assert mail["To"] == sent.destination
    assert mail["From"] == "code@tsubame.example"
    assert mail["Subject"] == sent.subject
    assert mail["Date"].datetime == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == sent.text


def test_the_same_send_has_the_same_message_id(
    mailbox: Mailbox, certificate: Certificate, clock: ManualClock
) -> None:
    sender = smtp_sender(mailbox.port, certificate, clock)
    for key in ("intent:1", "intent:1", "intent:2"):
        sender.send(message("email", idempotency_key=key))

    first, again, other = (mail["Message-ID"] for _, mail in mailbox.mails)
    assert first == again != other


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": "a@example.jp\nBcc: b@example.jp"},
        {"destination": "a@example.jp\r\nSubject: x"},
        {"destination": "a@example.jp, b@example.jp"},
        {"destination": "nobody"},
        {"destination": ""},
        {"subject": "one\nBcc: b@example.jp"},
        {"subject": "one\rtwo"},
    ],
)
def test_nothing_slips_into_the_headers(
    mailbox: Mailbox, certificate: Certificate, clock: ManualClock, changes: dict[str, str]
) -> None:
    with pytest.raises(SendFailed) as failure:
        smtp_sender(mailbox.port, certificate, clock).send(message("email", **changes))

    assert failure.value.kind == "refused"
    assert "example.jp" not in str(failure.value)
    assert mailbox.mails == []


def test_a_wrong_password_is_a_setting(
    mailbox: Mailbox, certificate: Certificate, clock: ManualClock
) -> None:
    with pytest.raises(SendFailed) as failure:
        smtp_sender(mailbox.port, certificate, clock, password="wrong").send(message("email"))

    assert failure.value.kind == "configuration"
    assert "IVR_SMTP_PASSWORD" in str(failure.value)


def test_a_certificate_nobody_vouches_for_is_not_used(
    mailbox: Mailbox, certificate: Certificate, clock: ManualClock
) -> None:
    with pytest.raises(SendFailed) as failure:
        smtp_sender(mailbox.port, certificate, clock, tls=None).send(message("email"))

    assert failure.value.kind == "configuration"
    assert mailbox.mails == []


def test_without_encryption_nothing_is_sent_unless_settings_say_so(
    certificate: Certificate, clock: ManualClock
) -> None:
    with mail_server(None) as box:
        # Neither where a login would fail anyway, nor without one.
        for user in (USER, ""):
            with pytest.raises(SendFailed) as failure:
                smtp_sender(box.port, certificate, clock, user=user).send(message("email"))
            assert failure.value.kind == "configuration"
        assert box.mails == []

        smtp_sender(box.port, certificate, clock, starttls=False, user="").send(message("email"))
        assert box.encrypted == [False]


@pytest.mark.parametrize("greeting", [b"", b"hello\r\n", b"\xff\xfe\x00\r\n"])
def test_a_server_that_talks_nonsense_or_nothing_may_be_tried_later(
    certificate: Certificate, clock: ManualClock, greeting: bytes
) -> None:
    with silent_server(greeting) as port:
        sender = smtp_sender(port, certificate, clock, timeout_s=0.2)
        with pytest.raises(SendFailed) as failure:
            sender.send(message("email"))

    assert failure.value.kind == "retry_later"
