"""E-mail addresses spelt aloud (requirement O7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import email_address
from ivr.understanding.value import Understood

LOCALS = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,20}", fullmatch=True)
DOMAINS = st.sampled_from(
    ("gmail.com", "docomo.ne.jp", "i.softbank.jp", "yahoo.co.jp", "au.com", "q9.example.or.jp",
     "a-o0.net", "icloud.com")
)  # fmt: skip


def parse(text: str, language: str = "ja") -> Understood:
    return email_address.parse(text, confidence=0.8, language=language)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ティー ケー アットマーク ジーメール ドット コム です", "tk@gmail.com"),
        ("ティー ケー アットマーク ジーメール", "tk@gmail.com"),
        ("てぃー けー あっと どこも", "tk@docomo.ne.jp"),
        ("ビー、ハイフン、ディー、アンダーバー、に、いち、アット、エーユーどっとこむ"
         "です", "b-d_21@au.com"),
        ("ｔ．ｋ＠ｉ．ｓｏｆｔｂａｎｋ．ｊｐ", "t.k@i.softbank.jp"),
        ("メアドは、ケープラスエムアットヤフードットシーオードットジェーピー。", "k+m@yahoo.co.jp"),
        ("数字のゼロ アルファベットのオー アットマーク アイクラウド", "0o@icloud.com"),
        ("アルファベットのエー、ビー、アット マーク、エックス、ワイ、点、ネット", "ab@xy.net"),
        ("小文字のティーのケーのアットマークのニフティのドットのコム", "tk@nifty.com"),
    ],
)  # fmt: skip
def test_spelt_in_japanese(text: str, value: str) -> None:
    assert parse(text) == Understood("ok", value, 0.8)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("t a r o at gmail dot com", "taro@gmail.com"),
        ("T as in Tango, A as in Alfa, R, O, at Gmail dot com.", "taro@gmail.com"),
        ("tango alpha romeo oscar at sign gmail", "taro@gmail.com"),
        ("my email is b for bravo double e one at docomo dot n e dot j p", "bee1@docomo.ne.jp"),
        ("k hyphen m underscore seven plus x-ray at x y z dot co dot jp", "k-m_7+x@xyz.co.jp"),
        ("double u double you at icloud", "ww@icloud.com"),
        ("see you be at icloud", "cub@icloud.com"),
    ],
)
def test_spelt_in_english(text: str, value: str) -> None:
    assert parse(text, "en") == Understood("ok", value, 0.8)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("ビー キュー アットマーク ドコモ", "bq@docomo.ne.jp", "letter_or_digit"),
        ("ビー きゅう アットマーク ドコモ", "b9@docomo.ne.jp", "letter_or_digit"),
        ("ビー オー アットマーク ドコモ", "bo@docomo.ne.jp", "letter_or_digit"),
        ("エー ビー アットマーク ドコモ", "ab@docomo.ne.jp", "letter_or_filler"),
        ("tanaka@gmail.com", "tanaka@gmail.com", "not_spelt"),
        ("ビー ディー アットマーク ヤフー", "bd@yahoo.co.jp", "domain_guessed"),
    ],
)
def test_what_is_read_back_first(text: str, value: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", value, 0.8, reason)


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("たなかアットマークジーメールドットコム", "ja", "not_understood"),
        ("ビー アットマーク ディー アットマーク ドコモ", "ja", "not_understood"),
        ("アットマーク ドコモ", "ja", "not_understood"),
        ("数字のビー アットマーク ドコモ", "ja", "not_understood"),
        ("ビー アットマーク ドコモ 数字の", "ja", "not_understood"),
        ("ビー ディー", "ja", "no_at_sign"),
        ("ビー アットマーク ディー", "ja", "no_domain"),
        ("ビー アットマーク ディー ドット いち", "ja", "no_domain"),
        ("ビー" * 65 + "アットマークドコモ", "ja", "not_understood"),
        ("b as in delta at gmail", "en", "not_understood"),
        ("double dot b at gmail", "en", "not_understood"),
        ("b double", "en", "no_email"),
        ("write to my home at gmail", "en", "not_understood"),
    ],
)
def test_what_has_no_value(text: str, language: str, reason: str) -> None:
    found = parse(text, language)
    assert (found.value, found.confidence, found.reason) == (None, 0.0, reason)
    assert found.status == ("none" if reason == "no_email" else "unclear")


@pytest.mark.parametrize(
    ("text", "language"),
    [("", "ja"), ("いいえ", "ja"), ("わかりません", "ja"), ("エー", "ja"), ("I don't know", "en")],
)
def test_what_is_no_email_address(text: str, language: str) -> None:
    assert parse(text, language) == Understood("none", None, 0.0, "no_email")


@given(local=LOCALS, domain=DOMAINS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_any_address_read_back_is_clear(language: str, local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    words = email_address.spoken(address, language=language)
    assert parse(words, language) == Understood("ok", address, 0.8)


def test_an_address_is_spelt_with_the_domain_as_words() -> None:
    spoken = email_address.spoken("ao-9@gmail.com", language="ja")
    assert spoken == (
        "アルファベットのエー、アルファベットのオー、ハイフン、数字のキュウ、アットマーク、"
        "ジーメール、ドット、コム"
    )
    spoken = email_address.spoken("b9@gmail.com", language="en")
    assert spoken == "b as in bravo, nine, at sign, gmail, dot, com"


@pytest.mark.parametrize("value", ["", "a", "a@b", "A@gmail.com", "a b@gmail.com", "@gmail.com"])
def test_only_addresses_are_read_back(value: str) -> None:
    with pytest.raises(ValueError, match="read back from"):
        email_address.spoken(value, language="ja")
