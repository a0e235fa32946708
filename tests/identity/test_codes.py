"""Making and comparing codes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ivr.identity.codes import (
    code_hash,
    derive_code_key,
    hash_of_no_code,
    new_code,
    same_hash,
)
from ivr.settings import Settings

_KEY = derive_code_key(bytes(32))
_DIGITS = st.from_regex(r"[0-9]{6}", fullmatch=True)


def test_codes_are_six_digits_and_use_all_of_them() -> None:
    made = [new_code() for _ in range(2000)]

    assert all(len(code) == 6 and code.isdecimal() and code.isascii() for code in made)
    for place in range(6):
        assert {code[place] for code in made} == set("0123456789")


def test_no_generator_that_can_be_seeded_makes_codes() -> None:
    before, made = random.getstate(), []
    for _ in range(2):
        random.seed(7)
        made.append([new_code() for _ in range(5)])
    random.setstate(before)
    assert made[0] != made[1]


@pytest.mark.parametrize("minutes", [0, 11])
def test_no_setting_lets_a_code_work_for_longer_than_ten_minutes(minutes: int) -> None:
    with pytest.raises(ValidationError):
        Settings(code_minutes=minutes)


def test_the_code_key_is_not_the_index_key() -> None:
    assert len(_KEY) == 32
    assert bytes(32) != _KEY != derive_code_key(bytes(31) + b"\x01")


@given(_DIGITS, _DIGITS)
def test_only_the_same_code_has_the_same_hash(one: str, other: str) -> None:
    hashes = [code_hash(_KEY, verification_id="v", code_id="c", code=code) for code in (one, other)]

    assert same_hash(*hashes) == (one == other)


@given(_DIGITS)
def test_a_hash_belongs_to_one_verification_one_row_and_one_key(code: str) -> None:
    made = {
        code_hash(_KEY, verification_id="v", code_id="c", code=code),
        code_hash(_KEY, verification_id="w", code_id="c", code=code),
        code_hash(_KEY, verification_id="v", code_id="d", code=code),
        code_hash(bytes(32), verification_id="v", code_id="c", code=code),
        hash_of_no_code(),
    }
    assert len(made) == 5
    assert all(len(one) == 64 and code not in one for one in made)
