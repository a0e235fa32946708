"""Addresses: places by spelling and by sound, numbers, postal codes, comparison."""

from __future__ import annotations

import random

import pytest

from ivr.understanding import address
from ivr.understanding.compare import Decision
from ivr.understanding.ja import gazetteer, house_numbers
from ivr.understanding.value import Understood

JINNAN = "東京都渋谷区神南1-19-11"


@pytest.fixture(scope="module", autouse=True)
def gazetteer_loaded() -> None:
    address.warm()


def parse(text: str, after: str = "") -> Understood:
    return address.parse(text, confidence=0.8, after=after)


def decided(heard: str, registered: str) -> Decision:
    return address.compare_address(heard, registered).decision


@pytest.mark.parametrize(
    "text",
    [
        "東京都渋谷区神南一丁目十九番十一号です",
        "東京 都 渋谷 区 神南 一 丁目 十九 番 十一 号",
        "東京渋谷区神南１－１９－１１",
        "渋谷区神南1丁目19番地11",
        "えーと、住所は東京都の渋谷区の神南の一の十九の十一です",
        "とうきょうとしぶやくじんなんいっちょうめじゅうきゅうばんじゅういちごうです",
        "シブヤク ジンナン イチ ノ ジュウキュウ ノ ジュウイチ",
        "東京都渋谷区甚難一丁目十九番十一号",
        "〒150-0041 東京都渋谷区神南1-19-11",
        "東京都渋谷区神南1-19-11 パークハイツ405号室",
        "東京都渋谷区神南一丁目十九番十一号でございます、電話番号は090-1234-5678です",
        "1-19-11 Jinnan, Shibuya-ku, Tokyo",
        "my address is Tokyo Shibuya Jinnan one nineteen eleven",
    ],
)
def test_ways_to_say_one_address(text: str) -> None:
    assert parse(text) == Understood("ok", JINNAN, 0.8)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("千代田区霞ヶ関一丁目二番三号", "東京都千代田区霞が関1-2-3"),
        ("札幌市中央区北1条西2丁目3", "北海道札幌市中央区北一条西2-3"),
        ("府中市宮西町二の二十四", "東京都府中市宮西町2-24"),
        ("明日香村岡五十五番地", "奈良県高市郡明日香村岡55"),
        ("千葉県野田市野田百番地の二", "千葉県野田市野田100-2"),
        ("あおもりけんあおもりしながしまにちょうめさんばん", "青森県青森市長島2-3"),
        ("大阪市北区梅田三丁目、一番、三号", "大阪府大阪市北区梅田3-1-3"),
        ("3-1-3 Umeda, Kita-ku, Osaka-shi", "大阪府大阪市北区梅田3-1-3"),
        ("京都市中京区寺町通御池上る上本能寺前町488", "京都府京都市中京区上本能寺前町488"),
        ("京都市下京区四条通寺町東入二丁目御旅町35", "京都府京都市下京区御旅町35"),
        (
            "きょうとしなかぎょうくてらまちどおりおいけあがるかみほんのうじまえちょう488",
            "京都府京都市中京区上本能寺前町488",
        ),
    ],
)
def test_more_addresses(text: str, value: str) -> None:
    assert parse(text) == Understood("ok", value, 0.8)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("東京都渋谷区神南", "東京都渋谷区神南", "number_missing"),
        ("渋谷区です", "東京都渋谷区", "town_missing"),
        ("渋谷区神南一の一九", "東京都渋谷区神南1-19", "numbers_run_together"),
        ("しぶやくじんなんいちに", "東京都渋谷区神南12", "numbers_run_together"),
        ("Jinnan, Shibuya-ku", "東京都渋谷区神南", "number_missing"),
        ("Shibuya Jinnan one nine", "東京都渋谷区神南1-9", "numbers_run_together"),
    ],
)
def test_what_is_read_back_first(text: str, value: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", value, 0.8, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("渋谷区南の森一の二の三", "unknown_town"),
        ("京都市中京区寺町通御池上る南の森町488", "unknown_town"),
        ("渋谷区神南十九の後", "not_understood"),
        ("渋谷区神南一丁目御番三号", "not_understood"),
        ("伊達市です", "ambiguous_place"),
        ("Shibuya-ku Jinnan banana 1-2-3", "not_understood"),
    ],
)
def test_what_has_no_value(text: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", None, 0.0, reason)


@pytest.mark.parametrize(
    "text", ["", "わかりません", "山田太郎です", "東京です", "London", "1-2-3"]
)
def test_what_is_no_address(text: str) -> None:
    assert parse(text) == Understood("none", None, 0.0, "no_address")


@pytest.mark.parametrize(
    ("text", "numbers", "doubt"),
    [
        ("一丁目二番三号", (1, 2, 3), ""),
        ("はっちょうめくばんじゅっごう", (8, 9, 10), ""),
        ("じゅっちょうめにじゅういちばんさんごう", (10, 21, 3), ""),
        ("ごごう", (5,), ""),
        ("千二百三十四番地", (1234,), ""),
        ("1-2-3-405", (1, 2, 3), ""),
        ("1丁目2番3号405号室", (1, 2, 3), ""),
        ("三丁目です", (3,), ""),
        ("一番パークハイツ", (1,), ""),
        ("1の", (1,), ""),
        ("1の丘", (1,), "not_understood"),
        ("", (), ""),
        ("どこか", (), "not_understood"),
    ],
)
def test_house_numbers(text: str, numbers: tuple[int, ...], doubt: str) -> None:
    assert house_numbers.read(text) == house_numbers.HouseNumbers(numbers, doubt)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("1500041", Understood("unclear", "東京都渋谷区神南", 1.0, "number_missing")),
        ("1000000", Understood("unclear", "東京都千代田区", 1.0, "town_missing")),
        ("9999999", Understood("invalid", None, 1.0, "no_such_postal_code")),
        ("150004", Understood("invalid", None, 1.0, "wrong_length")),
        ("", Understood("none", None, 0.0, "no_digits")),
    ],
)
def test_keyed_postal_codes(keys: str, found: Understood) -> None:
    assert address.keyed(keys) == found


