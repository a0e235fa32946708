"""Codes by e-mail, through a mail server that takes submissions (RFC 6409)."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from ivr.clock import Clock
from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage

#: Replies 4yz are passing, 5yz are final (RFC 5321 section 4.2.1).
_FINAL = 500
_SETTINGS = "check IVR_SMTP_HOST, IVR_SMTP_PORT, IVR_SMTP_USER, IVR_SMTP_PASSWORD, IVR_SMTP_FROM"


class SmtpSender:
    """One connection a message. Each message is asked for once; nothing is retried."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        clock: Clock,
        user: str = "",
        password: str = "",
        starttls: bool = True,
        timeout_s: float = 6.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """
        Args:
            sender: our address, in ``From``.
            user: logs in where not empty.
            starttls: demand encryption before anything else is said (RFC 3207).
            timeout_s: seconds to wait for each answer of the server.
            tls: whom to trust; the system's authorities where None.
        """
        self._host = host
        self._port = port
        self._sender = sender
        self._clock = clock
        self._user = user
        self._password = password
        self._starttls = starttls
        self._timeout_s = timeout_s
        self._tls = tls or ssl.create_default_context()

    def send(self, message: CodeMessage) -> None:
        """Hand the mail to the server; returning means the server took it.

        Raises:
            SendFailed: ``refused`` (address or mail), ``configuration`` (TLS, login, sender)
                or ``retry_later``; never holds the address or the code.
        """
        mail = self._mail(message)
        with _translated(), self._connected() as server:
            server.send_message(mail, from_addr=self._sender, to_addrs=[message.destination])

    def _mail(self, message: CodeMessage) -> EmailMessage:
        domain = self._sender.rpartition("@")[2]
        name = hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32]
        try:
            mail = EmailMessage()
            mail["From"] = self._sender
            mail["To"] = str(Address(addr_spec=message.destination))
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(self._clock.now())
            mail["Message-ID"] = f"<{name}@{domain}>"
            # No vacation answers, please (RFC 3834 section 5).
            mail["Auto-Submitted"] = "auto-generated"
            mail.set_content(message.text)
        except (ValueError, MessageError, IndexError) as error:
            # The email package raises these for line breaks and for addresses it cannot parse.
            raise SendFailed(
                f"the mail cannot be written [{type(error).__name__}]",
                kind="refused",
                hint="the registered address or the subject is malformed",
            ) from None
        return mail

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        # Without a name of our own smtplib asks the resolver, which may take long.
        name = self._sender.rpartition("@")[2] or "localhost"
        server = smtplib.SMTP(self._host, self._port, local_hostname=name, timeout=self._timeout_s)
        try:
            if self._starttls:
                server.starttls(context=self._tls)
            if self._user:
                server.login(self._user, self._password)
            yield server
            # The mail is accepted: what happens to the farewell no longer matters.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        raise _failed(error, "configuration") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _failed(error, _by_reply(max(codes, default=_FINAL), "refused")) from None
    except smtplib.SMTPDataError as error:
        raise _failed(error, _by_reply(error.smtp_code, "refused")) from None
    except smtplib.SMTPResponseException as error:
        # Greeting, STARTTLS or sender: nothing about this customer.
        raise _failed(error, _by_reply(error.smtp_code, "configuration")) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise _failed(error, "retry_later") from None


def _by_reply(code: int, final: str) -> str:
    return final if code >= _FINAL else "retry_later"


def _failed(error: Exception, kind: str) -> SendFailed:
    hint = _SETTINGS if kind == "configuration" else ""
    return SendFailed(
        f"the mail server did not take it [{type(error).__name__}]", kind=kind, hint=hint
    )
