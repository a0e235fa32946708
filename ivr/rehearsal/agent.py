"""The scripted agent, who is dialled, hears the whisper and takes the call or does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ivr.errors import RehearsalError
from ivr.rehearsal.callfile import AgentAct
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.speech import spoken_s
from ivr.rehearsal.twiml_document import WHISPER_VERBS, Dial, Gather, Hangup, Say
from ivr.rehearsal.webhooks import Page, WebhookClient, WebhookFailed

#: Seconds until an agent picks up, rejects, or the network says busy.
RING_S = 4.0
#: Seconds the agent and the caller talk.
TALK_S = 30
ACCEPT_KEY = "1"
DECLINE_KEY = "2"
#: Documents a whisper may take.
MAX_DOCUMENTS = 10

#: What Twilio says of a dialled call that nobody answered. One that was answered but declined
#: in the whisper is "completed": only ``DialBridged`` tells it from success.
_STATUS = {"busy": "busy", "no_answer": "no-answer", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a dialled call ended, in Twilio's words, and what reached the agent."""

    status: str
    bridged: bool
    duration_s: int
    sid: str
    number: str
    #: The claims of the result that came with the call.
    claims: Mapping[str, Any] | None = None

    def fields(self) -> dict[str, str]:
        """What a ``<Dial action>`` is told."""
        return {
            "DialBridged": "true" if self.bridged else "false",
            "DialCallDuration": str(self.duration_s),
            "DialCallSid": self.sid,
            "DialCallStatus": self.status,
        }


class Desk(Protocol):
    """The agent's system, which fetches the result of a call."""

    def fetch(self, reference: str) -> Mapping[str, Any]:
        """The checked claims of a result.

        Raises:
            RehearsalError: it cannot be fetched, or its signature does not hold.
        """
        ...


@dataclass
class ScriptedAgent:
    """Takes calls as ``acts`` say, one entry a call; the last one repeats. ``desk`` is None
    where nobody may fetch results."""

    acts: tuple[AgentAct, ...]
    webhooks: WebhookClient
    conversation: Conversation
    desk: Desk | None = None
    _calls: int = field(default=0)

    def take(self, dial: Dial, leg: Leg, base: str) -> Dialled:
        """Be dialled by the document at ``base``, talk to the caller, end the call.

        ``leg`` is the caller's. Several numbers ring at once; the first one is this agent's.

        Raises:
            RehearsalError: the whisper holds what a whisper must not, or its result is bad.
        """
        act = self.acts[min(self._calls, len(self.acts) - 1)]
        self._calls += 1
        note, clock = self.conversation.note, self.conversation.clock
        number = dial.numbers[0]
        from_number = dial.caller_id or leg.caller
        child = Leg(from_number, number.number, leg.account_sid, "outbound-dial", leg.sid)
        clock.sleep(dial.timeout_s if act == "no_answer" else min(RING_S, dial.timeout_s))
        if act in {"busy", "no_answer", "failed"}:
            note("agent", f"({act.replace('_', ' ')})")
            return Dialled(_STATUS[act], False, 0, child.sid, number.number)
        answered = clock.now()
        try:
            url = self.webhooks.absolute(base, number.url)
            accepted = not number.url or self._hears_whisper(act, url, child)
        except WebhookFailed as failed:
            self.webhooks.problems.append(f"the whisper failed: {failed.reason}")
            return Dialled("failed", False, 0, child.sid, number.number)
        if not accepted:
            seconds = round((clock.now() - answered).total_seconds())
            return Dialled("completed", False, seconds, child.sid, number.number)
        reference = _reference(number.url)
        claims = None
        if self.desk is not None and reference is not None:
            claims = self.desk.fetch(reference)
        note("agent", "(is connected with the caller)")
        clock.sleep(TALK_S)
        note("agent", "(ends the call)")
        return Dialled("completed", True, TALK_S, child.sid, number.number, claims)

    def _hears_whisper(self, act: AgentAct, url: str, child: Leg) -> bool:
        """Whether the whisper ends in joining the calls."""
        more: dict[str, str] = {}
        for _ in range(MAX_DOCUMENTS):
            page = self.webhooks.fetch(url, child.fields("in-progress", **more), use_fallback=False)
            following = self._play(act, page)
            if isinstance(following, bool):
                return following
            url, more = following
        raise RehearsalError(f"the whisper went on for {MAX_DOCUMENTS} documents")

    def _play(self, act: AgentAct, page: Page) -> bool | tuple[str, dict[str, str]]:
        """Play a whisper document: joined, not joined, or the next URL and its fields."""
        for verb in page.verbs:
            if not isinstance(verb, WHISPER_VERBS):
                raise RehearsalError(
                    f"a whisper cannot hold <{type(verb).__name__}>",
                    hint="Twilio allows Say, Play, Gather and Hangup there",
                )
            if isinstance(verb, Hangup):
                return False
            if isinstance(verb, Say):
                self._hear(verb)
                continue
            fields = self._answer(act, verb)
            if fields is not None:
                return self.webhooks.absolute(page.url, verb.action), fields
        return True

    def _hear(self, say: Say) -> None:
        self.conversation.note("agent", say.text)
        self.conversation.clock.sleep(spoken_s(say))

    def _answer(self, act: AgentAct, gather: Gather) -> dict[str, str] | None:
        for prompt in gather.prompts:
            if isinstance(prompt, Say):
                self._hear(prompt)
        if act == "voicemail":
            self.conversation.clock.sleep(gather.timeout_s)
            return {"Digits": "", "msg": "Gather End"} if gather.on_empty else None
        if not gather.keys:
            raise RehearsalError("the whisper asks the agent for words; agents answer by key")
        key = ACCEPT_KEY if act == "answers" else DECLINE_KEY
        self.conversation.note("agent", f"[{key}]")
        return {"Digits": key, "FinishedOnKey": "", "msg": "Gather End"}


def _reference(url: str) -> str | None:
    """The result's reference, which travels to the agent's side in the whisper's URL."""
    found = parse_qs(urlsplit(url).query).get("ref")
    return found[0] if found else None
