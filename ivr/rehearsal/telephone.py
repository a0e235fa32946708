"""The rehearsal telephone: places the calls of a call file and tells how they went."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from ivr.clock import Clock
from ivr.errors import RehearsalError
from ivr.flow.flow import Flow
from ivr.rehearsal.agent import Dialled, ScriptedAgent
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.caller import ScriptedCaller
from ivr.rehearsal.callfile import CallFile
from ivr.rehearsal.conversation import Conversation, Moment
from ivr.rehearsal.desk import AgentDesk
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.messages import Outbox
from ivr.rehearsal.outcome import Outcome, judged
from ivr.rehearsal.prompt_book import PromptBook
from ivr.rehearsal.streams import Streams, line_of
from ivr.rehearsal.trouble import NoTrouble, Trouble
from ivr.rehearsal.twiml_player import TwimlPlayer
from ivr.rehearsal.webhooks import READ_S, Server, WebhookClient, WebhookFailed, WebhookFaults

INCOMING = "/voice/incoming"
STATUS = "/voice/status"
#: Seconds after which a late status callback comes.
LATE_S = 60

Watch = Callable[[Moment], None]


@dataclass(frozen=True)
class Surroundings:
    """What a telephone needs to know of the server's world.

    ``destinations`` maps phone numbers to logical names. ``result_key`` is the bearer key for
    results, empty where there is none; ``audience`` is who they must be made for.
    """

    server: Server
    clock: Clock
    outbox: Path
    destinations: Mapping[str, str]
    result_key: str = ""
    audience: str = "agents"
    trouble: Trouble = field(default_factory=NoTrouble)
    read_s: float = READ_S
    #: See :class:`ivr.rehearsal.streams.Streams`.
    quiet_pace: float = 0.0
    recording: CallRecording | None = None


class Telephone:
    """Places the call, or the calls, of one call file. For one use."""

    def __init__(
        self, call: CallFile, flow: Flow, around: Surroundings, watch: Watch | None = None
    ) -> None:
        """``watch`` is told of every moment as it happens."""
        self._call = call
        self._around = around
        self._clock = around.clock
        self._conversation = Conversation(around.clock, watch)
        self._outbox = Outbox(around.outbox)
        self._webhooks = WebhookClient(
            around.server,
            self._conversation,
            faults=WebhookFaults(double=call.world.retry, lost=call.world.fallback),
            after_webhook=self._after_webhook,
            read_s=around.read_s,
        )
        desk = None
        if around.result_key:
            desk = AgentDesk(
                self._webhooks, around.clock, key=around.result_key, audience=around.audience
            )
        self._agent = ScriptedAgent(
            call.world.agent_acts,
            self._webhooks,
            self._conversation,
            desk,
            call.world.was_person,
        )
        self._streams = Streams(
            around.server,
            around.clock,
            around.quiet_pace,
            line_of(call),
            around.recording,
            call.world.media_dies_after,
            call.world.media_comes_back,
        )
        self._book = PromptBook(flow)
        self._caller = ScriptedCaller(call, self._outbox, around.clock.now())
        self._questions = 0
        self._seconds = 0.0
        self._dialled: list[Dialled] = []
        self._problems: list[str] = []
        #: Status callbacks that come only when all calls are over.
        self._delayed: list[dict[str, str]] = []

    def place(self) -> Outcome:
        """Place the call and whatever calls follow it. Never raises for what the server does:
        that is in the outcome's problems."""
        try:
            ended = self._place_all()
        except WebhookFailed as failed:
            ended = "error"
            self._problems.append(
                f"the caller heard an error and was cut off: {failed.reason}, by the fallback too"
            )
        except RehearsalError as error:
            ended = "error"
            self._problems.append(str(error))
        self._problems += self._webhooks.problems
        return judged(self._outcome(ended), self._call)

    def _place_all(self) -> str:
        """Call until the turns say nothing of another call. Returns how the last one ended."""
        while True:
            ended = self._place_one()
            try:
                pause = self._caller.call_ended()
            except RehearsalError as left_over:
                self._problems.append(str(left_over))
                pause = -1
            if pause < 0:
                self._send_delayed()
                return ended
            self._clock.sleep(pause)
            self._caller.calls_again(self._clock.now())

    def _place_one(self) -> str:
        around, world = self._around, self._call.world
        leg = Leg(self._call.caller, around.server.number, around.server.account_sid)
        player = TwimlPlayer(
            leg=leg,
            webhooks=self._webhooks,
            conversation=self._conversation,
            book=self._book,
            caller=self._caller,
            agent=self._agent,
            streams=self._streams,
            trouble=around.trouble,
            language=self._call.language,
            tones=world.tones,
            look_around=self._take_messages,
        )
        started = self._clock.now()
        if world.status == "early":
            player.before_dial_action = lambda: self._send_status(leg, started)
        if around.recording is not None:
            around.recording.begin(started)
        self._conversation.note("caller", "(calls)")
        try:
            ended = player.play(around.server.public + INCOMING)
        finally:
            self._questions += player.questions
            self._dialled += player.dialled
            self._seconds += (self._clock.now() - started).total_seconds()
            self._conversation.note("network", "(the line is dead)")
            self._report_status(leg, started, sent=self._sent_early(player))
        return ended

    # --- status callbacks ------------------------------------------------------------------------

    def _sent_early(self, player: TwimlPlayer) -> bool:
        joined = any(dialled.bridged for dialled in player.dialled)
        return joined and self._call.world.status == "early"

    def _report_status(self, leg: Leg, started: datetime, *, sent: bool) -> None:
        """Tell the server that the call is over, as well as the world lets it be told."""
        how = self._call.world.status
        if how == "late":
            self._delayed.append(self._status(leg, started))
        elif how != "missing" and not sent:
            for _ in range(2 if how == "twice" else 1):
                self._send_status(leg, started)

    def _send_status(self, leg: Leg, started: datetime) -> None:
        self._webhooks.notify(self._status_url, self._status(leg, started))

    def _send_delayed(self) -> None:
        for fields in self._delayed:
            self._clock.sleep(LATE_S)
            self._webhooks.notify(self._status_url, fields)

    def _status(self, leg: Leg, started: datetime) -> dict[str, str]:
        now = self._clock.now()
        seconds = round((now - started).total_seconds())
        return leg.fields(
            "completed",
            CallDuration=str(seconds),
            CallbackSource="call-progress-events",
            Duration=str(math.ceil(seconds / 60)),
            SequenceNumber="0",
            Timestamp=format_datetime(now, usegmt=True),
        )

    @property
    def _status_url(self) -> str:
        return self._around.server.public + STATUS

    # --- what came of it -------------------------------------------------------------------------

    def _after_webhook(self) -> None:
        self._around.trouble.webhook_done()
        self._take_messages()

    def _take_messages(self) -> None:
        for message in self._outbox.poll():
            self._conversation.note("message", f"{message.channel}: {message.text}")

    def _outcome(self, ended: str) -> Outcome:
        joined = next((d for d in reversed(self._dialled) if d.bridged), None)
        claims = None if joined is None else joined.claims
        destination = None
        if joined is not None:
            destination = self._around.destinations.get(joined.number)
            if destination is None and claims is not None:
                destination = claims.get("destination")
        unread = joined is not None and claims is None and not self._around.result_key
        level = None if unread else str((claims or {}).get("acr", "none"))
        return Outcome(
            call=self._call.call,
            ended=ended,
            level=level,
            destination=destination,
            turns=self._questions,
            streamed=self._streams.questions,
            seconds=self._seconds,
            amr=tuple((claims or {}).get("amr", ())),
            flags=tuple((claims or {}).get("flags", ())),
            messages=len(self._outbox.codes()),
            fallbacks=self._webhooks.fallbacks,
            said=self._conversation.prompts_said(),
            claims=claims,
            label=None if joined is None else joined.label,
            problems=tuple(self._problems),
        )
