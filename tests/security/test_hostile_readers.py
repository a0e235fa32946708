"""Whatever a system sends that reads results or labels calls: a short answer, nothing broken, and
nothing of what it sent in it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from phone_rig import RESULT_KEY, Office
from sqlalchemy import text

GOOD = f"Bearer {RESULT_KEY}"
#: Answers that are ours.
KNOWN = {200, 304, 400, 401, 404, 405, 413, 415, 429}
MARK = "zq7vx9"

#: What a header can hold on the wire (RFC 9110, section 5.5), as WSGI hands it over.
_HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))
_BODIES = st.one_of(
    st.sampled_from(
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"was_person": 1}',
            b'{"was_person": "true"}',
            b'{"was_person": true, "was_person": false}',
            b'{"was_person": true, "customer": "T0001"}',
            b'{"was_person": ' + b"[" * 30_000,
            b'{"was_person": ' + b"9" * 5_000 + b"}",
            b'{"was_person": 1e999999}',
            b'{"was_person": NaN}',
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf" + b'{"was_person": true}',
            b'{"\\ud800": true}',
            b"x" * (64 * 1024 + 1),
        ]
    ),
    st.binary(max_size=80),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    reference=st.one_of(st.text(max_size=30), st.from_regex(r"[\w-]{1,70}", fullmatch=True)),
    key=st.one_of(st.just(GOOD), st.sampled_from([MARK, "Bearer", ""]), _HEADER),
    event=st.one_of(st.none(), _HEADER),
    kind=st.sampled_from(
        ["application/json", "application/json; charset=utf-16", "text/plain", ""]
    ),
    body=_BODIES,
)
@example("a\x00b", GOOD, None, "application/json", b'{"was_person": true}')
@example("../../metrics", GOOD, "x" * 101, "application/json", b'{"was_person": true}')
def test_nothing_that_a_reader_sends_breaks_anything(
    office: Office, reference: str, key: str, event: str | None, kind: str, body: bytes
) -> None:
    headers = {"Authorization": key} | ({} if event is None else {"Idempotency-Key": event})
    for method, path in (("GET", ""), ("POST", "/disposition")):
        answer = office.client.open(
            f"/results/{MARK}{reference}{path}",
            method=method,
            headers=headers,
            data=body if method == "POST" else None,
            content_type=kind if method == "POST" else None,
        )
        assert answer.status_code in KNOWN
        assert MARK.encode() not in answer.data
        assert len(answer.data) < 500


def test_nothing_that_a_reader_sends_is_logged(office: Office, log: io.StringIO) -> None:
    for place in ("path", "key", "event", "body"):
        headers = {"Authorization": f"Bearer {MARK}" if place == "key" else GOOD}
        if place == "event":
            headers["Idempotency-Key"] = f"{MARK} \xe9"
        office.client.post(
            f"/results/{MARK if place == 'path' else 'x'}/disposition",
            headers=headers,
            data=json.dumps({"was_person": MARK if place == "body" else True}),
            content_type="application/json",
        )
    written = log.getvalue()
    assert written.count('"route": "/results/<reference>/disposition"') == 4
    assert MARK not in written


def _labels(office: Office) -> list[Any]:
    with office.db.reading() as session:
        return list(session.execute(text("SELECT count(*) FROM dispositions")).scalars())


def test_a_reader_cannot_label_a_call_that_has_no_result(office: Office) -> None:
    phone = office.call().silence()
    for reference in (phone.sid, "A" * 22, "", "%00", "x/y"):
        answer = office.client.post(
            f"/results/{reference}/disposition",
            headers={"Authorization": GOOD},
            json={"was_person": True},
        )
        assert answer.status_code == 404
    assert _labels(office) == [0]


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": "*"},
        {"If-None-Match": '"' + "x" * 10_000 + '"'},
        {"If-None-Match": 'W/"\xe9", "'},
        {"If-Modified-Since": "yesterday"},
        {"Range": "bytes=0-1,1-2,2-3"},
        {"Accept-Encoding": "gzip;q=nan"},
    ],
)
def test_the_key_set_is_whole_or_not_changed(office: Office, headers: dict[str, str]) -> None:
    answer = office.client.get("/.well-known/jwks.json", headers=headers)
    assert answer.status_code in {200, 304}
    if answer.status_code == 200:
        assert {key["crv"] for key in answer.get_json()["keys"]} == {"Ed25519"}
        assert all("d" not in key for key in answer.get_json()["keys"])


@pytest.mark.parametrize(
    "address", ["::ffff:203.0.113.9", "0.0.0.0", "127.0.0.1.evil.example", "", "localhost", "::"]  # noqa: S104
)  # fmt: skip
def test_metrics_are_not_for_addresses_that_only_look_like_ours(
    office: Office, address: str
) -> None:
    answer = office.client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 401
