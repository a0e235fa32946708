"""Japanese birthdates: every usual form is understood, nothing doubtful becomes a date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import slots
from ivr.understanding.ja import numbers
from ivr.understanding.value import Hypothesis, Understood

TODAY = date(2026, 11, 22)

DAYS = st.dates(date(1906, 11, 22), TODAY)


def parse(text: str) -> Understood:
    return slots.parse("birthdate", [Hypothesis(text, 1.0)], language="ja", today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "昭和六十年三月五日",
        "昭和六〇年三月五日",
        "昭和60年3月5日です",
        "昭和６０年３月５日でございます",
        "昭和 六十 年 三 月 五 日",
        "昭和の六十年の三月の五日",
        "しょうわろくじゅうねんさんがついつか",
        "ショーワロクジューネンサンガツイツカ",
        "しょうわ ろくじゅう ねん さんがつ ごにち です",
        "S60.3.5",
        "Ｓ６０年３月５日",
        "s60/3/5",
        "昭60.3.5",
        "㍼60年3月5日",
        "昭和60 3 5",
        "昭和600305",
        "唱和六十年三月五日",
        "1985年3月5日",
        "西暦1985年3月5日",
        "一九八五年三月五日",
        "千九百八十五年三月五日",
        "一九八十五年三月五日",
        "せんきゅうひゃくはちじゅうごねんさんがついつか",
        "いちきゅうはちごねんさんがつごにち",
        "1985/03/05",
        "1985-3-5",
        "1985.3.5",
        "19850305",
        "1985 3 5",
        "1985年3月5日火曜日",
        "1985年3月5日(火)",
        "1985年3月5日(火・祝)",
        "1985年3月5日に",
        "はい、昭和60年3月5日です",
        "えーと、昭和60年の、あの、3月5日生まれです",
        "私は昭和六十年三月五日に生まれました",
        "生年月日は昭和60年3月5日になります",
        "昭和60年3月5日、3月5日です",
        "昭和60年3月5日昭和60年3月5日です",
        "昭和60年3月、いえ3月5日です",
        "昭和六十年二月、いえ三月五日",
        "昭和五十年、違います、昭和六十年三月五日",
        "昭和60年3月4日じゃなくて5日です",
        "昭和60年3月4日、すみません、5日です",
    ],
)
def test_every_usual_way_to_say_one_day(text: str) -> None:
    assert parse(text) == Understood("ok", "1985-03-05", 1.0, "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("平成元年の八月二十日", "1989-08-20"),
        ("令和元年五月一日", "2019-05-01"),
        ("昭和六十四年一月七日", "1989-01-07"),
        ("大正十五年十二月二十五日", "1926-12-25"),
        ("昭和元年十二月二十五日", "1926-12-25"),
        ("しょうわにじゅうねんしがつついたち", "1945-04-01"),
        ("しょうわにじゅうねんくがつはつか", "1945-09-20"),
        ("しょうわにじゅうねんじゅうがつじゅうよっか", "1945-10-14"),
        ("しょうわにじゅうねんしちがつなのか", "1945-07-07"),
        ("しょうわにじゅうねんじゅういちがつじゅうににち", "1945-11-12"),
        ("昭和二十年二月晦日", "1945-02-28"),
        ("二〇〇一年九月九日", "2001-09-09"),
        ("二〇十九年五月五日", "2019-05-05"),
        ("にせんねんいちがつついたち", "2000-01-01"),
        ("昭和十九年二月二十九日", "1944-02-29"),
    ],
)
def test_more_days(text: str, value: str) -> None:
    assert parse(text) == Understood("ok", value, 1.0, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("六十年三月五日", "era_missing"),
        ("85年3月5日", "era_missing"),
        ("元年三月五日", "era_missing"),
        ("60/3/5", "era_missing"),
        ("三月五日", "year_missing"),
        ("昭和六十年", "month_missing"),
        ("昭和六十年三月", "day_missing"),
        ("昭和御十年三月五日", "era_missing"),
        ("昭和六十年三月後日", "not_understood"),
        ("昭和六十年三が月五日", "not_understood"),
        ("昭和六十年三月五", "not_understood"),
        ("昭和六十年三月五日ご", "not_understood"),
        ("仙九百八十五年三月五日", "year_not_understood"),
        ("九百八十五年三月五日", "year_not_understood"),
        ("平成十一月三日", "year_not_understood"),
        ("昭和六十年にさんがつ五日", "month_not_understood"),
        ("昭和六十年三月五日、いえ", "corrected"),
        ("昭和六十年三月五日ではありません", "corrected"),
        ("昭和六十年、いえ、三月五日", "corrected"),
        ("昭和六十年三月五日と四月六日", "said_twice"),
        ("昭和六十年四月四日五日", "said_twice"),
        ("昭和六十年三月、いえ四月四日五日", "said_twice"),
        ("3-5-1985", "day_month_order"),
        ("昭和2十年三月五日", "year_not_understood"),
        ("昭和六十年1三月五日", "month_not_understood"),
        ("昭和六十年に月五日", "month_not_understood"),
        ("昭和六十年三月ご日", "day_not_understood"),
        ("昭和六十年三月一十五日", "day_not_understood"),
        ("昭和六十年十月十月五日", "said_twice"),
        ("昭和六十年一日三月一日", "said_twice"),
        ("昭和六十年三月一日一日", "said_twice"),
        ("昭和六十年三月五日" + "です" * 100, "not_understood"),
        ("今日は昭和六十年三月五日です", "not_understood"),
    ],
)
def test_what_is_doubtful_has_no_value(text: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", None, 0.0, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("昭和64年5月1日", "1989-05-01", "era_mismatch"),
        ("令和元年4月30日", "2019-04-30", "era_mismatch"),
        ("平成31年5月1日", "2019-05-01", "era_mismatch"),
        ("昭和60年、いえ61年の3月5日", "1986-03-05", "era_assumed"),
        ("昭和六十三月五日", "1985-03-05", "year_sign_missing"),
        ("1985 3月5日", "1985-03-05", "year_sign_missing"),
        ("昭和六十、三、五です", "1985-03-05", "year_sign_missing"),
        ("昭和60の3の5", "1985-03-05", "year_sign_missing"),
        ("一九八五、三、五", "1985-03-05", "year_sign_missing"),
        ("しょうわにさんねんさんがついつか", "1948-03-05", "year_not_understood"),
        ("昭和60年3月5日生まれの山田太郎です", "1985-03-05", "extra_words"),
        ("21-4-1985", "1985-04-21", "day_month_order"),
        ("1985年3月5日月曜日", "1985-03-05", "weekday_mismatch"),
        ("S60.03.5", "1985-03-05", "uneven_figures"),
        ("S60.三.5", "1985-03-05", "uneven_figures"),
        ("私は1985年3月5日に戻ります", "1985-03-05", "extra_words"),
        ("株主(1985年3月5日現在)", "1985-03-05", "extra_words"),
        ("4-21-1985", "1985-04-21", "day_month_order"),
    ],
)
def test_what_has_to_be_confirmed(text: str, value: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", value, 0.5, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("昭和六十年二月三十日", "impossible_date"),
        ("昭和六十年二月二十九日", "impossible_date"),
        ("昭和60年13月5日", "impossible_date"),
        ("平成12年30月3日", "impossible_date"),
        ("六月三十一日", "impossible_date"),
        ("昭和60年0月5日", "impossible_date"),
        ("令和八年十一月二十三日", "future"),
        ("2030年1月1日", "future"),
        ("明治三十九年十一月二十一日", "too_old"),
    ],
)
def test_what_cannot_be(text: str, reason: str) -> None:
    understood = parse(text)
    assert (understood.status, understood.reason) == ("invalid", reason)


def test_the_first_and_the_last_possible_birthdate() -> None:
    assert parse("明治三十九年十一月二十二日") == Understood("ok", "1906-11-22", 1.0, "")
    assert parse("令和八年十一月二十二日") == Understood("ok", "2026-11-22", 1.0, "")


@pytest.mark.parametrize(
    "text", ["", "はい", "わかりません", "もう一度お願いします", "山田太郎です", "昭和です", "五十"]
)
def test_no_date_at_all(text: str) -> None:
    assert parse(text) == Understood("none", None, 0.0, "no_date")


@given(DAYS)
def test_a_date_read_back_is_understood_as_itself(day: date) -> None:
    assert parse(slots.spoken("birthdate", day.isoformat(), language="ja")).value == str(day)


@given(DAYS)
def test_western_dates_in_kanji_and_figures(day: date) -> None:
    spoken = f"{numbers.kanji(day.year)}年{numbers.kanji(day.month)}月{numbers.kanji(day.day)}日"
    one_by_one = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    for text in (
        spoken,
        " ".join(spoken),
        f"{one_by_one}年{day.month}月{day.day}日です",
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
    ):
        assert parse(text) == Understood("ok", str(day), 1.0, "")


@given(DAYS, st.integers(1, 20), st.sampled_from("御後仙使護語誤子思んかえぬ☆x"))
def test_a_misheard_sign_never_makes_another_date(day: date, at: int, sign: str) -> None:
    text = slots.spoken("birthdate", str(day), language="ja")
    broken = text[:at] + sign + text[at:]
    found = parse(broken)
    assert found.status != "ok" or found.value == str(day)


@given(DAYS, st.data())
def test_a_lost_sign_never_makes_another_date(day: date, data: st.DataObject) -> None:
    text = slots.spoken("birthdate", str(day), language="ja")
    signs = [at for at, sign in enumerate(text) if sign in "昭和平成令大正明治年月日元"]
    at = data.draw(st.sampled_from(signs))
    found = parse(text[:at] + text[at + 1 :])
    assert found.status != "ok" or found.value == str(day)


@given(
    st.text(
        alphabet="昭和平成令元年月日一二三十百千〇0159 、。のいえさんがつにちご/-.SH", max_size=30
    )
)
def test_any_text_gives_a_possible_birthdate_or_none(text: str) -> None:
    found = parse(text)
    assert found.status in {"ok", "unclear", "invalid", "none"}
    if found.status in {"ok", "unclear"} and found.value is not None:
        assert TODAY - timedelta(days=366 * 120) <= date.fromisoformat(str(found.value)) <= TODAY
    if found.status == "ok":
        assert found.reason == ""
    else:
        assert found.reason
