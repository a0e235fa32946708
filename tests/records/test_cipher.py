import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import RecordsError, SettingsError
from ivr.records.cipher import BlindIndex, FieldCipher

CIPHER = FieldCipher(bytes(32))
INDEX = BlindIndex(bytes(32))


@given(plain=st.text(), context=st.text())
def test_what_goes_in_comes_out(plain: str, context: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(plain, context), context) == plain


def test_a_token_names_its_version_and_never_repeats() -> None:
    tokens = {CIPHER.encrypt("ヤマダ", "customers.surname_kana") for _ in range(50)}
    assert len(tokens) == 50
    assert all(token.startswith("v1.") for token in tokens)


@pytest.mark.parametrize("place", range(3, 60, 7))
def test_a_changed_token_does_not_open(place: int) -> None:
    token = CIPHER.encrypt("+819012345678", "customers.mobile")
    raw = bytearray(base64.urlsafe_b64decode(token[3:]))
    raw[place % len(raw)] ^= 1
    with pytest.raises(RecordsError):
        CIPHER.decrypt("v1." + base64.urlsafe_b64encode(raw).decode(), "customers.mobile")


def test_a_token_opens_only_in_its_own_column() -> None:
    token = CIPHER.encrypt("+819012345678", "customers.mobile")
    with pytest.raises(RecordsError, match=r"customers\.landline cannot be decrypted"):
        CIPHER.decrypt(token, "customers.landline")


def test_another_key_is_named_as_the_likely_cause() -> None:
    token = CIPHER.encrypt("山田", "customers.surname")
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY") as caught:
        FieldCipher(b"k" * 32).decrypt(token, "customers.surname")
    assert "山田" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "山田", "v2.AAAA", "v1.", "v1.!", "v1.AAAA", "v1.AAA"])
def test_what_is_no_token_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(RecordsError) as caught:
        CIPHER.decrypt(token, "calls.state")
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


@pytest.mark.parametrize("made", [FieldCipher, BlindIndex])
@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_keys_of_other_lengths_are_refused(
    made: type[FieldCipher | BlindIndex], length: int
) -> None:
    with pytest.raises(SettingsError, match=f"{length} bytes, not 32"):
        made(bytes(length))
