"""Health, metrics, keys and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from web_rig import ASK, Rig

from ivr.dialogue.actions import Transfer
from ivr.errors import KeyExpired, RecordsUnavailable, TooOften
from ivr.records.outbox import Backlog
from ivr.telephony.metrics import Metrics

Build = Callable[..., Rig]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_healthz_depends_on_nothing(rig: Build) -> None:
    made = rig(service={"away": 9})
    assert made.client.get("/healthz").json == {"status": "ok"}


def test_readyz_names_what_is_not_ready(rig: Build) -> None:
    made = rig()
    made.ready["flow"] = lambda: None
    assert made.client.get("/readyz").json == {"status": "ready", "checks": ["flow"]}

    def broken() -> None:
        raise ValueError("postgresql://user:secret@db/ivr does not answer")

    made.ready["database"] = broken
    response = made.client.get("/readyz")
    assert response.status_code == 503
    assert "database" in response.text
    assert "flow" not in response.text
    assert "secret" not in response.text


def test_the_key_set_says_how_long_it_may_be_kept(rig: Build) -> None:
    response = rig().client.get("/.well-known/jwks.json")
    assert response.json == {"keys": [{"kty": "OKP", "kid": "k1"}]}
    assert response.mimetype == "application/jwk-set+json"
    assert response.headers["Cache-Control"] == "public, max-age=300, must-revalidate"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_key_set_that_has_not_changed_is_not_sent_again(rig: Build) -> None:
    client = rig().client
    etag = client.get("/.well-known/jwks.json").headers["ETag"]
    for given, status in ((etag, 304), (f'"other", {etag}', 304), ('"other"', 200), ("*", 304)):
        response = client.get("/.well-known/jwks.json", headers={"If-None-Match": given})
        assert response.status_code == status
        assert response.headers["ETag"] == etag
        # Without it a copy that was just found good would have to be asked for at once again.
        assert response.cache_control.max_age == 300
        assert bool(response.data) is (status == 200)


def test_readyz_counts_what_crms_were_not_told(rig: Build) -> None:
    made = rig(backlogs=lambda: {"crm": Backlog(2, 1), "archive": Backlog()})
    assert made.client.get("/readyz").json == {
        "status": "ready",
        "checks": [],
        "crms": {"crm": {"waiting": 2, "dead": 1}, "archive": {"waiting": 0, "dead": 0}},
    }


def test_readyz_while_the_database_goes_away(rig: Build) -> None:
    def away() -> Mapping[str, Backlog]:
        raise RecordsUnavailable("the database is locked")

    response = rig(backlogs=away).client.get("/readyz")
    assert response.status_code == 503
    assert "outbox" in response.text


# --- results --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "system"), [("key-of-the-crm", "crm"), ("key-of-the-desk", "desk")]
)
def test_result_for_each_system_with_a_key(rig: Build, key: str, system: str) -> None:
    made = rig()
    response = made.client.get("/results/ref_-1", headers=bearer(key))
    assert response.json == {"reference": "ref_-1", "token": "eyJ.signed.token"}
    assert made.results.fetched == [("ref_-1", system)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("key-of-the-cr"),
        bearer("key-of-the-crmm"),
        bearer("key-of-prometheus"),
        bearer("ｋｅｙ".encode().decode("latin-1")),
        {"Authorization": "Basic key-of-the-crm"},
        {"Authorization": "key-of-the-crm"},
        {"Authorization": "Bearer"},
    ],
)
def test_result_without_a_good_key(rig: Build, headers: dict[str, str]) -> None:
    made = rig()
    response = made.client.get("/results/ref_-1", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.mimetype == "application/problem+json"
    assert "token" not in (response.json or {})
    assert made.results.fetched == []


def test_no_keys_configured_lets_nobody_in(rig: Build) -> None:
    made = rig(result_keys={}, metrics_key="")
    for headers in ({}, bearer("")):
        assert made.client.get("/results/ref_-1", headers=headers).status_code == 401


def test_empty_key_in_the_settings_lets_nobody_in(rig: Build) -> None:
    made = rig(result_keys={"crm": ""})
    assert made.client.get("/results/ref_-1", headers=bearer("")).status_code == 401


@pytest.mark.parametrize("reference", ["unknown", "a" * 65, "a.b", "%00", "あ"])
def test_unknown_reference(rig: Build, reference: str) -> None:
    response = rig().client.get(f"/results/{reference}", headers=bearer("key-of-the-crm"))
    assert response.status_code == 404
    body = response.json
    assert body is not None
    assert (body["status"], body["title"]) == (404, "Not Found")


def test_result_while_the_database_is_away(rig: Build) -> None:
    made = rig()
    made.results.away = True
    response = made.client.get("/results/ref_-1", headers=bearer("key-of-the-crm"))
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"


def test_a_key_that_has_expired_is_as_good_as_none(rig: Build) -> None:
    made = rig()
    unknown = made.client.get("/results/ref_-1", headers=bearer("nobody's"))
    made.results.refuses = KeyExpired("the key of crm has expired")
    response = made.client.get("/results/ref_-1", headers=bearer("key-of-the-crm"))
    assert (response.status_code, response.data) == (401, unknown.data)
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_system_that_asks_too_often_is_told_when_to_come_back(rig: Build) -> None:
    made = rig()
    made.results.refuses = TooOften("more than 120 results a minute", again_s=17)
    response = made.client.get("/results/ref_-1", headers=bearer("key-of-the-crm"))
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "17"


def test_looking_without_reading_is_no_reading(rig: Build) -> None:
    made = rig()
    response = made.client.head("/results/ref_-1", headers=bearer("key-of-the-crm"))
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"
    assert made.results.fetched == []


# --- metrics --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 401),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 401),
        ("203.0.113.9", {}, 401),
        # Whoever sends it can write anything there.
        ("203.0.113.9", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("not an address", {}, 401),
        ("203.0.113.9", bearer("key-of-prometheus"), 200),
        ("203.0.113.9", bearer("key-of-the-crm"), 401),
        ("203.0.113.9", bearer(""), 401),
    ],
)
def test_who_may_read_metrics(
    rig: Build, address: str, headers: dict[str, str], status: int
) -> None:
    environ: dict[str, Any] = {"REMOTE_ADDR": address}
    response = rig().client.get("/metrics", headers=headers, environ_base=environ)
    assert response.status_code == status


def test_without_a_metrics_key_only_loopback_reads(rig: Build) -> None:
    environ: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9"}
    made = rig(metrics_key="")
    response = made.client.get("/metrics", headers=bearer(""), environ_base=environ)
    assert response.status_code == 401


def test_metrics_count_what_happened(rig: Build) -> None:
    made = rig(ASK, Transfer("t", "agents"), ASK)
    made.document("/voice/incoming")
    made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    made.document("/voice/whisper?ref=ref_-1")
    made.document("/voice/continue?turn=1", {"DialCallStatus": "busy"})
    made.document("/voice/continue?turn=99", call_sid="CA9")
    made.client.get("/a/path/of/an/attacker")
    text = made.client.get("/metrics").text
    for line in (
        'ivr_http_requests_total{route="/voice/continue",status="200"} 3.0',
        'ivr_http_requests_total{route="none",status="404"} 1.0',
        'ivr_http_seconds_count{route="/voice/incoming"} 1.0',
        'ivr_turns_total{event="heard"} 1.0',
        'ivr_turns_total{event="transfer_ended"} 1.0',
        'ivr_transfers_total{outcome="busy"} 1.0',
        'ivr_whispers_total{level="verified"} 1.0',
        'ivr_troubles_total{heard="person"} 1.0',
    ):
        assert line in text
    assert "attacker" not in text


def test_every_app_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.sends.failed("sms", "blocked")
    line = b'ivr_provider_failures_total{channel="sms",kind="blocked"} 1.0'
    assert line in one.exposition()
    assert line not in other.exposition()


def test_every_route_is_documented(rig: Build) -> None:
    page = (Path(__file__).parents[2] / "docs" / "twilio.md").read_text(encoding="utf-8")
    routes = {rule.rule for rule in rig().app.url_map.iter_rules()}
    assert "/voice/incoming" in routes
    assert {route for route in routes if route not in page} == set()


# --- headers --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/results/x", "/nowhere"])
def test_every_answer_is_hardened(rig: Build, path: str) -> None:
    made = rig()
    for response in (made.client.get(path), made.send("/voice/incoming"), made.client.post(path)):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_crash_of_a_public_route_says_nothing_about_itself(
    rig: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig()

    def broken(reference: str, *, by: str) -> str | None:
        raise ValueError("secret detail")

    monkeypatch.setattr(made.results, "fetch", broken)
    response = made.client.get("/results/ref_-1", headers=bearer("key-of-the-crm"))
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert "secret" not in response.text
