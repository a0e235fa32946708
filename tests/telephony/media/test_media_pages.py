"""Health and metrics, on the port of the streams."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from media_rig import FIRST, METRICS_KEY, SECOND, WORD, MediaRig, hear_out, media_rig
from prometheus_client.parser import text_string_to_metric_families

from ivr.dialogue.actions import Check, End, Line
from ivr.errors import RecordsUnavailable
from ivr.rehearsal.media_stream import MediaStream
from ivr.telephony.media import server as server_module
from ivr.telephony.media.lag import Lag
from ivr.telephony.media.metrics import MediaMetrics

END = End("goodbye")


def get(rig: MediaRig, path: str, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", rig.server.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def samples(rig: MediaRig) -> dict[tuple[str, ...], float]:
    """What is counted: names and labels' values."""
    _, text, _ = get(rig, "/metrics")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def closed(line: MediaStream) -> int | None:
    line.until(lambda: line.closed is not None)
    return line.closed


def test_the_process_says_that_it_lives_and_takes_calls() -> None:
    with media_rig(FIRST) as rig:
        assert get(rig, "/healthz")[:2] == (200, '{"status": "ok"}')
        status, text, headers = get(rig, "/readyz?from=balancer")
        assert (status, json.loads(text)) == (200, {"status": "ready"})
        assert headers["Content-Type"] == "application/json"
        assert headers["Cache-Control"] == "no-store"


def test_a_database_that_is_away_is_named() -> None:
    def away() -> None:
        raise RecordsUnavailable("secret-host refuses", hint="try again")

    with media_rig(FIRST, is_ready=away) as rig:
        status, text, headers = get(rig, "/readyz")
        assert (status, headers["Content-Type"]) == (503, "application/problem+json")
        assert json.loads(text)["detail"] == "not ready: database"
        assert get(rig, "/healthz")[0] == 200


def test_a_process_that_is_full_is_not_ready() -> None:
    with media_rig(FIRST, most=1) as rig:
        line = rig.call()
        hear_out(line)
        assert json.loads(get(rig, "/readyz")[1])["detail"] == "not ready: full"
        line.hang_up()


@pytest.mark.parametrize("path", ["/", "/media", "/metrics/", "/healthz/x", "/../readyz"])
def test_there_are_no_other_pages(path: str) -> None:
    with media_rig(FIRST) as rig:
        assert get(rig, path)[0] == 426


# --- metrics ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X_Forwarded_For": "192.0.2.1"}, 401),
        ({"X_Forwarded_For": "192.0.2.1", "Authorization": f"Bearer {METRICS_KEY}"}, 200),
        ({"X_Forwarded_For": "192.0.2.1", "Authorization": f"Basic {METRICS_KEY}"}, 401),
        ({"x_forwarded_for": "192.0.2.1", "Authorization": "Bearer x"}, 401),
    ],
)
def test_metrics_are_for_loopback_and_for_whoever_has_the_key(
    headers: dict[str, str], status: int
) -> None:
    with media_rig(FIRST) as rig:
        found, text, answered = get(rig, "/metrics", **headers)
        assert found == status
        assert ("ivr_media_streams" in text) == (status == 200)
        assert answered["WWW-Authenticate"] == (None if status == 200 else "Bearer")


def test_calls_and_answers_are_counted() -> None:
    with media_rig(FIRST, END, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        assert samples(rig)["ivr_media_streams",] == 1
        line.say(WORD)
        assert closed(line) == 1000
        counted = samples(rig)
        assert counted["ivr_media_streams",] == 0
        assert counted["ivr_media_left_total", "end"] == 1
        assert counted["ivr_media_answer_seconds_count",] == 1
        # 0.7 s of the caller's silence, which passed in no time here, and no more than a moment.
        assert 0.7 <= counted["ivr_media_answer_seconds_sum",] < 10
        assert counted["ivr_media_real_time_factor_count",] == 1


def test_replies_are_measured_where_our_voice_gives_them() -> None:
    check = Check("send_code", "send_code", (Line("sending", "お送りします"),))
    with media_rig(FIRST, check, SECOND, END, texts=["はい", "はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: line.events.count("mark") == 3 and not line.bot_speaks)
        counted = samples(rig)
        assert counted["ivr_media_reply_seconds_count",] == 1
        assert counted["ivr_media_reply_seconds_sum",] >= counted["ivr_media_answer_seconds_sum",]
        line.say(WORD)
        assert closed(line) == 1000
        counted = samples(rig)
        assert counted["ivr_media_answer_seconds_count",] == 2
        assert counted["ivr_media_reply_seconds_count",] == 1


def test_what_was_no_answer_is_not_measured() -> None:
    with media_rig(FIRST, END, texts=["", "はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: len(rig.ears.texts) == 1)
        line.run(4)
        line.press("1")
        assert closed(line) == 1000
        assert samples(rig)["ivr_media_answer_seconds_count",] == 0


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ({"signed": False}, "missing"),
        ({"auth_token": "somebody-else"}, "wrong"),
        ({"token": "x"}, "token"),
        ({"url": "wss://voice.example.co.jp/other"}, "path"),
    ],
)
def test_refusals_are_counted_by_reason(call: dict[str, Any], reason: str) -> None:
    with media_rig(FIRST) as rig:
        assert closed(rig.call(**call)) == 1008
        assert samples(rig)["ivr_media_refused_total", reason] == 1


def test_what_breaks_is_counted() -> None:
    def broken() -> None:
        raise OSError

    with media_rig(FIRST, texts=["はい"]) as rig:
        rig.ears.before_work = broken
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        assert closed(line) == 1011
        assert samples(rig)["ivr_media_left_total", "failed"] == 1


# --- being late ---------------------------------------------------------------------------


def test_a_pool_without_a_free_thread_is_late() -> None:
    async def watched(busy: Callable[[Lag], None]) -> None:
        with ThreadPoolExecutor(1) as pool:
            free = Event()
            metrics = MediaMetrics()
            lag = Lag({"decoding": pool}, metrics.late)
            pool.submit(free.wait)
            watching = asyncio.create_task(lag.watch())
            while lag.seconds < 1.0:
                await asyncio.sleep(0.05)
            busy(lag)
            free.set()
            while not metrics.registry.get_sample_value(
                "ivr_media_lag_seconds_count", {"of": "decoding"}
            ):
                await asyncio.sleep(0.05)
            assert lag.seconds >= 1.0, "it is remembered for a while"
            watching.cancel()

    seen: list[float] = []
    asyncio.run(watched(lambda lag: seen.append(lag.seconds)))
    assert seen[0] >= 1.0


def test_nobody_is_let_in_by_a_process_that_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MOST_LATE_S", -1.0)
    with media_rig(FIRST) as rig:
        assert json.loads(get(rig, "/readyz")[1])["detail"] == "not ready: late"
        assert closed(rig.call()) == 1013
        assert samples(rig)["ivr_media_refused_total", "late"] == 1
