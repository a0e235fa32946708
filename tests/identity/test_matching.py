"""Who is found by birthdate and name, and who is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import BORN, HANAKO, NEARLY_HANAKO, STRANGER, UNSURE_HANAKO, customer, said

from ivr.identity.listened_names import FullName
from ivr.identity.matching import Factors, Match, claim_of, match_name, named, settled
from ivr.identity.name_evidence import NameEvidence
from ivr.identity.ports import Customer
from ivr.understanding.ja import names
from ivr.understanding.value import HeardName

_HANAKO = customer()
_TARO = customer(id="c2", given="太郎", given_kana="タロウ")
_TWIN = customer(id="c3", given="華子", given_kana="ハナコ")
_SAITO = customer(id="c4", surname="斎藤", surname_kana="サイトウ")
_SATO = customer(id="c5", surname="佐藤", surname_kana="サトウ")
_EVERYBODY = [_HANAKO, _TARO, _TWIN, _SAITO, _SATO]


@pytest.mark.parametrize(
    ("candidates", "heard", "kind", "found", "uncertain"),
    [
        ([_HANAKO], HANAKO, "one", "c1", False),
        ([_TARO, _HANAKO], HANAKO, "one", "c1", False),
        ([], HANAKO, "none", None, False),
        ([_HANAKO], None, "none", None, False),
        ([_HANAKO], STRANGER, "none", None, False),
        ([_TARO], HANAKO, "none", None, False),
        ([_HANAKO, _TWIN], HANAKO, "several", None, False),
        # The one who fits is found also where somebody else is near.
        ([_SAITO, _SATO], said("サトウ", "ハナコ"), "one", "c5", False),
        ([_SAITO], said("サトウ", "ハナコ"), "none", None, False),
        ([_SATO], said("カトウ", "ハナコ"), "none", None, False),
        # Near is never pass.
        ([_HANAKO], said("ヤマダ", "ハナゴ"), "none", None, True),
        # 東 fits ヒガシ, but it may also be how アズマ was written down.
        (
            [
                customer(id="c6", surname="東", surname_kana="ヒガシ"),
                customer(id="c7", surname="東", surname_kana="アズマ"),
            ],
            HeardName(text="東花子", surname_text="東", surnames=("ヒガシ",), givens=("ハナコ",)),
            "several",
            None,
            False,
        ),
        # Both readings of a spelling count.
        (
            [_HANAKO],
            HeardName(text="山田花子", surnames=("サンダ", "ヤマダ"), givens=("ハナコ",)),
            "one",
            "c1",
            False,
        ),
    ],
)
def test_exactly_one_who_fits_is_a_match(
    candidates: list[Customer],
    heard: HeardName | None,
    kind: str,
    found: str | None,
    uncertain: bool,
) -> None:
    match = match_name(candidates, heard)

    assert match.kind == kind
    assert (match.customer.id if match.customer else None) == found
    assert match.uncertain == uncertain


@given(st.lists(st.sampled_from(_EVERYBODY), unique=True), st.randoms())
def test_order_and_company_never_make_a_match(people: list[Customer], chance: object) -> None:
    there = [person for person in people if person in (_HANAKO, _TWIN)]

    match = match_name(people, HANAKO)

    assert match.kind == {0: "none", 1: "one", 2: "several"}[len(there)]
    if match.kind == "one":
        assert match.customer == there[0]


@given(
    st.text(st.sampled_from("アイカキサシタナニハマヤラワンー"), min_size=1, max_size=6),
    st.text(st.sampled_from("アイカキサシタナニハマヤラワンー"), min_size=1, max_size=6),
)
def test_nobody_is_found_in_an_empty_directory(surname: str, given_name: str) -> None:
    assert match_name([], said(surname, given_name)).kind == "none"


def test_the_same_words_make_the_same_claim_whoever_exists() -> None:
    assert claim_of(BORN, HANAKO) == claim_of(BORN, said("ヤマダ", "ハナコ"))
    assert claim_of(BORN, said("オオノ", "ユウ")) == claim_of(BORN, said("オーノ", "ユー"))
    assert claim_of(BORN, HeardName(text="ヤマダハナコ", wholes=("ヤマダハナコ",))) == claim_of(
        BORN, HANAKO
    )


def test_a_name_from_abroad_makes_the_same_claim_in_either_order() -> None:
    one, other = (
        names.parse(text, asked="full", confidence=1.0).value
        for text in ("ジョン・スミス", "スミス ジョン")
    )
    assert isinstance(one, HeardName)
    assert isinstance(other, HeardName)
    assert claim_of(BORN, one) == claim_of(BORN, other)


_PHONED = customer(mobile="+819012345678", landline="+81312345678", number="10203040")


@pytest.mark.parametrize(
    ("factors", "kind", "uncertain"),
    [
        (Factors(), "one", False),
        (Factors(phone="+819012345678"), "one", False),
        (Factors(phone="+81312345678"), "one", False),
        (Factors(phone="+819012345679"), "none", True),
        (Factors(phone="+819087654321"), "none", False),
        (Factors(customer_number="10203040"), "one", False),
        (Factors(customer_number="10203041"), "none", False),
        (Factors("+819012345678", "10203040"), "one", False),
        (Factors("+819012345678", "99999999"), "none", False),
        (Factors("+819087654321", "10203040"), "none", False),
    ],
)
def test_what_else_was_given_can_only_rule_out(
    factors: Factors, kind: str, uncertain: bool
) -> None:
    match = match_name([_PHONED, _TARO], HANAKO, factors)
    assert (match.kind, match.uncertain) == (kind, uncertain)
    assert match_name([_PHONED, _TARO], STRANGER, factors).kind == "none"
    assert match_name([], HANAKO, factors).kind == "none"
    assert match_name([_PHONED], None, factors).kind == "none"


def test_a_number_tells_two_people_of_one_name_apart() -> None:
    twin = customer(id="c9", number="50607080")
    people = [_PHONED, twin]
    assert match_name(people, HANAKO).kind == "several"
    assert match_name(people, HANAKO, Factors(customer_number="50607080")).customer == twin


def test_different_words_make_different_claims() -> None:
    claims = {
        claim_of(BORN, HANAKO),
        claim_of("1985-03-06", HANAKO),
        claim_of(None, HANAKO),
        claim_of(BORN, NEARLY_HANAKO),
        claim_of(BORN, HeardName(text="Hanako Yamada")),
        claim_of(BORN, None),
    }
    assert len(claims) == 6
    assert claim_of(BORN, HeardName(text="Hanako Yamada")) == claim_of(
        BORN, HeardName(text="hanako yamada")
    )


_NAME = FullName("ヤマダ", "ハナコ")
_CLEAR = NameEvidence("pass", frozenset({_NAME}), 4.0, 0.9)
_HALF = replace(_CLEAR, whole=False)
_CONFIRMED = replace(_CLEAR, confirmed=True)
_DOUBTFUL = NameEvidence("uncertain", frozenset({_NAME}), 0.1, 0.9)
_OTHER = NameEvidence("pass", frozenset({FullName("ヤマダ", "タロー")}), 4.0, 0.9)
_NONE = NameEvidence("none")


@pytest.mark.parametrize(
    ("heard", "evidence", "kind", "uncertain"),
    [
        (HANAKO, None, "one", False),
        (HANAKO, _CLEAR, "one", False),
        (HANAKO, _CONFIRMED, "one", False),
        # What was heard without the list is not enough by itself.
        (HANAKO, _DOUBTFUL, "none", True),
        (HANAKO, _HALF, "none", True),
        (HANAKO, _OTHER, "none", True),
        (HANAKO, _NONE, "none", True),
        # Clear sound makes up for words taken wrongly, unless the caller has said yes to them.
        (UNSURE_HANAKO, _CLEAR, "one", False),
        (STRANGER, _CLEAR, "one", False),
        (UNSURE_HANAKO, _CONFIRMED, "none", True),
        (STRANGER, _CONFIRMED, "none", True),
        (STRANGER, _DOUBTFUL, "none", True),
        (STRANGER, _NONE, "none", False),
        (None, _CLEAR, "none", False),
    ],
)
def test_where_the_sound_was_weighed_nobody_fits_without_it(
    heard: HeardName | None, evidence: NameEvidence | None, kind: str, uncertain: bool
) -> None:
    match = match_name([_HANAKO], heard, Factors(evidence=evidence))
    assert (match.kind, match.uncertain) == (kind, uncertain)


def test_words_and_sound_of_two_people_are_several() -> None:
    evidence = NameEvidence("pass", frozenset({FullName("サトー", "ハナコ")}), 4.0, 0.9)
    match = match_name([_SAITO, _SATO], said("サイトウ", "ハナコ"), Factors(evidence=evidence))
    assert match.kind == "several"


def test_a_customer_who_was_not_named_is_nobody() -> None:
    fits = named([_HANAKO], HANAKO)
    assert settled([_TARO], fits) == Match("none")
    assert settled([_TARO, _HANAKO], fits) == Match("one", _HANAKO)


def test_clear_sound_does_not_make_up_for_another_number() -> None:
    factors = Factors(customer_number="10203041", evidence=_CLEAR)
    assert match_name([_PHONED], HANAKO, factors).kind == "none"
