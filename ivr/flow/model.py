"""A flow as data: the closed set of state kinds and what each may say.

These pydantic models are both the strict schema of ``flow.yaml`` and what the machine
reads at run time. They are frozen; unknown keys are errors. References between states,
prompts, grammars and slots are checked in ``ivr.flow.lint``.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.understanding.slot_types import SlotType

#: Every check a flow may name, with its closed set of outcomes. Outcomes before a code is
#: accepted say nothing about the directory (DESIGN.md "No oracle").
CHECK_OUTCOMES: dict[str, tuple[str, ...]] = {
    "resume": ("fresh", "resumed"),
    "identify": ("done",),
    "send_code": ("sent", "limit"),
    "send_code_again": ("sent", "limit"),
    "send_code_other": ("sent", "limit"),
    # Only after a code was accepted in this call; before it ends in ``none`` for everybody.
    "send_code_second": ("sent", "limit", "enough", "none"),
    # Whether a code of an earlier call counts, which the policy has to allow.
    "known_caller": ("known", "unknown"),
    "check_code": ("ok", "wrong", "expired", "exhausted", "failed"),
    # Whether somebody can be promised to be called back, and whether we know at which number.
    "callback_number": ("known", "unknown", "not_offered"),
    "callback_here": ("kept", "failed"),
    "callback_there": ("kept", "failed"),
}

#: How a transfer can end.
TRANSFER_OUTCOMES = ("bridged", "busy", "no_answer", "declined", "failed")
#: What else ``on`` of a transfer may name: nobody was rung, because nobody answers at this hour.
#: Without it such a call goes on as after ``no_answer``.
CLOSED: Final = "closed"
#: What else ``on`` of a check ``resume`` may name: the policy sends the call to a person because
#: of its number or of what callers from it did. Without it such a call goes on as after ``fresh``.
SCREENED: Final = "person"

#: Types that are nothing but digits: in their states every digit key belongs to the value.
KEYPAD_TYPES: tuple[SlotType, ...] = ("code", "digits", "customer_number", "phone_number")
#: Types that no telephone keypad can enter.
SPOKEN_TYPES: tuple[SlotType, ...] = ("name", "email_address")

Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]
Language = Literal["ja", "en"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """Base of every part of a flow: frozen, exact types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Limits(Strict):
    """How often something may go wrong. The first five count within one state, the rest per call.

    When a state's counter reaches its limit the state's ``on`` (or the flow's) transition
    for it is taken. ``turns`` and ``minutes`` end in the flow's ``on.limit``.
    """

    no_input: int = Field(default=3, ge=1, le=9)
    no_match: int = Field(default=3, ge=1, le=9)
    invalid: int = Field(default=3, ge=1, le=9)
    mismatch: int = Field(default=3, ge=1, le=9)
    turns: int = Field(default=60, ge=5, le=200)
    minutes: int = Field(default=20, ge=1, le=60)


class StateLimits(Strict):
    """A state's own limits; what is left out comes from the flow."""

    no_input: int | None = Field(default=None, ge=1, le=9)
    no_match: int | None = Field(default=None, ge=1, le=9)
    invalid: int | None = Field(default=None, ge=1, le=9)
    mismatch: int | None = Field(default=None, ge=1, le=9)


class Exits(Strict):
    """Where a state goes when a counter is used up; the flow's ``on`` fills the gaps."""

    no_input: Name | None = None
    no_match: Name | None = None
    invalid: Name | None = None
    mismatch: Name | None = None


class FlowExits(Strict):
    """The flow's own exits: every counter, the call's limit, and trouble of ours.

    ``last`` is an ``end`` state: what is said when even the exits of ``limit`` and ``failed``
    did not bring the call to an end.
    """

    no_input: Name
    no_match: Name
    invalid: Name
    mismatch: Name
    limit: Name
    failed: Name
    last: Name


class Retry(Strict):
    """Prompts said before a question is asked again, where the state has none of its own."""

    no_input: Name
    no_match: Name
    invalid: Name
    mismatch: Name


class Slot(Strict):
    """Something collected. ``confirm``: read it back never, when unsure, or always.

    ``unsure_below``: a confidence (0..1) under which ``unsure`` confirms.
    ``length``: number of digits, for types ``code``, ``digits`` and ``customer_number``.
    """

    type: SlotType
    pii: bool
    confirm: Literal["never", "unsure", "always"] = "unsure"
    unsure_below: float = Field(default=0.5, ge=0, le=1)
    length: int | None = Field(default=None, ge=1, le=20)


class Command(Strict):
    """What a global command does: ``repeat``, ``slower``, ``explain`` (say ``prompt``, ask again)
    or ``go`` to a state. ``language`` switches the call's language first."""

    do: Literal["repeat", "slower", "explain"] | None = None
    prompt: Name | None = None
    go: Name | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Command:
        if (self.do is None) == (self.go is None):
            raise ValueError("a command needs exactly one of 'do' and 'go'")
        if (self.do == "explain") != (self.prompt is not None):
            raise ValueError("'prompt' belongs to 'do: explain', which needs it")
        return self


class Listen(Strict):
    """How a state listens; see ``ivr.dialogue.actions.Listening`` for units."""

    speech: bool = True
    keys: bool = True
    timeout_s: int = Field(default=6, ge=1, le=60)
    end_silence_s: int = Field(default=2, ge=1, le=5)


