"""One answer heard as in a call, by the shipped model, from a caller whose voice it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, repeat

import pytest
from recorded_answers import AT, BIRTHDATE, CARD, NAME, YES

from ivr.clock import JAPAN
from ivr.dialogue import questions
from ivr.dialogue.answers import Commanded, Confirmed, Given
from ivr.errors import HearingError
from ivr.hearing.model import load_model
from ivr.hearing.telephone_audio import read_wav
from ivr.identity.listened_names import NameSelection
from ivr.telephony.media.ears import Tongue, VoskEars
from ivr.wiring.asking import Asking
from ivr.wiring.hearing_booth import Booth
from ivr.wiring.listening import SHIPPED, compiler_for, name_pool, phrases_of
from ivr.wiring.spoken_answers import LINES

CLEAN = LINES["clean"]
SILENCE = b"\xff" * 160


@pytest.fixture(scope="module")
def booth(asking: Asking) -> Booth:
    model = load_model(SHIPPED / "ja")
    compiler = compiler_for(model, "ja")
    names = NameSelection(name_pool(compiler), b"k" * 32)
    ears = VoskEars({"ja": Tongue(model, compiler, names)}, phrases_of)
    return Booth(asking.flow, ears, AT.astimezone(JAPAN).date())


def test_a_whole_answer_is_over_after_a_short_pause(asking: Asking, booth: Booth) -> None:
    heard = booth.hear(asking.call(BIRTHDATE), BIRTHDATE.on(CLEAN))
    assert heard.answer == Given("1985-03-05", sure=True)
    said_s = read_wav(BIRTHDATE.wav).seconds
    assert said_s + 0.6 < heard.line_s < said_s + 1.4
    assert heard.cpu_s > 0


def test_half_an_answer_is_waited_for(asking: Asking, booth: Booth) -> None:
    def half() -> Iterator[bytes]:
        """しょうわ ろくじゅう ねん, and no more."""
        yield from islice(BIRTHDATE.on(CLEAN), 80 + 55)
        yield from repeat(SILENCE)

    heard = booth.hear(asking.call(BIRTHDATE), half())
    assert not isinstance(heard.answer, Given)
    assert heard.line_s > 1.7 + 3.0


def test_yes_and_commands_are_heard_at_one_question(asking: Asking, booth: Booth) -> None:
    call = asking.call(YES)
    assert booth.hear(call, YES.on(CLEAN)).answer == Confirmed(yes=True)
    assert booth.hear(call, CARD.on(CLEAN)).answer == Commanded("lost_card")


def test_the_same_sound_is_heard_alike(asking: Asking, booth: Booth) -> None:
    call = asking.call(YES)
    first, second = (booth.hear(call, YES.on(LINES["noise-20"])) for _ in range(2))
    assert replace(first, cpu_s=0.0) == replace(second, cpu_s=0.0)


def test_nobody_answers(asking: Asking, booth: Booth) -> None:
    heard = booth.hear(asking.call(BIRTHDATE), repeat(SILENCE))
    assert (heard.answer, heard.hypotheses, heard.audio) == (None, (), b"")
    assert heard.line_s == pytest.approx(8.0, abs=0.1)  # timeout_s of the shipped flow


def test_a_name_is_heard_again_with_others_in_the_register(asking: Asking, booth: Booth) -> None:
    call, own = asking.call(NAME), [NAME.full_name]
    heard = booth.hear(call, NAME.on(CLEAN), own)
    assert heard.name_evidence is not None
    assert {name.given for name in heard.name_evidence.names} == {"タロー"}
    again, evidence = booth.hear_again(call, heard.audio, own)
    assert (again, evidence) == (heard.answer, heard.name_evidence)
    _, evidence = booth.hear_again(call, heard.audio, [("スズキ", "ハナコ")])
    assert evidence is not None
    assert not evidence.names


def test_what_takes_keys_only_cannot_be_answered_by_speech(asking: Asking, booth: Booth) -> None:
    call = replace(asking.call(YES), state="opening", confirming=None)
    call = replace(call, action=questions.first(asking.flow, call, ()))
    with pytest.raises(HearingError, match="the state opening takes no answers in ja by speech"):
        booth.hear(call, YES.on(CLEAN))


def test_a_line_that_ends_too_early_is_told(asking: Asking, booth: Booth) -> None:
    with pytest.raises(HearingError, match="the line ends before the answer is over"):
        booth.hear(asking.call(YES), islice(YES.on(CLEAN), 100))
