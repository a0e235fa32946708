"""Which names are listened for: registered ones among look-alikes and decoys, never telling."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.identity import listened_names
from ivr.identity.listened_names import (
    FullName,
    ListenedNames,
    NamePool,
    NameSelection,
    derive_decoy_key,
)

SURNAMES = [
    "サトー",
    "スズキ",
    "サイトー",
    "カトー",
    "イトー",
    "ゴトー",
    "オノ",
    "オーノ",
    "ムトー",
] + [
    "".join(each)
    for each in product(
        ("ナカ", "ヤマ", "カワ", "イシ", "タカ"), ("タ", "ダ", "ムラ", "モト", "シタ", "ノ")
    )
]
GIVENS = [
    "".join(each)
    for each in product(
        ("ユー", "ケン", "マサ", "ヨシ", "アキ"),
        ("コ", "タ", "ジ", "キ", "ト", "ミ", "オ", "エ", "ヤ", "ヒコ", "ノリ", "ヒロ"),
    )
]
POOL = NamePool(SURNAMES, GIVENS)
KEY = b"k" * 32
#: 48 seeds with eight look-alikes each, and the common surnames.
SIZE = 48 * 9 + 64


@pytest.fixture(scope="module")
def select() -> Callable[..., ListenedNames]:
    return NameSelection(POOL, KEY).select


Select = Callable[..., ListenedNames]


def test_registered_names_are_listened_for_as_they_sound(select: Select) -> None:
    found = select("1985-03-05", [("サトウ", "ユウコ"), ("オノ", "ケンジ")])
    assert found.registered == {FullName("サトー", "ユーコ"), FullName("オノ", "ケンジ")}
    assert found.registered <= set(found.names)
    assert "サトー ユーコ" in found.phrases()
    assert "オノ" in found.phrases("surname")
    assert "ユーコ" in found.phrases("given")


def test_what_sounds_like_them_is_listened_for_too(select: Select) -> None:
    found = set(select("1985-03-05", [("オノ", "ユーコ")]).names)
    assert FullName("オーノ", "ユーコ") in found
    assert FullName("オノ", "ユージ") in found


def test_near_and_common_look_alikes_take_turns() -> None:
    alike = POOL.alike("サトー", "surname")
    assert len(alike) == 4
    assert {"サイトー", "カトー"} <= set(alike)
    assert "サトー" not in alike
    assert POOL.alike("サイトー", "surname")[0] == "サトー"
    assert POOL.alike("ヘンテコリン", "surname") == ()


@given(
    st.lists(st.tuples(st.sampled_from(SURNAMES), st.sampled_from(GIVENS)), max_size=48),
    st.dates().map(str) | st.none(),
)
def test_there_are_as_many_names_whoever_is_registered(
    registered: list[tuple[str, str]], birthdate: str | None
) -> None:
    found = NameSelection(POOL, KEY).select(birthdate, registered)
    assert len(found.names) == len(set(found.names)) == SIZE
    assert found.registered == {FullName(one, other) for one, other in registered}
    assert found.registered <= set(found.names)


def test_more_than_usual_are_all_listened_for(select: Select) -> None:
    crowd = list(product(SURNAMES[:10], GIVENS[:8]))
    found = select("1900-01-01", crowd)
    assert len(found.registered) == 80
    assert found.registered <= set(found.names)
    assert len(found.names) == 96 * 9 + 64


def test_trying_again_tells_nothing(select: Select) -> None:
    assert select("1985-03-05", []) == NameSelection(POOL, KEY).select("1985-03-05", [])
    one = select("1985-03-05", [])
    assert set(one.names) != set(select("1985-03-06", []).names)
    assert set(one.names) != set(NameSelection(POOL, b"o" * 32).select("1985-03-05", []).names)
    assert select(None, []).registered == frozenset()


def test_a_registered_name_replaces_a_decoy_and_changes_no_other(select: Select) -> None:
    """What differs between two lists is the name, one decoy, and what sounds like them."""
    without = set(select("1985-03-05", []).names)
    name = ("イシムラ", "ヨシト")
    with_one = set(select("1985-03-05", [name]).names)
    assert len(without - with_one) <= 2 * 9


def test_common_surnames_are_always_there(select: Select) -> None:
    for birthdate in ("1985-03-05", None):
        assert set(SURNAMES) <= {name.surname for name in select(birthdate, []).names}


def test_a_pool_that_is_too_small_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listened_names, "COMMON", 1)
    with pytest.raises(ValueError, match="too few names"):
        NameSelection(NamePool(["サトー"], ["ユーコ"]), KEY).select(None, [])


def test_a_part_is_listened_for_beside_whole_names(select: Select) -> None:
    found = select("1985-03-05", [("オノ", "ケンジ")])
    for asked, part in (("surname", "オノ"), ("given", "ケンジ")):
        phrases = found.phrases(asked)
        assert {"オノ ケンジ", part} <= set(phrases)
        assert len(phrases) == len(set(phrases))
    assert len(found.phrases("full")) == SIZE
    assert all(" " in phrase for phrase in found.phrases("full"))


def test_the_decoy_key_is_not_the_index_key() -> None:
    assert derive_decoy_key(KEY) == derive_decoy_key(KEY)
    assert len({derive_decoy_key(KEY), derive_decoy_key(b"o" * 32), KEY}) == 3
