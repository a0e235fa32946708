"""Every attempt, every reading and every change is in the audit, and nothing personal is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fakes.senders import FakeSender
from phone_rig import ELSEWHERE, TARO, Office, OpenOffice
from sqlalchemy import text

from ivr.records import audit_chain
from ivr.records.audit import KINDS
from ivr.records.audit_check import verify
from ivr.settings import Settings
from ivr.wiring.start_note import shown

#: What calls of 山田太郎 hold, in every spelling that could get out.
PERSONAL = (
    *("山田", "太郎", "ヤマダ", "タロウ", "やまだ", "\\u5c71", "1985-03-05", "3600305", "昭和"),
    *("819012345678", "09012345678", "T0001", "taro", "key-of-the-crm"),
)


def told(office: Office) -> list[tuple[str, str, dict[str, Any]]]:
    """Who, what and details of every row, after checking the chain."""
    verify(office.db)
    with office.db.reading() as session:
        rows = list(audit_chain.rows(session))
    written = "".join(f"{row.who} {row.subject} {row.why} {row.details}" for row in rows)
    codes = [message.code for message in office.sms.messages]
    assert [word for word in (*PERSONAL, *codes) if word in written] == []
    return [(row.who, row.what, json.loads(row.details)) for row in rows]


def since_start(office: Office) -> list[tuple[str, str, dict[str, Any]]]:
    return [row for row in told(office) if not row[1].endswith("in_force")]


def checks(office: Office) -> list[Mapping[str, Any]]:
    return [details for _, what, details in told(office) if what == "check.ended"]


def test_a_verified_call_is_told_from_the_ring_to_the_reading_of_its_result(
    office: Office,
) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    assert office.claims(phone.reference)["acr"] == "verified"
    phone.hang_up()
    rows = since_start(office)
    assert [(who, what, details.get("check")) for who, what, details in rows] == [
        ("caller", "call.began", None),
        ("caller", "check.ended", "resume"),
        ("caller", "check.ended", "identify"),
        ("caller", "check.ended", "send_code"),
        ("caller", "check.ended", "check_code"),
        ("caller", "result.issued", None),
        ("system crm", "result.fetched", None),
        ("caller", "call.ended", None),
    ]
    found = {details["check"]: details for _, _, details in rows if "check" in details}
    assert found["identify"]["outcome"] == "done"
    assert found["identify"]["match"] == "one"
    assert found["send_code"]["sent"] == "sms"
    assert (found["check_code"]["code"], found["check_code"]["channel"]) == ("ok", "sms")
    issued = rows[5][2]
    assert (issued["level"], issued["amr"]) == ("verified", ["kba", "otp", "sms"])
    # One customer, one blind index, in every row that is about them.
    assert issued["customer"] == found["identify"]["customer"]
    assert issued["customer"] == office.db.index.of("audit customer", TARO.number)
    with office.db.reading() as session:
        calls = {row.subject for row in audit_chain.rows(session) if row.subject}
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("name", "birthdate", "match"),
    [
        ("山田太郎です", "昭和六十年三月五日です", "one"),
        ("佐々木希です", "昭和六十年三月五日です", "none"),
        ("山田太郎です", "大正三年一月一日です", "none"),
    ],
    ids=["right", "wrong name", "unknown birthdate"],
)
def test_what_a_caller_cannot_tell_the_audit_tells(
    office: Office, name: str, birthdate: str, match: str
) -> None:
    office.call(ELSEWHERE).ask_for_code(name=name, birthdate=birthdate).press("000000")
    rows = checks(office)
    assert [row["check"] for row in rows] == ["resume", "identify", "send_code", "check_code"]
    assert {row["outcome"] for row in rows[:-1]} <= {"fresh", "done", "sent"}
    assert rows[1]["match"] == match
    assert ("customer" in rows[1]) == (match == "one")
    assert rows[3]["code"] == "wrong"


def test_a_send_that_fails_is_told(open_office: OpenOffice) -> None:
    office = open_office(senders={"sms": FakeSender("refused")})
    office.register(TARO)
    office.call().ask_for_code().press("000000")
    assert checks(office)[2]["flags"] == ["send_error"]
    assert checks(office)[2]["sent"] == "none"


def test_whoever_asks_for_a_result_in_vain_is_told_too(office: Office) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    key = {"Authorization": "Bearer key-of-the-crm"}
    for reference in ("nothing-like-it", phone.reference):
        office.client.get(f"/results/{reference}", headers=key)
    asked = [(who, what) for who, what, _ in told(office) if what.startswith("result.")]
    assert asked == [
        ("caller", "result.issued"),
        ("system crm", "result.refused"),
        ("system crm", "result.fetched"),
    ]


def test_the_agents_answer_is_told(office: Office) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    office.running.service.record_agent_answer(reference=phone.reference, accepted=True)
    who, what, details = told(office)[-1]
    assert (who, what, details["accepted"]) == ("agent", "result.answered", True)


def test_without_its_row_nothing_happens_and_the_caller_is_not_left_alone(office: Office) -> None:
    phone = office.call().silence()
    with office.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_log RENAME TO gone"))
    other = office.call(ELSEWHERE)
    assert other.words
    with office.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO audit_log"))
    phone.say("はい")
    assert [what for _, what, _ in since_start(office)].count("call.began") == 1


# --- what takes effect at start -------------------------------------------------------------


def changes(office: Office, what: str) -> list[list[str]]:
    return [details["changed"] for _, kind, details in told(office) if kind == what]


def test_settings_and_flow_are_told_when_they_take_effect_and_only_then(
    open_office: OpenOffice,
) -> None:
    open_office()
    office = open_office()
    assert changes(office, "settings.in_force") == [["everything"]]
    assert changes(office, "flow.in_force") == [["everything"]]
    office = open_office(code_attempts=2, result_keys={"crm": "another"})
    assert changes(office, "settings.in_force")[1:] == [["IVR_CODE_ATTEMPTS", "IVR_RESULT_KEYS"]]
    assert changes(office, "flow.in_force") == [["everything"]]
    now = [details["now"] for _, kind, details in told(office) if kind == "settings.in_force"]
    assert [values["IVR_CODE_ATTEMPTS"] for values in now] == ["3", "2"]
    assert now[0]["IVR_MODE"] == "rehearsal"
    assert now[0]["IVR_RESULT_KEYS"] != now[1]["IVR_RESULT_KEYS"]
    assert all(values["IVR_RESULT_KEYS"].startswith("#") for values in now)


def test_no_setting_that_may_be_secret_shows() -> None:
    values = {
        name: f"secret-{name}"
        for name, field in Settings.model_fields.items()
        if field.annotation is str or "SecretStr" in str(field.annotation)
    }
    values = {k: v for k, v in values.items() if k != "result_keys" and "bind" not in k}
    settings = Settings.model_construct(**values)
    written = json.dumps(shown(settings, b"k" * 32))
    assert "secret-" not in written
    assert len(shown(settings, b"k" * 32)) == len(Settings.model_fields)
    assert shown(settings, b"k" * 32) != shown(settings, b"j" * 32)


def test_a_start_without_the_database_is_told_when_it_is_back(
    open_office: OpenOffice, sqlite_url: str
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    away = file.rename(file.with_name("away"))
    office = open_office()
    assert office.client.get("/readyz").status_code == 503
    away.rename(file)
    for _ in range(2):
        assert office.client.get("/readyz").status_code == 200
    assert changes(office, "settings.in_force") == [["everything"]]


def test_every_kind_that_is_told_is_a_known_one(office: Office) -> None:
    assert {what for _, what, _ in told(office)} <= set(KINDS)
