"""A queue of TaskRouter's: the caller waits, a worker is found or is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ivr.errors import RehearsalError
from ivr.rehearsal.agent import RING_S, Dialled, ScriptedAgent
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.leg import Leg, new_call_sid
from ivr.rehearsal.twiml_document import PLAY_S, WAIT_VERBS, Enqueue, Leave, Play, Say, Verb
from ivr.rehearsal.webhooks import WebhookClient

ASSIGNMENT = "/voice/assignment"
#: What happens to a call that is not even let in: QueueResult.
_REFUSED = {"busy": "queue-full", "failed": "system-error"}
#: Nobody takes the call, however long it waits.
_NOBODY = frozenset({"no_answer", "declines"})
#: Documents that a call in a queue may be told: more are a loop.
MAX_DOCUMENTS = 500
_WORKER = {"contact_uri": "+815000003001"}


@dataclass(frozen=True, slots=True)
class Left:
    """How a call left the queue. ``result`` is Twilio's QueueResult, ``waited_s`` how long it was
    there; ``dialled`` the worker's call, where one was found or nobody was."""

    result: str
    waited_s: int
    dialled: Dialled

    def fields(self) -> dict[str, str]:
        """What the ``<Enqueue action>`` is told."""
        told = {"QueueResult": self.result, "QueueTime": str(self.waited_s)}
        return told if self.result in _REFUSED.values() else {**told, "QueueSid": "QU" + "0" * 32}


@dataclass
class WaitingRoom:
    """Where the calls of one caller wait. ``speak`` says something to the caller; ``gives_up``:
    whether the caller hangs up now."""

    leg: Leg
    webhooks: WebhookClient
    conversation: Conversation
    agent: ScriptedAgent
    speak: Callable[[Say], object]
    gives_up: Callable[[], bool]
    _entered: datetime = field(init=False)

    def wait(self, enqueue: Enqueue, base: str) -> Left:
        """Wait until somebody takes the call, the server lets it go, or the caller hangs up.

        Raises:
            RehearsalError: a document that cannot be played in a queue, or an answer that
                connects nobody.
        """
        self._entered = self.conversation.clock.now()
        act = self.agent.next_act()
        if act in _REFUSED:
            return self._left(_REFUSED[act], enqueue)
        url = self.webhooks.absolute(base, enqueue.wait_url)
        for number in range(MAX_DOCUMENTS):
            told = {"QueuePosition": "2" if number == 0 else "1", "QueueTime": str(self._waited())}
            told |= {"QueueSid": "QU" + "0" * 32, "AvgQueueTime": "45", "CurrentQueueSize": "2"}
            page = self.webhooks.fetch(url, self.leg.fields("in-progress", **told))
            if self._plays(page.verbs):
                return self._left("leave", enqueue)
            if self.gives_up():
                return self._left("hangup", enqueue)
            if act not in _NOBODY:
                self._assigned(enqueue)
                dialled = self.agent.takes_task(enqueue.workflow, enqueue.attributes, act)
                return Left("bridged", self._waited() - dialled.duration_s, dialled)
        raise RehearsalError(
            f"a call waited through {MAX_DOCUMENTS} documents", hint="does the queue never end?"
        )

    def _waited(self) -> int:
        return round((self.conversation.clock.now() - self._entered).total_seconds())

    def _left(self, result: str, enqueue: Enqueue) -> Left:
        self.conversation.note("network", f"(the call leaves the queue: {result})")
        nobody = Dialled("no-answer", False, 0, new_call_sid(), enqueue.workflow)
        return Left(result, self._waited(), nobody)

    def _plays(self, verbs: tuple[Verb, ...]) -> bool:
        """Play a document to the waiting caller; whether the call is to leave the queue."""
        clock = self.conversation.clock
        began = clock.now()
        for verb in verbs:
            if not isinstance(verb, WAIT_VERBS):
                raise RehearsalError(f"a queue cannot play <{type(verb).__name__}>")
            if isinstance(verb, Leave):
                return True
            if isinstance(verb, Say):
                self.speak(verb)
            else:
                clock.sleep(PLAY_S if isinstance(verb, Play) else verb.length_s)
        if clock.now() == began:
            raise RehearsalError("a call in a queue is told nothing, over and over")
        return False

    def _assigned(self, enqueue: Enqueue) -> None:
        """TaskRouter has found a worker and asks what to do."""
        self.conversation.note("network", "(a worker is free)")
        fields = {
            "AccountSid": self.leg.account_sid,
            "WorkflowSid": enqueue.workflow,
            "TaskSid": "WT" + "0" * 32,
            "ReservationSid": "WR" + "0" * 32,
            "WorkerSid": "WK" + "0" * 32,
            "TaskAttributes": json.dumps({**enqueue.attributes, "call_sid": self.leg.sid}),
            "WorkerAttributes": json.dumps(_WORKER),
        }
        answer = self.webhooks.post_json(ASSIGNMENT, fields)
        if not isinstance(answer, dict) or answer.get("instruction") != "dequeue":
            raise RehearsalError("the answer to the assignment callback connects nobody")
        if not str(answer.get("from", "")).startswith("+"):
            raise RehearsalError("workers would be called from no number", hint="IVR_TWILIO_NUMBER")
        self.conversation.clock.sleep(RING_S)
