"""Webhooks as Twilio sends them: signed form posts, its timeouts, retries and fallback URL.

Numbers are from Twilio's documentation: 5 s to connect, 15 s to answer, one retry where no
connection could be made, none once there was one; the fallback URL when a document cannot be
fetched or is not TwiML.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from ivr.errors import RehearsalError
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.twiml_document import NotTwiml, Verb, read_twiml
from ivr.setting_values import is_loopback_host

CONNECT_S = 5.0
READ_S = 15.0
#: Twilio refuses larger documents (its error 11750).
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """The server under rehearsal. ``address`` is where it listens (loopback only), ``media``
    where its media streams are taken (empty: there too), ``public`` the base URL that it believes
    to be reached at and that signatures are made over."""

    address: str
    public: str
    auth_token: str
    account_sid: str = "AC" + "0" * 32
    #: The number that is called.
    number: str = "+815000000000"
    media: str = ""

    def __post_init__(self) -> None:
        for address in (self.address, self.media or self.address):
            parts = urlsplit(address)
            if parts.scheme != "http" or not parts.hostname:
                raise RehearsalError(
                    "the server's address is not usable", hint="give one like http://127.0.0.1:8080"
                )
            if not is_loopback_host(parts.hostname):
                raise RehearsalError(
                    "the rehearsal telephone calls servers on this machine only",
                    hint="give an address on 127.0.0.1, ::1 or localhost",
                )


@dataclass(frozen=True, slots=True)
class Page:
    """A TwiML document and the URL it came from, which relative URLs in it start at."""

    url: str
    verbs: tuple[Verb, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one HTTP request."""

    status: int
    body: bytes


