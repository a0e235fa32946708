"""``ivr incident`` as somebody types it who has a leak to report."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pytest
from command_line import Ivr, Ran

from ivr.clock import JAPAN, SystemClock
from ivr.commands.incident_report import draft, missing
from ivr.records.incidents import SUBJECTS, Dossier, IncidentRecord, NoteRecord, Report


@pytest.fixture
def office(ivr: Ivr) -> Ivr:
    assert ivr("database", "upgrade").code == 0
    return ivr


@pytest.fixture
def say(office: Ivr, monkeypatch: pytest.MonkeyPatch) -> Ivr:
    """``say("text", "note", 1, "cause")``: with this on standard input."""

    def run(text: object, *arguments: object) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
        return office("incident", *arguments)

    return run


def day(ago: int) -> date:
    return SystemClock().now().astimezone(JAPAN).date() - timedelta(days=ago)


def test_from_the_first_word_to_the_end(office: Ivr, say: Ivr) -> None:
    opened = say("結果が外に送られた。", "open", "--known", day(1), "--why", "INC-7")
    assert (opened.code, opened.err) == (0, "")
    assert "incident 1 is on record" in opened.out
    assert f"{day(-28).isoformat()} (30 days)" in opened.out

    assert office("incident", "suspect", 1, "unlawful").code == 0
    assert say("鍵の停止漏れ", "note", 1, "cause").code == 0
    refused = office("incident", "close", 1)
    assert refused.code == 1
    assert "nothing noted as prevention" in refused.err
    assert say("退職時の手順に加えた", "note", 1, "prevention").code == 0
    span = ("--from", "2026-01-01", "--to", "2100-01-01")
    assert office("incident", "affected", *span, "--incident", 1).code == 0

    shown = office("incident", "show", 1).out
    assert "(60 days)" in shown
    for text in ("結果が外に送られた。", "鍵の停止漏れ", "customers: 0", "退職時の手順に加えた"):
        assert text in shown
    report = office("incident", "report", 1, "preliminary")
    assert report.err == "nothing is noted as data, people, harm, response, publication\n"
    assert "## 4. 原因\n\n鍵の停止漏れ\n" in report.out
    assert "特定できた顧客 0 名" in report.out

    for name in ("preliminary", "final"):
        assert office("incident", "sent", 1, name).code == 0
    assert office("incident", "close", 1).out == "incident 1 is closed\n"
    assert office("incident", "list").out == "no incident on record\n"
    assert "1  closed  known" in office("incident", "list", "--all").out
    assert office("incident", "reopen", 1).code == 0
    kinds = [json.loads(row)["what"] for row in office("audit", "export").out.splitlines()]
    assert [kind for kind in kinds if kind.startswith("incident.")] == [
        "incident.opened", "incident.suspected", "incident.noted", "incident.noted",
        "incident.listed", "incident.noted", "incident.read", "incident.read",
        "incident.reported", "incident.reported", "incident.closed", "incident.read",
        "incident.reopened",
    ]  # fmt: skip
    assert office("audit", "verify").code == 0


def test_what_is_overdue_is_marked_and_told_by_the_exit_status(office: Ivr, say: Ivr) -> None:
    say("きょう知った", "open")
    assert office("incident", "list", "--overdue") == Ran(0, "no overdue report\n", "")
    say("先週から知っていた", "open", "--known", day(5))
    overdue = office("incident", "list", "--overdue")
    assert overdue.code == 1
    assert "先週から知っていた" in overdue.out
    assert "きょう知った" not in overdue.out
    assert f"preliminary report: OVERDUE, was due {day(1):%a} {day(1)}" in overdue.out
    office("incident", "sent", 2, "preliminary", "--on", day(0))
    assert office("incident", "list", "--overdue").code == 0
    assert "after its last day" in office("incident", "list").out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("open", "--known", day(-2)), 2, "lies in the future"),
        (("open", "--known", "22.11.2026"), 2, "must be like 2026-11-22"),
        (("note", 1, "blame"), 2, "blame"),
        (("note", 9, "cause"), 1, "there is no incident 9"),
        (("report", 9, "final"), 1, "there is no incident 9"),
        (
            ("affected", "--from", "2026-01-01", "--to", "2026-01-02", "--incident", 9),
            1,
            "there is no incident 9",
        ),
    ],
)
def test_mistakes_are_said(
    say: Ivr, arguments: tuple[object, ...], code: int, message: str
) -> None:
    ran = say("何か", *arguments)
    assert ran.code == code
    assert message in ran.err


def test_nothing_is_no_note(say: Ivr) -> None:
    ran = say("  ", "open")
    assert ran.code == 1
    assert "nothing was given on standard input" in ran.err


# --- the draft ----------------------------------------------------------------------------


def dossier(*subjects: str, **changes: object) -> Dossier:
    opened = SystemClock().now()
    values = {
        "number": 7, "known_on": date(2026, 11, 22), "opened_at": opened, "unlawful": True,
        "preliminary_sent": None, "final_sent": None, "closed_at": None, **changes,
    }  # fmt: skip
    notes = [NoteRecord(each, 7, each, f"{each}の文", "operator", opened) for each in subjects]
    return Dossier(IncidentRecord(**values), notes)  # type: ignore[arg-type]


def test_a_draft_has_the_nine_items_of_the_rules_in_their_order() -> None:
    text = draft(dossier(*SUBJECTS), "final", date(2026, 11, 23))
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "## 1. 概要",
        "## 2. 漏えい等が発生し、又は発生したおそれがある個人データの項目",
        "## 3. 漏えい等が発生し、又は発生したおそれがある個人データに係る本人の数",
        "## 4. 原因",
        "## 5. 二次被害又はそのおそれの有無及びその内容",
        "## 6. 本人への対応の実施状況",
        "## 7. 公表の実施状況",
        "## 8. 再発防止のための措置",
        "## 9. その他参考となる事項",
    ]
    places = [text.index(f"{subject}の文") for subject in SUBJECTS]
    assert places == sorted(places)
    assert "法的助言ではありません" in text


@pytest.mark.parametrize(
    ("report", "empty"), [("preliminary", "（確認中）"), ("final", "（未記載）")]
)
def test_what_is_not_known_yet_is_said(report: Report, empty: str) -> None:
    one = dossier("summary")
    assert draft(one, report, date(2026, 11, 23)).count(empty) == 7
    assert missing(one) == [
        "data", "people", "cause", "harm", "response", "publication", "prevention",
    ]  # fmt: skip
    assert missing(dossier(*SUBJECTS)) == []


@pytest.mark.parametrize(
    ("today", "changes", "line"),
    [
        (
            date(2026, 11, 23), {},
            "| 速報 | 未提出。2026年11月24日（火）から2026年11月26日（木）までが目安 |",
        ),
        (
            date(2026, 11, 23), {},
            "| 確報 | 未提出。期限は2027年1月20日（水）（知った日を含めて60日） |",
        ),
        (
            date(2026, 12, 22), {"unlawful": False},
            "| 確報 | 未提出。期限は2026年12月21日（月）（知った日を含めて30日）"
            "（期限を過ぎています） |",
        ),
        (
            date(2026, 11, 23), {"preliminary_sent": date(2026, 11, 23)},
            "| 速報 | 2026年11月23日（月）提出済み |",
        ),
    ],
)  # fmt: skip
def test_a_draft_says_until_when(today: date, changes: dict[str, object], line: str) -> None:
    assert line in draft(dossier("summary", **changes), "preliminary", today).splitlines()