class SayState(Strict):
    """Speaks and goes on without listening."""

    kind: Literal["say"]
    prompt: Name
    next: Name


class Asking(Strict):
    """What every state that listens has.

    ``no_input``, ``no_match``: the prompt that asks again, whole; left out, the flow's ``retry``
    prompt is said and ``prompt`` asked again. ``help`` is said on the command ``help``.
    ``commands``: meanings of the grammar ``commands`` that lead to a state from here only.
    """

    prompt: Name
    no_input: Name | None = None
    no_match: Name | None = None
    help: Name | None = None
    commands: dict[Name, Name] = {}
    listen: Listen = Listen()
    limits: StateLimits = StateLimits()
    on: Exits = Exits()


class Choice(Strict):
    """Where an answer leads; ``language`` switches the call's language first. ``intent`` is what
    the call is about from here on; routes of a transfer may ask for it. ``keep_audio``: whether
    the caller allows that what they say from here on is kept as sound."""

    go: Name
    language: Language | None = None
    intent: Name | None = None
    keep_audio: bool | None = None


class ChooseState(Asking):
    """Asks a question with a few answers. ``grammar`` names the grammar whose meanings are the
    keys of ``choices``; ``keys`` maps a key to one of those meanings. ``on_silence`` goes on
    without counting when nobody says anything."""

    kind: Literal["choose"]
    grammar: Name | None = None
    choices: dict[Name, Name | Choice]
    keys: dict[Key, Name] = {}
    on_silence: Name | None = None


class Missing(Strict):
    """What asks for the part that a birthdate still lacks."""

    year: Name
    month: Name
    day: Name


class CollectState(Asking):
    """Collects a slot by speech, keys or both.

    ``part``: which part of a name is asked. ``menu``: where ``*`` leads in a keypad state.
    ``on_digits``: where any digit key leads in a speech state. ``partial``: where to go when
    only the surname was given; ``full``: where to go when the whole name was given though
    ``part`` asked for one. ``missing``: the questions for the rest of a birthdate of which only
    a part was said; without it a part is as good as nothing. ``confirm`` is the read-back
    question with ``{value}``.
    """

    kind: Literal["collect"]
    slot: Name
    part: Literal["full", "surname", "given"] = "full"
    invalid: Name | None = None
    mismatch: Name | None = None
    confirm: Name | None = None
    menu: Name | None = None
    on_digits: Name | None = None
    partial: Name | None = None
    full: Name | None = None
    missing: Missing | None = None
    next: Name


class CheckState(Strict):
    """Has something checked; ``on`` names a state for each outcome in CHECK_OUTCOMES, and that of
    a check ``resume`` may name one for SCREENED."""

    kind: Literal["check"]
    check: Literal[
        "resume", "identify", "send_code", "send_code_again", "send_code_other", "check_code",
        "send_code_second", "known_caller",
        "callback_number", "callback_here", "callback_there",
    ]  # fmt: skip
    prompt: Name | None = None
    on: dict[Name, Name]


class Route(Strict):
    """Another destination for some calls; whatever is given must hold.

    ``level`` can only be ``verified``. Whoever enters a wrong code knows it; but where ``claimed``
    and ``matched`` went to different people, it could be heard who is a customer.
    """

    to: Name
    level: Literal["verified"] | None = None
    intent: Name | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _not_for_all(self) -> Route:
        if self.level is None and self.intent is None and self.language is None:
            raise ValueError("a route needs at least one of 'level', 'intent' and 'language'")
        return self


class TransferState(Strict):
    """Connects to a person; ``on`` names a state for each outcome in TRANSFER_OUTCOMES, and may
    name one for CLOSED.

    The first of ``routes`` that holds says to whom, else ``destination``. ``flag`` is a hint the
    agent gets with the result (``urgent``, ``proxy``).
    """

    kind: Literal["transfer"]
    destination: Name
    routes: tuple[Route, ...] = ()
    prompt: Name | None = None
    flag: Literal["urgent", "proxy"] | None = None
    on: dict[Name, Name]


class EndState(Strict):
    """Says goodbye and hangs up."""

    kind: Literal["end"]
    prompt: Name


State = Annotated[
    SayState | ChooseState | CollectState | CheckState | TransferState | EndState,
    Field(discriminator="kind"),
]


class FlowFile(Strict):
    """The content of ``flow.yaml``."""

    flow: Name
    languages: tuple[Language, ...] = Field(min_length=1)
    start: Name
    #: The assurance policy: a file of ``policies`` beside the flow's folder.
    policy: Name | None = None
    destinations: tuple[Name, ...]
    limits: Limits = Limits()
    on: FlowExits
    retry: Retry
    slots: dict[Name, Slot]
    commands: dict[Name, Command]
    #: Keys that work in every listening state that is not a keypad entry: key -> command.
    keys: dict[Key, Name] = {}
    states: dict[Name, State]


class PromptsFile(Strict):
    """The content of ``prompts.<language>.yaml``: a text, or one text per attempt."""

    language: Language
    prompts: dict[Name, str | tuple[str, ...]]


#: Words a prompt may use in braces. ``value`` (the value to confirm) only in confirm prompts.
PLACEHOLDERS = frozenset({"company", "hours", "callback_number", "value"})
