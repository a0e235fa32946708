"""What is logged, and what never is."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from web_rig import ASK, CALL, PUBLIC_URL, Rig

from ivr.dialogue.actions import Check, End, Line, Transfer
from ivr.errors import RecordsUnavailable
from ivr.telephony.logging import configure_logging, crash, log_uncaught

Build = Callable[..., Rig]


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Everything logged since the start, one object a line."""
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_logging("debug", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


MARKED = {
    "From": "+819000000001",
    "To": "+815000000002",
    "SpeechResult": "マーカー花子です",
    "Digits": "135790",
    "CallerName": "MARKER-NAME",
    "Unheard": "MARKER-FIELD",
}
SECRETS = (*MARKED.values(), "MARKER-QUERY", "MARKER-KEY", "MARKER-TOKEN", "花子", "%2B8190")


def test_no_personal_data_in_the_log_of_a_whole_set_of_webhooks(
    rig: Build, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    line = Line("confirm", "マーカー花子様ですね。135790")
    script = (ASK, Check("s", "identify", (line,)), Transfer("t", "agents", (line,)), End("e"))
    token = {"I-Twilio-Idempotency-Token": "MARKER-TOKEN"}
    for trouble in ({}, {"away": 2}, {"broken": 3}, {"broken": 99}):
        made = rig(*script, service=trouble)
        for path in (
            "/voice/incoming?q=MARKER-QUERY",
            "/voice/continue?turn=0&q=MARKER-QUERY",
            "/voice/continue?turn=1&poll=1",
            "/voice/continue?turn=7",
            "/voice/whisper?ref=ref_-1",
            "/voice/whisper/answer?ref=ref_-1",
            "/voice/fallback",
            "/voice/status",
        ):
            made.send(path, MARKED, headers=token)
            made.send(path, {**MARKED, "CallStatus": "completed", "DialCallStatus": "busy"})
        made.send("/voice/fallback", {**MARKED, "ErrorUrl": f"{PUBLIC_URL}/?q=MARKER-QUERY"})
        made.client.post("/voice/incoming?q=MARKER-QUERY", data=MARKED)
        made.client.get("/results/MARKER-QUERY", headers={"Authorization": "Bearer MARKER-KEY"})
        made.client.get("/MARKER-QUERY")
    entries = logged()
    whole = json.dumps(entries, ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in whole] == []
    events = {entry["event"] for entry in entries}
    assert {
        "request", "webhook_refused", "webhook_failed", "rescue_failed", "unknown_call", "fallback",
        "records_unavailable", "whisper_without_result", "agent_answer_not_kept", "status_not_kept",
    } <= events  # fmt: skip


def test_request_line(rig: Build, logged: Callable[[], list[dict[str, Any]]]) -> None:
    rig().client.get("/results/abc?x=1")
    (entry,) = logged()
    assert entry.pop("timestamp")
    assert 0 <= entry.pop("ms") < 60_000
    assert entry == {
        "event": "request",
        "route": "/results/<reference>",
        "method": "GET",
        "status": 401,
        "level": "info",
    }


def test_every_refusal_is_told_in_the_log(
    rig: Build, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    made = rig()
    made.client.post("/voice/incoming", data=MARKED)
    made.client.post("/voice/status", data=MARKED, headers={"X-Twilio-Signature": "bm9uc2Vuc2U="})
    made.client.get("/results/abc", headers={"Authorization": "Bearer MARKER-KEY"})
    told = [
        (entry["event"], entry["route"], entry.get("reason", entry.get("status")), entry["level"])
        for entry in logged()
    ]
    assert told == [
        ("webhook_refused", "/voice/incoming", "missing", "warning"),
        ("request", "/voice/incoming", 403, "info"),
        ("webhook_refused", "/voice/status", "wrong", "warning"),
        ("request", "/voice/status", 403, "info"),
        ("request", "/results/<reference>", 401, "info"),
    ]
    counted = made.client.get("/metrics").text
    assert 'ivr_http_requests_total{route="/results/<reference>",status="401"} 1.0' in counted


def test_crash_is_logged_by_type_and_place(
    rig: Build, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    made = rig(ASK)
    made.document("/voice/incoming")
    made.service.broken = 1
    made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    (entry,) = [entry for entry in logged() if entry["event"] == "webhook_failed"]
    assert (entry["error"], entry["call_sid"], entry["level"]) == ("ValueError", CALL, "error")
    assert any("telephony/conversation.py:" in frame for frame in entry["frames"])
    assert "detail" not in entry


def test_our_own_errors_keep_their_text() -> None:
    fields = crash(RecordsUnavailable("the database is locked", hint="wait"))
    assert fields["detail"] == "the database is locked (wait)"
    try:
        try:
            raise KeyError("山田")
        except KeyError as cause:
            raise RecordsUnavailable("no answer") from cause
    except RecordsUnavailable as error:
        assert crash(error)["caused_by"] == "KeyError"
        assert "山田" not in json.dumps(crash(error), ensure_ascii=False)


def test_slips_are_hidden(logged: Callable[[], list[dict[str, Any]]]) -> None:
    log = structlog.get_logger("some.room")
    log.warning("slip", digits="135790", call_sid="CA1", value=RecordsUnavailable("花子"))
    try:
        raise ValueError("135790")
    except ValueError:
        log.exception("slip")
        log.error("slip", exc_info=sys.exc_info())
    first, *others = logged()
    assert (first["digits"], first["call_sid"]) == ("[hidden]", "CA1")
    assert first["value"] == "RecordsUnavailable"
    assert [entry["error"] for entry in others] == ["ValueError", "ValueError"]
    assert "135790" not in json.dumps(logged())


def test_other_libraries_are_logged_without_values(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    library = logging.getLogger("some.library")
    library.info("not heard")
    library.warning("cannot send to %s", "+819000000001")
    try:
        raise RecordsUnavailable("花子")
    except RecordsUnavailable:
        library.exception("failed for %(name)s", {"name": "花子"})
    library.warning({"name": "花子"})
    first, second, third = logged()
    assert first == {
        "event": "cannot send to %s",
        "logger": "some.library",
        "level": "warning",
    }
    assert second["error"] == "RecordsUnavailable"
    assert third["event"] == "dict"
    assert "花子" not in json.dumps(logged(), ensure_ascii=False)


def test_texts_that_others_put_together_themselves_lose_what_they_quote(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    """An exception that no task waits for is logged by asyncio with its text and arguments."""

    async def fails() -> None:
        raise ValueError("マーカー花子 +819000000001")

    def fails_with(number: str) -> None:
        raise ValueError(f"マーカー花子 {number}")

    async def both() -> None:
        asyncio.ensure_future(fails())  # noqa: RUF006  # nobody waits for it, on purpose
        asyncio.get_running_loop().call_soon(fails_with, "090-1111-2222")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()

    asyncio.run(both())
    logging.getLogger("some.library").warning(f"no 'hanako' at {'+819000000001'}: {'花子'}")
    written = logged()
    assert {line["event"].partition(" ")[0] for line in written} >= {"Task", "Exception", "no"}
    told = json.dumps(written, ensure_ascii=False)
    for secret in ("花子", "hanako", "9000000001", "1111", "2222"):
        assert secret not in told


def test_nothing_that_is_logged_makes_a_line_of_its_own(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    forged = 'end\r\n{"event": "result_fetched", "system": "crm"}\u2028\n'
    structlog.get_logger("some.room").info("event", field=forged)
    logging.getLogger("some.library").warning(forged)
    logging.getLogger("some.library").warning(f"{forged} %s", "value")
    lines = logged()
    assert len(lines) == 3
    assert "result_fetched" not in [line["event"] for line in lines]
    assert lines[0]["field"] == forged


def test_what_nobody_catches_is_logged_without_its_text(
    logged: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for module, name in ((threading, "excepthook"), (sys, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    log_uncaught()

    def fails() -> None:
        raise ValueError("マーカー花子 +819000000001")

    class Fails:
        def __del__(self) -> None:
            raise ValueError("マーカー花子 +819000000001")

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    Fails()
    gc.collect()
    error = ValueError("マーカー花子 +819000000001")
    sys.excepthook(ValueError, error, None)
    lines = logged()
    assert [line["event"] for line in lines] == ["uncaught"] * 3
    assert [line["where"] for line in lines] == ["thread", "destroyed", "main"]
    assert all(line["error"] == "ValueError" for line in lines)
    output = capfd.readouterr()
    assert "花子" not in json.dumps(lines, ensure_ascii=False) + output.out + output.err


def test_stderr_is_looked_up_when_something_is_logged(
    logged: Callable[[], list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stderr
    try:
        sys.stderr = io.StringIO()
        configure_logging("info")
    finally:
        sys.stderr = before
    structlog.get_logger("x").info("ours")
    logging.getLogger("x").warning("theirs")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["ours", "theirs"]


def test_level_holds_for_our_own_logs() -> None:
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        configure_logging("warning", stream)
        structlog.get_logger("x").info("quiet")
        structlog.get_logger("x").warning("loud")
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]
