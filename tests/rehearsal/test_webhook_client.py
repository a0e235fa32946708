"""Signatures and messages, apart from any call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bot_server import BotServer
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ivr.errors import RehearsalError
from ivr.rehearsal.messages import Outbox
from ivr.rehearsal.webhooks import signature

FIELDS = st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=20), max_size=6)


@given(FIELDS, st.text("abc/%", max_size=9), st.sampled_from(["", "?turn=1&lang=en"]))
def test_the_sdk_accepts_our_signatures(fields: dict[str, str], path: str, query: str) -> None:
    url = f"https://bot.invalid/{path}{query}"
    validator = RequestValidator("secret")
    assert validator.validate(url, fields, signature("secret", url, fields))
    assert not validator.validate(url, fields, signature("other", url, fields))


def test_a_signature_known_from_twilios_documentation() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("確認番号 123456（10分有効）", "123456"),
        ("確認番号 １２３４５６", "123456"),
        ("電話 0120-000-000 番号 123456", "123456"),
        ("番号は、いち。に。さん。よん。ご。ろく。", "654321"),
        ("注文 1234567", "654321"),
    ],
)
def test_codes_are_read_as_people_read_them(bot: BotServer, text: str, code: str) -> None:
    outbox = Outbox(bot.outbox)
    bot.send_code("654321", text)
    assert outbox.codes() == [code]


def test_a_line_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    outbox = Outbox(path)
    line = json.dumps({"channel": "sms", "text": "番号 123456", "code": "123456"})
    path.write_text(line[:20], encoding="utf-8")
    assert outbox.codes() == []
    path.write_text(line + "\n", encoding="utf-8")
    assert outbox.codes() == ["123456"]
    assert outbox.codes() == ["123456"]


def test_a_file_that_is_no_outbox(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    outbox = Outbox(path)
    path.write_text("hello\n", encoding="utf-8")
    with pytest.raises(RehearsalError, match="is no outbox"):
        outbox.codes()
