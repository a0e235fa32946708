"""How text is said aloud, as a recogniser has to listen for it."""

from __future__ import annotations

import pytest

from ivr.understanding.ja import pronunciation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("係の人にお願いします", ["カカリノヒトニオネガイシマス"]),
        ("それは違います", ["ソレワチガイマス"]),
        ("番号を送って", ["バンゴウオオクッテ"]),
        ("担当者へ", ["タントウシャエ"]),
        ("もう一回送って", ["モウイッカイオクッテ"]),
        ("何も来てない", ["ナニモキテナイ"]),
        ("メールが来ない", ["メールガコナイ"]),
        ("2番", ["ニバン"]),
        ("SMS", ["エスエムエス"]),
        ("はい、そうです。", ["ハイソウデス"]),
        ("係の方", ["カカリノカタ", "カカリノホウ"]),
        ("私です", ["ワタシデス", "ワタクシデス"]),
        ("それでは", ["ソレデワ"]),
        ("はは", ["ハハ"]),
        ("本人ではありません", ["ホンニンデワアリマセン"]),
    ],
)
def test_text_is_said(text: str, said: list[str]) -> None:
    ways = pronunciation.ways(text)
    assert ["".join(sound for _, sound in way) for way in ways] == said


def test_pieces_are_the_text_and_keep_their_order() -> None:
    (way,) = pronunciation.ways("お電話番号は、係")
    assert "".join(written for written, _ in way) == "お電話番号は係"
    assert way[-2:] == (("は", "ワ"), ("係", "カカリ"))


def test_nothing_is_read_in_no_way() -> None:
    assert pronunciation.ways("") == pronunciation.ways("、。 !") == ()


def test_what_nobody_can_read_has_no_reading() -> None:
    (way,) = pronunciation.ways("αβ")
    assert all(sound == "" or sound.isalpha() for _, sound in way)


def test_many_ways_are_cut() -> None:
    assert len(pronunciation.ways("私の家の方の人の私の家の方")) == pronunciation.MOST_WAYS
