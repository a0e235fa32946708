"""A call that outlives its process: loads it, steps it, stores it, answers.

Every method may be called by any process on any machine; the database decides who steps.
Nothing here calls a provider: a step that needs one commits a check intent, and the
:class:`~ivr.dialogue.worker.CheckWorker` performs it outside any transaction.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.dialogue import attempts
from ivr.dialogue import request as requests
from ivr.dialogue.actions import Check, Transfer
from ivr.dialogue.announcements import NOBODY, Announcements
from ivr.dialogue.call import (
    Call,
    action_from_json,
    action_to_json,
    call_from_json,
    call_to_json,
)
from ivr.dialogue.events import CallStarted, Checked, Event, HungUp, TransferEnded
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.outcome import Issued, assurance, proven_at
from ivr.dialogue.replies import AgentView, Reply, reply_of
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.watcher import IntentWatcher, Unwatched
from ivr.errors import NotFound
from ivr.flow.flow import Flow
from ivr.identity.ports import CheckResult
from ivr.identity.result import ResultSigner, new_reference
from ivr.records import audit, calls, intents, kept_audio, results
from ivr.records.calls import AlreadyThere, CallRecord
from ivr.records.database import Database, once_committed
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord

_log = structlog.get_logger(__name__)


class DialogueService:
    """Takes each event of each call once, whoever delivers it and however often."""

    def __init__(
        self,
        db: Database,
        shelf: FlowShelf,
        signer: ResultSigner,
        clock: Clock,
        *,
        check_deadline_s: int,
        result_minutes: int,
        announcements: Announcements = NOBODY,
        issued: Issued = lambda sure: None,
    ) -> None:
        self._db = db
        self._shelf = shelf
        self._signer = signer
        self._clock = clock
        self._deadline = timedelta(seconds=check_deadline_s)
        self._result_life = timedelta(minutes=result_minutes)
        self._announcements = announcements
        self._issued = issued
        self._watcher: IntentWatcher = Unwatched()

    @property
    def clock(self) -> Clock:
        return self._clock

    def watched_by(self, watcher: IntentWatcher) -> None:
        """Have ``watcher`` told of every committed check intent."""
        self._watcher = watcher

    def begin(self, *, call_sid: str, caller: str, called: str) -> Reply:
        """Answer a call; a call already known gets its present reply.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        flow = self._shelf.current
        self._shelf.keep(flow)
        now = self._clock.now()
        call, _ = step(flow, new_call(flow, now), CallStarted(now))
        record = CallRecord(
            id=str(uuid.uuid4()),
            call_sid=call_sid,
            flow_name=flow.name,
            flow_digest=flow.digest,
            language=call.language,
            caller=caller,
            called=called,
            turn=call.turn,
            status="active",
            state=call_to_json(call),
            started_at=now,
        )
        try:
            with self._db.writing() as session:
                if calls.find(session, call_sid) is not None:
                    raise AlreadyThere("the call is known")
                calls.insert(session, record)
                audit.note(session, attempts.began(record), now)
                reference, intent = self._prepare(session, flow, call, record)
        except AlreadyThere:
            return self.current(call_sid=call_sid)
        if intent is not None:
            self._watcher.wake(intent)
        return reply_of(record, call, call.action, reference)

    def take(self, *, call_sid: str, turn: int, event: Event) -> Reply:
        """Take the event that answers ``turn``; a turn already taken gets its stored answer.

        Raises:
            NotFound: no such call, or a turn that has not been asked yet.
            RecordsUnavailable: the database cannot answer now; nothing was changed.
        """
        with self._db.writing() as session:
            record = calls.find(session, call_sid, lock=True)
            if record is None:
                raise NotFound("no such call")
            reply, intent = self._step(session, record, turn, event)
        if intent is not None:
            self._watcher.wake(intent)
        return reply

    def finish_check(self, intent: IntentRecord, result: CheckResult) -> None:
        """Commit what a check found as the call's next event, in one transaction with the
        intent's end. A call that went on without it (deadline, hang-up) is left alone."""
        now, signals = self._clock.now(), result.signals
        event = Checked(now, intent.check, result.outcome, result.evidence, result.flags, signals)
        with self._db.writing() as session:
            record = calls.get(session, intent.call_id, lock=True)
            in_time = intents.finish(session, intent.id, self._clock.now())
            found = attempts.checked(intent, result, self._db.index, in_time=in_time)
            audit.note(session, found, self._clock.now())
            if record is None or not in_time or record.status != "active":
                return
            if result.verification_id is not None:
                record = replace(record, verification_id=result.verification_id)
            _, wakened = self._step(session, record, intent.turn, event)
        if wakened is not None:
            self._watcher.wake(wakened)

    def current(self, *, call_sid: str, wait_ms: int = 0) -> Reply:
        """The present reply. While a check runs, waits up to ``wait_ms`` milliseconds of real
        time for it; a check past its deadline is given up and the call goes on.

        Raises:
            NotFound, RecordsUnavailable: as :meth:`take`.
        """
        reply = self._present(call_sid)
        if not isinstance(reply.action, Check):
            return reply
        with self._db.reading() as session:
            intent = intents.find(session, reply.call_id, reply.turn)
        if intent is None:
            return reply
        if self._clock.now() >= intent.deadline_at:
            self._give_up(intent)
            return self._present(call_sid)
        if wait_ms <= 0:
            return reply
        self._watcher.wake(intent.id)
        self._watcher.wait(intent.id, wait_ms)
        return self._present(call_sid)

    def spoken(self, *, call_sid: str, turn: int) -> None:
        """The caller has heard the lines of the action at ``turn``: nobody says them again. Past
        turns and unknown calls are left alone.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.writing() as session:
            record = calls.find(session, call_sid, lock=True)
            if record is None or record.turn != turn:
                return
            call = replace(call_from_json(record.state), spoken=turn)
            calls.save(session, replace(record, state=call_to_json(call)))

    def hung_up(self, *, call_sid: str) -> None:
        """The call is over. Unknown calls and calls already over are left alone."""
        with self._db.writing() as session:
            record = calls.find(session, call_sid, lock=True)
            if record is not None and record.status == "active":
                self._step(session, record, record.turn, HungUp(self._clock.now()))

    def agent_view(self, *, reference: str) -> AgentView:
        """What the whisper, headers and tasks say about a call.

        Raises:
            NotFound: no such reference.
        """
        with self._db.reading() as session:
            result = results.get(session, reference)
            record = None if result is None else calls.get(session, result.call_id)
        if result is None or record is None:
            raise NotFound("no such result")
        flow = self._shelf.pinned(record.flow_digest)
        call = call_from_json(record.state)
        sure = assurance(flow, call)
        return AgentView(
            call.language,
            sure.level,
            sure.flags,
            sure.why,
            sure.amr,
            result.token,
            sure.decision,
        )

    def record_agent_answer(self, *, reference: str, accepted: bool) -> None:
        """Keep whether the agent took the call when asked in the whisper.

        Raises:
            NotFound: no such reference.
        """
        with self._db.writing() as session:
            answered = results.answer(session, reference, accepted)
            result = results.get(session, reference)
            if not answered or result is None:
                raise NotFound("no such result")
            told = attempts.answered(result, accepted=accepted)
            audit.note(session, told, self._clock.now())

    def agent_accepted(self, *, call_sid: str, turn: int) -> bool | None:
        """Whether an agent took the transfer of ``turn``; None where nobody answered."""
        with self._db.reading() as session:
            record = calls.find(session, call_sid)
            result = None if record is None else results.by_turn(session, record.id, turn)
        return None if result is None else result.accepted

    # --- inside a transaction --------------------------------------------------------------

    def _step(
        self, session: Session, record: CallRecord, turn: int, event: Event
    ) -> tuple[Reply, str | None]:
        """Step a locked call. Returns its reply and the intent to wake after the commit."""
        if turn < record.turn:
            return self._stored(session, record, turn), None
        if turn > record.turn:
            raise NotFound("this turn has not been asked yet")
        flow = self._shelf.pinned(record.flow_digest)
        before = call_from_json(record.state)
        call, action = step(flow, before, event)
        if call is before:
            return self._reply_now(session, record, call), None
        at = self._clock.now()
        calls.add_turn(
            session,
            call_id=record.id,
            number=turn,
            event=type(event).__name__,
            action=action_to_json(action),
            at=at,
            state_name=call.state,
        )
        ended = call.ended is not None
        anew = isinstance(call.action, Check) and call.action.check == "identify"
        record = replace(
            record,
            # Should identifying fail, no code may be checked against an earlier claim.
            verification_id=None if anew else record.verification_id,
            turn=call.turn,
            language=call.language,
            state=call_to_json(call),
            status="ended" if ended else "active",
            ended_at=at if ended else None,
            ended_how=call.ended,
        )
        calls.save(session, record)
        if before.keep_audio and not call.keep_audio:
            kept_audio.forget(session, record.id)
        if isinstance(event, TransferEnded) and isinstance(before.action, Transfer):
            made = results.by_turn(session, record.id, turn)
            to = before.action.destination
            self._announcements.ended(session, record, made, to, event.outcome, at)
        if ended:
            audit.note(session, attempts.ended(record), at)
        reference, intent = self._prepare(session, flow, call, record)
        return reply_of(record, call, action, reference), intent

    def _prepare(
        self, session: Session, flow: Flow, call: Call, record: CallRecord
    ) -> tuple[str | None, str | None]:
        """Commit with the step what its action needs: a result to transfer with, or an intent."""
        match call.action:
            case Transfer() as action:
                return self._result(session, flow, call, record, action), None
            case Check() as action:
                return None, self._intent(session, flow, call, record, action)
            case _:
                return None, None

    def _result(
        self, session: Session, flow: Flow, call: Call, record: CallRecord, action: Transfer
    ) -> str:
        reference, now = new_reference(), self._clock.now()
        sure = assurance(flow, call)
        token = self._signer.issue(
            reference=reference,
            assurance=sure,
            language=call.language,
            verified_at=proven_at(call),
            flow=flow.name,
            flow_digest=flow.digest,
            destination=action.destination,
        )
        expires = now + self._result_life
        issued = ResultRecord(reference, record.id, token, now, expires, call.turn)
        results.insert(session, issued)
        made = attempts.issued(
            record,
            sure,
            self._db.index,
            turn=call.turn,
            destination=action.destination,
            signals=call.signals,
            intent=call.intent,
        )
        audit.note(session, made, now)
        self._announcements.issued(session, record, issued, sure, action.destination)
        once_committed(session, lambda: self._issued(sure))
        _log.info(
            "transfer", assurance=sure.level, destination=action.destination, flags=sure.flags
        )
        return reference

    def _intent(
        self, session: Session, flow: Flow, call: Call, record: CallRecord, action: Check
    ) -> str:
        intent_id, now = str(uuid.uuid4()), self._clock.now()
        request = requests.check_request(
            flow,
            call,
            intent_id=intent_id,
            call_id=record.id,
            check=action.check,
            caller=record.caller,
            verification_id=record.verification_id,
        )
        payload = requests.to_json(request)
        deadline = now + self._deadline
        intents.create(
            session,
            IntentRecord(
                intent_id, record.id, call.turn, action.check, payload, "pending", now, deadline
            ),
        )
        return intent_id

    def _give_up(self, intent: IntentRecord) -> None:
        """Let a call go on without a check that never ended (a provider that hangs, a crash)."""
        outcome, evidence, flags = requests.GIVEN_UP[intent.check]
        event = Checked(self._clock.now(), intent.check, outcome, evidence, flags)
        with self._db.writing() as session:
            record = calls.get(session, intent.call_id, lock=True)
            if record is None or not intents.give_up(session, intent.id):
                return
            audit.note(session, attempts.given_up(intent, self._db.index), self._clock.now())
            _, wakened = self._step(session, record, intent.turn, event)
        _log.warning("check given up", check=intent.check)
        if wakened is not None:
            self._watcher.wake(wakened)

    def _present(self, call_sid: str) -> Reply:
        with self._db.reading() as session:
            record = calls.find(session, call_sid)
            if record is None:
                raise NotFound("no such call")
            return self._reply_now(session, record, call_from_json(record.state))

    def _reply_now(self, session: Session, record: CallRecord, call: Call) -> Reply:
        reference = None
        if isinstance(call.action, Transfer):
            found = results.by_turn(session, record.id, call.turn)
            reference = None if found is None else found.reference
        return reply_of(record, call, call.action, reference)

    def _stored(self, session: Session, record: CallRecord, turn: int) -> Reply:
        """The answer once given to ``turn``, word for word."""
        stored = calls.answer(session, record.id, turn)
        call = call_from_json(record.state)
        if stored is None:
            return self._reply_now(session, record, call)
        number, action = stored[0], action_from_json(stored[1])
        found = results.by_turn(session, record.id, number)
        reference = None if found is None else found.reference
        return reply_of(record, call, action, reference, turn=number)
