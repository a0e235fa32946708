"""Webhooks of an agent's leg: what they are told before they take a call, and their key."""

from __future__ import annotations

import structlog

from ivr.telephony.inbound import Webhook
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Dialogue
from ivr.telephony.texts import Texts
from ivr.telephony.twiml import Renderer

_log = structlog.get_logger(__name__)

_ACCEPT = "1"


class Whisper:
    """Answers ``/voice/whisper`` and ``/voice/whisper/answer``.

    Trouble with the records never keeps a caller from a person: the agent hears that the
    result is unknown and may take the call all the same.
    """

    def __init__(
        self, *, service: Dialogue, renderer: Renderer, texts: Texts, metrics: Metrics
    ) -> None:
        self._service = service
        self._renderer = renderer
        self._texts = texts
        self._metrics = metrics

    def announce(self, hook: Webhook) -> str:
        """Level and reason in one breath, in the language of the call; then the key."""
        language = hook.language
        try:
            view = self._service.agent_view(reference=hook.reference)
            language = view.language
            announcement = self._texts.whisper(language).announcement(
                view.level, (*view.flags, *view.why)
            )
            level = view.level
        except Exception as error:
            _log.error("whisper_without_result", call_sid=hook.call_sid, **crash(error))
            announcement = self._texts.whisper(language).unknown
            level = "unknown"
        self._metrics.whispers.labels(level).inc()
        return self._renderer.whisper(language, announcement, hook.reference)

    def answered(self, hook: Webhook) -> str:
        """1 connects; any other key declines; no key at all leaves the answer open (voicemail
        picks up and presses nothing) and hangs up."""
        accepted = hook.digits == _ACCEPT
        if hook.digits or hook.finished_on:
            self._record(hook, accepted=accepted)
        return self._renderer.nothing() if accepted else self._renderer.hang_up()

    def _record(self, hook: Webhook, *, accepted: bool) -> None:
        try:
            self._service.record_agent_answer(reference=hook.reference, accepted=accepted)
        except Exception as error:
            _log.error("agent_answer_not_kept", call_sid=hook.call_sid, **crash(error))
