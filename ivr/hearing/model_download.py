"""An archive comes over HTTP: resumed where it broke off, and used only if its checksum is right.

Where it comes from is not trusted at all: a mirror, a proxy or a network's log-in page may answer
anything. What arrived is kept until it is whole, so that the next try goes on from there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from ivr.clock import Clock
from ivr.errors import HearingError
from ivr.hearing.disk_room import needs_room, written
from ivr.hearing.model_address import check_address, is_here, shown

#: Bytes that have arrived so far, and of how many if that is known.
Progress = Callable[[int, int | None], None]

#: Tries in a row that bring nothing new, until it is given up.
TRIES = 5
#: Bytes of the largest archive that is taken; the largest published model has 4 GB.
LARGEST = 6_000_000_000
_CONNECT_S = 10.0
_SILENCE_S = 30.0
_REDIRECTS = 5
_CHUNK = 32_768
#: Answers that say: not now.
_BUSY = {408, 425, 429}
_OTHER = "look at https://alphacephei.com/vosk/models, and give its address with --url"


@dataclass(frozen=True, slots=True)
class Archive:
    """A file to be fetched. ``sha256`` in hex; ``size`` in bytes, None: not known."""

    url: str
    sha256: str
    size: int | None


class _Interrupted(Exception):
    """Trying again may help."""


class _Unreachable(_Interrupted):
    """Trying again helps only if something has been reached before."""


class Download:
    """One archive on its way to the file ``partial``."""

    def __init__(
        self,
        archive: Archive,
        partial: Path,
        *,
        clock: Clock,
        progress: Progress,
        silence_s: float = _SILENCE_S,
    ) -> None:
        """``silence_s``: seconds without a byte until the connection counts as broken."""
        self._archive = archive
        self._partial = partial
        #: Which version of the archive has arrived in part: an ETag, or a date of HTTP.
        self._version = partial.with_name(f"{partial.name}-version")
        self._clock = clock
        self._progress = progress
        self._silence_s = silence_s

    def fetch(self) -> None:
        """Bring the whole archive into the file, and check it.

        Raises:
            HearingError: it cannot be had, with what to do; or it is another file, which is
                deleted again.
        """
        check_address(self._archive.url)
        most, failures, reached = self._arrived(), 0, False
        while True:
            try:
                self._receive()
                break
            except _Interrupted as stop:
                failures = 1 if self._arrived() > most else failures + 1
                most = max(most, self._arrived())
                reached = reached or not isinstance(stop, _Unreachable)
                if failures == TRIES or not reached:
                    raise self._given_up(stop) from None
            self._clock.sleep(2.0 ** (failures - 1))
        self._verify()

    def discard(self) -> None:
        """Delete what has arrived."""
        self._version.unlink(missing_ok=True)
        self._partial.unlink(missing_ok=True)

    def _arrived(self) -> int:
        return self._partial.stat().st_size if self._partial.exists() else 0

    def _kept(self) -> int:
        """So many bytes may be gone on from: none, if nobody knows of which version they are."""
        return self._arrived() if self._version.exists() else 0

    def _receive(self) -> None:
        """All that one answer brings.

        Raises:
            _Interrupted: something is still missing.
        """
        kept = self._kept()
        if kept and kept == self._archive.size:
            return
        headers = {"Accept-Encoding": "identity"}
        if kept:
            version = self._version.read_text(encoding="latin-1")
            headers |= {"Range": f"bytes={kept}-", "If-Range": version}
        with self._ask(headers) as response:
            if response.status_code == 416:
                if response.headers.get("Content-Range") == f"bytes */{kept}":
                    return
                self.discard()
                raise _Interrupted("it has less than what arrived before")
            begin, total = self._place(response, kept)
            self._check_size(total, shown(response.url))
            if begin == 0:
                self._begin_anew(response)
            with written(self._partial), _reading():
                self._store(response, begin, total)
        if total is not None and self._arrived() < total:
            raise _Interrupted("the connection ended too early")

    def _ask(self, headers: dict[str, str]) -> requests.Response:
        """The answer, after redirects; every address is held to the same rules."""
        url = self._archive.url
        for _ in range(_REDIRECTS):
            with _opening(url), requests.Session() as session:
                # Proxies and ~/.netrc are for other machines.
                session.trust_env = not is_here(url)
                response = session.get(
                    url,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(_CONNECT_S, self._silence_s),
                )
            if not response.is_redirect:
                return _accepted(response)
            response.close()
            url = _onward(url, response.headers["Location"])
        raise HearingError(f"{shown(self._archive.url)} sends us on and on", hint=_OTHER)

    def _place(self, response: requests.Response, kept: int) -> tuple[int, int | None]:
        """Where in the archive an answer begins, and how long the archive is."""
        if response.status_code == 200:
            length = response.headers.get("Content-Length", "")
            return 0, int(length) if length.isdecimal() else self._archive.size
        found = re.fullmatch(
            r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)", response.headers.get("Content-Range", "")
        )
        if found is None or int(found[1]) != kept or self._is_another(response):
            self.discard()
            raise _Interrupted("it sends another part than was asked for")
        return kept, self._archive.size if found[2] == "*" else int(found[2])

    def _is_another(self, response: requests.Response) -> bool:
        """Whether a part is of another version, though it was to be sent of the same only."""
        kept, sent = self._version.read_text(encoding="latin-1"), response.headers.get("ETag", "")
        return _is_strong(kept) and sent not in ("", kept)

    def _check_size(self, total: int | None, where: str) -> None:
        """
        Raises:
            HearingError: the archive is not as long as it has to be, or has no place here.
        """
        size = self._archive.size
        if size is not None and total != size:
            self.discard()
            raise HearingError(
                f"{where} answers with {total} bytes, and the archive has {size}",
                hint="it is another file, or a page of the network that wants you to log in:"
                " look at the address in a browser, or give another with --url",
            )
        if total is not None:
            _check_largest(total)
            needs_room(self._partial.parent, total - self._arrived())

    def _begin_anew(self, response: requests.Response) -> None:
        """Forget what arrived before, and keep what tells this version from another one."""
        self.discard()
        version = response.headers.get("ETag", "")
        if not _is_strong(version):
            date = response.headers.get("Last-Modified", "")
            version = date if date.isascii() and date.isprintable() else ""
        with written(self._partial):
            self._partial.touch()
            if version:
                self._version.write_text(version, encoding="latin-1")

    def _store(self, response: requests.Response, begin: int, total: int | None) -> None:
        arrived = begin
        with self._partial.open("ab") as file:
            self._progress(arrived, total)
            for chunk in response.iter_content(_CHUNK):
                arrived += len(chunk)
                _check_largest(arrived)
                file.write(chunk)
                self._progress(arrived, total)

    def _verify(self) -> None:
        with self._partial.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found == self._archive.sha256:
            return
        self.discard()
        raise HearingError(
            f"what {shown(self._archive.url)} sent has the SHA-256 {found}, and not"
            f" {self._archive.sha256}: it is deleted",
            hint="pull again; if it happens again, the file is not the one that was published:"
            " do not use it, and give another address with --url",
        )

    def _given_up(self, stop: _Interrupted) -> HearingError:
        reason = f"{shown(self._archive.url)}: {stop}"
        if self._kept():
            return HearingError(
                f"{reason}; {self._kept() / 1e6:.1f} MB have arrived",
                hint="pull again: it goes on from there",
            )
        return HearingError(
            reason,
            hint="is there a connection (HTTPS_PROXY names a proxy)? Otherwise give a mirror with"
            f" --url, or unpack the archive into {self._partial.parent} yourself",
        )


def _is_strong(tag: str) -> bool:
    """Whether it is an ETag that stands for every byte (RFC 9110, 8.8.3); a weak one does not."""
    return re.fullmatch(r'"[\x21\x23-\x7e]*"', tag) is not None


def _onward(url: str, location: str) -> str:
    """Where a redirect leads.

    Raises:
        HearingError: to where models are not fetched from.
    """
    onward = urljoin(url, location)
    try:
        check_address(onward)
    except HearingError as error:
        raise HearingError(f"{shown(url)} sends us on: {error.message}", hint=_OTHER) from None
    if url.startswith("https:") and not onward.startswith("https:"):
        raise HearingError(f"{shown(url)} sends us on without encryption", hint=_OTHER)
    return onward


def _accepted(response: requests.Response) -> requests.Response:
    """
    Raises:
        _Interrupted: the server is busy; trying again may help.
        HearingError: it has no such file, or sends it in a way that cannot be gone on from.
    """
    status, where = response.status_code, shown(response.url)
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    asked = "Range" in response.request.headers
    if (status == 200 and plain) or (asked and (status == 416 or (status == 206 and plain))):
        return response
    response.close()
    if status in _BUSY or status >= 500:
        raise _Interrupted(f"it answers {status}")
    if not plain:
        raise HearingError(f"{where} packs the archive once more", hint=_OTHER)
    raise HearingError(f"{where} answers {status}", hint=f"it may have moved: {_OTHER}")


def _check_largest(size: int) -> None:
    if size > LARGEST:
        raise HearingError(
            f"the archive is larger than {LARGEST / 1e9:.0f} GB, and no model is", hint=_OTHER
        )


@contextmanager
def _opening(url: str) -> Iterator[None]:
    """Around a request, until its answer begins."""
    try:
        yield
    except requests.exceptions.SSLError:
        raise HearingError(
            f"the certificate of {urlsplit(url).hostname} cannot be verified",
            hint="if your network has a certificate authority of its own, name its file in"
            " REQUESTS_CA_BUNDLE",
        ) from None
    except requests.exceptions.ReadTimeout:
        raise _Interrupted("it does not answer in time") from None
    except requests.exceptions.RequestException as error:
        raise _Unreachable(f"it cannot be reached [{type(error).__name__}]") from None
    except ValueError:  # requests looks into every redirect, followed or not
        raise HearingError(f"{shown(url)} sends us on to nowhere", hint=_OTHER) from None


@contextmanager
def _reading() -> Iterator[None]:
    """Around the rest of an answer."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        raise _Interrupted(f"the connection was cut [{type(error).__name__}]") from None
