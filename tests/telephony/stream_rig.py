"""Calls on a web process that leads them to streams, and what the media process does with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from web_rig import ALL_WAYS, ASK, CALL, Rig, build_rig

from ivr.dialogue.actions import Check, End, Line, Listening, Transfer
from ivr.dialogue.events import Heard

WORDS = ASK.lines[0].text
TRANSFER = Transfer("transfer", "agents", (Line("transfer", "おつなぎします。"),))
END = End("goodbye", (Line("goodbye", "失礼いたします。"),))
CHECK = Check("s", "identify", (Line("checking", "確認いたします。"),))
#: A question that keys cannot answer.
NAME = replace(ASK, state="name", listen=Listening(speech=True, keys=True, by_keys=False))
KEYS = replace(ASK, state="opening", listen=Listening(speech=False, keys=True, digits=1))


def build(*script: Any, **more: Any) -> Rig:
    return build_rig(*script, **{"hearing": ALL_WAYS, **more})


def in_a_stream(made: Rig, *events: Any) -> None:
    """What the media process does."""
    for event in events:
        turn = made.service.current(call_sid=CALL).turn
        made.service.take(call_sid=CALL, turn=turn, event=event)


def heard(made: Rig) -> Heard:
    return Heard(made.clock.now(), ())


def counted(made: Rig, line: str) -> bool:
    return line in made.client.get("/metrics").text.splitlines()
