"""``ivr understand`` and ``ivr compare-names``: what is understood, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from ivr.clock import JAPAN, SystemClock
from ivr.commands.lines import LONGEST, read_lines, write_object
from ivr.commands.options import spoken_language
from ivr.errors import FilesError, HonninError
from ivr.flow.grammars import read_grammar
from ivr.settings import load_settings
from ivr.understanding import phone_number, slots
from ivr.understanding.ja import quantities
from ivr.understanding.name_pairs import compare_texts
from ivr.understanding.phrases import meaning
from ivr.understanding.value import HeardName, Hypothesis, Understood

#: What can be understood; the grammar behind a choice, None for slots.
KINDS = {
    "birthdate": None,
    "digits": None,
    "number": None,
    "phone": None,
    "name": None,
    "yes-no": "yes_no",
    "command": "commands",
}

Understand = Callable[[str], Understood]


def choice_of(grammar_name: str, language: str) -> Callable[[str], str | None]:
    """The meaning of an utterance in a grammar of the settings' ``grammars`` folder.

    Raises ``FilesError`` where the grammar is missing or has problems.
    """
    path = load_settings().grammars_dir / language / f"{grammar_name}.yaml"
    reading = read_grammar(path)
    if reading.grammar is None or reading.problems:
        raise FilesError(reading.problems)
    grammar = reading.grammar
    return lambda text: meaning(grammar, [Hypothesis(text)], language=language)


def parser_of(kind: str, language: str, today: date) -> Understand:
    """How one utterance of ``kind`` (a key of ``KINDS``) is understood."""
    grammar = KINDS[kind]
    if grammar is not None:
        return _choosing(choice_of(grammar, language))
    if kind == "number":
        if language != "ja":
            raise HonninError("numbers are understood in Japanese only", hint="--language ja")
        return lambda text: quantities.parse(text, confidence=slots.UNSTATED_CONFIDENCE)
    if kind == "phone":
        return lambda text: phone_number.parse(text, confidence=slots.UNSTATED_CONFIDENCE)
    return lambda text: slots.parse(kind, [Hypothesis(text)], language=language, today=today)


def _choosing(choice: Callable[[str], str | None]) -> Understand:
    def understand(text: str) -> Understood:
        meant = choice(text)
        if meant is not None:
            return Understood("ok", meant, slots.UNSTATED_CONFIDENCE)
        if text.strip():
            return Understood("unclear", None, 0.0, "no_meaning")
        return Understood("none", None, 0.0, "nothing_heard")

    return understand


def today_of(now: datetime | None) -> date:
    """The day in Japan that ``--now`` names, or that it is."""
    return now.date() if now else SystemClock().now().astimezone(JAPAN).date()


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@spoken_language
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="The day it is said on; today.")
def understand(kind: str, language: str, now: datetime | None) -> None:
    """Understand utterances: one a line in, one JSON object a line out.

    Each object has text, status (ok, unclear, invalid, none), value, confidence (0 to 1; no
    recogniser has said anything here, so 0.8 at most) and reason.
    """
    parse = parser_of(kind, language, today_of(now))
    for line in read_lines():
        found = Understood("none", None, 0.0, "too_long") if line.cut else parse(line.text)
        write_object(
            {
                "text": line.text,
                "status": found.status,
                "value": shown(found.value),
                "confidence": round(found.confidence, 4),
                "reason": found.reason,
            }
        )


def shown(value: str | HeardName | None) -> Any:
    """A value as JSON; a name as the readings of its parts, or its letters."""
    if not isinstance(value, HeardName):
        return value
    spelt = value.text.isascii()
    surnames = [value.surname_text] if spelt and value.surname_text else list(value.surnames)
    givens = [value.given_text] if spelt and value.given_text else list(value.givens)
    return {"surname": surnames, "given": givens}


@click.command("compare-names")
def compare_names() -> None:
    """Compare heard names with registered furigana, as JSON lines.

    In: {"heard": kanji or kana, "registered": "サトウ タロウ"}. Out: the same with decision
    (pass, confirm, fail) and score (0 to 1). A line that is no such object is answered with
    an error, and the exit status is 1 in the end.
    """
    broken = False
    for line in read_lines():
        if not line.text.strip():
            continue
        answer = _compared(line.text, line.cut)
        broken = broken or "error" in answer
        write_object(answer)
    if broken:
        raise SystemExit(1)


def _compared(text: str, cut: bool) -> dict[str, Any]:
    if cut:
        return {"error": f"longer than {LONGEST} bytes"}
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return {"error": "is no JSON"}
    if not isinstance(row, dict):
        return {"error": "is no JSON object"}
    heard, registered = row.get("heard"), row.get("registered")
    if not isinstance(heard, str) or not isinstance(registered, str):
        return {**row, "error": "needs the texts 'heard' and 'registered'"}
    try:
        found = compare_texts(heard, registered, part=str(row.get("part", "")))
    except ValueError as error:
        return {**row, "error": str(error)}
    return {**row, "decision": found.decision, "score": round(found.score, 4)}
