"""Who may call the webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from web_rig import ACCOUNT, AUTH_TOKEN, CALL, PUBLIC_URL, WEBHOOK_KEY, Rig, build_rig, signature
from werkzeug.test import TestResponse

from ivr.errors import SettingsError

Build = Callable[..., Rig]
FORM = "application/x-www-form-urlencoded"
FIELDS = {"AccountSid": ACCOUNT, "CallSid": CALL, "From": "+819012345678", "To": "+815012345678"}
INCOMING = f"{PUBLIC_URL}/voice/incoming"
WEBHOOKS = (
    "/voice/incoming",
    "/voice/continue?turn=0",
    "/voice/fallback",
    "/voice/status",
    "/voice/whisper?ref=ref_-1",
    "/voice/whisper/answer?ref=ref_-1",
)


def post(
    rig: Rig,
    path: str,
    body: str,
    signed: str | None,
    headers: Mapping[str, str] | None = None,
    kind: str = FORM,
) -> TestResponse:
    given = {} if signed is None else {"X-Twilio-Signature": signed}
    return rig.client.post(path, data=body, content_type=kind, headers={**given, **(headers or {})})


@pytest.mark.parametrize("path", WEBHOOKS)
def test_signed_webhook_is_let_in_and_unsigned_is_not(rig: Build, path: str) -> None:
    made = rig()
    assert made.send(path).status_code in {200, 204}
    refused = post(made, path, urlencode(FIELDS), None)
    assert (refused.status_code, refused.data) == (403, b"")


def test_refused_webhook_changes_nothing(rig: Build) -> None:
    made = rig()
    post(made, "/voice/incoming", urlencode(FIELDS), "bm9uc2Vuc2U=")
    assert made.service.begun == []


def test_every_field_is_signed_unknown_and_repeated_ones_too(rig: Build) -> None:
    made = rig()
    body = f"{urlencode(FIELDS)}&NewField=x&Twice=b&Twice=a&Blank="

    class Fields(dict[str, list[str]]):
        def getlist(self, key: str) -> list[str]:
            return self[key]

    fields = Fields({key: [value] for key, value in FIELDS.items()})
    fields.update(NewField=["x"], Twice=["b", "a"], Blank=[""])
    signed = signature(INCOMING, fields)
    assert post(made, "/voice/incoming", body, signed).status_code == 200
    assert post(made, "/voice/incoming", body + "&Extra=1", signed).status_code == 403
    assert post(made, "/voice/incoming", body.replace("b&", "c&"), signed).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/voice/continue?turn=1&poll=2", 200),
        ("/voice/continue?turn=2&poll=2", 403),
        ("/voice/continue?poll=2&turn=1", 403),
        ("/voice/continue?turn=1&poll=2&", 403),
        ("/voice/continue", 403),
        ("/voice/incoming?turn=1&poll=2", 403),
    ],
)
def test_path_and_query_are_signed_as_they_came(rig: Build, path: str, status: int) -> None:
    signed = signature(f"{PUBLIC_URL}/voice/continue?turn=1&poll=2", FIELDS)
    assert post(rig(), path, urlencode(FIELDS), signed).status_code == status


@pytest.mark.parametrize("query", ["x=%7e&y=a+b", "x=%7E&y=a%20b", "x=a%2Fb;c"])
def test_the_query_is_never_written_anew(rig: Build, query: str) -> None:
    signed = signature(f"{INCOMING}?{query}", FIELDS)
    response = post(rig(), f"/voice/incoming?{query}", urlencode(FIELDS), signed)
    assert response.status_code == 200


def test_host_and_forwarded_headers_do_not_matter(rig: Build) -> None:
    made = rig()
    headers = {
        "Host": "10.0.0.7:8080",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
    }
    good = signature(INCOMING, FIELDS)
    assert post(made, "/voice/incoming", urlencode(FIELDS), good, headers).status_code == 200
    theirs = signature("http://evil.example/voice/incoming", FIELDS)
    assert post(made, "/voice/incoming", urlencode(FIELDS), theirs, headers).status_code == 403


def test_base_with_a_path_that_a_proxy_strips(rig: Build) -> None:
    made = rig(public_url="https://example.co.jp/ivr")
    signed = signature("https://example.co.jp/ivr/voice/incoming", FIELDS)
    assert post(made, "/voice/incoming", urlencode(FIELDS), signed).status_code == 200


SHARED = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_key_1,algorithm=HMAC_SHA256"}


@pytest.mark.parametrize(
    ("key", "algorithm", "headers", "webhook_key", "status"),
    [
        (WEBHOOK_KEY, "HMAC_SHA256", SHARED, WEBHOOK_KEY, 200),
        (AUTH_TOKEN, "HMAC_SHA256", SHARED, "", 200),
        (AUTH_TOKEN, "HMAC_SHA256", SHARED, WEBHOOK_KEY, 403),
        (WEBHOOK_KEY, "HMAC_SHA1", SHARED, WEBHOOK_KEY, 403),
        (WEBHOOK_KEY, "HMAC_SHA256", {}, WEBHOOK_KEY, 403),
        (WEBHOOK_KEY, "HMAC_SHA1", {}, WEBHOOK_KEY, 403),
        (AUTH_TOKEN, "HMAC_SHA1", {}, WEBHOOK_KEY, 200),
    ],
)
def test_both_signature_schemes(
    rig: Build,
    key: str,
    algorithm: str,
    headers: dict[str, str],
    webhook_key: str,
    status: int,
) -> None:
    signed = signature(INCOMING, FIELDS, key=key, algorithm=algorithm)
    made = rig(twilio_webhook_key=webhook_key)
    body = urlencode(FIELDS)
    assert post(made, "/voice/incoming", body, signed, headers).status_code == status


@pytest.mark.parametrize("algorithm", ["none", "HMAC_MD5", "HMAC_SHA512"])
def test_unknown_scheme_is_refused(rig: Build, algorithm: str) -> None:
    headers = {"X-Twilio-Webhooks-Signature-Settings": f"key=k,algorithm={algorithm}"}
    signed = signature(INCOMING, FIELDS)
    assert post(rig(), "/voice/incoming", urlencode(FIELDS), signed, headers).status_code == 403


def test_without_an_auth_token_only_the_shared_key_counts(rig: Build) -> None:
    made = rig(twilio_auth_token="")
    body = urlencode(FIELDS)
    empty = signature(INCOMING, FIELDS, key="")
    assert post(made, "/voice/incoming", body, empty).status_code == 403
    shared = signature(INCOMING, FIELDS, key=WEBHOOK_KEY, algorithm="HMAC_SHA256")
    assert post(made, "/voice/incoming", body, shared, SHARED).status_code == 200


def test_json_fails_closed(rig: Build) -> None:
    made = rig(twilio_account_sid="")
    body = json.dumps({"CallSid": CALL})
    digest = sha256(body.encode()).hexdigest()
    kind = "application/json"

    bare = signature(INCOMING, {})
    assert post(made, "/voice/incoming", body, bare, kind=kind).status_code == 403
    path = f"/voice/incoming?bodySHA256={digest}"
    signed = signature(PUBLIC_URL + path, {})
    assert post(made, path, body + " ", signed, kind=kind).status_code == 403
    # Properly signed, but no voice webhook is JSON: refused for what it is.
    assert post(made, path, body, signed, kind=kind).status_code == 415
    assert made.service.begun == []


def test_body_hash_does_not_excuse_a_form(rig: Build) -> None:
    path = f"/voice/incoming?bodySHA256={sha256(b'').hexdigest()}"
    signed = signature(PUBLIC_URL + path, {})
    assert post(rig(), path, urlencode(FIELDS), signed).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {**FIELDS, "AccountSid": "AC" + "9" * 32},
        {key: value for key, value in FIELDS.items() if key != "AccountSid"},
    ],
)
def test_other_accounts_are_refused(rig: Build, fields: dict[str, str]) -> None:
    signed = signature(INCOMING, fields)
    assert post(rig(), "/voice/incoming", urlencode(fields), signed).status_code == 403
    anyone = rig(twilio_account_sid="")
    assert post(anyone, "/voice/incoming", urlencode(fields), signed).status_code == 200


def test_non_ascii_in_the_url_is_refused(rig: Build) -> None:
    made = rig()
    response = made.client.open(
        "/voice/incoming",
        method="POST",
        query_string="x=\xff",
        data=urlencode(FIELDS),
        content_type=FORM,
        headers={"X-Twilio-Signature": "x"},
        environ_overrides={"QUERY_STRING": "x=\xff"},
    )
    assert response.status_code == 403


def test_refusals_are_counted_by_reason(rig: Build) -> None:
    made = rig()
    post(made, "/voice/incoming", urlencode(FIELDS), None)
    post(made, "/voice/incoming", urlencode(FIELDS), "bm9uc2Vuc2U=")
    text = made.client.get("/metrics").text
    assert 'ivr_signature_failures_total{reason="missing"} 1.0' in text
    assert 'ivr_signature_failures_total{reason="wrong"} 1.0' in text


def test_signatures_may_be_off_on_loopback_only() -> None:
    open_door = build_rig(check_signatures=False, bind="127.0.0.1:8080")
    assert post(open_door, "/voice/incoming", urlencode(FIELDS), None).status_code == 200
    for bind in ("0.0.0.0:8080", ":8080", "voice.internal:8080", "[::]:8080"):
        with pytest.raises(SettingsError, match="IVR_CHECK_SIGNATURES"):
            build_rig(check_signatures=False, bind=bind)


def test_no_key_no_start() -> None:
    with pytest.raises(SettingsError, match="IVR_TWILIO_AUTH_TOKEN"):
        build_rig(twilio_auth_token="", twilio_webhook_key="")
