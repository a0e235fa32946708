import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import RecordsError, SettingsError
from ivr.records.cipher import BlindIndex, FieldCipher, Place, UnknownKey

CIPHER = FieldCipher({7: bytes(32)}, writes_with=7)
INDEX = BlindIndex(bytes(32))
MOBILE = Place("customers", "mobile", "cust-1")
places = st.builds(Place, st.text(), st.text(), st.text())


def first_version(plain: str, key: bytes = bytes(32), context: str = "customers.mobile") -> str:
    """A token as version 0001 of the database wrote them."""
    sealed = AESGCM(key).encrypt(bytes(12), plain.encode(), context.encode())
    return "v1." + base64.urlsafe_b64encode(bytes(12) + sealed).decode()


@given(plain=st.text(), place=places)
def test_what_goes_in_comes_out(plain: str, place: Place) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(plain, place), place) == plain


@given(place=places, other=places)
def test_a_token_opens_in_its_own_place_and_in_no_other(place: Place, other: Place) -> None:
    token = CIPHER.encrypt("山田", place)
    if place == other:
        assert CIPHER.decrypt(token, other) == "山田"
        return
    with pytest.raises(RecordsError):
        CIPHER.decrypt(token, other)


@pytest.mark.parametrize(
    "change",
    [{"table": "calls"}, {"column": "landline"}, {"row": "cust-2"}, {"row": ""}],
    ids=str,
)
def test_each_part_of_the_place_counts(change: dict[str, str]) -> None:
    token = CIPHER.encrypt("+819012345678", MOBILE)
    elsewhere = MOBILE._replace(**change)
    with pytest.raises(RecordsError, match=r"cannot be decrypted") as caught:
        CIPHER.decrypt(token, elsewhere)
    assert f"{elsewhere.table}.{elsewhere.column}" in str(caught.value)
    assert "cust-" not in str(caught.value)


def test_a_place_is_not_the_letters_of_its_parts() -> None:
    token = CIPHER.encrypt("x", Place("ab", "c", "d"))
    with pytest.raises(RecordsError):
        CIPHER.decrypt(token, Place("a", "bc", "d"))


def test_a_token_names_its_key_and_never_repeats() -> None:
    tokens = {CIPHER.encrypt("ヤマダ", MOBILE) for _ in range(50)}
    assert len(tokens) == 50
    assert all(token.startswith("v2.7.") for token in tokens)


@pytest.mark.parametrize("place", range(3, 60, 7))
def test_a_changed_token_does_not_open(place: int) -> None:
    token = CIPHER.encrypt("+819012345678", MOBILE)
    raw = bytearray(base64.urlsafe_b64decode(token.removeprefix("v2.7.")))
    raw[place % len(raw)] ^= 1
    with pytest.raises(RecordsError):
        CIPHER.decrypt("v2.7." + base64.urlsafe_b64encode(raw).decode(), MOBILE)


def test_old_and_new_keys_open_side_by_side_and_the_new_one_writes() -> None:
    old = FieldCipher({1: b"a" * 32}, writes_with=1).encrypt("old", MOBILE)
    both = FieldCipher({1: b"a" * 32, 2: b"b" * 32}, writes_with=2)
    assert both.decrypt(old, MOBILE) == "old"
    assert both.encrypt("new", MOBILE).startswith("v2.2.")


def test_a_token_says_of_no_other_key_that_it_made_it() -> None:
    token = FieldCipher({1: bytes(32)}, writes_with=1).encrypt("x", MOBILE)
    # The same key under another number: the number is associated data.
    with pytest.raises(RecordsError):
        CIPHER.decrypt(token.replace("v2.1.", "v2.7."), MOBILE)


def test_a_key_that_is_not_there_is_told_by_its_number() -> None:
    token = FieldCipher({3: b"k" * 32}, writes_with=3).encrypt("山田", MOBILE)
    with pytest.raises(UnknownKey, match="data key 3") as caught:
        CIPHER.decrypt(token, MOBILE)
    assert "山田" not in str(caught.value)


def test_the_first_version_opens_while_its_key_is_held() -> None:
    token = first_version("+819012345678")
    cipher = FieldCipher({0: bytes(32), 1: b"n" * 32}, writes_with=1)
    assert cipher.decrypt(token, MOBILE) == "+819012345678"
    with pytest.raises(RecordsError):
        cipher.decrypt(token, MOBILE._replace(column="landline"))
    # Without it, nobody can put an old token, which is bound to no row, where they like.
    with pytest.raises(UnknownKey, match="data key 0"):
        CIPHER.decrypt(token, MOBILE)


def test_without_a_key_to_write_with_nothing_is_encrypted() -> None:
    with pytest.raises(RecordsError, match="no data key"):
        FieldCipher({}, writes_with=None).encrypt("山田", MOBILE)


@pytest.mark.parametrize(
    "token",
    [
        *("", "山田", "v3.7.AAAA", "v2.AAAA", "v2.0.AAAA", "v2.07.AAAA", "v2.-7.AAAA"),
        *("v2.7.", "v2.7.!", "v2.7.AAAA", "v2.7.AAA", "v2.７.AAAA", "v2.7.AAAA\n", "v1."),
    ],
)
def test_what_is_no_token_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(RecordsError) as caught:
        CIPHER.decrypt(token, MOBILE)
    assert not token or token not in str(caught.value)


@given(st.text(), st.text())
def test_an_index_is_steady_and_tells_values_apart(one: str, other: str) -> None:
    assert INDEX.of("phone", one) == INDEX.of("phone", one)
    assert (INDEX.of("phone", one) == INDEX.of("phone", other)) == (one == other)


def test_kinds_and_keys_are_domains_of_their_own() -> None:
    indexes = {
        INDEX.of("phone", "1950-05-03"),
        INDEX.of("birthdate", "1950-05-03"),
        BlindIndex(b"k" * 32).of("birthdate", "1950-05-03"),
    }
    assert len(indexes) == 3
    assert all(len(index) == 64 and "1950" not in index for index in indexes)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_keys_of_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(SettingsError, match=f"{length} bytes, not 32"):
        BlindIndex(bytes(length))
    with pytest.raises(SettingsError, match=f"{length} bytes, not 32"):
        FieldCipher({1: bytes(length)}, writes_with=1)
