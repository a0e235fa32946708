"""The scripted agent, who is dialled, hears the whisper or reads headers, and takes the call or
does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ivr.errors import RehearsalError
from ivr.rehearsal.callfile import AgentAct
from ivr.rehearsal.conversation import Conversation
from ivr.rehearsal.leg import Leg, new_call_sid
from ivr.rehearsal.speech import spoken_s
from ivr.rehearsal.twiml_document import WHISPER_VERBS, Dial, Gather, Hangup, Number, Say, Sip
from ivr.rehearsal.webhooks import Page, WebhookClient, WebhookFailed

#: Seconds until an agent picks up, rejects, or the network says busy.
RING_S = 4.0
#: Seconds the agent and the caller talk, and after which a line drops.
TALK_S = 30
DROP_S = 2
ACCEPT_KEY = "1"
DECLINE_KEY = "2"
#: The headers that an agent's system reads in a call by SIP.
REFERENCE_HEADER = "X-Honnin-Reference"
LEVEL_HEADER = "X-Honnin-Level"
#: Where TaskRouter tells of its tasks.
TASK_EVENT = "/voice/task-event"
#: Documents a whisper may take.
MAX_DOCUMENTS = 10

#: What Twilio says of a dialled call that nobody answered. One that was answered but declined
#: in the whisper is "completed": only ``DialBridged`` tells it from success.
_STATUS = {"busy": "busy", "no_answer": "no-answer", "failed": "failed"}
#: What Twilio says of a call by SIP: DialCallStatus and the final response of the other side. A
#: voicemail of a telephone system answers like everybody else.
_SIP_STATUS = {
    "busy": ("busy", 486),
    "no_answer": ("no-answer", 487),
    "declines": ("busy", 603),
    "failed": ("failed", 503),
}
#: The same of a call that was referred: ReferCallStatus, and the responses to the REFER and, told
#: by NOTIFY, to the new call; None where none came.
_REFER_STATUS: Mapping[str, tuple[str, int, int | None]] = {
    "busy": ("busy", 202, 486),
    "no_answer": ("no-answer", 202, 480),
    "declines": ("failed", 202, 603),
    "failed": ("failed", 405, None),
}
_REFERRED: tuple[str, int, int | None] = ("in-progress", 202, 200)


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
    #: The final SIP response; None for phones.
    sip_code: int | None = None
    #: The response to a REFER; None where the call was dialled.
    refer_code: int | None = None
    #: What the call is labelled with, once the agent has said whether it was the person.
    label: str | None = None

    def fields(self) -> dict[str, str]:
        """What a ``<Dial action>`` is told."""
        told = {
            "DialBridged": "true" if self.bridged else "false",
            "DialCallDuration": str(self.duration_s),
            "DialCallSid": self.sid,
            "DialCallStatus": self.status,
        }
        if self.sip_code is not None:
            told |= {"DialSipCallId": self.sid, "DialSipResponseCode": str(self.sip_code)}
        return told

    def refer_fields(self) -> dict[str, str]:
        """What a ``<Refer action>`` is told."""
        told = {"ReferCallStatus": self.status, "ReferSipResponseCode": str(self.refer_code)}
        if self.sip_code is not None:
            told["NotifySipResponseCode"] = str(self.sip_code)
        return told


class Desk(Protocol):
    """The agent's system, which fetches the result of a call."""

    def fetch(self, reference: str) -> Mapping[str, Any]:
        """The checked claims of a result.

        Raises:
            RehearsalError: it cannot be fetched, or its signature does not hold.
        """
        ...

    def say(self, reference: str, *, was_person: bool) -> tuple[str, bool]:
        """Say whether it was the person; the call's label then, and whether that changed it.

        Raises:
            RehearsalError: that was refused.
        """
        ...

    def checked(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that came with the call.

        Raises:
            RehearsalError: its signature does not hold.
        """
        ...


@dataclass
class ScriptedAgent:
    """Takes calls as ``acts`` say, one entry a call; the last one repeats. ``desk`` is None
    where nobody may fetch results. ``was_person``: what the agent says after the call; None:
    nothing."""

    acts: tuple[AgentAct, ...]
    webhooks: WebhookClient
    conversation: Conversation
    desk: Desk | None = None
    was_person: bool | None = None
    _calls: int = field(default=0)

    def take(self, dial: Dial, leg: Leg, base: str) -> Dialled:
        """Be dialled by the document at ``base``, talk to the caller, end the call.

        ``leg`` is the caller's. Several numbers ring at once; the first one is this agent's.

        Raises:
            RehearsalError: the whisper holds what a whisper must not, or the result is bad.
        """
        act = self.next_act()
        noun = dial.numbers[0]
        from_number = dial.caller_id or leg.caller
        child = Leg(from_number, noun.number, leg.account_sid, "outbound-dial", leg.sid)
        self._rings(act, dial.timeout_s)
        if isinstance(noun, Sip):
            return self._by_sip(act, noun, child)
        if act in _STATUS:
            self._unreached(act)
            return Dialled(_STATUS[act], False, 0, child.sid, noun.number)
        return self._by_phone(act, noun, child, base)

    def take_referred(self, sip: Sip) -> Dialled:
        """Be called by the caller's own telephone system, which was told to by REFER.

        Raises:
            RehearsalError: the headers are not those of a result.
        """
        act = self.next_act()
        status, asked, told = _REFER_STATUS.get(act, _REFERRED)
        sid = new_call_sid()
        if told is not None:
            self._rings(act, RING_S)
        if act in _REFER_STATUS:
            self._unreached(act)
            return Dialled(status, False, 0, sid, sip.number, None, told, asked)
        claims = self._reads_headers(sip, referred=True)
        seconds, label = self._talks(act), self._says(claims)
        return Dialled(status, True, seconds, sid, sip.number, claims, told, asked, label)

    def takes_task(self, workflow: str, attributes: Mapping[str, object], act: AgentAct) -> Dialled:
        """Be connected with a call out of a queue, whose task holds ``attributes``.

        Raises:
            RehearsalError: the attributes say something else than the result.
        """
        shown = ", ".join(f"{n}: {v}" for n, v in attributes.items() if n != "token")
        self.conversation.note("agent", f"(reads {shown})")
        claims = None
        if self.desk is not None:
            claims = self.desk.checked(str(attributes.get("token")))
            said = {"sub": "reference", "acr": "level", "amr": "amr", "lang": "language"}
            if any(claims.get(claim) != attributes.get(name) for claim, name in said.items()):
                raise RehearsalError("the task says something else than the result in it")
        seconds = self._talks(act)
        label = self._says_in_task(attributes, claims)
        sid = new_call_sid()
        return Dialled("completed", True, seconds, sid, workflow, claims, label=label)

    def next_act(self) -> AgentAct:
        """What happens at this call."""
        act = self.acts[min(self._calls, len(self.acts) - 1)]
        self._calls += 1
        return act

    def _rings(self, act: AgentAct, longest_s: float) -> None:
        ring_s = longest_s if act == "no_answer" else min(RING_S, longest_s)
        self.conversation.clock.sleep(ring_s)

    def _unreached(self, act: AgentAct) -> None:
        self.conversation.note("agent", f"({act.replace('_', ' ')})")

    def _talks(self, act: AgentAct) -> int:
        """The calls are joined; returns for how many seconds."""
        self.conversation.note("agent", "(is connected with the caller)")
        seconds = DROP_S if act == "drops" else TALK_S
        self.conversation.clock.sleep(seconds)
        ended = "(the agent's line drops)" if act == "drops" else "(ends the call)"
        self.conversation.note("agent", ended)
        return seconds

    def _says(self, claims: Mapping[str, Any] | None) -> str | None:
        """Say whether it was the person, by the agent's system; the label of the call."""
        if self.was_person is None or self.desk is None or claims is None:
            return None
        self.conversation.note("agent", f"(says: was the person: {self.was_person})")
        label, _ = self.desk.say(str(claims["sub"]), was_person=self.was_person)
        return label

    def _says_in_task(
        self, attributes: Mapping[str, object], claims: Mapping[str, Any] | None
    ) -> str | None:
        """Say it in an attribute of the task; TaskRouter tells of that as often as it likes."""
        if self.was_person is None:
            return None
        said = {**attributes, "was_person": self.was_person}
        event = {"Sid": "EV" + "0" * 32, "EventType": "task.completed"}
        event["AccountSid"] = self.webhooks.account_sid
        instant = str(int(self.conversation.clock.now().timestamp()))
        told = {**event, "Timestamp": instant, "TaskAttributes": json.dumps(said)}
        for _ in range(2):
            self.webhooks.notify(self.webhooks.absolute("", TASK_EVENT), told)
        if self.desk is None or claims is None:
            return None
        label, changed = self.desk.say(str(claims["sub"]), was_person=self.was_person)
        if changed:
            raise RehearsalError("what was said in the task has not become the call's label")
        return label

    def _by_phone(self, act: AgentAct, number: Number, child: Leg, base: str) -> Dialled:
        """Pick up, hear the whisper and take the call or not."""
        clock = self.conversation.clock
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
        claims = self._fetched(_reference(number.url))
        seconds, label = self._talks(act), self._says(claims)
        address = number.number
        return Dialled("completed", True, seconds, child.sid, address, claims, label=label)

    def _by_sip(self, act: AgentAct, sip: Sip, child: Leg) -> Dialled:
        """Answer as a telephone system does: at once, without a whisper, reading headers."""
        if act in _SIP_STATUS:
            status, code = _SIP_STATUS[act]
            self._unreached(act)
            return Dialled(status, False, 0, child.sid, sip.number, None, code)
        claims = self._reads_headers(sip)
        seconds, label = self._talks(act), self._says(claims)
        address = sip.number
        return Dialled("completed", True, seconds, child.sid, address, claims, 200, label=label)

    def _reads_headers(self, sip: Sip, *, referred: bool = False) -> Mapping[str, Any] | None:
        """The result that the headers name, which must say what they say. Those of a call that
        was ``referred`` went through the caller's hands and must not name a level."""
        shown = ", ".join(f"{name}: {value}" for name, value in sip.headers.items())
        self.conversation.note("agent", f"(reads {shown or 'no headers'})")
        claims = self._fetched(sip.headers.get(REFERENCE_HEADER))
        level = sip.headers.get(LEVEL_HEADER)
        if referred and level is not None:
            raise RehearsalError("the caller's side of a REFER is told the level")
        if not referred and claims is not None and claims.get("acr") != level:
            raise RehearsalError("the headers of the call name another level than its result")
        return claims

    def _fetched(self, reference: str | None) -> Mapping[str, Any] | None:
        if self.desk is None or reference is None:
            return None
        return self.desk.fetch(reference)

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
        key = DECLINE_KEY if act == "declines" else ACCEPT_KEY
        self.conversation.note("agent", f"[{key}]")
        return {"Digits": key, "FinishedOnKey": "", "msg": "Gather End"}


def _reference(url: str) -> str | None:
    """The result's reference, which travels to the agent's side in the whisper's URL."""
    found = parse_qs(urlsplit(url).query).get("ref")
    return found[0] if found else None
