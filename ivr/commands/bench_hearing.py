"""``ivr bench hearing``: what hearing costs, and how long callers wait for it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any

import click

from ivr.clock import JAPAN, SystemClock
from ivr.commands import bench_stage as stage
from ivr.commands.bench_callers import FINDINGS, PLAN, Findings, Plan, PlannedCall, until_over
from ivr.commands.opened_database import opened_database
from ivr.dialogue.expectation import expected
from ivr.errors import HearingError, RehearsalError
from ivr.flow.flow import Flow
from ivr.hearing.endpointing import Limits
from ivr.hearing.model import SpeechModel
from ivr.hearing.recogniser import N_BEST
from ivr.hearing.telephone_audio import TELEPHONE_RATE, decode_mulaw, encode_mulaw, read_wav
from ivr.hearing.voice_activity import FRAME
from ivr.rehearsal.bench_figures import columns, percentile
from ivr.rehearsal.leg import new_call_sid
from ivr.settings import Settings
from ivr.telephony.links import Links
from ivr.telephony.logging import configure_logging
from ivr.telephony.media.ears import VoskEars
from ivr.understanding import slots
from ivr.wiring.asking import Asking
from ivr.wiring.backstage import load_shipped_flow
from ivr.wiring.hearing_booth import LEAD_S, Booth
from ivr.wiring.listening import open_model, phrases_of
from ivr.wiring.media import Media, build_media, open_tongue
from ivr.wiring.spoken_answers import LINES, Slots, SpokenAnswer

_LANGUAGE = "ja"
_DECOYS = b"ivr bench hearing"
#: Recordings of rehearsed callers, whose voices the shipped model knows.
_SAID: tuple[tuple[str, Slots], ...] = (
    ("taro/showa-60-3-5", "birthdate"),
    ("hanako/showa-60-3-5", "birthdate"),
    ("ichiro/showa-33-7-12", "birthdate"),
    ("taro/hai", "yes_no"),
    ("hanako/hai", "yes_no"),
    ("ichiro/card", "yes_no"),
)
#: What callers on streams answer to the shipped flow; the first question takes keys only.
_ANSWERS = {"english_offer": None, "consent": "taro/hai", "birthdate": "taro/showa-60-3-5"}
_CALLER = "+819000000000"
#: Prompts take this long: callers are there to answer.
_PROMPT = b"\xff" * round(0.2 * TELEPHONE_RATE)
#: A call with both answers takes longer.
_SHORTEST_CALL_S = 6.0
_MOST_CALLS = 200
#: Tokens are good for five minutes.
_LONGEST_S = 240.0
#: The pause that ends a whole answer; nobody can be answered sooner.
_PAUSE_S = Limits().complete_s


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a processor for a second of speech, and for a second of the line."""

    name: str
    speech: float
    line: float


@dataclass(frozen=True, slots=True)
class Level:
    """``calls`` at once. ``waits``: seconds from the end of speech to the first sound of what
    follows, by the prompt that was answered. ``cpu``: seconds of a processor for a second of one
    call. ``refused`` and ``lost`` are streams; ``late_s``: how late callers sent the end of an
    answer, at worst."""

    calls: int
    waits: Mapping[str, Sequence[float]]
    cpu: float
    refused: int
    lost: int
    late_s: float

    @property
    def all_waits(self) -> list[float]:
        """Those of all prompts."""
        return [wait for waits in self.waits.values() for wait in waits]


