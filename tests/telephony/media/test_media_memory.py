"""What callers say lives in memory for its turn only, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.line_sounds import mulaw, speech
from media_rig import FIRST, SECOND, THIRD, FakeExpectations, MediaRig, hear_out, media_rig

from ivr.dialogue.events import Heard
from ivr.errors import RecordsUnavailable
from ivr.hearing.telephone_audio import decode_mulaw
from ivr.rehearsal.media_stream import FRAME, MediaStream
from ivr.telephony.media.session import KeepAudio

#: A second of speech; the server hears it in frames of 20 ms.
SAID = mulaw(speech(1.0))
#: Modules, classes and code hold the whole program, and this test with it.
_PROGRAM = (type, types.ModuleType, types.FunctionType, types.CodeType, MediaStream)


def traces() -> list[bytes]:
    """Parts of what was said, as µ-law, as samples and as Twilio sends it."""
    frames = [SAID[start : start + FRAME] for start in range(0, len(SAID) - FRAME, FRAME * 5)]
    coded = [base64.b64encode(frame)[:80] for frame in frames]
    return [
        *(frame[:60] for frame in frames),
        *(decode_mulaw(frame[:60]) for frame in frames),
        *coded,
    ]


def held(rig: MediaRig) -> int:
    """How many objects that the server can reach hold some of what was said."""
    looked_for = traces()
    programs = {id(vars(module)) for module in list(sys.modules.values())}
    seen: set[int] = set()
    left: list[Any] = [rig.server, rig.loop, *asyncio.all_tasks(rig.loop)]
    found = 0
    while left:
        each = left.pop()
        if id(each) in seen or id(each) in programs or isinstance(each, _PROGRAM):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            each = each.encode("utf-8", "replace")
        if isinstance(each, bytes | bytearray):
            found += any(part in each for part in looked_for)
        else:
            left += gc.get_referents(each)
    return found


def test_when_a_turn_is_over_nothing_of_it_is_left() -> None:
    free, decoding = threading.Event(), threading.Event()

    def slowly() -> None:
        decoding.set()
        free.wait()

    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        rig.ears.before_work = slowly
        line.say(SAID)
        line.until(decoding.is_set)
        line.run(1.0)
        assert held(rig), "while it is decoded it has to be somewhere"
        free.set()
        hear_out(line)
        line.run(1.0)
        gc.collect()
        assert [type(event) for event in rig.events()] == [Heard]
        assert held(rig) == 0
        line.hang_up()


def test_what_was_no_answer_is_not_kept_either() -> None:
    with media_rig(FIRST, SECOND, texts=["", "はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(SAID)
        line.until(lambda: rig.ears.texts == ["はい"])
        line.run(4.0)
        gc.collect()
        assert held(rig) == 0
        line.hang_up()


Kept = list[tuple[int, str, bytes]]


def keeping(kept: Kept) -> KeepAudio:
    def keep(*, call_sid: str, turn: int, state: str, sound: bytes) -> None:
        kept.append((turn, state, sound))

    return keep


@pytest.mark.parametrize(
    ("wanted", "allowed"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_sound_is_kept_where_settings_and_the_caller_want_it_and_nowhere_else(
    wanted: bool, allowed: bool
) -> None:
    kept: Kept = []
    expectations = FakeExpectations(keep_audio=allowed)
    keep = keeping(kept) if wanted else None
    with media_rig(
        FIRST, SECOND, texts=["はい"], expectations=expectations, keep_audio=keep
    ) as rig:
        line = rig.call()
        hear_out(line)
        line.say(SAID)
        hear_out(line)
        line.run(1.0)
        gc.collect()
        assert [type(event) for event in rig.events()] == [Heard]
        if not (wanted and allowed):
            assert kept == []
            assert held(rig) == 0
        else:
            ((turn, state, sound),) = kept
            assert (turn, state) == (0, "first")
            assert SAID in sound, "all of it"
            assert len(sound) < len(SAID) + 4 * 8000, "and little else"
        line.hang_up()


def test_coughs_keys_and_silence_are_not_kept() -> None:
    kept: Kept = []
    with media_rig(
        FIRST,
        SECOND,
        THIRD,
        texts=["", "はい"],
        expectations=FakeExpectations(keep_audio=True),
        keep_audio=keeping(kept),
    ) as rig:
        line = rig.call()
        hear_out(line)
        line.say(SAID)  # which is no word
        line.until(lambda: len(rig.events()) == 1)
        hear_out(line)
        line.say(SAID[:4000])
        line.run(0.6)
        line.press("1#")
        line.until(lambda: len(rig.events()) == 2)
        assert kept == []
        line.hang_up()


def test_a_call_goes_on_when_its_sound_cannot_be_kept() -> None:
    def keep(**_: Any) -> None:
        raise RecordsUnavailable("the database is locked")

    with media_rig(
        FIRST,
        SECOND,
        texts=["はい"],
        expectations=FakeExpectations(keep_audio=True),
        keep_audio=keep,
    ) as rig:
        line = rig.call()
        hear_out(line)
        line.say(SAID)
        hear_out(line)
        assert [type(event) for event in rig.events()] == [Heard]
        assert line.closed is None
        line.hang_up()


_written: list[str] = []
_watching = threading.Event()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watching.is_set():
        path, mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR) or set(mode or "") & set("wax+"):
            _written.append(str(path))


@pytest.fixture(scope="module")
def audited() -> None:
    """A hook can never be taken off again; it does nothing when nobody watches."""
    sys.addaudithook(_audit)


@pytest.fixture
def written(audited: None) -> Iterator[list[str]]:
    """The files that are opened for writing."""
    _written.clear()
    yield _written
    _watching.clear()


def test_nothing_is_written_to_a_disk(written: list[str], tmp_path: Any) -> None:
    with media_rig(FIRST, SECOND, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        _watching.set()
        line.say(SAID)
        hear_out(line)
        line.hang_up()
        assert rig.events()
        assert written == []
        (tmp_path / "other").write_text("what is written is noticed")
        assert len(written) == 1
