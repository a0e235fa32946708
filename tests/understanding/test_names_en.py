"""Names in roman letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.en import names
from ivr.understanding.names import Asked
from ivr.understanding.value import HeardName, Understood


def parse(text: str, asked: Asked = "full") -> Understood:
    return names.parse(text, asked=asked, confidence=1.0)


@pytest.mark.parametrize(
    ("text", "surname", "given"),
    [
        ("John Smith", "Smith", "John"),
        ("my name is john smith", "Smith", "John"),
        ("Yes, hello, this is John Smith speaking.", "Smith", "John"),
        ("I'm John Smith", "Smith", "John"),
        ("Smith, John", "Smith", "John"),
        ("John S M I T H", "Smith", "John"),
        ("J O H N Smith", "Smith", "John"),
        ("John Smith is my name", "Smith", "John"),
        ("Mr John Paul Smith-Jones please", "Smith-Jones", "John Paul"),
        ("Hanako Yamada", "Yamada", "Hanako"),
        ("John Smith, S-M-I-T-H", "Smith", "John"),
        ("John Smith that's S M I T H", "Smith", "John"),
        ("John Smyth spelled S M I T H", "Smith", "John"),
        ("John, S as in Sierra, M for mother, I, T like Tom, H", "Smith", "John"),
        ("John A double L E N", "Allen", "John"),
        ("John Sierra Mike India Tango Hotel", "Smith", "John"),
        ("Mike Oscar", "Oscar", "Mike"),
        ("Mike S M I T H", "Smith", "Mike"),
        ("John A Smith", "Smith", "John A"),
        ("Yesenia Nameth", "Nameth", "Yesenia"),
    ],
)
def test_full_names(text: str, surname: str, given: str) -> None:
    found = parse(text)
    assert found.status == "ok"
    assert isinstance(found.value, HeardName)
    assert (found.value.surname_text, found.value.given_text) == (surname, given)
    assert found.value.text == f"{given} {surname}"


@pytest.mark.parametrize(
    ("text", "surname"),
    [
        ("S-M-I-T-H", "Smith"),
        ("Lee, L double E", "Lee"),
        ("Lima Echo Echo", "Lee"),
        ("O double T O", "Otto"),
        ("Smith, S M I T H", "Smith"),
        ("L O double U E", "Lowe"),
    ],
)
def test_spelt_aloud(text: str, surname: str) -> None:
    found = parse(text, "surname")
    assert found == Understood("ok", HeardName(surname, surname_text=surname), 1.0)


def test_one_word() -> None:
    smith = HeardName("Smith", surname_text="Smith")
    assert parse("Smith") == Understood("unclear", smith, 1.0, "given_missing")
    assert parse("Smith", "surname") == Understood("ok", smith, 1.0)
    assert parse("my first name is John", "given").value == HeardName("John", given_text="John")


@pytest.mark.parametrize(
    "text",
    ["", "yes", "I don't know", "what did you say", "agent", "12 Main", "J Smith", "Smith J", "?"],
)
def test_what_is_no_name(text: str) -> None:
    assert parse(text) == Understood("none", None, 0.0, "no_name")


@given(st.text(max_size=20))
def test_any_text_is_understood_or_not(text: str) -> None:
    found = parse(text)
    assert (found.value is None) == (found.status == "none")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("John Smith, no, John Smyth", "John Smyth"),
        ("it's John Smith, sorry, Joan Smith", "Joan Smith"),
        ("John Smith I mean Joan Smith", "Joan Smith"),
        ("no, it's John Smith", "John Smith"),
        ("sorry, John Smith", "John Smith"),
        ("John Smith, wait, make that John Smyth", "John Smyth"),
    ],
)
def test_the_name_said_last_counts(text: str, name: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("ok", "")
    assert isinstance(found.value, HeardName)
    assert found.value.text == name


@pytest.mark.parametrize(
    "text",
    ["John Smith, no, Joan", "John Smith, actually, no", "John Smith, sorry, what was that"],
)
def test_a_correction_that_is_not_clear_is_no_value(text: str) -> None:
    found = parse(text)
    assert found.status != "ok"
    assert found.value is None or found.reason == "extra_words"
