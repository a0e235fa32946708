"""Webhooks of the caller's leg -> TwiML, through the dialogue. Knows nothing of Flask.

Whatever breaks, the caller hears a sentence and reaches a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from ivr.clock import Clock
from ivr.dialogue.actions import Ask, Check, Transfer
from ivr.dialogue.events import (
    Event,
    Failed,
    Heard,
    Pressed,
    Silence,
    SpeechLost,
    TransferEnded,
)
from ivr.errors import NotFound, RecordsUnavailable
from ivr.settings import Settings
from ivr.telephony import inbound
from ivr.telephony.dialling import FIRST_TRY, Dialling
from ivr.telephony.inbound import Webhook
from ivr.telephony.ladder import NONE, Ladder, Rung
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics
from ivr.telephony.ports import Dialogue, Reply
from ivr.telephony.transfer_outcome import transfer_outcome
from ivr.telephony.twiml import Renderer

_log = structlog.get_logger(__name__)

#: How often a caller is asked to hold while the database is away, before a person takes over.
MOST_RETRIES = 3
#: Steps taken within one webhook (checks that ended at once, transfers to nobody) at most.
_MOST_STEPS = 10
#: Twilio's error codes for a document of ours that it cannot play begin so (12100, 12200 …):
#: the same document again would fail again.
_BAD_DOCUMENT = "12"
#: ... and for a document that it could not get: there is nothing wrong with its way to listen.
_NOT_FETCHED = "11"

_KINDS: dict[type[object], str] = {
    Heard: "heard",
    Pressed: "pressed",
    Silence: "silence",
    SpeechLost: "speech_lost",
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
        ladder: Ladder,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._service = service
        self._renderer = renderer
        self._ladder = ladder
        self._clock = clock
        self._metrics = metrics

    def incoming(self, hook: Webhook) -> Answer:
        """A call begins; a call that has begun already goes on where it is."""
        links = self._renderer.links(hook.language)
        return self._guarded(
            hook, lambda: self._begun(hook), retry=links.incoming(retry=hook.retry + 1)
        )

    def onward(self, hook: Webhook) -> Answer:
        """The caller answered, a stream or a transfer ended, or a running check is asked after."""
        links = self._renderer.links(hook.language, way=hook.way)
        retry = hook.retry + hook.held + 1
        if hook.streamed is not None:
            again = links.streamed(hook.streamed, retry=retry)
        else:
            again = links.onward(hook.turn, retry=retry, asked=hook.asked, dial=hook.dial)
        return self._guarded(hook, lambda: self._went_on(hook), retry=again)

    def fallback(self, hook: Webhook) -> Answer:
        """Twilio could not use an answer of ours: go on where the call is, once."""
        _log.warning("fallback", call_sid=hook.call_sid, twilio_error=hook.error_code)
        if hook.dialled:
            return self._person_called(hook)
        if hook.recovered or hook.error_code.startswith(_BAD_DOCUMENT):
            return self._rescue(hook)
        return self._guarded(hook, lambda: self._went_on(hook, recovered=True), retry=None)

    def waiting(self, hook: Webhook) -> Answer:
        """A caller waits in a queue, and is asked after now and again."""
        return Answer(self._renderer.waiting(hook.language, hook.place, hook.waited, hook.most))

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
            if hook.dial.bridged:  # they have talked to a person already
                return Answer(self._renderer.goodbye(hook.language), keep=False)
            return self._person(hook.language)
        except NotFound:
            _log.warning("unknown_call", call_sid=hook.call_sid)
            return self._person(hook.language)
        except Exception as error:
            _log.error("webhook_failed", call_sid=hook.call_sid, **crash(error))
            return self._rescue(hook)

    def _begun(self, hook: Webhook) -> Answer:
        reply = self._service.begin(call_sid=hook.call_sid, caller=hook.caller, called=hook.called)
        return self._answer(hook, reply)

    def _went_on(self, hook: Webhook, *, recovered: bool = False) -> Answer:
        if hook.streamed is not None:
            return self._left_stream(hook, hook.streamed, recovered=recovered)
        if hook.dial.status and hook.turn is not None:
            return self._dialled(hook, hook.turn, recovered=recovered)
        event = inbound.answer_of(hook, self._clock.now())
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
        return self._answer(hook, reply, recovered=recovered, held=held)

    def _left_stream(self, hook: Webhook, turn: int, *, recovered: bool) -> Answer:
        """The stream that ``turn`` was asked in is over, or never began. Who got no further in it
        would get no further in another one."""
        if hook.over:
            self._service.hung_up(call_sid=hook.call_sid)
            return Answer(self._renderer.nothing())
        reply = self._service.current(call_sid=hook.call_sid)
        held = 0
        if reply.turn > turn or reply.spoken:
            self._metrics.answers.labels("vosk").inc(reply.turn - turn)
        else:
            held = hook.retry + hook.held
            hook = self._lower(hook, "vosk")
        return self._answer(hook, reply, recovered=recovered, held=held)

    def _lower(self, hook: Webhook, failed: Rung) -> Webhook:
        """``hook`` of a call in which a way has failed: the rest goes one down."""
        below = self._ladder.below(failed)
        self._metrics.way_failures.labels(failed).inc()
        _log.warning("way_failed", call_sid=hook.call_sid, way=failed, below=below)
        return replace(hook, way=below)

    def _dialled(self, hook: Webhook, turn: int, *, recovered: bool) -> Answer:
        """One or all addresses of a destination were rung: the next one is, or the transfer has
        ended."""
        present = self._service.current(call_sid=hook.call_sid)
        action = present.action if present.turn == turn else None
        phones = not isinstance(action, Transfer) or action.by == "phone"
        accepted = self._service.agent_accepted(call_sid=hook.call_sid, turn=turn)
        outcome = transfer_outcome(hook.dial, accepted, whispered=phones)
        self._metrics.transfers.labels(outcome).inc()
        _log.info(
            "transfer_ended",
            call_sid=hook.call_sid,
            outcome=outcome,
            asked=hook.asked + 1,
            sip_code=hook.dial.sip_code,
        )
        if isinstance(action, Transfer) and action.in_turn and outcome != "bridged":
            left = len(self._addresses(action.destination)) - hook.asked - 1
            if left > 0 and not hook.over:
                following = replace(hook, asked=hook.asked + 1)
                return self._answer(following, present, recovered=recovered)
        event = TransferEnded(self._clock.now(), outcome)
        return self._answer(hook, self._take(hook, turn, event), recovered=recovered)

    def _silence(self, hook: Webhook, turn: int) -> Event | None:
        """Silence, unless nothing was asked at ``turn`` that could have been answered."""
        present = self._service.current(call_sid=hook.call_sid)
        if present.turn == turn and not isinstance(present.action, Ask):
            return None
        return Silence(self._clock.now())

    def _take(self, hook: Webhook, turn: int, event: Event) -> Reply:
        self._metrics.turns.labels(_KINDS[type(event)]).inc()
        if isinstance(event, Heard | Pressed | Silence):
            spoken = self._ladder.at(hook.way, hook.language) == "twilio"
            self._metrics.answers.labels("twilio" if spoken else "keys").inc()
        try:
            return self._service.take(call_sid=hook.call_sid, turn=turn, event=event)
        except NotFound:
            # Either a turn that was never asked or a call nobody knows; the latter raises again.
            return self._service.current(call_sid=hook.call_sid)

    def _settled(self, hook: Webhook, reply: Reply) -> Reply:
        """Follow ``reply`` to something the telephone can do."""
        waited = hook.poll > 0 or hook.streamed is not None
        for _ in range(_MOST_STEPS):
            action = reply.action
            if isinstance(action, Transfer) and not self._addresses(action.destination):
                _log.error(
                    "destination_without_addresses",
                    destination=action.destination,
                    hint="add its phone numbers or SIP addresses to IVR_DESTINATIONS",
                )
                self._metrics.transfers.labels("failed").inc()
                event = TransferEnded(self._clock.now(), "failed")
                reply = self._take(hook, reply.turn, event)
            elif isinstance(action, Ask) and (why := self._unanswerable(hook, reply, action)):
                reply = self._take(hook, reply.turn, why)
            elif isinstance(action, Check) and not action.lines and not waited:
                turn = reply.turn
                wait_ms = self._settings.check_wait_ms
                reply = self._service.current(call_sid=hook.call_sid, wait_ms=wait_ms)
                if reply.turn == turn:
                    return reply
            else:
                return reply
        raise RuntimeError(f"a call did not come to rest within {_MOST_STEPS} steps")

    def _unanswerable(self, hook: Webhook, reply: Reply, ask: Ask) -> Event | None:
        """What happens instead of a question that no way is left to answer by; None: there is."""
        way = self._ladder.at(hook.way, reply.language)
        if way == NONE:
            self._metrics.troubles.labels("flow_exit").inc()
            return Failed(self._clock.now(), "hearing")
        if way == "keys" and not ask.listen.by_keys:
            return SpeechLost(self._clock.now())
        return None

    def _addresses(self, destination: str) -> tuple[str, ...]:
        return self._settings.destinations.get(destination, ())

    def _dialling(self, hook: Webhook, reply: Reply) -> Dialling:
        """How a destination is tried now, where ``reply`` is a transfer."""
        if not isinstance(reply.action, Transfer):
            return FIRST_TRY
        view = None
        if reply.action.by != "phone" and reply.reference is not None:
            try:
                view = self._service.agent_view(reference=reply.reference)
            except NotFound:  # the agent's system asks by the reference and gets the same answer
                _log.warning("transfer_without_result", call_sid=hook.call_sid)
        return Dialling(hook.asked if reply.turn == hook.turn else 0, view, hook.by_sip)

    def _answer(
        self, hook: Webhook, reply: Reply, *, recovered: bool = False, held: int = 0
    ) -> Answer:
        refused = recovered and hook.error_code and not hook.error_code.startswith(_NOT_FETCHED)
        if refused and isinstance(reply.action, Ask):
            hook = self._lower(hook, self._ladder.at(hook.way, reply.language))
        reply = self._settled(hook, reply)
        way = self._ladder.at(hook.way, reply.language)
        polls = self._polls(hook, reply)
        # No stream is left after a transfer: what comes then begins one of its own.
        alone = bool(hook.dial.status) and reply.turn != hook.turn and not recovered
        twiml = self._renderer.reply(
            reply,
            self._renderer.links(reply.language, recovered=recovered, held=held, way=hook.way),
            way=way,
            stream=self._ladder.stream(way, reply, hook.call_sid, last_words=alone),
            dialling=self._dialling(hook, reply),
            said=polls > 0,
            polls=polls,
        )
        return Answer(twiml, keep=not isinstance(reply.action, Check))

    @staticmethod
    def _polls(hook: Webhook, reply: Reply) -> int:
        """How often the caller has waited for the running check, here or in a stream."""
        if not isinstance(reply.action, Check):
            return 0
        if hook.streamed is not None:
            return 1
        return hook.poll if reply.turn == hook.turn else 0

    def _rescue(self, hook: Webhook) -> Answer:
        """Leave by the flow's own exit for trouble, with what is known; else any person."""
        try:
            if hook.streamed is not None:
                hook = self._lower(hook, "vosk")
            present = self._service.current(call_sid=hook.call_sid)
            event = Failed(self._clock.now(), "webhook")
            left = self._answer(hook, self._take(hook, present.turn, event))
        except Exception as error:
            _log.error("rescue_failed", call_sid=hook.call_sid, **crash(error))
            return self._person(hook.language)
        self._metrics.troubles.labels("flow_exit").inc()
        return replace(left, keep=False)

    def _person(self, language: str) -> Answer:
        self._metrics.troubles.labels("person").inc()
        return Answer(self._renderer.person(language), keep=False)

    def _person_called(self, hook: Webhook) -> Answer:
        """The emergency transfer ended. It has no whisper: completed means somebody talked."""
        if hook.over:
            return Answer(self._renderer.hang_up())
        if hook.dial.status in {"completed", "answered"}:
            return Answer(self._renderer.goodbye(hook.language))
        return Answer(self._renderer.nobody(hook.language))
