"""The wording of code messages, against DESIGN.md "Codes"."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from ivr.errors import FilesError
from ivr.identity.messages import LANGUAGES, Messages, load_messages, parse_messages
from ivr.identity.ports import Channel

#: Two parts of a text message in UCS-2: 67 characters each (3GPP TS 23.040, 9.2.3.24.1).
SMS_CHARACTERS = 134
_WORDS = {
    "ja": {"company": "つばめ銀行", "callback_number": "0120-000-000"},
    "en": {"company": "Tsubame Bank", "callback_number": "0120-000-000"},
}
_CHANNELS: tuple[Channel, ...] = ("sms", "voice", "email")
#: What each text must say, by language.
_DUTIES = {
    "ja": {"ボタンで押すためだけ", "係の者が", "お尋ねすることは", "10分"},
    "en": {"only for the keypad of your present call", "staff", "ask", "10 min"},
}


@pytest.fixture(scope="module")
def messages() -> Messages:
    return load_messages(_WORDS)


def _source(language: str) -> str:
    return (files("ivr.identity") / f"messages.{language}.yaml").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", _CHANNELS)
def test_every_text_says_what_it_must(messages: Messages, channel: Channel, language: str) -> None:
    text = messages.wording(channel, language, code="072916", minutes=10).text

    assert _WORDS[language]["company"] in text
    assert "0120-000-000" in text
    for duty in _DUTIES[language]:
        plain = text.replace("、", "").lower()
        assert duty.lower() in plain, duty
    assert not re.search(r"https?:|www\.|\.jp|\.com|[{}]", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_message_fits_two_parts_and_begins_with_the_code(
    messages: Messages, language: str
) -> None:
    text = messages.wording("sms", language, code="072916", minutes=10).text

    assert len(text.encode("utf-16-be")) // 2 <= SMS_CHARACTERS
    assert "072916" in text[:30]


def test_a_long_company_name_still_fits() -> None:
    words = {
        language: {"company": "株式会社あいうえおかきくけこ", "callback_number": "0120-000-000"}
        for language in LANGUAGES
    }
    for language in LANGUAGES:
        text = load_messages(words).wording("sms", language, code="072916", minutes=10).text
        assert len(text) <= SMS_CHARACTERS


def test_a_call_says_the_digits_one_by_one_and_twice(messages: Messages) -> None:
    japanese = messages.wording("voice", "ja", code="072916", minutes=10).text
    english = messages.wording("voice", "en", code="072916", minutes=10).text

    assert japanese.count("ゼロ。なな。に。きゅう。いち。ろく") == 2
    assert english.count("zero. seven. two. nine. one. six") == 2
    assert "072916" not in japanese + english


def test_only_mail_has_a_subject_and_it_does_not_hold_the_code(messages: Messages) -> None:
    for language in LANGUAGES:
        made = [
            messages.wording(channel, language, code="072916", minutes=10) for channel in _CHANNELS
        ]
        assert [bool(wording.subject) for wording in made] == [False, False, True]
        assert "072916" not in made[2].subject
        assert "072916" in made[2].text


def test_a_company_called_like_a_placeholder_stays_as_it_is() -> None:
    words = {"ja": {"company": "{code}%s", "callback_number": "1"}, "en": _WORDS["en"]}

    text = load_messages(words).wording("sms", "ja", code="072916", minutes=10).text

    assert "{code}%s" in text


def test_a_language_without_texts_gets_japanese(messages: Messages) -> None:
    assert "つばめ銀行" in messages.wording("sms", "fr", code="072916", minutes=10).text


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("sms: |-", "sms: |-\n  {url}", "x.yaml:6:6: sms: unknown placeholder {url}"),
        ("{callback_number} へ。", "へ。", "x.yaml:6:6: sms: the text lacks {callback_number}"),
        ("番号は、{code}。", "番号は、{code!r}。", "voice: a placeholder is a plain word"),
        ("番号は、{code}。", "番号は、{code。", "voice: a brace is open or closed on its own"),
        ("へ。", "へ。https://example.jp", "sms: a code message never holds a link"),
        ("お電話での確認番号", "{code}", "email.subject: a subject may name the {company} only"),
        ("[ゼロ, ", "[", "x.yaml:4:9: digits: List should have at least 10"),
        ("language: ja", "language: fr", "x.yaml:3:11: language: Input should be 'ja' or 'en'"),
        ("pause:", "Pause:", "pause: Field required"),
        ("pause:", "sms: x\npause:", "duplicate key 'sms', first given in line 5"),
        ("pause:", "  pause:", "x.yaml:5:3: expected <block end>"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, problem: str) -> None:
    source = _source("ja")
    assert old in source

    with pytest.raises(FilesError) as error:
        parse_messages(source.replace(old, new, 1), "x.yaml")

    assert problem in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    source = _source("en").replace("language: en", "language: x").replace("pause:", "rest:")

    with pytest.raises(FilesError) as error:
        parse_messages(source, "x.yaml")

    assert len(error.value.problems) == 3


@pytest.mark.parametrize("source", ["", "[]", "x", "\x00"])
def test_a_file_of_another_kind_is_told(source: str) -> None:
    with pytest.raises(FilesError):
        parse_messages(source, "x.yaml")
