"""Nothing unsigned is answered, whatever way it is written; nothing signed does more than say."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from phone_rig import ACCOUNT, FORM, NUMBER, PUBLIC_URL, RESULT_KEY, Office, signature
from sqlalchemy import text
from werkzeug.test import TestResponse

ROUTES = (
    "/voice/incoming",
    "/voice/continue",
    "/voice/fallback",
    "/voice/status",
    "/voice/whisper",
    "/voice/whisper/answer",
    "/voice/wait",
    "/voice/assignment",
)
CALL = {
    "AccountSid": ACCOUNT,
    "CallSid": "CA" + "f" * 32,
    "From": "+819012345678",
    "To": NUMBER,
    "CallStatus": "ringing",
}


def _post(
    office: Office, path: str, form: Mapping[str, str] = CALL, signed: str | None = None
) -> TestResponse:
    headers = {} if signed is None else {"X-Twilio-Signature": signed}
    return office.client.post(path, data=urlencode(form), content_type=FORM, headers=headers)


def _calls(office: Office) -> int:
    with office.db.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM calls")).scalar_one())


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Twilio_Signature": ""},
        {"X_Twilio_Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        # Signed for another path, another host, another scheme of ours.
        {"X_Twilio_Signature": signature(PUBLIC_URL + "/voice/other", CALL)},
        {"X_Twilio_Signature": signature("https://evil.example/voice/incoming", CALL)},
        # Headers that other frameworks believe.
        {"X_Original_URL": "/healthz", "X_Rewrite_URL": "/healthz"},
        {"X_HTTP_Method_Override": "GET", "X_Forwarded_For": "127.0.0.1"},
        {"Host": "127.0.0.1", "X_Forwarded_Host": "voice.example.co.jp"},
        # An algorithm nobody has a key for.
        {"X_Twilio_Webhooks_Signature_Settings": "algorithm=none", "X_Twilio_Signature": "AAAA"},
    ],
)
def test_unsigned_is_refused(office: Office, route: str, headers: dict[str, str]) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = office.client.post(route, data=urlencode(CALL), content_type=FORM, headers=named)
    assert (answer.status_code, answer.data) == (403, b"")
    assert _calls(office) == 0


@pytest.mark.parametrize(
    "path",
    [
        "//voice/incoming",
        "/voice//incoming",
        "/voice/./incoming",
        "/voice/../voice/incoming",
        "/voice/incoming/",
        "/voice/incoming/..;/",
        "/voice/incoming;x=1",
        "/voice/incoming%00",
        "/voice/incoming%20",
        "/voice%2Fincoming",
        "/%76oice/incoming",
        "/VOICE/incoming",
        "/Voice/Incoming",
        "/voice/incoming.xml",
        "/voice\\incoming",
        "/healthz/../voice/incoming",
        "http://127.0.0.1/voice/incoming",
    ],
)
def test_no_other_way_to_write_a_path(office: Office, path: str) -> None:
    """A path is the route, and then it is signed; or it is nothing."""
    assert _post(office, path).status_code in {403, 404, 308}
    assert _calls(office) == 0


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method(office: Office, route: str, method: str) -> None:
    answer = office.client.open(route, method=method, query_string=CALL)
    assert answer.status_code in {403, 405}
    assert b"<Response" not in answer.data
    assert _calls(office) == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (urlencode(CALL), "text/plain"),
        (urlencode(CALL), "application/x-www-form-urlencoded; charset=utf-7"),
        (urlencode(CALL), ""),
        ('{"CallSid": "CA1"}', "application/json"),
        ("--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        ("x=" + "y" * (64 * 1024), FORM),
        ("&" * 60_000, FORM),
        ("CallSid=%ff%fe&%00=1", FORM),
    ],
)
def test_no_other_body(office: Office, body: str, kind: str) -> None:
    signed = signature(PUBLIC_URL + "/voice/incoming", CALL)
    answer = office.client.post(
        "/voice/incoming", data=body, content_type=kind, headers={"X-Twilio-Signature": signed}
    )
    # Only the very form that was signed is answered, in whatever letters its type is written.
    whole = body == urlencode(CALL) and kind.startswith(FORM)
    assert answer.status_code in ({200} if whole else {400, 403, 413, 415})


def test_fields_added_to_a_signed_request_break_it(office: Office) -> None:
    signed = signature(PUBLIC_URL + "/voice/incoming", CALL)
    for more in ({"Digits": "1"}, {"CallSid2": "CA2"}):
        answer = _post(office, "/voice/incoming", {**CALL, **more}, signed=signed)
        assert answer.status_code == 403
    doubled = urlencode([*CALL.items(), ("From", "+818000000000")])
    answer = office.client.post(
        "/voice/incoming", data=doubled, content_type=FORM, headers={"X-Twilio-Signature": signed}
    )
    assert answer.status_code == 403


def test_a_query_added_to_a_signed_request_breaks_it(office: Office) -> None:
    signed = signature(PUBLIC_URL + "/voice/incoming", CALL)
    answer = _post(office, "/voice/incoming?lang=en", signed=signed)
    assert answer.status_code == 403


def test_a_call_of_another_account_is_refused(office: Office) -> None:
    other = {**CALL, "AccountSid": "AC" + "9" * 32}
    signed = signature(PUBLIC_URL + "/voice/incoming", other)
    answer = _post(office, "/voice/incoming", other, signed=signed)
    assert answer.status_code == 403


def test_a_replayed_turn_changes_nothing(office: Office) -> None:
    phone = office.call()
    first = phone.document.find("Gather")
    assert first is not None
    action = first.attrib["action"]
    phone.silence()
    before = phone.documents[-1]
    fields = {"CallSid": phone.sid, "From": phone.caller}
    for replay in ({"Digits": "0"}, {"SpeechResult": "係"}, {}):
        assert office.post(action, {**fields, **replay}) == before
    phone.say("はい")
    assert "生年月日" in phone.words


def test_a_reference_cannot_be_guessed_and_accepts_only_its_own_call(office: Office) -> None:
    victim = office.call().ask_for_code()
    victim.press(office.sms.last_code)
    mine = office.call("+818033334444").silence().say("係")
    assert len(victim.reference) == 22
    assert mine.reference != victim.reference
    # The agent of one call presses the key; the other call is not taken by that.
    office.post(f"/voice/whisper/answer?ref={mine.reference}", {"CallSid": mine.sid, "Digits": "1"})
    victim.transfer_ends("completed")
    assert "別の係" in victim.words
    for guess in ("", "x", "A" * 22, "../" + mine.reference, mine.reference[:-1]):
        said = office.post(f"/voice/whisper?ref={guess}", {"CallSid": mine.sid})
        assert "確認結果は不明です" in said


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic " + RESULT_KEY,
        "Bearer x",
        f"Bearer {RESULT_KEY}x",
        f"bearer\t{RESULT_KEY}",
    ],
)
def test_results_need_a_key(office: Office, given: str | None) -> None:
    phone = office.call().silence().say("係")
    headers = {} if given is None else {"Authorization": given}
    assert office.client.get(f"/results/{phone.reference}", headers=headers).status_code == 401


def test_metrics_are_for_this_machine_or_a_key(office: Office) -> None:
    """Counters of levels and of failed sends would tell who is a customer."""
    away = {"REMOTE_ADDR": "203.0.113.9"}
    proxied = ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"]
    assert office.client.get("/metrics").status_code == 200
    assert office.client.get("/metrics", environ_base=away).status_code == 401
    for header in proxied:
        answer = office.client.get("/metrics", headers={header: "203.0.113.9"})
        assert answer.status_code == 401, header