def test_addresses_read_back() -> None:
    assert address.spoken(JINNAN, language="ja") == "東京都渋谷区神南1の19の11"
    assert address.spoken(JINNAN, language="en") == "Tokyoto, Shibuyaku, Jinnan, 1, 19, 11"
    with pytest.raises(ValueError, match="read back") as caught:
        address.spoken("秘密", language="ja")
    assert "秘密" not in str(caught.value)


@pytest.mark.parametrize(
    ("heard", "decision"),
    [
        (JINNAN, "pass"),
        ("とうきょうとしぶやくじんなんいっちょうめじゅうきゅうばんじゅういちごう", "pass"),
        ("1-19-11 Jinnan, Shibuya-ku, Tokyo", "pass"),
        ("渋谷区神南1-19-11 ほかのビル", "pass"),
        ("東京都渋谷区神南1-19", "confirm"),
        ("東京都渋谷区神南", "confirm"),
        ("東京都渋谷区", "confirm"),
        ("東京都渋谷区神南1-19-12", "fail"),
        ("東京都渋谷区神南1-9-11", "fail"),
        ("東京都渋谷区神宮前1-19-11", "fail"),
        ("東京都新宿区神楽坂1-19-11", "fail"),
        ("大阪府大阪市北区梅田1-19-11", "fail"),
        ("わかりません", "fail"),
        ("", "fail"),
    ],
)
def test_comparing_addresses(heard: str, decision: Decision) -> None:
    assert decided(heard, f"{JINNAN} パークハイツ405") == decision
    assert decided(heard, "東京都渋谷区神南一丁目１９番１１号") == decision


def test_a_registered_address_that_nobody_knows_never_passes() -> None:
    assert decided(JINNAN, "渋谷区南の森1-19-11") == "fail"
    assert decided("渋谷区南の森1-19-11", "渋谷区南の森1-19-11") == "fail"


@pytest.mark.parametrize(
    ("numbers", "decision"), [("1-2", "confirm"), ("1", "fail"), ("1-3", "fail"), ("", "fail")]
)
def test_towns_that_sound_nearly_alike_need_the_same_numbers(
    numbers: str, decision: Decision
) -> None:
    # ミズサワナガマチ and ミズサワナカマチ, in one city
    heard = f"岩手県奥州市水沢長町{numbers}"
    assert decided(heard, "岩手県奥州市水沢中町1-2") == decision


