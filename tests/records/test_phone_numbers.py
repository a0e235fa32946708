import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.phone_numbers import may_be_mobile, to_e164


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("090-1234-5678", "+819012345678"),
        ("09012345678", "+819012345678"),
        (" 090 1234 5678 ", "+819012345678"),
        ("０９０－１２３４－５６７８", "+819012345678"),
        ("090ー1234ー5678", "+819012345678"),
        ("+81 90-1234-5678", "+819012345678"),
        ("+81 (0)90 1234 5678", "+819012345678"),
        ("010-81-90-1234-5678", "+819012345678"),
        ("03-1234-5678", "+81312345678"),
        ("(0123) 45-6789", "+81123456789"),
        ("050-1234-5678", "+815012345678"),
        ("+1 212 555 0123", "+12125550123"),
        ("010 44 20 7946 0958", "+442079460958"),
        ("+819000000003", "+819000000003"),
        ("+81300000002", "+81300000002"),
    ],
)
def test_spellings(written: str, expected: str) -> None:
    assert to_e164(written) == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "is no phone number"),
        ("9012345678", "is no phone number"),  # a spreadsheet ate the 0
        ("1234", "is no phone number"),
        ("090-1234-567", "too few or too many"),
        ("090-1234-56789", "too few or too many"),
        ("03-1234-567", "too few or too many"),
        ("+8190123456", "too few or too many"),
        ("020-1234-5678", "too few or too many"),  # machines, not people
        ("0120-123-456", "free or shared"),
        ("0570-123-456", "free or shared"),
        ("0800-123-4567", "free or shared"),
        ("090-1234-567a", "is no phone number"),
        ("+0 123 456 789", "is no phone number"),
        ("+1234567890123456", "is no phone number"),
        ("なし", "is no phone number"),
    ],
)
def test_what_is_no_phone_is_refused_and_not_quoted(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        to_e164(written)
    assert not written or written not in str(caught.value)


@given(st.text(max_size=30) | st.from_regex(r"[0-9+()\- ]{0,20}", fullmatch=True))
def test_the_result_is_its_own_spelling(written: str) -> None:
    try:
        number = to_e164(written)
    except ValueError:
        return
    assert to_e164(number) == number
    assert number.isascii() and number[0] == "+" and 8 <= len(number) <= 16


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+819012345678", True),
        ("+816012345678", True),
        ("+815012345678", False),
        ("+81312345678", False),
        ("+12125550123", True),
    ],
)
def test_mobiles(number: str, expected: bool) -> None:
    assert may_be_mobile(number) is expected
