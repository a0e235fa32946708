"""What the web process knows of media streams before it leads a call to one."""

from __future__ import annotations

from contextlib import ExitStack

from ivr.flow.flow import Flow
from ivr.settings import Settings
from ivr.speaking.prompt_sounds import open_prompt_sounds
from ivr.telephony.ladder import Streams
from ivr.telephony.media.tokens import StreamTokens
from ivr.wiring.media import models_of


def known_streams(
    settings: Settings, flow: Flow, tokens: StreamTokens, opened: ExitStack
) -> Streams | None:
    """None where the settings lead no call to the media process. No model is loaded; ``opened``
    closes what this opens.

    Raises:
        HearingError, SettingsError: see :func:`ivr.wiring.media.models_of`.
        FilesError, SpeakingError: see :func:`ivr.speaking.prompt_sounds.open_prompt_sounds`.
    """
    if "vosk" not in settings.hearing:
        return None
    heard = models_of(settings, flow)
    sounds = opened.enter_context(open_prompt_sounds(settings, flow))
    return Streams(
        issue=tokens.issue,
        can_hear=heard.__contains__,
        has_sound=lambda text, language: sounds.source(language, text) != "said",
    )
