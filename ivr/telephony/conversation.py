"""Webhooks of the caller's leg -> TwiML, through the dialogue. Knows nothing of Flask.

Whatever breaks, the caller hears a sentence and reaches a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.clock import Clock
from ivr.dialogue.actions import Ask, Check, Transfer
from ivr.dialogue.events import Event, Failed, Heard, Pressed, Silence, TransferEnded
from ivr.errors import NotFound, RecordsUnavailable
from ivr.settings import Settings
from ivr.telephony import inbound
from ivr.telephony.inbound import Webhook
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Dialogue, Reply
from ivr.telephony.twiml import Renderer

_log = structlog.get_logger(__name__)

#: How often a caller is asked to hold while the database is away, before a person takes over.
MOST_RETRIES = 3
#: Steps taken within one webhook (checks that ended at once, transfers to nobody) at most.
_MOST_STEPS = 10
#: Twilio's error codes for a document of ours that it cannot play begin so (12100, 12200 …):
#: the same document again would fail again.
_BAD_DOCUMENT = "12"

_KINDS: dict[type[object], str] = {
    Heard: "heard",
    Pressed: "pressed",
    Silence: "silence",
    TransferEnded: "transfer_ended",
    Failed: "failed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A TwiML document. ``keep``: a repeated request (same idempotency token) gets it again."""

    twiml: str
    keep: bool = True


