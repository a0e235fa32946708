"""A date with one sign lost, doubled or changed: never another date, unless it says that one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spoken_dates import english, japanese, says

from ivr.understanding import slots
from ivr.understanding.value import Hypothesis, Understood

TODAY = date(2026, 11, 22)
DAYS = st.dates(date(1906, 11, 22), TODAY)
FORMS = {"ja": japanese, "en": english}
SIGNS = {
    "ja": "一二三五十百千年月日昭和平成のいち"
    "にさんよごろくしなはきゅうじがつねかっー、 0159/.-御後",
    "en": "aeioutnsfyh 0159,/-",
}


def parse(text: str, language: str) -> Understood:
    return slots.parse("birthdate", [Hypothesis(text, 1.0)], language=language, today=TODAY)


@pytest.mark.parametrize("language", FORMS)
@given(day=DAYS)
@settings(max_examples=60, deadline=None)
def test_every_form_of_every_day_is_understood(language: str, day: date) -> None:
    for text in FORMS[language](day).values():
        assert parse(text, language) == Understood("ok", str(day), 1.0, ""), text


@pytest.mark.parametrize("language", FORMS)
@given(day=DAYS, data=st.data())
@settings(max_examples=150, deadline=None)
def test_one_wrong_sign_is_never_another_date(
    language: str, day: date, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(list(FORMS[language](day).values())))
    at = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from(SIGNS[language]))
    for broken in (
        text[:at] + text[at + 1 :],
        text[: at + 1] + text[at:],
        text[:at] + sign + text[at + 1 :],
        text[:at] + sign + text[at:],
    ):
        found = parse(broken, language)
        if found.status == "ok" and found.value != str(day):
            assert says(broken, date.fromisoformat(str(found.value)), language), broken


@given(day=DAYS, data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_lost_word_is_never_another_date(day: date, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(list(english(day).values()))).split()
    assume(len(words) > 1)
    at = data.draw(st.integers(0, len(words) - 1))
    broken = " ".join(words[:at] + words[at + 1 :])
    found = parse(broken, "en")
    if found.status == "ok" and found.value != str(day):
        assert says(broken, date.fromisoformat(str(found.value)), "en"), broken
