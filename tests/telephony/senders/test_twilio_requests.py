"""The watch over requests to Twilio finds mistakes (``fixtures_twilio.py``)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import openapi
import pytest
from fixtures_twilio import Watch
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

ACCOUNT = "AC" + "0" * 32
WORKSPACE = "WS" + "1" * 32


class Silent(HttpClient):
    """A carrier that carries nothing."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)

    def request(self, method: str, uri: str, *_: Any, **__: Any) -> Response:
        return Response(
            200 if method == "GET" else 201, json.dumps({"sid": "x", "meta": {"key": "k"}, "k": []})
        )


@pytest.fixture
def client() -> Client:
    return Client(ACCOUNT, "not-a-token", http_client=Silent())


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.messages.create(to="090-1234-5678", from_="+815012345678"), "To is no"),
        (lambda c: c.messages.create(to="+819012345678", risk_check="maybe"), "RiskCheck is none"),
        (lambda c: c.calls.create(to="", from_="+815012345678"), "To is no"),
        (lambda c: c.api.accounts("me").messages.create(to="+819012345678"), "AccountSid in the"),
        (lambda c: c.taskrouter.v1.workspaces("W").update(friendly_name="x"), "Sid in the path"),
        (lambda c: c.request("GET", "https://api.twilio.com/2010-04-01/Wishes.json"), "no operat"),
        (
            lambda c: c.request(
                "GET",
                f"https://taskrouter.twilio.com/v1/Workspaces/{WORKSPACE}/Workflows",
                params={"PageSize": "many"},
            ),
            "PageSize is no integer",
        ),
        (
            lambda c: c.request(
                "GET", "https://taskrouter.twilio.com/v1/Workspaces", params={"Name": "x"}
            ),
            "Name is no field",
        ),
        (lambda c: c.request("POST", "https://example.com/"), "example.com is none"),
    ],
)
def test_a_request_that_twilio_would_not_understand_is_found(
    client: Client, twilio_watch: Watch, ask: Callable[[Client], object], said: str
) -> None:
    openapi.spec("twilio_api_v2010.json")  # without them there is nothing to compare with
    twilio_watch.expected = True
    with suppress(TwilioException):  # what the SDK makes of the answer does not matter
        ask(client)
    assert [misfit for misfit in twilio_watch.misfits if misfit.startswith(said)] != []


def test_a_request_that_twilio_understands_is_seen_as_well(
    client: Client, twilio_watch: Watch
) -> None:
    client.messages.create(to="+819012345678", from_="+815012345678", body="x")
    client.taskrouter.v1.workspaces.list(friendly_name="x", limit=1)
    (host, asked), (other, _) = twilio_watch.asked
    assert (host, other) == ("api.twilio.com", "taskrouter.twilio.com")
    assert dict(asked.form)["To"] == "+819012345678"
    assert twilio_watch.misfits == []