class Conversation:
    """Answers ``/voice/incoming``, ``/voice/continue`` and ``/voice/fallback``."""

    def __init__(
        self,
        *,
        settings: Settings,
        service: Dialogue,
        renderer: Renderer,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._service = service
        self._renderer = renderer
        self._clock = clock
        self._metrics = metrics

    def incoming(self, hook: Webhook) -> Answer:
        """A call begins; a call that has begun already goes on where it is."""
        links = self._renderer.links(hook.language)
        return self._guarded(
            hook, lambda: self._begun(hook), retry=links.incoming(retry=hook.retry + 1)
        )

    def onward(self, hook: Webhook) -> Answer:
        """The caller answered, a transfer ended, or a running check is asked after."""
        links = self._renderer.links(hook.language)
        again = links.onward(
            hook.turn,
            retry=hook.retry + hook.held + 1,
            dial=hook.dial,
            bridged="" if hook.bridged is None else str(hook.bridged).lower(),
        )
        return self._guarded(hook, lambda: self._went_on(hook), retry=again)

    def fallback(self, hook: Webhook) -> Answer:
        """Twilio could not use an answer of ours: go on where the call is, once."""
        _log.warning("fallback", call_sid=hook.call_sid, twilio_error=hook.error_code)
        if hook.dialled:
            return self._person_called(hook)
        if hook.recovered or hook.error_code.startswith(_BAD_DOCUMENT):
            return self._rescue(hook)
        return self._guarded(hook, lambda: self._went_on(hook, recovered=True), retry=None)

    def ended(self, hook: Webhook) -> None:
        """A status callback. They come in any order; only the end of the call matters."""
        if hook.over and hook.call_sid:
            self._service.hung_up(call_sid=hook.call_sid)

    def _guarded(
        self, hook: Webhook, attempt: Callable[[], Answer], *, retry: str | None
    ) -> Answer:
        """``attempt``, or what the caller hears where it cannot be had.

        ``retry`` is the URL to ask again while the database is away; None: not again.
        """
        if not hook.call_sid:
            _log.warning("webhook_without_call_sid")
            return self._person(hook.language)
        try:
            return attempt()
        except RecordsUnavailable as error:
            _log.error("records_unavailable", call_sid=hook.call_sid, **crash(error))
            if retry is not None and hook.retry + hook.held < MOST_RETRIES:
                self._metrics.troubles.labels("hold").inc()
                return Answer(self._renderer.hold(hook.language, retry), keep=False)
            if hook.bridged:  # they have talked to a person already
                return Answer(self._renderer.hang_up(), keep=False)
            return self._person(hook.language)
        except NotFound:
            _log.warning("unknown_call", call_sid=hook.call_sid)
            return self._person(hook.language)
        except Exception as error:
            _log.error("webhook_failed", call_sid=hook.call_sid, **crash(error))
            return self._rescue(hook)

    def _begun(self, hook: Webhook) -> Answer:
        reply = self._service.begin(call_sid=hook.call_sid, caller=hook.caller, called=hook.called)
        return self._answer(hook, self._settled(hook, reply))

    def _went_on(self, hook: Webhook, *, recovered: bool = False) -> Answer:
        event = self._event(hook)
        resuming = recovered or hook.poll or hook.retry
        if event is None and hook.turn is not None and not resuming:
            if hook.over:
                self._service.hung_up(call_sid=hook.call_sid)
                return Answer(self._renderer.nothing())
            event = self._silence(hook, hook.turn)
        if event is None or hook.turn is None:
            wait_ms = self._settings.check_wait_ms if hook.poll else 0
            reply = self._service.current(call_sid=hook.call_sid, wait_ms=wait_ms)
            held = hook.retry + hook.held if reply.turn == hook.turn else 0
        else:
            reply = self._take(hook, hook.turn, event)
            held = 0
        return self._answer(hook, self._settled(hook, reply), recovered=recovered, held=held)

    def _event(self, hook: Webhook) -> Event | None:
        """What happened since the turn was asked; None: nothing that is an event by itself."""
        at = self._clock.now()
        if not hook.dial:
            return inbound.answer_of(hook, at)
        if hook.turn is None:
            return None
        accepted = self._service.agent_accepted(call_sid=hook.call_sid, turn=hook.turn)
        outcome = inbound.transfer_outcome(hook.dial, hook.bridged, accepted)
        self._metrics.transfers.labels(outcome).inc()
        return TransferEnded(at, outcome)

    def _silence(self, hook: Webhook, turn: int) -> Event | None:
        """Silence, unless nothing was asked at ``turn`` that could have been answered."""
        present = self._service.current(call_sid=hook.call_sid)
        if present.turn == turn and not isinstance(present.action, Ask):
            return None
        return Silence(self._clock.now())

    def _take(self, hook: Webhook, turn: int, event: Event) -> Reply:
        self._metrics.turns.labels(_KINDS[type(event)]).inc()
        try:
            return self._service.take(call_sid=hook.call_sid, turn=turn, event=event)
        except NotFound:
            # Either a turn that was never asked or a call nobody knows; the latter raises again.
            return self._service.current(call_sid=hook.call_sid)

    def _settled(self, hook: Webhook, reply: Reply) -> Reply:
        """Follow ``reply`` to something the telephone can do."""
        for _ in range(_MOST_STEPS):
            action = reply.action
            if isinstance(action, Transfer) and not self._numbers(action.destination):
                _log.error(
                    "destination_without_numbers",
                    destination=action.destination,
                    hint="add its numbers to IVR_DESTINATIONS",
                )
                self._metrics.transfers.labels("failed").inc()
                event = TransferEnded(self._clock.now(), "failed")
                reply = self._take(hook, reply.turn, event)
            elif isinstance(action, Check) and not action.lines and not hook.poll:
                turn = reply.turn
                wait_ms = self._settings.check_wait_ms
                reply = self._service.current(call_sid=hook.call_sid, wait_ms=wait_ms)
                if reply.turn == turn:
                    return reply
            else:
                return reply
        raise RuntimeError(f"a call did not come to rest within {_MOST_STEPS} steps")

    def _numbers(self, destination: str) -> tuple[str, ...]:
        return self._settings.destinations.get(destination, ())

    def _answer(
        self, hook: Webhook, reply: Reply, *, recovered: bool = False, held: int = 0
    ) -> Answer:
        pending = isinstance(reply.action, Check)
        asked_before = pending and hook.poll > 0 and reply.turn == hook.turn
        twiml = self._renderer.reply(
            reply,
            said=asked_before,
            polls=hook.poll if asked_before else 0,
            recovered=recovered,
            held=held,
        )
        return Answer(twiml, keep=not pending)

    def _rescue(self, hook: Webhook) -> Answer:
        """Leave by the flow's own exit for trouble, with what is known; else any person."""
        try:
            present = self._service.current(call_sid=hook.call_sid)
            event = Failed(self._clock.now(), "webhook")
            reply = self._settled(hook, self._take(hook, present.turn, event))
            answer = Answer(self._renderer.reply(reply), keep=False)
        except Exception as error:
            _log.error("rescue_failed", call_sid=hook.call_sid, **crash(error))
            return self._person(hook.language)
        self._metrics.troubles.labels("flow_exit").inc()
        return answer

    def _person(self, language: str) -> Answer:
        self._metrics.troubles.labels("person").inc()
        return Answer(self._renderer.person(language), keep=False)

    def _person_called(self, hook: Webhook) -> Answer:
        """The emergency transfer ended. It has no whisper: completed means somebody talked."""
        if hook.over or hook.dial in {"completed", "answered"}:
            return Answer(self._renderer.hang_up())
        return Answer(self._renderer.nobody(hook.language))
