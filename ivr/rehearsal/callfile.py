"""A call as a file: what the caller does, what fails on purpose, how the call must end.

``docs/rehearsal.md`` is the reference for people who write these files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, PrivateAttr, model_validator

from ivr.errors import FilesError, HearingError, Problem
from ivr.flow.flow import Flow
from ivr.flow.model import Language, Name, Strict
from ivr.flow.source import Document, read_yaml
from ivr.flow.suggestion import did_you_mean, shown
from ivr.flow.validation import validate
from ivr.hearing.telephone_audio import TELEPHONE_RATE, read_wav
from ivr.rehearsal.bad_line import Line
from ivr.rehearsal.crm import CrmAct
from ivr.setting_values import Way

Level = Literal["none", "claimed", "matched", "verified"]
Ended = Literal["transfer", "end", "hangup"]
AgentAct = Literal["answers", "busy", "no_answer", "declines", "failed", "voicemail", "drops"]
Text = Annotated[str, Field(min_length=1, max_length=500)]
#: A phone number, nobody's, or a telephone behind a telephone system.
Caller = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14}|anonymous|sips?:[^\s<>?]{1,249})$")]

#: When a call file does not say when its call is placed.
DEFAULT_NOW = datetime.fromisoformat("2026-11-22T10:00:00+09:00")

_WAIT = re.compile(r"([1-9][0-9]{0,4})(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_MEDIA = re.compile(r"gone|full|dies (?P<when>after|every) (?P<turns>[1-9][0-9]?) turns?")
_DATABASE = re.compile(
    r"(?:locked (?P<seconds>[1-9][0-9]?)s|gone (?P<webhooks>[1-9][0-9]?) turns?)"
    r"(?: from answer (?P<answer>[1-9][0-9]?))?"
)


def _only_true(value: bool) -> bool:
    if not value:
        raise ValueError("can only be true; leave it out otherwise")
    return value


Yes = Annotated[bool, AfterValidator(_only_true)]


class Guess(Strict):
    """What a recogniser hands over: a text and how sure it is (0..1)."""

    text: str = Field(max_length=500)
    confidence: float | None = Field(default=None, ge=0, le=1)


class CallerStep(Strict):
    """One thing the caller does, when it is their turn."""

    say: Text | None = None
    #: How ``say`` or ``hear`` sounds: a WAV file, from the call file's own folder on.
    audio: Annotated[str, Field(pattern=r"^[\w./-]+\.wav$")] | None = None
    #: Twilio recognises it, even in a call by voice, so there need be no sound of it.
    gathered: bool = False
    press: Annotated[str, Field(pattern=r"^(\$code|\$wrong_code|[0-9*#]){1,32}$")] | None = None
    #: Speak or press before the prompts have ended.
    early: bool = False
    silence: Yes | None = None
    hangup: Yes | None = None
    call_again: Yes | None = None
    wait: str | None = None
    hear: Annotated[tuple[Guess, ...], Field(min_length=1, max_length=10)] | None = None

    @model_validator(mode="after")
    def _one_act(self) -> CallerStep:
        acts = [name for name in ACTS if getattr(self, name) is not None]
        if len(acts) != 1:
            raise ValueError(f"a caller does exactly one of {', '.join(ACTS)}")
        if self.audio is not None and acts[0] not in SPOKEN:
            raise ValueError("'audio' is how 'say' or 'hear' sounds; both are missing")
        if self.gathered and acts[0] not in SPOKEN:
            raise ValueError("'gathered' belongs to 'say' or 'hear'")
        if self.early and acts[0] not in (*SPOKEN, "press"):
            raise ValueError("'early' belongs to 'say', 'hear' or 'press'")
        if self.wait is not None and not _WAIT.fullmatch(self.wait):
            raise ValueError("'wait' is a time such as 30s, 11m or 1h")
        return self

    @property
    def act(self) -> str:
        """Which of :data:`ACTS` this step is."""
        return next(name for name in ACTS if getattr(self, name) is not None)

    @property
    def wait_s(self) -> int:
        """Seconds of a ``wait`` step."""
        found = _WAIT.fullmatch(self.wait or "")
        return 0 if found is None else int(found[1]) * _UNITS[found[2]]


#: The things a caller can do; a step does one.
ACTS = ("say", "press", "silence", "hangup", "call_again", "wait", "hear")
#: Those that make a sound.
SPOKEN = ("say", "hear")


class Turn(Strict):
    """A prompt that must be heard (``bot``), or something the caller does."""

    bot: Name | None = None
    caller: CallerStep | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Turn:
        if (self.bot is None) == (self.caller is None):
            raise ValueError("a turn is either 'bot: PROMPT' or 'caller: {…}'")
        return self


class CallCustomer(Strict):
    """A customer who exists only for this call."""

    surname: Text
    given: Text
    surname_kana: Text
    given_kana: Text
    birthdate: date
    number: Text | None = None
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    language: Language = "ja"
    contact_changed: date | AwareDatetime | None = None


class WorldSettings(Strict):
    """Settings of the server that a call may change; see docs/settings.md for each."""

    hearing: tuple[Way, ...] | None = None
    slow_rate: int | None = None
    code_minutes: int | None = None
    code_attempts: int | None = None
    code_sends: int | None = None
    lockout_failures: int | None = None
    customer_sends_per_day: int | None = None
    prefix_sends_per_day: int | None = None
    breaker_sends: int | None = None
    contact_changed_days: int | None = None
    database_wait_s: float | None = None
    check_deadline_s: int | None = None
    ring_s: int | None = None
    callbacks: int | None = None

    def overrides(self) -> dict[str, object]:
        """The settings that this call changes."""
        return self.model_dump(exclude_none=True)


class World(Strict):
    """What fails, is busy or behaves oddly during the call."""

    sender: Literal["down", "hangs", "slow"] | None = None
    agent: AgentAct | Annotated[tuple[AgentAct, ...], Field(min_length=1)] = "answers"
    #: What the agent who took the call says afterwards: was it the person?
    was_person: bool | None = None
    database: str | None = None
    #: A CRM that is told of results, and what it does to each attempt; the last one repeats.
    crm: CrmAct | Annotated[tuple[CrmAct, ...], Field(min_length=1)] | None = None
    #: What becomes of the media server: ``gone``, ``full``, ``dies after 2 turns`` or, again and
    #: again, ``dies every 2 turns``.
    media: str | None = None
    line: Line = Line()
    #: False: the caller's phone sends no keypad tones.
    tones: bool = True
    #: Every webhook is delivered twice with the same idempotency token.
    retry: bool = False
    #: The answer to this webhook (1 is the first) is lost, on the retry too.
    fallback: Annotated[int, Field(ge=1, le=200)] | None = None
    #: What happens to the status callback at the end of the call.
    status: Literal["late", "twice", "early", "missing"] | None = None
    settings: WorldSettings = WorldSettings()

    @model_validator(mode="after")
    def _forms(self) -> World:
        if self.database is not None and not _DATABASE.fullmatch(self.database):
            raise ValueError(
                "'database' is 'locked 3s' or 'gone 2 turns', and may go on ' from answer 2'"
            )
        if self.media is not None and not _MEDIA.fullmatch(self.media):
            raise ValueError("'media' is 'gone', 'full' or 'dies after 2 turns' (or 'every')")
        return self

    @property
    def media_dies_after(self) -> int | None:
        """Turns on streams after which the media server dies; None for never."""
        found = _MEDIA.fullmatch(self.media or "")
        return int(found["turns"]) if found is not None and found["turns"] else None

    @property
    def media_comes_back(self) -> bool:
        """Whether a stream can be opened again after one has died."""
        found = _MEDIA.fullmatch(self.media or "")
        return found is not None and found["when"] == "every"

    @property
    def agent_acts(self) -> tuple[AgentAct, ...]:
        """What happens at the first, second … transfer; the last one repeats."""
        return (self.agent,) if isinstance(self.agent, str) else self.agent

    @property
    def crm_acts(self) -> tuple[CrmAct, ...]:
        """What the CRM does to the first, second … attempt; empty where there is none."""
        if self.crm is None:
            return ()
        return (self.crm,) if isinstance(self.crm, str) else self.crm

    @property
    def outage(self) -> Outage | None:
        """The database's trouble, parsed."""
        found = _DATABASE.fullmatch(self.database or "")
        if found is None:
            return None
        return Outage(
            locked_s=int(found["seconds"] or 0),
            gone_webhooks=int(found["webhooks"] or 0),
            from_answer=int(found["answer"] or 2),
        )


