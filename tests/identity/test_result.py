"""Results: what they say, and that nothing else passes for one."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from ivr.clock import ManualClock
from ivr.errors import SettingsError, SignatureInvalid
from ivr.identity.assurance import Assurance
from ivr.identity.result import (
    ResultSigner,
    SeenResults,
    new_reference,
    new_signing_key,
    verify,
)

_NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
_ISSUER, _AUDIENCE = "https://voice.example.jp", "agents"
_ASSURANCE = Assurance("verified", ("kba", "otp", "sms"), ("relay_risk",), ())
_KEY = new_signing_key()


def _signer(key: str = _KEY) -> ResultSigner:
    return ResultSigner(key, _ISSUER, _AUDIENCE, ManualClock(_NOW), timedelta(minutes=30))


_OTHER_KEYS = _signer(new_signing_key()).jwks()


def _token(signer: ResultSigner | None = None, **changes: Any) -> str:
    values: dict[str, Any] = {
        "reference": "R1",
        "assurance": _ASSURANCE,
        "language": "ja",
        "verified_at": _NOW - timedelta(seconds=40),
        "flow": "verify",
        "flow_digest": "sha256:abc",
        "destination": "agents",
    }
    return (signer or _signer()).issue(**values | changes)


def _verify(token: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"audience": _AUDIENCE, "issuer": _ISSUER, "now": _NOW}
    jwks = changes.pop("jwks", _signer().jwks())
    return verify(token, jwks, **values | changes)


def test_a_result_says_these_things_and_nothing_else() -> None:
    claims = _verify(_token())

    assert len(claims.pop("jti")) >= 20
    assert claims == {
        "iss": _ISSUER,
        "aud": "agents",
        "sub": "R1",
        "iat": int(_NOW.timestamp()),
        "exp": int(_NOW.timestamp()) + 1800,
        "acr": "verified",
        "amr": ["kba", "otp", "sms"],
        "verified_at": int(_NOW.timestamp()) - 40,
        "lang": "ja",
        "flags": ["relay_risk"],
        "flow": "verify",
        "flow_digest": "sha256:abc",
        "destination": "agents",
    }


def test_a_result_without_code_has_no_instant_of_verification() -> None:
    assert "verified_at" not in _verify(_token(verified_at=None))


def test_the_header_names_algorithm_kind_and_key() -> None:
    head = _token().partition(".")[0]

    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))

    assert header == {
        "alg": "EdDSA",
        "typ": "honnin-result+jwt",
        "kid": _signer().jwks()["keys"][0]["kid"],
    }


def test_the_published_keys_hold_nothing_private() -> None:
    (key,) = _signer().jwks()["keys"]

    assert "d" not in key
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    assert json.loads(_KEY)["d"] not in json.dumps(_signer().jwks())


def test_each_destination_may_have_an_audience_of_its_own() -> None:
    clock, audiences = ManualClock(_NOW), {"branch": "branch-desk"}
    signer = ResultSigner(
        _KEY, _ISSUER, _AUDIENCE, clock, timedelta(minutes=30), audiences=audiences
    )
    branch = _token(signer, destination="branch")

    assert _verify(branch, audience="branch-desk")["destination"] == "branch"
    assert _verify(_token(signer))["aud"] == "agents"
    with pytest.raises(SignatureInvalid, match="for somebody else"):
        _verify(branch)


def test_a_result_is_relied_on_once() -> None:
    seen, token = SeenResults(), _token()
    assert _verify(token, seen=seen)["sub"] == "R1"

    with pytest.raises(SignatureInvalid, match="relied on before"):
        _verify(token, seen=seen)
    assert _verify(_token(), seen=seen)["sub"] == "R1"  # another one about the same call


def test_what_has_expired_need_not_be_remembered() -> None:
    seen = SeenResults()
    for _ in range(3):
        _verify(_token(), seen=seen)
    late = ResultSigner(
        _KEY, _ISSUER, _AUDIENCE, ManualClock(_NOW + timedelta(minutes=31)), timedelta(minutes=30)
    )
    _verify(_token(late), seen=seen, now=_NOW + timedelta(minutes=31))
    assert len(seen) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4000)), max_size=30))
def test_no_result_is_relied_on_twice(shown: list[tuple[int, int]]) -> None:
    """Six results, shown in any order at any time: each is taken at most once."""
    tokens, seen, taken = [_token() for _ in range(6)], SeenResults(), []
    for number, seconds in sorted(shown, key=lambda each: each[1]):
        try:
            _verify(tokens[number], seen=seen, now=_NOW + timedelta(seconds=seconds))
        except SignatureInvalid:
            continue
        taken.append(number)
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(("age_s", "fits"), [(0, True), (359, True), (360, False), (1000, False)])
def test_a_reader_may_want_younger_results(age_s: int, fits: bool) -> None:
    """Five minutes, and one for clocks that differ."""
    now, most = _NOW + timedelta(seconds=age_s), timedelta(minutes=5)
    if fits:
        assert _verify(_token(), now=now, max_age=most)["sub"] == "R1"
    else:
        with pytest.raises(SignatureInvalid, match="too old"):
            _verify(_token(), now=now, max_age=most)


def test_any_issuer_will_do_where_none_is_named() -> None:
    assert _verify(_token(), issuer=None)["iss"] == _ISSUER


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audience": "others"}, "for somebody else"),
        ({"issuer": "https://evil.example"}, "from somebody else"),
        ({"now": _NOW + timedelta(minutes=31)}, "expired"),
        ({"now": _NOW - timedelta(minutes=2)}, "future"),
        ({"jwks": _OTHER_KEYS}, "unknown key"),
        ({"jwks": {"keys": []}}, "not a JWKS"),
        ({"jwks": {}}, "not a JWKS"),
        ({"jwks": {"keys": [{"kty": "?"}]}}, "not a JWKS"),
    ],
)
def test_a_result_does_not_pass_elsewhere_or_later(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SignatureInvalid, match=message):
        _verify(_token(), **changes)


@pytest.mark.parametrize("seconds", [-59, 0, 1800, 1859])
def test_clocks_may_differ_by_a_minute(seconds: int) -> None:
    assert _verify(_token(), now=_NOW + timedelta(seconds=seconds))["sub"] == "R1"


def _with_key_id(key: OKPKey | ECKey) -> dict[str, Any]:
    return {"keys": [dict(key.as_dict(private=False)) | {"kid": "k"}]}


def test_another_algorithm_does_not_pass() -> None:
    key = ECKey.generate_key("P-256", private=True)
    header = {"alg": "ES256", "typ": "honnin-result+jwt", "kid": "k"}
    token = jws.serialize_compact(header, b"{}", key)

    with pytest.raises(SignatureInvalid, match="unknown key"):
        _verify(token, jwks=_with_key_id(key))


def test_a_token_that_says_it_needs_no_signature_does_not_pass() -> None:
    _, body, _ = _token().split(".")
    header = {"alg": "none", "typ": "honnin-result+jwt", "kid": json.loads(_KEY)["kid"]}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    for forged in (f"{head}.{body}.", f"{head}.{body}.AA"):
        with pytest.raises(SignatureInvalid):
            _verify(forged)


def test_the_public_key_as_a_shared_secret_does_not_pass() -> None:
    _, body, _ = _token().split(".")
    header = {"alg": "HS256", "typ": "honnin-result+jwt", "kid": json.loads(_KEY)["kid"]}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    with pytest.raises(SignatureInvalid, match="another algorithm"):
        _verify(f"{head}.{body}.{'A' * 43}")


def test_another_kind_of_token_by_the_same_key_does_not_pass() -> None:
    body = base64.urlsafe_b64encode(b"{}").rstrip(b"=").decode()
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": json.loads(_KEY)["kid"]}
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    with pytest.raises(SignatureInvalid, match="not a result"):
        _verify(f"{head}.{body}.AAAA")


@given(st.data())
def test_no_changed_character_passes(data: st.DataObject) -> None:
    token = _token()
    # The last character of the signature carries four unused bits.
    place = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda found: found != token[place]))
    with pytest.raises(SignatureInvalid):
        _verify(token[:place] + letter + token[place + 1 :])


@given(st.text() | st.from_regex(r"[\w-]{1,40}\.[\w-]{0,40}\.[\w-]{0,40}", fullmatch=True))
def test_rubbish_does_not_pass(token: str) -> None:
    with pytest.raises(SignatureInvalid):
        _verify(token)


_WRONG_KEYS = {
    "empty": "",
    "no members": "{}",
    "a list": "[]",
    "not JSON": "not json",
    "too short": json.dumps({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
    "another curve": json.dumps(OKPKey.generate_key("X25519", private=True).as_dict(private=True)),
    "another type": json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True)),
    "public": json.dumps(OKPKey.import_key(json.loads(_KEY)).as_dict(private=False)),
}


@pytest.mark.parametrize("name", _WRONG_KEYS)
def test_a_wrong_signing_key_is_told_without_showing_it(name: str) -> None:
    with pytest.raises(SettingsError, match="signing key") as error:
        _signer(_WRONG_KEYS[name])

    for secret in re.findall(r"[\w-]{20,}", _WRONG_KEYS[name]):
        assert secret not in str(error.value)


def test_references_are_short_and_never_alike() -> None:
    made = {new_reference() for _ in range(1000)}

    assert len(made) == 1000
    assert all(len(name) <= 24 and name.isascii() for name in made)