def test_every_kind_of_place_survives_spelling_kana_and_letters() -> None:
    """A sample over the whole country: said as written, in kana, and read back in English."""
    some = random.Random(20261122)  # noqa: S311
    cities = sorted(
        {city.packed: city for c in gazetteer.load().spelt.values() for city in c}.items()
    )
    wrong = []
    for _, city in some.sample(cities, 150):
        town = some.choice([p for found in gazetteer.towns(city).spelt.values() for p in found])
        place = city.prefecture.name + city.place.name + town.name
        if not town.name:
            continue
        kana = city.prefecture.kana + city.place.kana + town.kana
        value = parse(f"{place}1-2-3").value
        for text in (f"{kana}イッチョウメニバンサンゴウ", f"{place}一丁目二番三号"):
            decision = decided(text, f"{place}1-2-3")
            if value != f"{place}1-2-3" or decision not in ("pass", "confirm"):
                wrong.append((text, decision))
        english = address.spoken(f"{place}1-2-3", language="en")
        if decided(english, f"{place}1-2-3") != "pass":
            wrong.append((english, "fail"))
    assert wrong == []


def test_folding_of_place_names() -> None:
    assert gazetteer.fold("大字霞ヶ関十二条") == gazetteer.fold("霞が関12条")
    assert gazetteer.fold("龍野町") == gazetteer.fold("竜野町")
    assert gazetteer.fold("神南") != gazetteer.fold("神宮前")


@pytest.mark.parametrize(
    ("place", "text", "value"),
    [
        ("東京都渋谷区神南", "1-19-11", JINNAN),
        ("東京都渋谷区神南", "えーと、一の十九の十一です", JINNAN),
        ("東京都渋谷区神南", "いっちょうめのじゅうきゅうばんじゅういちごう", JINNAN),
        ("東京都渋谷区", "神南一丁目十九番十一号", JINNAN),
        ("東京都渋谷区神南", "渋谷区神南1-19-11", JINNAN),
        ("北海道札幌市中央区北一条西", "二丁目の三", "北海道札幌市中央区北一条西2-3"),
    ],
)
def test_a_house_number_after_its_postal_code(place: str, text: str, value: str) -> None:
    assert parse(text, place) == Understood("ok", value, 0.8)


@pytest.mark.parametrize(
    ("place", "text", "reason"),
    [
        ("東京都渋谷区神南", "はい", "no_address"),
        ("東京都渋谷区神南", "わかりません", "no_address"),
        ("東京都渋谷区", "1-19-11", "unknown_town"),
        # 神南1 and 19 would be read as 119, or as 1-19: neither was said.
        ("東京都渋谷区神南1", "19-11", "no_address"),
        ("", "1-19-11", "no_address"),
        ("東京都渋谷区神南", "いちいち", "numbers_run_together"),
    ],
)
def test_what_is_no_rest_of_an_address(place: str, text: str, reason: str) -> None:
    found = parse(text, place)
    assert (found.status != "ok", found.reason) == (True, reason)


@pytest.mark.parametrize(
    "text",
    [
        "郵便番号150の0041、東京都渋谷区神南1-19-11",
        "一五〇の〇〇四一の東京都渋谷区神南一の十九の十一",
        "郵便番号は一五〇〇〇四一、渋谷区神南1-19-11です",
    ],
)
def test_a_spoken_postal_code_before_the_address_is_dropped(text: str) -> None:
    assert parse(text).value == JINNAN


def test_the_score_of_an_address() -> None:
    def score(heard: str) -> float:
        return address.compare_address(heard, JINNAN).score

    assert score(JINNAN) == 1.0
    assert 1.0 > score("渋谷区神南1-19") > score("渋谷区神南1") > score("渋谷区神南2") == 0.0
    assert score("港区芝公園1-19-11") == 0.0


def test_two_towns_of_one_name_in_a_ward_of_kyoto_are_not_told_apart() -> None:
    heard = "京都市上京区亀屋町5"
    assert parse(heard) == Understood("unclear", "京都府京都市上京区亀屋町5", 0.8, "same_name")
    assert decided(heard, heard) == "confirm"