class WebhookFailed(Exception):
    """A document could not be fetched or read; ``code`` is Twilio's number for it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NoAnswer(Exception):
    """No answer came. ``connected``: the server was reached, so Twilio does not try again."""

    def __init__(self, reason: str, *, connected: bool) -> None:
        super().__init__(reason)
        self.connected = connected


@dataclass
class WebhookFaults:
    """What goes wrong between Twilio and the server, on purpose. ``double``: everything is
    delivered twice. ``lost``: the number (from 1) of the webhook whose answers get lost."""

    double: bool = False
    lost: int | None = None


def signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature of a form post: base64 of HMAC-SHA1 over the exact public URL and the
    fields in order of their names (Twilio, "Webhooks security")."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class WebhookClient:
    """Posts webhooks to one server. Not for several calls at once."""

    def __init__(
        self,
        server: Server,
        conversation: Conversation,
        *,
        fallback_path: str = "/voice/fallback",
        faults: WebhookFaults | None = None,
        after_webhook: Callable[[], None] = lambda: None,
        read_s: float = READ_S,
    ) -> None:
        """``after_webhook`` is called when a webhook has been answered, or finally not.
        ``read_s``: seconds the server may take to answer."""
        self._server = server
        self._conversation = conversation
        self._fallback = server.public + fallback_path
        self._faults = faults or WebhookFaults()
        self._after = after_webhook
        self._read_s = read_s
        self._sent = 0
        #: Webhooks that had to go to the fallback URL.
        self.fallbacks = 0
        #: What the server did that Twilio would not forgive, or not notice.
        self.problems: list[str] = []

    @property
    def account_sid(self) -> str:
        """The account whose calls these are."""
        return self._server.account_sid

    def absolute(self, base: str, reference: str) -> str:
        """``reference`` as found in the document at ``base``, as an absolute public URL."""
        return urljoin(base or self._server.public + "/", reference)

    def fetch(self, url: str, fields: Mapping[str, str], *, use_fallback: bool = True) -> Page:
        """Post ``fields`` to ``url`` and read the TwiML in the answer, asking the fallback URL
        where that fails.

        Raises:
            WebhookFailed: the fallback URL failed as well, or must not be used.
            RehearsalError: the document holds what the telephone does not play.
        """
        try:
            return self._fetch(url, fields)
        except WebhookFailed as failed:
            if not use_fallback:
                raise
            self.fallbacks += 1
            self._conversation.note(
                "network", f"{_path(url)}: {failed.reason}; asking the fallback URL"
            )
            more = {**fields, "ErrorCode": str(failed.code), "ErrorUrl": url}
            return self._fetch(self._fallback, more)

    def notify(self, url: str, fields: Mapping[str, str]) -> None:
        """Post a status callback. Its answer changes nothing for the call, but an error there
        is a problem of the server's."""
        try:
            answer = self._deliver(url, fields)
            if answer.status >= 400:
                self.problems.append(f"{_path(url)} answered {answer.status}")
        except WebhookFailed as failed:
            self.problems.append(f"{_path(url)}: {failed.reason}")
        finally:
            self._after()

    def get_json(self, path: str, *, bearer: str = "") -> Any:
        """Fetch a JSON document, as the agent's system does.

        Raises:
            RehearsalError: no JSON, or an error status.
        """
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        try:
            answer = self._exchange("GET", self._server.public + path, b"", headers)
        except NoAnswer as failed:
            raise RehearsalError(f"{_shape(path)}: {failed}") from None
        return _json(path, answer)

    def tell_json(self, path: str, told: Mapping[str, Any], *, bearer: str) -> Any:
        """Post a JSON document and read the one it is answered with, as the agent's system does.

        Raises:
            RehearsalError: no JSON, or an error status.
        """
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        try:
            url = self._server.public + path
            answer = self._exchange("POST", url, json.dumps(told).encode(), headers)
        except NoAnswer as failed:
            raise RehearsalError(f"{_shape(path)}: {failed}") from None
        return _json(path, answer)

    def post_json(self, path: str, fields: Mapping[str, str]) -> Any:
        """Post a signed webhook that is answered with JSON, as TaskRouter does.

        Raises:
            RehearsalError: no JSON, or an error status.
        """
        try:
            answer = self._deliver(self._server.public + path, fields)
        except WebhookFailed as failed:
            raise RehearsalError(f"{_shape(path)}: {failed.reason}") from None
        finally:
            self._after()
        return _json(path, answer)

    def _fetch(self, url: str, fields: Mapping[str, str]) -> Page:
        self._sent += 1
        try:
            if self._faults.lost == self._sent:
                self._lose(url, fields)
            answer = self._deliver(url, fields)
        finally:
            self._after()
        if answer.status != 200:
            raise WebhookFailed(11200, f"the server answered {answer.status}")
        if len(answer.body) > MAX_BODY:
            raise WebhookFailed(11750, "the document is larger than 64 KiB")
        try:
            return Page(url, read_twiml(answer.body))
        except NotTwiml as error:
            raise WebhookFailed(12100, str(error)) from None

    def _lose(self, url: str, fields: Mapping[str, str]) -> None:
        """The server takes the webhook, but its answer never arrives."""
        self._deliver(url, fields)
        raise WebhookFailed(11200, "the answer was lost on the way (on purpose)")

    def _deliver(self, url: str, fields: Mapping[str, str]) -> Answer:
        """One webhook with its retry. Every delivery carries the same idempotency token."""
        body = urlencode(fields).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature(self._server.auth_token, url, fields),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        answer = self._with_retry(url, body, headers)
        if not self._faults.double:
            return answer
        again = self._with_retry(url, body, headers)
        # While a check runs, two answers may differ; once there is a question, never.
        if b"<Gather" in answer.body and answer.body != again.body:
            self.problems.append(
                f"{_path(url)} answered a repeated webhook otherwise than the first time"
            )
        return again

    def _with_retry(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            return self._exchange("POST", url, body, headers)
        except NoAnswer as failed:
            if failed.connected:
                raise WebhookFailed(11205, str(failed)) from None
            self._conversation.note("network", f"{_path(url)}: {failed}; trying once more")
        try:
            return self._exchange("POST", url, body, headers)
        except NoAnswer as failed:
            raise WebhookFailed(11205, str(failed)) from None

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One HTTP exchange. The server sees the public host name, as behind a proxy."""
        url = url.partition("#")[0]
        target = self._target(url)
        parts = urlsplit(target)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(parts.netloc, timeout=CONNECT_S)
        try:
            connection.connect()
        except OSError:
            raise NoAnswer("no connection to the server", connected=False) from None
        try:
            connection.sock.settimeout(self._read_s)
            host = urlsplit(url).netloc
            connection.request(method, path or "/", body, {**headers, "Host": host})
            response = connection.getresponse()
            return Answer(response.status, response.read(MAX_BODY + 1))
        except TimeoutError:
            raise NoAnswer("the server did not answer in time", connected=True) from None
        except (OSError, http.client.HTTPException):
            raise NoAnswer("the server broke the connection", connected=True) from None
        finally:
            connection.close()

    def _target(self, url: str) -> str:
        """Where a public URL is really served."""
        base = self._server.public
        if url == base or url.startswith((base + "/", base + "?")):
            return self._server.address.rstrip("/") + url[len(base) :]
        raise RehearsalError(
            "the server sent the telephone to another host than its public URL",
            hint="check IVR_PUBLIC_URL against --public-url",
        )


def _json(path: str, answer: Answer) -> Any:
    if answer.status != 200:
        raise RehearsalError(f"{_shape(path)} answered {answer.status}")
    try:
        return json.loads(answer.body)
    except ValueError:
        raise RehearsalError(f"{_shape(path)} did not answer with JSON") from None


def _path(url: str) -> str:
    """The path alone: queries carry references."""
    return urlsplit(url).path


def _shape(path: str) -> str:
    """The first part of a path: what follows may be a reference."""
    return "/" + path.strip("/").partition("/")[0]
