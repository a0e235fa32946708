"""The rendered voice, with its real packages: how it reads, and what telephones carry of it."""

from __future__ import annotations

import itertools
import math
import re
import struct
import sys
from pathlib import Path

import pytest
import yaml

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import Audio
from ivr.speaking.open_jtalk import OpenJTalk
from ivr.speaking.readings import NO_READINGS, Readings, read_readings
from ivr.speaking.speech_level import active_rms, levelled
from ivr.understanding.slots import spoken

pytest.importorskip(
    "pyopenjtalk", reason="the extra 'voice' is not installed: pip install 'honnin-ivr[voice]'"
)

#: It still uses sudachipy as it was.
pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")

FLOW = Path(__file__).parents[2] / "flows/verify"
WORDS = {
    "company": "つばめ銀行",
    "hours": "平日の午前九時から午後五時まで",
    "callback_number": "0120-000-000",
    "value": "山田花子",
}


@pytest.fixture(scope="module")
def voice() -> OpenJTalk:
    return OpenJTalk(read_readings(FLOW / "readings.ja.tsv"))


@pytest.fixture(scope="module")
def readings(voice: OpenJTalk) -> dict[str, str]:
    """Prompt -> what is said of it, marks left out; several texts one after the other."""
    prompts = yaml.safe_load((FLOW / "prompts.ja.yaml").read_text())["prompts"]
    read = {}
    for key, entry in prompts.items():
        text = "".join([entry] if isinstance(entry, str) else entry)
        for name, word in WORDS.items():
            text = text.replace(f"{{{name}}}", word)
        read[key] = re.sub(r"[^ァ-ヶー]", "", voice.reading(text))
    return read


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("greeting", "オイソギノカタワ"),
        ("greeting", "イマスグゼロヲオシテ"),
        ("english_offer", "フォーイングリッシュプレスナイン"),
        ("consent", "ダイリノカタヤ"),
        ("consent", "ゴキボーノカタワ"),
        ("consent_help", "オデンワノカタガ"),
        ("consent_help", "ゴホンニンサマ"),
        ("not_heard", "モーイチド"),
        ("why", "ホカノカタガ"),
        ("birthdate", "ショーワニジューネンゴガツミッカ"),
        ("birthdate", "セーネンガッピ"),
        ("birthdate_year", "ナンネンデショーカ"),
        ("birthdate_month", "ナンガツノ"),
        ("birthdate_day", "ナンニチノ"),
        ("birthdate_keys", "フタケタズツ"),
        ("birthdate_keys_help", "サンニーゼロゼロゴーゼロサント"),
        ("number", "オキャクサマバンゴーノスージヲ"),
        ("number_help", "オテモトニナケレバコメジルシデス"),
        ("number_menu", "オッシャルニワサンカカリノモノワゼロヲ"),
        ("name_again", "ミョージトシタノオナマエヲツズケテ"),
        ("code_offer", "ロッケタノバンゴー"),
        ("code_ready_help", "エスエムエスワ"),
        ("code_entry", "コメジルシデス"),
        ("code_entry_waiting", "コメジルシヲ"),
        ("code_resume", "ホカノカタワ"),
        ("code_sent_other", "ベツノホーホーデ"),
        ("not_arrived", "カカリノモノワゼロデス"),
        ("to_person_sorry", "オテスウヲ"),
        ("to_proxy", "ダイリノカタワ"),
        ("call_us_back", "ゴゼンクジカラゴゴゴジマデノアイダニ"),
    ],
)
def test_shipped_prompts_are_read_as_people_read_them(
    readings: dict[str, str], prompt: str, said: str
) -> None:
    assert said in readings[prompt]


DAYS = [
    "ツイタチ", "フツカ", "ミッカ", "ヨッカ", "イツカ", "ムイカ", "ナノカ", "ヨーカ", "ココノカ",
    "トーカ", "ジューイチニチ", "ジューニニチ", "ジューサンニチ", "ジューヨッカ", "ジューゴニチ",
    "ジューロクニチ", "ジューシチニチ", "ジューハチニチ", "ジュークニチ", "ハツカ",
    "ニジューイチニチ", "ニジューニニチ", "ニジューサンニチ", "ニジューヨッカ", "ニジューゴニチ",
    "ニジューロクニチ", "ニジューシチニチ", "ニジューハチニチ", "ニジュークニチ", "サンジューニチ",
    "サンジューイチニチ",
]  # fmt: skip
MONTHS = [
    "イチガツ", "ニガツ", "サンガツ", "シガツ", "ゴガツ", "ロクガツ", "シチガツ", "ハチガツ",
    "クガツ", "ジューガツ", "ジューイチガツ", "ジューニガツ",
]  # fmt: skip
YEARS = {
    "1912-12-05": "タイショーガンネン", "1915-01-05": "タイショーヨネン",
    "1926-12-30": "ショーワガンネン", "1932-01-05": "ショーワナナネン",
    "1934-01-05": "ショーワキューネン", "1945-01-05": "ショーワニジューネン",
    "1949-01-05": "ショーワニジューヨネン", "1989-03-05": "ヘーセーガンネン",
    "2019-06-05": "レーワガンネン", "2022-01-05": "レーワヨネン",
}  # fmt: skip


