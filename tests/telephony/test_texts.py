"""The words that are there when nothing else is."""

from __future__ import annotations

import itertools

import pytest

from ivr.flow.duration import seconds
from ivr.identity.assurance import LEVELS
from ivr.telephony.texts import load_texts

#: What the agent must hear of, whichever level the caller has.
FLAGS = (
    "relay_risk", "contact_changed", "locked", "directory_error", "send_error", "no_contact",
    "urgent", "several_customers", "name_uncertain", "call_limit", "proxy", "trouble",
    "shared_phone", "risk_high", "risk_elevated", "screened", "second_missing", "code_recent",
    "locked_until_released",
)  # fmt: skip


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_whisper_takes_at_most_six_seconds(language: str) -> None:
    texts = load_texts().whisper(language)
    spoken = [
        f"{texts.announcement(level, (code,))} {texts.accept}"
        for level, code in itertools.product(LEVELS, texts.notes)
    ]
    spoken.append(f"{texts.unknown} {texts.accept}")
    assert {
        text: seconds(text, language, 100) for text in spoken if seconds(text, language, 100) > 6
    } == {}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_level_and_flag_has_words(language: str) -> None:
    texts = load_texts().whisper(language)
    assert set(texts.levels) == set(LEVELS)
    assert set(FLAGS) <= set(texts.notes)


def test_both_languages_note_the_same_in_the_same_order() -> None:
    texts = load_texts()
    assert list(texts.whisper("ja").notes) == list(texts.whisper("en").notes)


def test_only_the_most_important_note_is_spoken() -> None:
    texts = load_texts().whisper("en")
    assert (
        texts.announcement("verified", ("call_limit", "relay_risk"))
        == "Identity verified. From an unregistered phone."
    )
    assert texts.announcement("verified", ("a_new_flag",)) == "Identity verified."
    assert texts.announcement("a_new_level", ()) == "Result unknown."


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nobody_names_the_number_to_call(language: str) -> None:
    texts = load_texts().emergency(language)
    assert texts.nobody.count("{callback_number}") == 1
    assert "{" not in texts.hold + texts.person
