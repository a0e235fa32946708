"""A flow whose callers are asked whether what they say may be kept as sound."""

from __future__ import annotations

from dataclasses import replace

from ivr.flow.flow import Flow
from ivr.flow.model import Choice, ChooseState


def asking_for_audio(flow: Flow, state: str = "consent") -> Flow:
    """``flow`` with yes and no in ``state`` counting for the sound as well."""
    consent = flow.file.states[state]
    assert isinstance(consent, ChooseState)
    keep = {"yes": True, "no": False}
    choices = {
        meaning: Choice(go=to if isinstance(to, str) else to.go, keep_audio=keep.get(meaning))
        for meaning, to in consent.choices.items()
    }
    states = {**flow.file.states, state: consent.model_copy(update={"choices": choices})}
    return replace(flow, file=flow.file.model_copy(update={"states": states}))
