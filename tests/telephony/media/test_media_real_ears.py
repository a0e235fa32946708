"""A birthdate said into a real stream, heard by the shipped model, where the flow asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from media_rig import ask, hear_out, media_rig

from ivr.dialogue.events import CallStarted, Checked, Event, Heard, Silence
from ivr.dialogue.expectation import Expectation, expected
from ivr.dialogue.machine import new_call, step
from ivr.flow.loader import load_flow
from ivr.hearing.model import load_model
from ivr.hearing.telephone_audio import encode_mulaw, read_wav
from ivr.settings import Settings
from ivr.telephony.media.ears import Tongue, VoskEars
from ivr.understanding import slots
from ivr.understanding.value import Hypothesis
from ivr.wiring.listening import SHIPPED, compiler_for, phrases_of

ROOT = Path(__file__).parents[3]
#: しょうわ さんじゅうはち ねん じゅうがつ よっか, by a synthetic voice.
SAID = ROOT / "tests" / "hearing" / "rehearsal_model" / "date-2.wav"
TODAY = date(2026, 11, 22)


class ShippedBirthdate:
    """What the shipped flow expects where it asks for the birthdate."""

    def __init__(self) -> None:
        at = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
        flow = load_flow(
            ROOT / "flows" / "verify", grammars_dir=ROOT / "grammars", words=Settings().words()
        )
        call = new_call(flow, at)
        way: list[Event] = [CallStarted(at), Silence(at)]
        for event in way:
            call, _ = step(flow, call, event)
        while call.state != "birthdate":
            before = call.state
            call, _ = step(flow, call, _onward(call.state, at))
            assert call.state != before
        self._expectation = expected(flow, call, TODAY)

    def of(self, *, call_sid: str, turn: int) -> Expectation | None:
        return self._expectation


def _onward(state: str, at: datetime) -> Event:
    if state == "resume":
        return Checked(at, "resume", "fresh")
    return Heard(at, (Hypothesis("はい", 0.9),))


def test_a_date_is_heard_over_a_stream() -> None:
    model = load_model(SHIPPED / "ja")
    ears = VoskEars({"ja": Tongue(model, compiler_for(model, "ja"))}, phrases_of)
    question = ask("birthdate", "生年月日をどうぞ", timeout_s=60)
    with media_rig(question, ask("next"), ears=ears, expectations=ShippedBirthdate()) as rig:
        line = rig.call()
        hear_out(line, 600)
        line.say(encode_mulaw(read_wav(SAID).pcm))
        line.until(lambda: bool(rig.events()), 600)
        (event,) = rig.events()
        assert isinstance(event, Heard)
        understood = slots.parse("birthdate", event.hypotheses, language="ja", today=TODAY)
        assert understood.value == "1963-10-04"
        line.hang_up()
