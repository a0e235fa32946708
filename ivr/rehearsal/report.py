"""What people see of rehearsed calls: the conversation as it happens, and a table of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import click

from ivr.rehearsal.callfile import CallFile
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome
from ivr.telephony.media.ears import Said

_COLOURS = {
    "bot": "cyan",
    "caller": "green",
    "message": "yellow",
    "agent": "magenta",
    "network": "bright_black",
}
#: Programs a core that want to run, beyond which a machine is called busy.
_BUSY = 2.0
_WIDTHS = (6, 9, 9, 6, 8)
_HEADINGS = ("", "level", "ended", "turns", "seconds", "call")

Echo = Callable[[str], None]


class LiveText:
    """Prints a conversation turn by turn. ``colours`` only where a person is watching."""

    def __init__(self, echo: Echo, *, colours: bool) -> None:
        self._echo = echo
        self._colours = colours
        self._started: datetime | None = None

    def heading(self, call: CallFile) -> None:
        """What call this is."""
        self._echo(self._styled(f"{call.call}  (flow {call.flow})", bold=True))

    def show(self, moment: Moment) -> None:
        """One moment, on one line or more: minutes and seconds since the call began, who, what."""
        if self._started is None:
            self._started = moment.at
        seconds = int((moment.at - self._started).total_seconds())
        prompts = f"  [{', '.join(moment.prompts)}]" if moment.prompts else ""
        first, *more = moment.text.splitlines() or [""]
        who = self._styled(f"{moment.who:<8}", fg=_COLOURS[moment.who])
        self._echo(f"{seconds // 60:3d}:{seconds % 60:02d}  {who} {first}{self._faint(prompts)}")
        for line in more:
            self._echo(f"{'':17}{line}")

    def overhears(self, said: Said) -> None:
        """What a recogniser made of the caller, and how sure it was; told from its own thread."""
        best = said.hypotheses[0] if said.hypotheses else None
        if best is None or said.foreign:
            heard = "(nothing that is an answer)"
        else:
            sure = "" if best.confidence is None else f"  {best.confidence:.0%}"
            heard = f"{best.text}{sure}"
        self._echo(f"{'':8}{self._styled('heard   ', fg=_COLOURS['network'])} {heard}")

    def outcome(self, outcome: Outcome) -> None:
        """How it went, and what the agent's system received."""
        self._echo("")
        if outcome.claims is not None:
            self._echo("What the agent's system received (signature checked):")
            for name, value in outcome.claims.items():
                shown = ", ".join(map(str, value)) if isinstance(value, list) else value
                self._echo(f"  {name:<12} {shown}")
            self._echo("")
        self._echo(
            f"level {outcome.level or 'unknown'}, ended by {outcome.ended}, {outcome.turns}"
            f" questions, {outcome.seconds:.0f} s, {outcome.messages} codes sent"
        )
        for problem in outcome.problems:
            self._echo(self._styled(f"  {problem}", fg="red"))
        self._echo(self._verdict(outcome))

    def _verdict(self, outcome: Outcome) -> str:
        if outcome.ok:
            return self._styled("as expected", fg="green")
        return self._styled(f"not as expected ({len(outcome.problems)} problems)", fg="red")

    def _faint(self, text: str) -> str:
        return self._styled(text, fg="bright_black") if text else ""

    def _styled(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold) if self._colours else text


def table_heading() -> str:
    """The first line of a table of results."""
    return _row(_HEADINGS)


def table_row(outcome: Outcome) -> str:
    """One call in a table of results, with its problems below."""
    cells = (
        "ok" if outcome.ok else "FAILED",
        outcome.level or "-",
        outcome.ended,
        str(outcome.turns),
        f"{outcome.seconds:.0f}",
        outcome.call,
    )
    return "\n".join([_row(cells), *(f"         {problem}" for problem in outcome.problems)])


def summary(outcomes: Sequence[Outcome], real_s: float) -> str:
    """The last line: how many went as expected, and how long it took in real time."""
    failed = sum(not outcome.ok for outcome in outcomes)
    calls = f"{len(outcomes)} call{'' if len(outcomes) == 1 else 's'}"
    verdict = f"{failed} failed" if failed else "all as expected"
    return f"{calls} in {real_s:.1f} s: {verdict}"


def hint_of_load(outcomes: Sequence[Outcome], *, load: float, cores: int) -> str:
    """A line for whoever wonders why a call by voice failed on a machine that has too much to do,
    else nothing: recognition takes real time, and a call does not wait for it for ever. ``load``:
    how many programs wanted a core over the last minute."""
    if load <= _BUSY * cores or all(outcome.ok for outcome in outcomes):
        return ""
    return (
        f"This machine is busy (load {load:.1f} on {cores} cores), and speech may have been heard"
        " too late: try the calls that failed again, alone or with --jobs 1."
    )


def _row(cells: Sequence[str]) -> str:
    *fixed, last = cells
    padded = (f"{cell:<{width}}" for cell, width in zip(fixed, _WIDTHS, strict=True))
    return "  ".join([*padded, last]).rstrip()
