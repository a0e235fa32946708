"""The draft of a report to the Personal Information Protection Commission, in Japanese.

Its items are those of 個人情報の保護に関する法律施行規則 article 8, paragraph 1, in their order
and words. The commission takes reports by a form of its own on the web; a person fills that in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ivr.records.incidents import Dossier, IncidentRecord, Report

#: Report -> its name.
REPORTS: Mapping[Report, str] = {"preliminary": "速報", "final": "確報"}

#: Subject of a note -> the words of the rules for it, items 1 to 9.
_ITEMS = {
    "summary": "概要",
    "data": "漏えい等が発生し、又は発生したおそれがある個人データの項目",
    "people": "漏えい等が発生し、又は発生したおそれがある個人データに係る本人の数",
    "cause": "原因",
    "harm": "二次被害又はそのおそれの有無及びその内容",
    "response": "本人への対応の実施状況",
    "publication": "公表の実施状況",
    "prevention": "再発防止のための措置",
    "other": "その他参考となる事項",
}
#: What may be left empty for good.
_OPTIONAL = {"other"}
#: A preliminary report says what is known when it is made; a final one says everything.
_NOTHING_YET = {"preliminary": "（確認中）", "final": "（未記載）"}
_WEEKDAYS = "月火水木金土日"


def missing(dossier: Dossier) -> list[str]:
    """The subjects that a final report needs and nothing is noted of."""
    return [subject for subject in _ITEMS if subject not in _OPTIONAL and not dossier.text(subject)]


def draft(dossier: Dossier, report: Report, today: date) -> str:
    """The draft as Markdown, of what is on record on ``today`` (Japan)."""
    record = dossier.record
    lines = [
        f"# 個人データの漏えい等に関する報告（{REPORTS[report]}）下書き",
        "",
        f"{_said(today)}現在の記録から作成しました。個人情報の保護に関する法律第26条第1項の報告の"
        "ための下書きであり、法的助言ではありません。報告の要否（施行規則第7条）、期限、記載内容は"
        "担当者が確認し、個人情報保護委員会（権限が委任されている場合は事業所管大臣等）の定める"
        "方法で提出してください。",
        "",
        "| 項目 | 内容 |",
        "|---|---|",
        f"| 事案番号 | {record.number} |",
        f"| 事態を知った日 | {_said(record.known_on)} |",
        f"| 不正の目的をもって行われたおそれ（施行規則第7条第3号） | {_suspected(record)} |",
        *(f"| {name} | {_state(record, each, today)} |" for each, name in REPORTS.items()),
    ]
    for place, (subject, words) in enumerate(_ITEMS.items(), start=1):
        empty = "（記載なし）" if subject in _OPTIONAL else _NOTHING_YET[report]
        lines += ["", f"## {place}. {words}", "", dossier.text(subject) or empty]
    scopes = dossier.scopes()
    if scopes:
        lines += ["", "## 参考：影響範囲の調査（記録上の件数）", "", *map(_scope, scopes)]
    return "\n".join(lines)


def _suspected(record: IncidentRecord) -> str:
    return "あり" if record.unlawful else "なし"


def _state(record: IncidentRecord, report: Report, today: date) -> str:
    sent = record.sent(report)
    if sent is not None:
        return f"{_said(sent)}提出済み"
    due = _said(record.due(report))
    late = "（期限を過ぎています）" if record.overdue(report, today) else ""
    if report == "preliminary":
        return f"未提出。{_said(record.preliminary_expected)}から{due}までが目安{late}"
    return f"未提出。期限は{due}（知った日を含めて{record.final_days}日）{late}"


def _scope(scope: Mapping[str, Any]) -> str:
    limits = [
        f"{words}「{scope[name]}」"
        for name, words in (
            ("account", "アカウント"), ("number", "着信番号"), ("flow", "フローの版"),
        )
        if scope[name]
    ]  # fmt: skip
    asked = f"{scope['from']} から {scope['to']} まで" + "".join(f"、{each}" for each in limits)
    found = f"特定できた顧客 {scope['customers']} 名、台帳に既にない顧客 {scope['unknown']} 名、"
    wide = "、".join(f"{kind} {times} 回" for kind, times in scope["wide"].items())
    more = f"。ほかに範囲を特定できない操作：{wide}" if wide else ""
    return f"- {asked}：{found}顧客を特定できない通話 {scope['nameless']} 件{more}"


def _said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
