"""The ladder of hearing: which way a question is put, and which is below it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from fakes.dialogue import FakeReply
from hypothesis import given
from hypothesis import strategies as st
from web_rig import ALL_WAYS, ASK

from ivr.dialogue.actions import Check, End, Line, Listening, Transfer
from ivr.setting_values import Way
from ivr.telephony.ladder import NONE, RUNGS, Ladder, Rung, Stream, Streams

SILENT = Line("other", "音のない案内です。")


def ladder(*ways: Way, heard: str = "ja", streams: bool = True) -> Ladder:
    known = Streams(
        issue=lambda call_sid: f"token of {call_sid}",
        can_hear=heard.split().__contains__,
        has_sound=lambda text, language: text != SILENT.text and language == "ja",
    )
    return Ladder(ways, known if streams else None)


@pytest.mark.parametrize(
    ("ways", "lowest", "language", "expected"),
    [
        (ALL_WAYS, "", "ja", "vosk"),
        (ALL_WAYS, "vosk", "ja", "vosk"),
        (ALL_WAYS, "twilio", "ja", "twilio"),
        (ALL_WAYS, "keys", "ja", "keys"),
        (ALL_WAYS, "none", "ja", "none"),
        # No model for English: the next way, for as long as English is spoken.
        (ALL_WAYS, "", "en", "twilio"),
        (("vosk", "keys"), "", "en", "keys"),
        (("vosk",), "", "en", "none"),
        (("twilio", "vosk"), "vosk", "en", "none"),
        (("twilio", "keys"), "", "ja", "twilio"),
        (("keys",), "", "ja", "keys"),
        # A rung that the settings do not name any more.
        (("twilio", "keys"), "vosk", "ja", "twilio"),
        (ALL_WAYS, "whisper", "ja", "vosk"),
    ],
)
def test_the_best_possible_way(
    ways: tuple[Way, ...], lowest: str, language: str, expected: str
) -> None:
    assert ladder(*ways).at(lowest, language) == expected


def test_without_a_media_process_there_is_no_vosk() -> None:
    assert ladder(*ALL_WAYS, streams=False).at("", "ja") == "twilio"


@pytest.mark.parametrize(
    ("ways", "failed", "expected"),
    [
        (ALL_WAYS, "vosk", "twilio"),
        (ALL_WAYS, "twilio", "keys"),
        (ALL_WAYS, "keys", "none"),
        (("vosk", "keys"), "vosk", "keys"),
        (("twilio",), "twilio", "none"),
        # A stream that was opened before the settings changed.
        (("twilio", "keys"), "vosk", "twilio"),
        (ALL_WAYS, "none", "none"),
    ],
)
def test_what_is_below(ways: tuple[Way, ...], failed: Rung, expected: str) -> None:
    assert ladder(*ways).below(failed) == expected


@given(st.permutations(ALL_WAYS), st.integers(1, 3), st.sampled_from(["ja", "en"]), st.text())
def test_who_goes_down_reaches_the_ground_and_never_climbs(
    ways: list[Way], many: int, language: str, begin: str
) -> None:
    made = ladder(*ways[:many])
    seen: list[Rung] = []
    at = made.at(begin, language)
    while at != NONE:
        assert at in RUNGS and at not in seen
        seen.append(at)
        at = made.at(made.below(at), language)
    assert seen == [way for way in ways[:many] if way != "vosk" or language == "ja"]


def test_every_order_of_the_ways_is_a_ladder() -> None:
    for ways in permutations(ALL_WAYS):
        assert ladder(*ways).at("", "ja") == ways[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Stream("token of CA1", said=False)),
        ({"lines": (*ASK.lines, SILENT)}, Stream("token of CA1", said=True)),
        ({"lines": ()}, Stream("token of CA1", said=False)),
        ({"listen": Listening(speech=False, keys=True)}, Stream("token of CA1", said=False)),
        # Before a stream nobody could interrupt these words by a key.
        ({"listen": Listening(speech=False, keys=True), "lines": (SILENT,)}, None),
    ],
)
def test_what_is_put_in_a_stream(changes: dict[str, Any], expected: Stream | None) -> None:
    reply = FakeReply("call-1", 3, replace(ASK, **changes))
    assert ladder(*ALL_WAYS).stream("vosk", reply, "CA1") == expected
    for way in ("twilio", "keys", NONE):
        assert ladder(*ALL_WAYS).stream(way, reply, "CA1") is None


@pytest.mark.parametrize("action", [Transfer("t", "agents", ASK.lines), End("e", ASK.lines)])
def test_last_words_are_put_in_a_stream_of_their_own_if_there_is_something_to_say(
    action: Transfer | End,
) -> None:
    reply = FakeReply("call-1", 3, action)
    opened = ladder(*ALL_WAYS).stream("vosk", reply, "CA1", last_words=True)
    assert opened == Stream("token of CA1", said=False)
    for left in (
        replace(reply, spoken=True),
        replace(reply, action=replace(action, lines=())),
        replace(reply, action=replace(action, lines=(*ASK.lines, SILENT))),
        replace(reply, action=Check("s", "identify", ASK.lines)),
    ):
        assert ladder(*ALL_WAYS).stream("vosk", left, "CA1", last_words=True) is None
    for way in ("twilio", "keys", NONE):
        assert ladder(*ALL_WAYS).stream(way, reply, "CA1", last_words=True) is None


@pytest.mark.parametrize("action", [Check("s", "identify"), Transfer("t", "agents")])
def test_only_questions_are_put_in_streams(action: Check | Transfer) -> None:
    assert ladder("vosk").stream("vosk", FakeReply("call-1", 3, action), "CA1") is None
