"""``ivr policy`` and ``ivr risk``."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import ROOT, Ivr

from ivr.clock import JAPAN, ManualClock
from ivr.dialogue import attempts
from ivr.flow.loader import load_policy
from ivr.identity.assurance import assess
from ivr.identity.policy import decided
from ivr.identity.ports import CheckResult
from ivr.records import audit, calls, results
from ivr.records.calls import CallRecord
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database

BANK = ROOT / "flows" / "policies" / "bank.yaml"
AT = datetime(2026, 11, 22, 10, 0, tzinfo=JAPAN)
SMS = {"match": "one", "customer": "T0001", "code": "ok", "channel": "sms"}


@pytest.fixture
def called(ivr: Ivr) -> Ivr:
    """An installation with one verified call from abroad, and one result of it."""
    assert ivr("database", "upgrade").code == 0
    db = open_database(load_settings(), ManualClock(AT))
    policy = load_policy(BANK)
    signals = {"number_foreign": 1, "hour": 10, "calls_hour": 1}
    sure = assess(
        said_birthdate=True, said_name=True, evidence=SMS, flags=("relay_risk",), policy=policy
    )
    sure = decided(policy, sure, signals=signals, intent=None)
    call = CallRecord(
        "call-1", "CA1", "verify", "digest", "ja", "+12025550123", "+815000000000", 9,
        "active", "{}", AT,
    )  # fmt: skip
    checked = IntentRecord("i1", "call-1", 1, "resume", "{}", "done", AT, AT)
    begun = attempts.checked(
        checked, CheckResult("fresh", {}, signals=signals), db.index, in_time=True
    )
    made = attempts.issued(
        call, sure, db.index, turn=9, destination="agents", signals=signals, intent=None
    )
    with db.writing() as session:
        calls.insert(session, call)
        audit.note(session, begun, AT)
        audit.note(session, made, AT)
        ends = AT + timedelta(minutes=30)
        results.insert(session, ResultRecord("the-reference", "call-1", "token", AT, ends, 9))
    db.dispose()
    return ivr


def test_a_policy_is_shown_as_tables(ivr: Ivr) -> None:
    ran = ivr("policy", "show", "--language", "en")
    assert (ran.code, ran.err) == (0, "")
    assert "| verified | birthdate + name + code_sms, or birthdate + name + code_voice |" in ran.out
    assert "| money | move money or close the account |  |  |  | yes |" in ran.out
    assert "| relay_risk | contact, money | ring back the registered number |" in ran.out
    assert "| night | hour at least 0 and at most 4 | 10 |" in ran.out
    assert "資金の移動" in ivr("policy", "show", "verify").out
    assert ivr("policy", "show", "bank").out == ivr("policy", "show", "verify").out
    slip = ivr("policy", "show", "verfy")
    assert slip.code == 1
    assert "no such flow (did you mean 'verify'?); there are: verify" in slip.err


def test_who_is_spared_a_code_is_shown(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "spared a code" not in ivr("policy", "show").out
    monkeypatch.setenv("IVR_FLOWS_DIR", str(ROOT / "examples" / "flows"))
    shown = ivr("policy", "show", "careful", "--language", "en").out
    assert "## Who is spared a code" in shown
    assert "| within 10m | a call that no agent took | yes |" in shown
    assert "| money | move money |  |  |  | with second_contact |" in shown


def test_a_flow_without_a_policy_is_told(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "flows" / "verify"
    folder.mkdir(parents=True)
    for file in (ROOT / "flows" / "verify").glob("*.yaml"):
        source = file.read_text(encoding="utf-8").replace("policy: bank\n", "")
        (folder / file.name).write_text(source.replace(", person: to_person}", "}"))
    monkeypatch.setenv("IVR_FLOWS_DIR", str(home / "flows"))
    ran = ivr("policy", "show")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "ivr: the flow verify names no policy (docs/policy.md)\n"


def test_a_result_is_explained(called: Ivr) -> None:
    ran = called("risk", "explain", "the-reference")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "level      verified",
        "shown      birthdate, code_sms, name",
        "not more   -",
        "flags      relay_risk, risk_elevated",
        "signals    calls_hour 1, hour 10, number_foreign 1",
        "risk       elevated, 40 points: foreign_number 20, relay 20",
        "may        general, letter, account",
        "step up    contact call_back, money call_back",
        "policy     bank, flow digest",
    ]
    assert "T0001" not in ran.out


def test_a_result_that_nobody_knows_is_told(called: Ivr) -> None:
    ran = called("risk", "explain", "another")
    assert (ran.code, ran.out) == (1, "")
    assert "the audit has no result with this reference" in ran.err


def test_the_policy_in_force_changes_nothing(called: Ivr) -> None:
    ran = called("risk", "replay", "--policy", BANK)
    assert (ran.code, ran.err) == (0, "")
    first, *table, last = ran.out.splitlines()
    assert first == "transfers: 1, beginnings of calls: 1; by policy bank"
    assert table[0].split() == ["was", "would", "be"]
    assert {tuple(line.rsplit(maxsplit=2)) for line in table[1:]} >= {
        ("  level verified", "1", "1"),
        ("  risk elevated", "1", "1"),
        ("  may account", "1", "1"),
    }
    assert last == "nothing would be decided otherwise"


def test_another_policy_says_which_calls_it_would_change(called: Ivr, home: Path) -> None:
    calmer = home / "calmer.yaml"
    text = BANK.read_text(encoding="utf-8").replace("policy: bank", "policy: calmer")
    text = text.replace("{signal: relay_risk, points: 20}", "{signal: relay_risk, points: 5}")
    calmer.write_text(text, encoding="utf-8")
    ran = called("risk", "replay", "--policy", calmer)
    *table, otherwise, call = ran.out.splitlines()
    assert table[0].endswith("; by policy calmer")
    assert [" ".join(line.split()) for line in table if "risk" in line] == [
        "risk low 0 1 (+1)",
        "risk elevated 1 0 (-1)",
    ]
    assert otherwise == "1 call would be decided otherwise"
    assert call == "2026-11-22 10:00  call-1  risk: elevated → low (foreign_number 20, relay 5)"
    summary = called("risk", "replay", "--policy", calmer, "--summary")
    assert summary.out.splitlines() == [*table, otherwise]
    later = called("risk", "replay", "--policy", calmer, "--since", "2026-11-23")
    assert later.out.splitlines() == [
        "transfers: 0, beginnings of calls: 0; by policy calmer",
        "nothing would be decided otherwise",
    ]
    before = called("risk", "replay", "--policy", calmer, "--until", "2026-11-23")
    assert before.out == ran.out


def test_a_policy_with_mistakes_is_not_tried(called: Ivr, home: Path) -> None:
    broken = home / "broken.yaml"
    broken.write_text("policy: broken\nlevels: {verified: [[birthdate, name]]}\n")
    ran = called("risk", "replay", "--policy", broken)
    assert (ran.code, ran.out) == (1, "")
    assert "what a caller knows is never 'verified'" in ran.err


def test_rows_that_somebody_broke_are_passed_over(called: Ivr, home: Path) -> None:
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        connection.execute("UPDATE audit_log SET details = '{' WHERE what = 'result.issued'")
    connection.close()
    ran = called("risk", "replay", "--policy", BANK)
    assert ran.out.startswith("transfers: 0, beginnings of calls: 1; by policy bank")
