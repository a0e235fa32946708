"""What docs/asvs.md says of cryptography: ciphers, hashes, generators, how secrets are compared."""

from __future__ import annotations

import ast
import base64
import hmac
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from citations import ROOT
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fakes.answers import FakeAnswers
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from ivr.clock import ManualClock
from ivr.errors import SignatureInvalid
from ivr.identity.assurance import Assurance
from ivr.identity.codes import hash_of_no_code, same_hash
from ivr.identity.result import (
    ResultSigner,
    new_reference,
    new_signing_key,
    unchecked_claims,
    verify,
)
from ivr.records import audit_check
from ivr.records.audit_mac import row_mac
from ivr.records.cipher import FieldCipher, Place
from ivr.records.key_wrapping import SettingsKeyWrapper
from ivr.telephony.media.tokens import StreamTokens
from ivr.telephony.security import bearer_of

CLOCK = ManualClock(datetime(2026, 11, 22, 1, tzinfo=UTC))
KEY, PLACE = bytes(range(32)), Place("customers", "mobile", "c1")
CIPHER = FieldCipher({7: KEY}, writes_with=7)
SIGNER = ResultSigner(
    new_signing_key(), "https://voice.example.jp", "agents", CLOCK, timedelta(minutes=30)
)
TOKENS = StreamTokens(KEY, FakeAnswers(), CLOCK)


def from_base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def result_id() -> str:
    token = SIGNER.issue(
        reference="R1",
        assurance=Assurance("none", (), (), ()),
        language="ja",
        verified_at=None,
        flow="verify",
        flow_digest="sha256:abc",
        destination="agents",
    )
    return str(unchecked_claims(token)["jti"])


def sealed_field() -> bytes:
    return from_base64(CIPHER.encrypt("+819012345678", PLACE).rpartition(".")[2])


#: What is random -> its bits, and how they are made.
RANDOM: dict[str, tuple[int, Callable[[], bytes]]] = {
    "references of results": (128, lambda: from_base64(new_reference())),
    "names of results": (128, lambda: from_base64(result_id())),
    "tokens of streams": (96, lambda: from_base64(TOKENS.issue("CA1").split(".")[1])),
    "nonces of fields": (96, lambda: sealed_field()[:12]),
    "hashes of no code": (256, lambda: bytes.fromhex(hash_of_no_code())),
}


@pytest.mark.parametrize("what", RANDOM)
def test_every_bit_that_should_be_random_is(what: str) -> None:
    bits, make = RANDOM[what]
    made = [int.from_bytes(raw) for raw in (make() for _ in range(400)) if len(raw) * 8 == bits]
    assert len(set(made)) == 400
    for bit in range(bits):
        # Ten standard deviations: once in 10²³.
        assert 100 < sum(number >> bit & 1 for number in made) < 300


@pytest.mark.parametrize("what", RANDOM)
def test_no_generator_that_can_be_seeded_makes_them(what: str) -> None:
    _, make = RANDOM[what]
    before, made = random.getstate(), set()
    for _ in range(2):
        random.seed(7)
        made.add(make())
    random.setstate(before)
    assert len(made) == 2


def test_a_field_is_aes_256_gcm_that_others_open_with_the_key() -> None:
    """Table, column, row and number of the key are its associated data, each with its length."""
    raw = sealed_field()
    parts = (b"v2", b"7", *(part.encode() for part in PLACE))
    place = b"".join(len(part).to_bytes(4) + part for part in parts)
    assert AESGCM(KEY).decrypt(raw[:12], raw[12:], place) == b"+819012345678"


def test_keys_of_fields_have_256_bits_and_no_other_length() -> None:
    for length in (16, 24, 31, 33):
        with pytest.raises(Exception, match="not 32"):
            FieldCipher({1: bytes(length)}, writes_with=1)
        with pytest.raises(Exception, match="not 32"):
            SettingsKeyWrapper(bytes(length))


def test_a_row_of_the_audit_is_hashed_with_the_row_before_it() -> None:
    """Else a row of another history, such as a backup that went on, could be put in its place."""
    made = {row_mac(KEY, [3, "call.began"], before) for before in ("", "aa", "ab")}
    assert len(made) == 3


