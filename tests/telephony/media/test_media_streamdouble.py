"""Calls by a telephone that somebody else wrote: ``streamdouble`` (PyPI, Apache-2.0).

It speaks Media Streams in real time. It sends no signature, so the server does not ask for one
here, and it forgets the marks that ``clear`` overtakes where Twilio sends them back.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from media_rig import ACCOUNT, CALLED, CALLER, WORD, MediaRig, ask, media_rig
from streamdouble.protocol import StreamIdentity
from streamdouble.scenario import Dtmf, Expect, Hangup, Say, Scenario, Step, Wait, WaitFor
from streamdouble.session import Session, SessionConfig, SessionResult

from ivr.dialogue.actions import End
from ivr.dialogue.events import Heard, Pressed
from ivr.rehearsal.leg import new_call_sid
from ivr.rehearsal.media_stream import FRAME, SILENCE

CONSENT, END = ask("consent", "ご同意いただけますか"), End("goodbye")
NEXT = ask("next", "次の質問です")
CODE = ask("code", "番号をどうぞ", digits=4, finish_on="*")


def word() -> Say:
    sound = WORD.ljust(-(-len(WORD) // FRAME) * FRAME, SILENCE)
    frames = [sound[start : start + FRAME] for start in range(0, len(sound), FRAME)]
    return Say(Path("word.wav"), frames)


def played(rig: MediaRig, *steps: Step) -> SessionResult:
    """One call, as ``steps`` say."""
    identity = StreamIdentity(account_sid=ACCOUNT, call_sid=new_call_sid())
    rig.dialogue.begin(call_sid=identity.call_sid, caller=CALLER, called=CALLED)
    config = SessionConfig(
        custom_parameters={"token": rig.tokens.issue(identity.call_sid)},
        quiet_period_s=0.2,
        max_call_s=60,
    )
    session = Session(
        f"ws://127.0.0.1:{rig.server.port}/media",
        scenario=Scenario("call", list(steps)),
        config=config,
        identity=identity,
    )
    result = asyncio.run(session.run())
    assert result.violations == []
    assert [what for what, passed in result.expectations if not passed] == []
    return result


def test_an_answer_is_heard_and_the_call_is_left_to_twiml() -> None:
    with media_rig(CONSENT, END, texts=["はい"], check_signatures=False) as rig:
        result = played(rig, WaitFor("mark"), word(), Wait(2.0))
        assert [type(event) for event in rig.events()] == [Heard]
        assert result.closed_by == "agent"
        sound = rig.prompts.sound("ご同意いただけますか")
        assert bytes(result.audio_received) == sound


def test_a_caller_may_cut_in() -> None:
    with media_rig(CONSENT, NEXT, texts=["はい"], check_signatures=False) as rig:
        rig.prompts.seconds = 4
        played(
            rig,
            WaitFor("audio"),
            Wait(0.5),
            word(),
            WaitFor("clear", 1.0),
            Expect("clear"),
            WaitFor("mark"),
            Hangup(),
        )
        assert [type(event) for event in rig.events()] == [Heard]


def test_keys_are_taken() -> None:
    with media_rig(CODE, END, check_signatures=False) as rig:
        played(rig, WaitFor("mark"), Dtmf("1234"), Wait(1.0))
        (event,) = rig.events()
        assert isinstance(event, Pressed)
        assert event.digits == "1234"
