"""Calls of ``ivr bench oracle``, through the dialogue in this process: what callers do, and what
they can notice of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, product, zip_longest
from random import Random
from time import perf_counter

from ivr.clock import ManualClock
from ivr.commands.oracle_people import RIGHT, Claimant, Kind, claimants
from ivr.dialogue.actions import Action, Ask, Check
from ivr.dialogue.events import Event, Heard, Pressed, Silence
from ivr.dialogue.replies import Reply
from ivr.dialogue.service import DialogueService
from ivr.errors import RehearsalError
from ivr.understanding.value import Hypothesis

#: Milliseconds of real time that a check may take: a machine may be busy.
_PATIENCE_MS = 120_000
#: How often it is looked whether one has ended.
_LOOKS = 1000
_CALLED = "+815000001000"
_EXPIRY_S = 11 * 60
#: Nobody's code: that somebody is sent this very one happens once in a million.
_WRONG = "000000"

_SIDS = count(1)

#: What a caller may do once a code is asked for. ``later`` lets the code expire, ``calls_again``
#: hangs up and rings from the same number.
MOVES = (
    "wrong", "again", "other", "wait", "repeat", "not_arrived", "silence", "noise", "short",
    "later", "calls_again", "person",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Noticed:
    """One answer as a caller gets it: everything of it but what is random. ``seconds``: on the
    clock of the call."""

    turn: int
    action: Action
    language: str
    slow: bool
    seconds: float


class Line:
    """Places one call after the other. ``ticks`` gets the seconds of real time that answers take,
    by what was asked for."""

    def __init__(self, service: DialogueService, caller: str) -> None:
        self._service = service
        self._caller = caller
        self.noticed: list[Noticed] = []
        self.ticks: dict[str, float] = {}
        self._ring()

    @property
    def ended(self) -> bool:
        """Nothing is asked any more."""
        return not isinstance(self.noticed[-1].action, Ask)

    def says(self, text: str, tick: str = "") -> None:
        self._answer(lambda at: Heard(at, (Hypothesis(text, 0.9),)), tick)

    def presses(self, digits: str, finished_on: str = "", tick: str = "") -> None:
        self._answer(lambda at: Pressed(at, digits, finished_on), tick)

    def is_silent(self, tick: str = "") -> None:
        self._answer(Silence, tick)

    def waits(self, seconds: float) -> None:
        self._service.clock.sleep(seconds)

    def calls_again(self, tick: str = "") -> None:
        """Hang up and ring from the same number."""
        self._service.hung_up(call_sid=self._sid)
        self._ring()
        self.is_silent(tick)

    def _ring(self) -> None:
        self._sid = f"CA{next(_SIDS):032x}"
        began = self._service.clock.now()
        reply = self._service.begin(call_sid=self._sid, caller=self._caller, called=_CALLED)
        self._note(reply, (self._service.clock.now() - began).total_seconds())

    def _answer(self, event: Callable[..., Event], tick: str) -> None:
        if self.ended:
            return
        clock = self._service.clock
        began, real = clock.now(), perf_counter()
        turn = self.noticed[-1].turn
        reply = self._service.take(call_sid=self._sid, turn=turn, event=event(clock.now()))
        for _ in range(_LOOKS):
            if not isinstance(reply.action, Check):
                break
            reply = self._service.current(call_sid=self._sid, wait_ms=_PATIENCE_MS)
        else:
            raise RehearsalError("a check did not end")
        if tick:
            self.ticks[tick] = perf_counter() - real
        self._note(reply, (clock.now() - began).total_seconds())

    def _note(self, reply: Reply, seconds: float) -> None:
        noticed = Noticed(reply.turn, reply.action, reply.language, reply.slow, seconds)
        self.noticed.append(noticed)


def claims(line: Line, who: Claimant, *, keyed: bool = False) -> None:
    """Say who calls, up to the question for the code."""
    line.is_silent()
    line.says("はい")
    if keyed:
        line.presses("3")
        line.presses(_eight_keys(who.birthdate))
    else:
        line.says(who.birthdate)
    line.says(who.name, "name")
    line.says("はい", "send")


def _eight_keys(birthdate: str) -> str:
    year, month, day = birthdate.removesuffix("日です").replace("年", "月").split("月")
    return f"{year}{int(month):02d}{int(day):02d}"


def _menu(key: str) -> Callable[[Line], None]:
    def choose(line: Line) -> None:
        line.presses("", "*")
        line.presses(key)

    return choose


def _later(line: Line) -> None:
    line.waits(_EXPIRY_S)
    line.presses(_WRONG)


_DO: Mapping[str, Callable[[Line], None]] = {
    "wrong": lambda line: line.presses(_WRONG),
    "again": _menu("2"),
    "other": _menu("3"),
    "wait": _menu("1"),
    "repeat": _menu("4"),
    "not_arrived": lambda line: line.says("届きません"),
    "silence": lambda line: line.is_silent(),
    "noise": lambda line: line.says("えーとどうだったかな"),
    "short": lambda line: line.presses("12345"),
    "later": _later,
    "calls_again": lambda line: line.calls_again(),
    "person": lambda line: line.says("係"),
}


def walk(
    service: DialogueService, who: Claimant, moves: Sequence[str], caller: str, *, keyed: bool
) -> list[Noticed]:
    """Everything that somebody notices who does these ``moves``, on a clock that stands still
    otherwise. No code is ever right."""
    line = Line(service, caller)
    claims(line, who, keyed=keyed)
    for move in moves:
        _DO[move](line)
    return line.noticed


def paths(number: int, seed: int) -> Iterator[tuple[str, ...]]:
    """So many sequences of moves: first such that every move follows every other, then drawn."""
    pairs = list(product(MOVES[:-1], MOVES))
    chance = Random(seed)  # noqa: S311  # the same every time, on purpose
    chance.shuffle(pairs)
    for at in range(number):
        if at < len(pairs) // 2:
            yield (*pairs[2 * at], *pairs[2 * at + 1])
        else:
            yield tuple(chance.choices(MOVES, k=chance.randrange(3, 8)))


@dataclass(frozen=True, slots=True)
class Told:
    """A way to tell somebody from a customer: who, by which moves, and at which answer (from 0)
    what was noticed, None where nothing came any more."""

    kind: Kind
    moves: tuple[str, ...]
    answer: int
    right: Noticed | None
    other: Noticed | None


def compared(
    kind: Kind, moves: tuple[str, ...], right: Sequence[Noticed], other: Sequence[Noticed]
) -> Told | None:
    """The first answer at which somebody notices something else than a customer would."""
    for answer, pair in enumerate(zip_longest(right, other)):
        if pair[0] != pair[1]:
            return Told(kind, moves, answer, *pair)
    return None


class RestartedClock:
    """Stands still until told, and can begin again: everybody calls at one and the same time."""

    def __init__(self, start: datetime) -> None:
        self._clock = ManualClock(start)

    def restart(self, at: datetime) -> None:
        """It is ``at`` now."""
        self._clock = ManualClock(at)

    def now(self) -> datetime:
        """See :class:`ivr.clock.Clock`."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """See :class:`ivr.clock.Clock`."""
        self._clock.sleep(seconds)


def told_apart(
    service: DialogueService,
    clock: RestartedClock,
    kinds: Sequence[Kind],
    moves: tuple[str, ...],
    *,
    keyed: bool,
    number: int,
) -> list[Told]:
    """Have somebody of each kind do these moves, at one time: who can be told from a customer.

    ``number`` makes their telephones theirs: those of another path are other ones.
    """
    start = clock.now()
    walks = []
    for place, kind in enumerate((RIGHT, *kinds)):
        clock.restart(start)
        (who,) = claimants(kind, 1)
        # Nobody's registered telephone, and each in no other call.
        caller = f"+8170{number:05d}{place:03d}"
        walks.append(walk(service, who, moves, caller, keyed=keyed))
    clock.restart(start)
    found = (
        compared(kind, moves, walks[0], other) for kind, other in zip(kinds, walks[1:], strict=True)
    )
    return [told for told in found if told is not None]
