"""Which key signs, and which are published: whoever honours the headers can check every result."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.identity import signing_keys
from ivr.identity.signing_keys import (
    CACHED_FOR,
    LONGEST_RESULT,
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    SigningKey,
    key_of_seed,
    key_of_settings,
)
from ivr.records.key_ring import FRESH_S
from ivr.records.signing_keys import SigningSeed
from ivr.settings import Settings

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
#: One real key for all of them: only the numbers matter here.
KEY = key_of_seed(SigningSeed(1, bytes(32), NOW)).key
LEAD_S = FRESH_S * 1.5 + PUBLISHED_BEFORE.total_seconds()


def chain(*begins_s: float) -> list[SigningKey]:
    """The key of the settings and stored ones that begin so many seconds after ``NOW``."""
    stored = [
        SigningKey(KEY, NOW + timedelta(seconds=begin), number)
        for number, begin in enumerate(begins_s, start=1)
    ]
    return [SigningKey(KEY), *stored]


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def numbers(keys: tuple[SigningKey, ...]) -> list[int]:
    return [key.number for key in keys]


def test_the_next_key_is_published_first_and_signs_when_it_begins() -> None:
    keys = chain(600)
    assert signing_keys.in_force(keys, at(599)).number == 0
    assert signing_keys.in_force(keys, at(600)).number == 1
    assert numbers(signing_keys.published(keys, at(0))) == [0, 1]


def test_the_key_before_is_published_until_its_last_result_has_expired() -> None:
    keys, after = chain(600), PUBLISHED_AFTER.total_seconds()
    assert numbers(signing_keys.published(keys, at(600 + after - 1))) == [0, 1]
    assert numbers(signing_keys.published(keys, at(600 + after))) == [1]


def test_one_key_is_always_published_and_signs() -> None:
    assert signing_keys.in_force(chain(), at(0)).number == 0
    assert numbers(signing_keys.published(chain(), at(10**9))) == [0]


def test_no_setting_makes_a_result_live_longer_than_its_key() -> None:
    (most,) = [m.le for m in Settings.model_fields["result_minutes"].metadata if hasattr(m, "le")]
    assert timedelta(minutes=most) <= LONGEST_RESULT


def test_a_seed_is_one_key_for_good() -> None:
    """RFC 8032 section 7.1, test 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    made = key_of_seed(SigningSeed(7, seed, NOW))
    assert made.key.as_dict(private=False)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert made.key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 appendix A.3
    assert (made.number, made.begins) == (7, NOW)
    assert key_of_settings(_as_json(made)).key.kid == made.key.kid


def _as_json(made: SigningKey) -> str:
    return json.dumps(made.key.as_dict(private=True))


#: Seconds near an edge as often as anywhere.
def _up_to(most: float) -> st.SearchStrategy[float]:
    return st.sampled_from([0.0, most]) | st.floats(0, most)


@given(data=st.data(), gaps=st.lists(_up_to(20_000), min_size=1, max_size=4))
def test_whoever_honours_the_headers_holds_the_key_of_every_valid_result(
    data: st.DataObject, gaps: list[float]
) -> None:
    """Keys are stored at some instants, each after the one before has begun. A process that last
    looked ``late`` seconds ago signs; somebody checks the result within its life, with a copy of
    the published keys that is ``age`` seconds old and came from a process that was ``behind``."""
    stored, instant = [], 0.0
    for gap in gaps:
        instant += gap
        stored.append(instant)
        instant += LEAD_S
    keys = chain(*(each + LEAD_S for each in stored))

    def known(seconds: float) -> list[SigningKey]:
        """What a process knows that looked at this instant."""
        return keys[: 1 + sum(each <= seconds for each in stored)]

    signed = data.draw(st.sampled_from(stored)) + data.draw(_up_to(2 * LEAD_S) | _up_to(20_000))
    late, behind = data.draw(_up_to(FRESH_S)), data.draw(_up_to(FRESH_S))
    checked = signed + data.draw(_up_to(LONGEST_RESULT.total_seconds()))
    fetched = checked - data.draw(_up_to(CACHED_FOR.total_seconds()))
    signer = signing_keys.in_force(known(signed - late), at(signed)).number
    copy = numbers(signing_keys.published(known(fetched - behind), at(fetched)))
    assert signer in copy


def test_who_keeps_the_keys_as_long_as_allowed_knows_the_next_in_time() -> None:
    """The least favourable moments, one after the other."""
    stored = 1000.0
    looked = stored - 0.001  # just too early to see it, so published without it until FRESH_S later
    kept_until = looked + FRESH_S + CACHED_FOR.total_seconds()
    assert kept_until + 30 < stored + LEAD_S  # clocks may differ by half a minute
