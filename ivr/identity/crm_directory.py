"""A directory behind the company's own web service, as docs/directory-api.yaml describes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ivr.clock import Clock
from ivr.errors import RecordsError, RecordsUnavailable, SettingsError
from ivr.identity.foreign_customers import MOST_ID, candidate_of, read_customer
from ivr.identity.ports import Candidate, Customer, Directory, T

#: An answer may have so many bytes, unpacked: some 5,000 customers.
MOST_BYTES = 2_000_000
#: Tried once more at once, as asking twice does no harm; so is a connection that broke.
_AGAIN = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
#: On this day nobody who is alive was born; a question that :meth:`CrmDirectory.report` asks.
_LONG_AGO = date(1873, 1, 1)


class _Answer(BaseModel):
    # A later version of the service may say more.
    model_config = ConfigDict(extra="ignore", strict=True)


class CrmCandidate(_Answer):
    """What names are compared by. Kana may be hiragana or half-width."""

    id: Annotated[str, Field(min_length=1, max_length=MOST_ID)]
    number: str = ""
    surname: str = ""
    given: str = ""
    surname_kana: str
    given_kana: str


class CrmCustomer(CrmCandidate):
    """A whole customer. Phones as in E.164 or as in Japan."""

    birthdate: str
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    language: str | None = None
    contact_changed: str | None = None
    preferred: str | None = None


class CrmCandidates(_Answer):
    """Answers ``/customers/search``."""

    customers: list[CrmCandidate]


class CrmCustomers(_Answer):
    """Answers ``/customers/get``."""

    customers: list[CrmCustomer]


class CrmIds(_Answer):
    """Answers ``/customers/phones``."""

    ids: list[str]


A = TypeVar("A", bound=_Answer)


class _Bearer(AuthBase):
    """The key, and nothing that a ``.netrc`` says."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class CrmDirectory:
    """Implements :class:`ivr.identity.ports.Directory`. Everything is POST, so that nobody's data
    is in a URL. To be asked through :class:`ivr.identity.paced_directory.PacedDirectory`, which
    bounds the time of an answer that trickles."""

    def __init__(self, url: str, key: str, clock: Clock, *, timeout_s: float) -> None:
        """``url``: what the paths are added to; ``https``, or ``http`` on this machine. ``key``:
        sent as a bearer token. ``timeout_s``: seconds to connect, and of silence.

        Raises:
            SettingsError: another kind of URL, or no key.
        """
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if not (parts.scheme == "https" or local) or not parts.hostname or parts.username:
            raise SettingsError(
                "IVR_DIRECTORY_URL of a CRM must be https, without a user name",
                hint="https://crm.example.co.jp/honnin",
            )
        if not key or not key.isascii() or not key.isprintable():
            raise SettingsError("IVR_DIRECTORY_KEY is missing or holds signs that no header can")
        self.where = f"the CRM at {parts.hostname}"
        self._url = url.rstrip("/")
        self._clock = clock
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.auth = _Bearer(key)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=16))

    def open(self) -> None:
        """See that it answers as documented.

        Raises:
            RecordsUnavailable: it does not answer now.
            RecordsError: it refuses the key, or answers something else.
        """
        self.born_on(_LONG_AGO)
        self.by_ids(["nobody"])
        self.with_phones(["+810000000000"])

    def report(self) -> list[str]:
        """Whether it answers, and how fast. Raises like :meth:`open`."""
        self.open()
        began = perf_counter()
        self.born_on(_LONG_AGO)
        taken_ms = (perf_counter() - began) * 1000
        return [f"{self.where} answers as documented, in {taken_ms:.0f} ms"]

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        """See :meth:`Directory.born_on`."""
        asked = {"birthdate": birthdate.isoformat()}
        answer = self._ask("/customers/search", asked, CrmCandidates)
        now = self._clock.now()
        found = (read_customer(each.model_dump(), birthdate, now) for each in answer.customers)
        return [candidate_of(each.customer) for each in found if each.customer is not None]

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        """See :meth:`Directory.by_ids`."""
        answer = self._ask("/customers/get", {"ids": list(ids)}, CrmCustomers)
        found = (self._customer(each) for each in answer.customers)
        return [each for each in found if each is not None and each.id in ids]

    def by_id(self, customer_id: str) -> Customer | None:
        """See :meth:`Directory.by_id`."""
        return next(iter(self.by_ids([customer_id])), None)

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        """See :meth:`Directory.with_phones`."""
        return set(self._ask("/customers/phones", {"phones": list(phones)}, CrmIds).ids)

    def together(self, look_up: Callable[[Directory], T]) -> T:
        """See :meth:`Directory.together`."""
        return look_up(self)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _customer(self, answer: CrmCustomer) -> Customer | None:
        row = answer.model_dump()
        try:
            born = date.fromisoformat(row.pop("birthdate"))
        except ValueError:
            return None
        return read_customer(row, born, self._clock.now()).customer

    def _ask(self, path: str, question: dict[str, Any], answer: type[A]) -> A:
        try:
            status, body = self._posted(path, question)
        except requests.RequestException as error:
            # "from None": the library's texts hold URLs.
            raise RecordsUnavailable(
                f"{self.where} does not answer [{type(error).__name__}]"
            ) from None
        if status != HTTPStatus.OK:
            raise self._refused(status)
        try:
            return answer.model_validate_json(body)
        except ValidationError:
            raise RecordsError(
                f"{self.where} answers {path} otherwise than documented",
                hint="docs/directory-api.yaml",
            ) from None

    def _posted(self, path: str, question: dict[str, Any]) -> tuple[int, bytes]:
        """The status and, where that is 200, the body of an answer."""
        try:
            status, body = self._posted_once(path, question)
        except requests.Timeout:
            raise
        except requests.ConnectionError:
            return self._posted_once(path, question)
        return self._posted_once(path, question) if status in _AGAIN else (status, body)

    def _posted_once(self, path: str, question: dict[str, Any]) -> tuple[int, bytes]:
        with self._session.post(
            self._url + path,
            json=question,
            timeout=self._timeout_s,
            allow_redirects=False,
            stream=True,
        ) as response:
            status = response.status_code
            return status, self._body(response) if status == HTTPStatus.OK else b""

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        for piece in response.iter_content(65_536):
            body += piece
            if len(body) > MOST_BYTES:
                raise RecordsError(f"{self.where} answers more than {MOST_BYTES} bytes")
        return bytes(body)

    def _refused(self, status: int) -> RecordsError:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return RecordsError(f"{self.where} refuses the key", hint="check IVR_DIRECTORY_KEY")
        kind = RecordsUnavailable if status >= 500 or status == 429 else RecordsError
        return kind(f"{self.where} answers with HTTP status {status}")