def test_days_are_read_back_as_people_say_them(voice: OpenJTalk) -> None:
    read = [
        voice.reading(spoken("birthdate", f"1985-03-{day:02}", language="ja"))
        for day in range(1, 32)
    ]
    assert read == [f"ショーワロクジューネンサンガツ{day}" for day in DAYS]


def test_months_and_years_are_read_back_as_people_say_them(voice: OpenJTalk) -> None:
    for month, said in enumerate(MONTHS, 1):
        text = spoken("birthdate", f"1985-{month:02}-05", language="ja")
        assert voice.reading(text) == f"ショーワロクジューネン{said}イツカ"
    for born, said in YEARS.items():
        assert voice.reading(spoken("birthdate", born, language="ja")).startswith(said)


@pytest.mark.parametrize(
    ("text", "language", "speaks"),
    [
        ("ご本人様ですか。", "ja", True),
        ("For English, press nine.", "en", True),
        ("Good morning.", "ja", False),
        ("山田. Is that right?", "en", False),
        ("0", "ja", False),
        ("", "ja", False),
        ("あ" * 401, "ja", False),
    ],
)
def test_what_it_can_read(voice: OpenJTalk, text: str, language: str, speaks: bool) -> None:
    assert voice.speaks(text, language) is speaks


@pytest.mark.parametrize("text", ["", "。。。", "Hello", "\0", "あ" * 401])
def test_what_it_cannot_read_is_an_error_without_the_text(voice: OpenJTalk, text: str) -> None:
    with pytest.raises(SpeakingError, match=r"cannot read this text$"):
        voice.speak(text, 100)


@pytest.fixture(scope="module")
def said(voice: OpenJTalk) -> Audio:
    return voice.speak("恐れ入ります。お声が、聞こえませんでした。", 100)


#: Pieces of 25 ms, faded in and out (Hann) so that a tone is only where it is.
PIECE = 200
FADE = [0.5 - 0.5 * math.cos(2 * math.pi * (n + 0.5) / PIECE) for n in range(PIECE)]


def energy(audio: Audio, hertz: float) -> float:
    """Around ``hertz``, by the Goertzel algorithm."""
    samples = struct.unpack(f"<{len(audio.pcm) // 2}h", audio.pcm)
    turn = 2 * math.cos(2 * math.pi * hertz / audio.rate)
    total = 0.0
    for start in range(0, len(samples) - PIECE, PIECE):
        one = two = 0.0
        for sample, fade in zip(samples[start : start + PIECE], FADE, strict=True):
            one, two = sample * fade + turn * one - two, one
        total += one * one + two * two - turn * one * two
    return total


def test_it_is_what_a_telephone_carries(said: Audio) -> None:
    voice_band = max(energy(said, hertz) for hertz in (400.0, 800.0, 1600.0))
    assert energy(said, 60.0) < voice_band / 200
    assert energy(said, 3930.0) < voice_band / 200


def test_pauses_are_short_and_the_ends_are_quiet(said: Audio) -> None:
    frames = [said.pcm[start : start + 160] for start in range(0, len(said.pcm), 160)]
    quiet = [max(map(abs, struct.unpack(f"<{len(f) // 2}h", f))) < 400 for f in frames]
    runs = [len(list(run)) for still, run in itertools.groupby(quiet) if still]
    assert quiet[0]
    assert 0.15 <= runs[-1] / 100 <= 0.5
    assert max(runs) / 100 <= 0.75


def test_slower_takes_longer(voice: OpenJTalk, said: Audio) -> None:
    slow = voice.speak("恐れ入ります。お声が、聞こえませんでした。", 75)
    assert 1.12 < slow.seconds / said.seconds <= 1.34
    assert active_rms(levelled(slow)) == pytest.approx(active_rms(levelled(said)), rel=0.03)


def test_the_fingerprint_follows_all_that_is_heard(voice: OpenJTalk) -> None:
    plain = OpenJTalk(NO_READINGS)
    assert plain.fingerprint("米印") != plain.fingerprint("本人")
    assert plain.fingerprint("米印") != voice.fingerprint("米印")
    assert plain.fingerprint("本人") == voice.fingerprint("本人")
    flat = OpenJTalk(Readings({}, {"本人": 0}))
    assert flat.fingerprint("本人") != plain.fingerprint("本人")


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopenjtalk", None)
    with pytest.raises(SpeakingError, match=r"pyopenjtalk .*honnin-ivr\[voice\]"):
        OpenJTalk(NO_READINGS)