class Outage(Strict):
    """From the caller's answer number ``from_answer`` on, the database is locked for
    ``locked_s`` seconds or gone for ``gone_webhooks`` webhooks."""

    locked_s: int
    gone_webhooks: int
    from_answer: int


class Expect(Strict):
    """How the call must end; what is left out is not checked."""

    level: Level | None = None
    amr: tuple[str, ...] | None = None
    ended: Ended | None = None
    destination: Name | None = None
    #: What the call is labelled with in the end.
    label: Literal["person", "not_person"] | None = None
    max_turns: Annotated[int, Field(ge=0, le=200)] | None = None
    messages: Annotated[int, Field(ge=0, le=50)] | None = None
    flags: tuple[Name, ...] | None = None
    #: What the policy lets the agent do, in any order.
    may: tuple[Name, ...] | None = None
    said: tuple[Name, ...] = ()
    not_said: tuple[Name, ...] = ()
    #: Webhooks that had to go to the fallback URL.
    fallbacks: Annotated[int, Field(ge=0, le=50)] | None = None
    #: Kinds of events that the CRM takes in the end, in order.
    crm: tuple[str, ...] | None = None


class CallFile(Strict):
    """The content of one call file."""

    call: Annotated[str, Field(min_length=1, max_length=120)]
    flow: Name
    #: The language the caller speaks.
    language: Language = "ja"
    caller: Caller
    now: AwareDatetime = DEFAULT_NOW
    turns: tuple[Turn, ...]
    customers: tuple[CallCustomer, ...] | None = None
    world: World = World()
    expect: Expect

    _path: str = PrivateAttr(default="")
    _folder: Path = PrivateAttr(default=Path())
    _lines: tuple[int, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _somebody_takes_events(self) -> CallFile:
        if self.expect.crm is not None and self.world.crm is None:
            raise ValueError("'expect.crm' needs a CRM: 'world: {crm: takes}'")
        return self

    @property
    def path(self) -> str:
        """The file this call came from, as given; empty where it came from none."""
        return self._path

    @property
    def mute(self) -> int | None:
        """The first turn (from 0) in which the caller says something that there is no sound of;
        None where the call can be placed by voice."""
        for number, turn in enumerate(self.turns):
            step = turn.caller
            if step is None or step.act not in SPOKEN or step.gathered:
                continue
            if step.audio is None:
                return number
        return None

    def audio_path(self, step: CallerStep) -> Path | None:
        """The WAV file of what is said, if there is one."""
        return None if step.audio is None else self._folder / step.audio

    def place(self, turn: int) -> str:
        """Where turn number ``turn`` (from 0) stands, for messages: ``file:line`` or its number."""
        if turn < len(self._lines):
            return f"{self._path}:{self._lines[turn]}"
        return f"turn {turn + 1}"


def load_call(path: Path, *, flows: Mapping[str, Flow]) -> CallFile:
    """Read and check a call file. ``flows`` are those it may name.

    Raises:
        FilesError: everything wrong in the file, with line and column.
    """
    document = read_yaml(path)
    call = validate(document, CallFile)
    if call is not None:
        document.problems.extend(_reference_problems(document, call, flows))
        document.problems.extend(_audio_problems(document, call, path.parent))
    if call is None or document.problems:
        raise FilesError(document.problems)
    call._path = document.path
    call._folder = path.parent
    call._lines = tuple(
        document.problem(("turns", number), "").line for number in range(len(call.turns))
    )
    return call


def _reference_problems(
    document: Document, call: CallFile, flows: Mapping[str, Flow]
) -> Iterator[Problem]:
    """Names of flows, prompts and destinations that do not exist, and turns that cannot be."""
    yield from _turn_problems(document, call)
    flow = flows.get(call.flow)
    if flow is None:
        hint = did_you_mean(call.flow, flows)
        yield document.problem(("flow",), f"unknown flow {shown(call.flow)}{hint}")
        return
    if call.language not in flow.file.languages:
        message = f"flow {shown(flow.name)} does not speak {shown(call.language)}"
        yield document.problem(("language",), message)
    prompts = {key for texts in flow.prompts.values() for key in texts}
    for where, key in _named_prompts(call):
        if key not in prompts:
            hint = did_you_mean(key, prompts)
            yield document.problem(where, f"unknown prompt {shown(key)}{hint}")
    wanted = call.expect.destination
    if wanted is not None and wanted not in flow.file.destinations:
        hint = did_you_mean(wanted, flow.file.destinations)
        where = ("expect", "destination")
        yield document.problem(where, f"unknown destination {shown(wanted)}{hint}")


def _audio_problems(document: Document, call: CallFile, folder: Path) -> Iterator[Problem]:
    """Recordings that are not there, or are nothing that a telephone carries."""
    for number, turn in enumerate(call.turns):
        if turn.caller is None or turn.caller.audio is None:
            continue
        try:
            audio = read_wav(folder / turn.caller.audio)
        except HearingError as error:
            message = str(error)
        else:
            if audio.rate == TELEPHONE_RATE:
                continue
            message = f"{turn.caller.audio} has {audio.rate} samples a second, not {TELEPHONE_RATE}"
        yield document.problem(("turns", number, "caller", "audio"), message)


def _named_prompts(call: CallFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, turn in enumerate(call.turns):
        if turn.bot is not None:
            yield ("turns", number, "bot"), turn.bot
    for field in ("said", "not_said"):
        for number, key in enumerate(getattr(call.expect, field)):
            yield ("expect", field, number), key


def _turn_problems(document: Document, call: CallFile) -> Iterator[Problem]:
    """After a hang-up the line is dead: only waiting and calling again make sense."""
    dead = False
    for number, turn in enumerate(call.turns):
        act = turn.caller.act if turn.caller is not None else "bot"
        if dead and act not in {"wait", "call_again"}:
            message = "after 'hangup' only 'wait' and 'call_again' can follow"
            yield document.problem(("turns", number), message)
            return
        dead = act == "hangup" or (dead and act == "wait")
