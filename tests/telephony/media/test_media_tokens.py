"""Tokens and signatures that let a stream in."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.answers import FakeAnswers
from media_rig import AUTH_TOKEN, PUBLIC
from twilio.request_validator import RequestValidator

from ivr.clock import ManualClock
from ivr.settings import Settings
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.signatures import SignatureCheck


def tokens(answers: FakeAnswers, clock: ManualClock, key: bytes = b"k" * 32) -> StreamTokens:
    return StreamTokens(key, answers, clock)


def test_tokens_are_for_one_call_once_and_for_five_minutes(clock: ManualClock) -> None:
    used = FakeAnswers()
    here, there = tokens(used, clock), tokens(used, clock)
    token = here.issue("CA1")
    assert len(token) < 100
    assert not there.redeem(token, "CA2")
    assert there.redeem(token, "CA1")
    assert not there.redeem(token, "CA1")
    assert not here.redeem(token, "CA1")
    late = here.issue("CA1")
    assert late != token
    clock.advance(301)
    assert not there.redeem(late, "CA1")
    other = tokens(used, clock, b"x" * 32)
    assert not other.redeem(here.issue("CA1"), "CA1")


@pytest.mark.parametrize("token", ["", ".", "..", "1..", "x.y.", "ü.ü.ü", "1" * 5000])
def test_what_is_no_token_is_refused(token: str, clock: ManualClock) -> None:
    assert not tokens(FakeAnswers(), clock).redeem(token, "CA1")


def test_a_token_is_good_after_the_database_was_away(clock: ManualClock) -> None:
    used = FakeAnswers(away=True)
    keeper = tokens(used, clock)
    token = keeper.issue("CA1")
    with pytest.raises(Exception, match="locked"):
        keeper.redeem(token, "CA1")
    used.away = False
    assert keeper.redeem(token, "CA1")


@pytest.mark.parametrize(
    ("base", "signed", "fault"),
    [
        (PUBLIC, "wss://voice.example.co.jp/media", None),
        (PUBLIC, "wss://voice.example.co.jp:443/media", None),
        (PUBLIC, "https://voice.example.co.jp/media", "wrong"),
        (PUBLIC, "wss://voice.example.co.jp/media?x=1", "wrong"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/media", None),
        (PUBLIC + "/below", "wss://voice.example.co.jp/below/media", None),
    ],
)
def test_the_public_url_is_what_is_signed(base: str, signed: str, fault: str | None) -> None:
    settings = Settings(public_url=base, twilio_auth_token=AUTH_TOKEN)  # type: ignore[arg-type]
    made = RequestValidator(AUTH_TOKEN).compute_signature(signed, {})
    check = SignatureCheck(settings)
    assert check.upgrade_fault("/media", signature=made) == fault
    assert check.upgrade_fault("/media", signature="") == "missing"
    assert check.upgrade_fault("/media", signature=made, scheme="algorithm=MD5") == "algorithm"
    off = SignatureCheck(replace_settings(settings, check_signatures=False))
    assert off.upgrade_fault("/media", signature="") is None


def replace_settings(settings: Settings, **changes: Any) -> Settings:
    return settings.model_copy(update=changes)
