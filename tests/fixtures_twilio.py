"""Every request to Twilio, in every test, is one that Twilio's own specification knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import openapi
import pytest
from twilio.base.client_base import ClientBase
from twilio.http.response import Response


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way to the SDK's carrier."""

    method: str
    path: str
    form: tuple[tuple[str, str], ...]


class Watch:
    """What tests asked Twilio for, and what of it was wrong. ``expected``: the test is about a
    mistake, and looks at ``misfits`` itself."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Asked]] = []
        self.misfits: list[str] = []
        self.expected = False

    def note(self, method: str, url: str, params: Any, data: Any) -> None:
        parts = urlsplit(url)
        query = urlencode(_pairs(params))
        asked = Asked(method, f"{parts.path}?{query}" if query else parts.path, _pairs(data))
        self.asked.append((parts.netloc, asked))
        self.misfits += openapi.misfits(parts.netloc, asked)


def _pairs(fields: Any) -> tuple[tuple[str, str], ...]:
    """Fields as the carrier writes them: a list is one field several times, None is no field."""
    found: list[tuple[str, str]] = []
    for name, value in (fields or {}).items():
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        found += [(name, str(each)) for each in several if each is not None]
    return tuple(found)


_watch: list[Watch] = []
_request = ClientBase.request


def _watched(
    self: ClientBase, method: str, uri: str, params: Any = None, data: Any = None, **more: Any
) -> Response:
    for watch in _watch:
        watch.note(method, self.get_hostname(uri), params, data)
    return _request(self, method, uri, params, data, **more)


@pytest.fixture(autouse=True)
def twilio_watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Fails a test whose requests Twilio would not understand, whatever became of them."""
    watch = Watch()
    monkeypatch.setattr(ClientBase, "request", _watched)
    _watch.append(watch)
    yield watch
    _watch.remove(watch)
    assert watch.expected or watch.misfits == []