def _numbers(context: click.Context, option: click.Parameter, given: str) -> tuple[int, ...]:
    """``1,10,30``."""
    try:
        numbers = tuple(int(part) for part in given.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not all(1 <= number <= _MOST_CALLS for number in numbers):
        raise click.BadParameter(
            f"{given!r} is no list of numbers from 1 to {_MOST_CALLS} such as 1,10,30"
        )
    return numbers


@click.command()
@click.option(
    "--calls",
    default="1,10,30",
    show_default=True,
    callback=_numbers,
    help="Calls at once, step by step.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, _LONGEST_S),
    default=60.0,
    show_default=True,
    help="How long each step takes.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help="Rounds in which the kinds of work take turns.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def hearing(calls: tuple[int, ...], seconds: float, rounds: int, as_json: bool) -> None:
    """Processor time for a second of speech, and the time from its end to a result.

    First the work alone, beside a bare AcceptWaveform loop that hears the same audio with the
    same model and grammar. Then a media server on loopback, as in production but for the length
    of its prompts, with callers in another process who speak 20 ms of sound every 20 ms.
    docs/benchmarks.md says how to read the numbers.
    """
    configure_logging("error")
    slots.warm()
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        settings = stage.bench_settings(Path(folder), "").model_copy(
            update={
                "hearing": ("vosk", "twilio", "keys"),
                "media_calls": max(calls),
                "rendered_voice": "off",
            }
        )
        flow = load_shipped_flow(settings)
        _say("hearing beside a bare loop")
        costs = _costs(settings, flow, rounds)
        levels = list(asyncio.run(_levels(settings, flow, calls, seconds)))
    if as_json:
        report = {
            "costs": [asdict(cost) for cost in costs],
            "levels": [_object(level) for level in levels],
        }
        click.echo(json.dumps(report))
        return
    click.echo(f"{_cost_table(costs)}\n\n{_level_table(levels)}")


# --- what it costs ---------------------------------------------------------------------------


def _costs(settings: Settings, flow: Flow, rounds: int) -> list[Cost]:
    """Hear the same answers in each way, in turns."""
    folder = open_model(settings, _LANGUAGE).files.path
    tongue = open_tongue(folder, _LANGUAGE, _DECOYS)
    ears = VoskEars({_LANGUAGE: tongue}, phrases_of)
    now = SystemClock().now()
    today = now.astimezone(JAPAN).date()
    asking = Asking(flow, _LANGUAGE, now)
    booth = Booth(asking.flow, ears, today)
    names = ("bare AcceptWaveform loop", "the same, and alternatives", "this program")
    cpu = dict.fromkeys(names, 0.0)
    speech_s = line_s = 0.0
    for _ in range(rounds):
        for answer in _answers(settings):
            call = asking.call(answer)
            heard = booth.hear(call, answer.on(LINES["clean"]))
            expectation = expected(asking.flow, call, today)
            assert expectation is not None  # noqa: S101
            grammar = tongue.compiler.compile(*map(phrases_of, expectation.grammars)).json
            frames = list(_line(answer, heard.line_s))
            cpu[names[0]] += _bare(tongue.model, grammar, frames, alternatives=False)
            cpu[names[1]] += _bare(tongue.model, grammar, frames, alternatives=True)
            cpu[names[2]] += heard.cpu_s
            speech_s += until_over(encode_mulaw(read_wav(answer.wav).pcm))
            line_s += heard.line_s
    return [Cost(name, cpu[name] / speech_s, cpu[name] / line_s) for name in names]


def _answers(settings: Settings) -> Iterator[SpokenAnswer]:
    for name, slot in _SAID:
        yield SpokenAnswer(_recording(settings, name), slot, "", name.partition("/")[0])


def _recording(settings: Settings, name: str) -> Path:
    """
    Raises:
        HearingError: it is not there.
    """
    path = settings.flows_dir / stage.FLOW / "calls" / "audio" / f"{name}.wav"
    if not path.is_file():
        raise HearingError(
            f"there is no recording {path}",
            hint="IVR_FLOWS_DIR must name the flows that came with this program",
        )
    return path.resolve()


def _line(answer: SpokenAnswer, seconds: float) -> Iterator[bytes]:
    """What :class:`Booth` heard of the line."""
    lead = round(LEAD_S * TELEPHONE_RATE / FRAME)
    return islice(answer.on(LINES["clean"]), lead, lead + round(seconds * TELEPHONE_RATE / FRAME))


def _bare(
    model: SpeechModel, grammar: str, frames: Iterable[bytes], *, alternatives: bool
) -> float:
    """Seconds of a processor for the least that hears these frames."""
    began = process_time()
    recognisers = [model.recogniser(TELEPHONE_RATE, grammar)]
    if alternatives:
        recognisers.append(model.recogniser(TELEPHONE_RATE, grammar))
        recognisers[-1].SetMaxAlternatives(N_BEST)
    for frame in frames:
        pcm = decode_mulaw(frame)
        for recogniser in recognisers:
            recogniser.AcceptWaveform(pcm)
    for recogniser in recognisers:
        recogniser.FinalResult()
    return process_time() - began


# --- how long callers wait -------------------------------------------------------------------


async def _levels(
    settings: Settings, flow: Flow, calls: Sequence[int], seconds: float
) -> list[Level]:
    clock = SystemClock()
    with opened_database(settings, clock) as db:
        db.upgrade()
    media = build_media(settings, clock, flow=flow)
    try:
        media.server.floor = replace(media.server.floor, prompt_audio=lambda *_: _PROMPT)
        await media.server.start("127.0.0.1", 0)
        found = []
        for number in calls:
            _say(f"{number} calls at once, {seconds:g} s")
            found.append(await _level(media, settings, number, seconds))
        await media.server.drain(1.0)
        return found
    finally:
        media.close()


async def _level(media: Media, settings: Settings, calls: int, seconds: float) -> Level:
    """
    Raises:
        RehearsalError: the callers could not do their work.
    """
    plan = Plan(
        server=replace(stage.server_of(settings), address=f"http://127.0.0.1:{media.server.port}"),
        url=Links(settings.public_url).media(),
        seconds=seconds,
        answers={
            prompt: None if name is None else _recording(settings, name)
            for prompt, name in _ANSWERS.items()
        },
        calls=[_begun(media, settings, seconds) for _ in range(calls)],
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ivr.commands.bench_callers",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    began = process_time()
    told, wrong = await process.communicate(PLAN.dump_json(plan))
    cpu_s = process_time() - began
    if process.returncode:
        reason = wrong.decode(errors="replace").strip().rpartition("\n")[2]
        raise RehearsalError(f"the callers failed: {reason}")
    found: Findings = FINDINGS.validate_json(told)
    return Level(
        calls,
        found.waits,
        cpu_s / found.line_s if found.line_s else 0.0,
        sum(found.refused.values()),
        found.lost,
        found.late_s,
    )


def _begun(media: Media, settings: Settings, seconds: float) -> list[PlannedCall]:
    """Calls of one caller, as many as there may be in so many ``seconds``."""
    behind = media.backstage
    planned = []
    for _ in range(1 + int(seconds / _SHORTEST_CALL_S)):
        sid = new_call_sid()
        behind.service.begin(call_sid=sid, caller=_CALLER, called=settings.twilio_number)
        planned.append(PlannedCall(sid, behind.tokens.issue(sid)))
    return planned


# --- what is told ----------------------------------------------------------------------------


def _cost_table(costs: Sequence[Cost]) -> str:
    rows = [("processor time", "a second of speech", "a second of the line")]
    rows += [(cost.name, _ms(cost.speech), _ms(cost.line)) for cost in costs]
    return columns(rows)


def _level_table(levels: Sequence[Level]) -> str:
    rows: list[tuple[str, ...]] = [
        (
            "calls at once", "answers", "p50 ms", "p95 ms", "after the pause: p50", "p95",
            "processor ms/s of call", "refused", "lost", "callers late ms",
        )
    ]  # fmt: skip
    for level in levels:
        waits = level.all_waits
        parts = [percentile(waits, part) if waits else 0.0 for part in (50, 95)]
        rows.append(
            (
                str(level.calls),
                str(len(waits)),
                *(f"{part * 1000:.0f}" for part in parts),
                *(f"{(part - _PAUSE_S) * 1000:.0f}" for part in parts),
                f"{level.cpu * 1000:.1f}",
                str(level.refused),
                str(level.lost),
                f"{level.late_s * 1000:.0f}",
            )
        )
    return columns(rows)


def _object(level: Level) -> dict[str, Any]:
    return {
        "calls": level.calls,
        **_waits(level.all_waits),
        "prompts": {prompt: _waits(waits) for prompt, waits in level.waits.items()},
        "pause_ms": round(_PAUSE_S * 1000),
        "cpu_ms_per_s": round(level.cpu * 1000, 2),
        "refused": level.refused,
        "lost": level.lost,
        "callers_late_ms": round(level.late_s * 1000, 1),
    }


def _waits(seconds: Sequence[float]) -> dict[str, Any]:
    shown = {
        f"p{part}_ms": round(percentile(seconds, part) * 1000, 1) if seconds else None
        for part in (50, 95)
    }
    return {"answers": len(seconds), **shown}


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _say(words: str) -> None:
    click.echo(words, err=True)
