"""Whatever a signed webhook holds: Twilio gets words it can play, and the call goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phone_rig import Office, Phone
from twiml_schema import check_twiml

ROOT = Path(__file__).parents[2]

#: The questions of a call, and how to come to them.
QUESTIONS: dict[str, Callable[[Phone], Phone]] = {
    "opening": lambda phone: phone,
    "consent": lambda phone: phone.silence(),
    "birthdate": lambda phone: phone.silence().say("はい"),
    "birthdate_keys": lambda phone: phone.silence().say("はい").press("3"),
    "name": lambda phone: phone.silence().say("はい").say("昭和六十年三月五日"),
    "name_confirm": lambda phone: phone.silence().say("はい").say("昭和六十年三月五日").say(
        "山田太郎", Confidence="0.1"
    ),
    "code_ready": lambda phone: phone.claim(),
    "code_entry": lambda phone: phone.ask_for_code(),
    "not_arrived": lambda phone: phone.ask_for_code().press("", finished_on="*"),
}  # fmt: skip

HOSTILE: list[dict[str, str]] = [
    {"Digits": "１２３"},
    {"Digits": "٣"},
    {"Digits": "²"},
    {"Digits": "9" * 60_000},
    {"Digits": "w,;pA*#"},
    {"Digits": "1\x00"},
    {"FinishedOnKey": "絵"},
    {"FinishedOnKey": "##########"},
    {"FinishedOnKey": "-1", "Digits": "*"},
    {"SpeechResult": "あ" * 6_000},
    {"SpeechResult": "山田\x00\x01\x08\x0b\x1f\x7f\ufffe\uffff太郎"},
    {"SpeechResult": "<Dial>+1900</Dial>]]><!-- &#0; &lt; \"'"},
    {"SpeechResult": "{value} {company} %s %(x)s ${jndi:ldap://x} {{7*7}}"},
    {"SpeechResult": "\u202e山田\u200b\u2066太郎\ufeff"},
    {"SpeechResult": "é́́́" * 200},
    {"SpeechResult": "👨‍👩‍👧‍👦" * 50},
    {"SpeechResult": "\n\r\t "},
    {"SpeechResult": "' OR 1=1; DROP TABLE calls; --"},
    *({"SpeechResult": "はい", "Confidence": value} for value in (
        "nan", "inf", "-inf", "1e999", "-1", "2", "", "0x1", "１", "0,9", "1" * 10_000, "True"
    )),
    {"CallStatus": "haha"},
    {"DialCallStatus": "completed", "DialBridged": "true"},
    {"DialCallStatus": "\x00"},
    {"QueueResult": "bridged", "RecordingUrl": "http://169.254.169.254/latest/meta-data"},
    {"ErrorUrl": "http://[::1", "ErrorCode": "x"},
    {"From": "+81" + "9" * 5000},
    {"From": "sip:+819012345678@evil.example"},
    {"To": "\u0000"},
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_hostile_fields_never_silence_a_call(office: Office, question: str) -> None:
    phone = QUESTIONS[question](office.call())
    turns = 0
    for fields in HOSTILE:
        if not phone.asks:  # counted as failures, they lead to a person
            assert phone.dials
            assert phone.words
            phone = QUESTIONS[question](office.call())
        before = phone.turn
        phone.answer(fields)
        assert check_twiml(phone.documents[-1]) == []
        assert phone.words
        turns += not phone.asks or phone.turn >= before
    assert turns == len(HOSTILE)


@pytest.mark.parametrize(
    "query",
    [
        "turn=-1", "turn=1e9", "turn=1000000000", "turn=99999999999999999999", "turn=", "turn=0x3",
        "turn=%EF%BC%93", "turn=3&turn=4", "turn=999999", "turn=1%00", "turn[]=1", "turn=1;turn=2",
        "turn=1&poll=-1", "turn=1&poll=99999999999", "turn=1&retry=9999999", "turn=1&lang=xx",
        "turn=1&lang=../../etc", "recovered=1", "dialled=1", "turn=1&dial=completed&bridged=true",
        "ref=" + quote("../" * 50), "x=" + "y" * 5000,
    ],
)  # fmt: skip
def test_hostile_queries_get_the_present_question(office: Office, query: str) -> None:
    phone = office.call().silence().say("はい")
    asked = phone.words
    fields = {"CallSid": phone.sid, "From": phone.caller, "Digits": "12"}
    heard = office.post(f"/voice/continue?{query}", fields)
    assert check_twiml(heard) == []
    # Nothing was taken: the next answer belongs to the question that was asked.
    phone.say("もう一度")
    assert phone.words == asked


def test_a_name_with_forbidden_signs_is_read_back_without_them(office: Office) -> None:
    """XML 1.0 (section 2.2) has no way to write them, and Twilio would hang up."""
    phone = QUESTIONS["name"](office.call())
    phone.say("山田\x00\x0b\x1b\ud7ff\ufffe太郎", Confidence="0.1")
    assert check_twiml(phone.documents[-1]) == []
    phone.say("やまだ たろう", Confidence="0.1")
    assert "やまだたろう様" in phone.words or "名字" in phone.words


_ANYTHING = st.dictionaries(
    st.sampled_from(["SpeechResult", "Digits", "Confidence", "FinishedOnKey", "CallStatus"]),
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        st.sampled_from(
            ["はい", "いいえ", "係", "0", "*", "1", "山田太郎です", "昭和六十年三月五日"]
        ),
    ),
    max_size=3,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_ANYTHING, min_size=1, max_size=10))
def test_any_fields_in_any_order_never_silence_a_call(
    office: Office, answers: list[dict[str, str]]
) -> None:
    phone = office.call()
    for fields in answers:
        if not phone.asks:
            break
        # The end of a call comes by the status callback; here somebody is still listening.
        phone.answer({**fields, "CallStatus": "in-progress"})
        assert check_twiml(phone.documents[-1]) == []
        assert phone.words


STAMMER = """
from datetime import date
from ivr.understanding import slots
from ivr.understanding.value import Hypothesis
for unit in ["えー", "えーえー", "あの", "ですね", "じゅう", "し", "十", "の", "昭和", "twenty "]:
    for before in ("", "昭和", "西暦"):
        for after in ("", "月", "年"):
            text = (before + unit * 120)[:120] + after
            for kind in ("birthdate", "name"):
                slots.parse(kind, [Hypothesis(text, 0.9)], language="ja", today=date(2026, 11, 22))
"""


def test_no_stammering_keeps_the_process_busy() -> None:
    """A regular expression that tries every way to part えーえーえー would stop every call in the
    process for minutes. This takes seconds; without care, longer than the universe is old."""
    subprocess.run(
        [sys.executable, "-c", STAMMER],
        check=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
