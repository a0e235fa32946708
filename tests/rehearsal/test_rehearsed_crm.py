"""A rehearsed CRM is told of calls, checks what it gets, and says what is wrong."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from ivr.clock import ManualClock
from ivr.commands.rehearse import WiredStage
from ivr.errors import FilesError
from ivr.flow.flow import Flow
from ivr.rehearsal.callfile import load_call
from ivr.rehearsal.crm import RehearsedCrm, answering
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.world import Worlds
from ivr.telephony.crm.signing import CrmWebhook, headers_of

CALLS = Path(__file__).parents[2] / "flows" / "verify" / "calls"
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
CALL = """\
call: told
flow: verify
caller: "+819012345678"
turns:
  - bot: consent
  - caller: {press: "0"}
world: {crm: %s}
expect: {ended: transfer, crm: %s}
"""


def placed(tmp_path: Path, flow: Flow, acts: str, expected: str) -> Outcome:
    path = tmp_path / "call.yaml"
    path.write_text(CALL % (acts, expected))
    with Worlds(WiredStage(io.StringIO(), "error"), fast=True) as worlds:
        return worlds.rehearse(load_call(path, flows={"verify": flow}), flow)


def test_the_shipped_call(shipped: Flow) -> None:
    call = load_call(CALLS / "crm-fails-and-recovers.yaml", flows={"verify": shipped})
    with Worlds(WiredStage(io.StringIO(), "error"), fast=True) as worlds:
        assert worlds.rehearse(call, shipped).problems == ()


def test_what_the_crm_did_not_get_is_a_problem(
    tmp_path: Path, shipped: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.rehearsal.crm._LOOKS", 20)
    outcome = placed(tmp_path, shipped, "gone", "[result.issued]")
    assert outcome.problems == ("crm: expected result.issued, got nothing",)


def test_a_crm_without_a_world_is_refused(tmp_path: Path, shipped: Flow) -> None:
    path = tmp_path / "call.yaml"
    path.write_text((CALL % ("takes", "[]")).replace("world: {crm: takes}\n", ""))
    with pytest.raises(FilesError, match=r"expect\.crm"):
        load_call(path, flows={"verify": shipped})


# --- what it checks -------------------------------------------------------------------------


def told(crm: RehearsedCrm, headers: dict[str, str], body: bytes = b"{}") -> int:
    connection = HTTPConnection("127.0.0.1", crm.port, timeout=30)
    try:
        connection.request("POST", "/events", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def signed(secret: bytes, *, ago_s: int = 0, event: str = "evt_1") -> dict[str, str]:
    webhook = CrmWebhook("crm", "http://127.0.0.1/", (secret,))
    return dict(headers_of(webhook, event, b"{}", NOW - timedelta(seconds=ago_s)))


def test_an_event_that_comes_again_is_taken_once() -> None:
    with answering(RehearsedCrm(clock=ManualClock(NOW))) as crm:
        assert [told(crm, signed(crm.secret)) for _ in range(2)] == [204, 204]
        assert (len(crm.attempts), len(crm.taken), crm.problems) == (2, 1, [])


@pytest.mark.parametrize(
    ("secret", "ago_s", "lost", "problem"),
    [
        (b"x" * 32, 0, "", "the signature does not fit"),
        (None, 301, "", "it is too old, or from the future"),
        (None, -301, "", "it is too old, or from the future"),
        (None, 0, "webhook-signature", "a header is missing"),
        (None, 0, "webhook-id", "a header is missing"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_a_problem(
    secret: bytes | None, ago_s: int, lost: str, problem: str
) -> None:
    with answering(RehearsedCrm(clock=ManualClock(NOW))) as crm:
        headers = signed(secret or crm.secret, ago_s=ago_s)
        headers.pop(lost, None)
        told(crm, headers)
        assert crm.taken == []
        assert crm.settle([]) == [f"webhook to the CRM: {problem}"]