# --- keys of tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize("brings", ["jwk", "jku", "x5u"])
def test_a_key_that_a_token_brings_along_or_points_to_is_not_used(brings: str) -> None:
    """Signed by somebody else, with the name of our key and their own key in the header."""
    theirs = OKPKey.import_key(json.loads(new_signing_key()))
    ours = SIGNER.jwks()
    header = {
        "alg": "EdDSA",
        "typ": "honnin-result+jwt",
        "kid": ours["keys"][0]["kid"],
        brings: theirs.as_dict(private=False) if brings == "jwk" else "https://evil.example/keys",
    }
    now = int(CLOCK.now().timestamp())
    claims = {"iss": "https://voice.example.jp", "aud": "agents", "iat": now, "exp": now + 60}
    signed = ".".join(to_base64(json.dumps(part).encode()) for part in (header, claims))
    private = Ed25519PrivateKey.from_private_bytes(
        from_base64(str(theirs.as_dict(private=True)["d"]))
    )
    token = f"{signed}.{to_base64(private.sign(signed.encode()))}"
    with pytest.raises(SignatureInvalid, match="does not fit"):
        verify(token, ours, audience="agents", issuer=None, now=CLOCK.now())
    # By their own key set it passes: nothing but the key is wrong with it.
    header["kid"] = theirs.kid
    signed = ".".join(to_base64(json.dumps(part).encode()) for part in (header, claims))
    token = f"{signed}.{to_base64(private.sign(signed.encode()))}"
    known = {"keys": [dict(theirs.as_dict(private=False))]}
    assert verify(token, known, audience="agents", issuer=None, now=CLOCK.now()) == claims


# --- hashes --------------------------------------------------------------------------------------

_WEAK = re.compile(r"(?:hmac[-_]?)?(?:md[245]|sha[-_]?1|ripemd(?:160)?)", re.IGNORECASE)
#: Twilio signs so; the rehearsal, which plays Twilio, too.
_TWILIOS = {"ivr/telephony/signatures.py", "ivr/rehearsal/webhooks.py"}


def _weak(text: str) -> bool:
    """Whether a weak hash is named in code; not in prose."""
    for node in ast.walk(ast.parse(text)):
        named: list[object] = []
        match node:
            case ast.Name():
                named = [node.id]
            case ast.Attribute():
                named = [node.attr]
            case ast.alias():
                named = [node.name]
            case ast.Constant():
                named = [node.value]
        if any(isinstance(name, str) and _WEAK.fullmatch(name) for name in named):
            return True
    return False


@pytest.mark.parametrize(
    "text",
    [
        "hashlib.sha1(x)",
        "from hashlib import md5",
        "hmac.digest(k, m, 'sha1')",
        "from twilio.request_validator import HMAC_SHA1",
        "hashlib.new('MD5')",
    ],
)
def test_a_weak_hash_is_found(text: str) -> None:
    assert _weak(text)


def test_no_weak_hash_but_where_twilio_has_one() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ivr").rglob("*.py")
        if _weak(path.read_text(encoding="utf-8"))
    }
    assert found == _TWILIOS


# --- comparing -----------------------------------------------------------------------------------


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[set[bytes]]:
    """Every pair that was compared in constant time."""
    pairs: list[set[bytes]] = []
    compare = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        pairs.append({bytes(one), bytes(other)})
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    return pairs


@pytest.mark.parametrize("offered", ["one", "two", "three", "neither"])
def test_bearer_keys_are_each_compared_in_constant_time(
    compared: list[set[bytes]], offered: str
) -> None:
    keys = {name: SecretStr(name) for name in ("one", "two", "three")}
    found = bearer_of({"Authorization": f"Bearer {offered}"}, keys)
    assert found == (offered if offered in keys else None)
    # With every one, also after one that fits.
    assert compared == [{offered.encode(), key.encode()} for key in keys]


@pytest.mark.parametrize("same", [True, False])
def test_hashes_of_codes_are_compared_in_constant_time(
    compared: list[set[bytes]], same: bool
) -> None:
    assert same_hash("aa", "aa" if same else "ab") == same
    assert compared == [{b"aa", b"aa" if same else b"ab"}]


def test_tokens_of_streams_are_compared_in_constant_time(compared: list[set[bytes]]) -> None:
    token = TOKENS.issue("CA1")
    seal = token.split(".")[2].encode()
    assert TOKENS.redeem(token, "CA1")
    assert not TOKENS.redeem(token, "CA2")
    assert [seal in pair for pair in compared] == [True, True]


def test_hashes_of_the_audit_are_compared_in_constant_time(compared: list[set[bytes]]) -> None:
    assert not audit_check._same("aa", "ab")
    assert compared == [{b"aa", b"ab"}]
