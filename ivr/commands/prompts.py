"""``ivr prompts``: what callers hear of a flow's prompts, and rendering it ahead."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from ivr.errors import SpeakingError
from ivr.flow.duration import seconds as estimated_seconds
from ivr.flow.rules.texts import LONGEST_S
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.settings import Settings, load_settings
from ivr.speaking.prompt_sounds import PromptSounds, open_prompt_sounds, open_voice
from ivr.speaking.prompt_texts import PromptText
from ivr.wiring.backstage import load_shipped_flow

_FLOW = click.option("--flow", "name", help="The flow; without, the one that answers calls.")
_LANGUAGE = click.option(
    "--language", type=click.Choice(["ja", "en"]), help="Only this language; without, all."
)


@dataclass(frozen=True, slots=True)
class _Length:
    """Seconds of a text; ``measured`` where its sound is there."""

    seconds: float
    measured: bool

    def __str__(self) -> str:
        return f"{'' if self.measured else '~'}{self.seconds:.1f}"


@click.group()
def prompts() -> None:
    """What callers hear of a flow's prompts."""


@prompts.command("list")
@_FLOW
@_LANGUAGE
@click.option("--readings", is_flag=True, help="Show how the voice reads each text, in kana.")
def list_(name: str | None, language: str | None, readings: bool) -> None:
    """List every prompt: its seconds, also in slow mode, and where its sound comes from.

    It is recorded, rendered ahead, rendered during the call (prompts that read a value back), or
    said by Twilio. ~ marks seconds that are estimated, because there is no sound yet to measure.
    Exit status 1 if a prompt takes more than 12 seconds in slow mode, or a recording is not as
    it must be.
    """
    settings = load_settings()
    voice = open_voice(settings, settings.flows_dir / (name or settings.flow)) if readings else None
    long = []
    with _sounds(settings, name) as sounds:
        click.echo(f"| prompt | language | seconds | slow | sound |{' reading |' * readings}")
        click.echo(f"|---|---|---|---|---|{'---|' * readings}")
        for text in _chosen(sounds, language):
            normal, slow = (_length(sounds, text, settings, slow=slow) for slow in (False, True))
            cells = [text.name, text.language, str(normal), str(slow), _origin(sounds, text)]
            if readings:
                read = voice is not None and sounds.source(text.language, text.text) == "rendered"
                cells.append(voice.reading(text.text) if voice is not None and read else "")
            click.echo(f"| {' | '.join(cells)} |")
            if round(slow.seconds, 1) > LONGEST_S:
                long.append(f"{text.name} ({text.language}): {slow} s")
    _refuse(long)


@prompts.command("render")
@_FLOW
@_LANGUAGE
def render(name: str | None, language: str | None) -> None:
    """Have the voice read every prompt that nobody recorded, at both speeds, and keep the sound.

    What is there already is not rendered again. Prompts that read a value back are only
    measured, with an invented value. Exit status 1 if a prompt takes more than 12 seconds in
    slow mode.
    """
    settings = load_settings()
    if settings.rendered_voice == "auto":
        # Whoever asks for rendering wants to know why it cannot be done.
        settings = settings.model_copy(update={"rendered_voice": "open_jtalk"})
    made = kept = 0
    long = []
    with _sounds(settings, name) as sounds:
        wanted = [
            (text, slow)
            for text in _chosen(sounds, language)
            if sounds.source(text.language, text.text) == "rendered"
            for slow in (False, True)
        ]
        with click.progressbar(
            wanted, label="rendering", item_show_func=lambda item: item[0].name if item else ""
        ) as bar:
            for text, slow in bar:
                sound = sounds.ready(text.language, text.text, slow=slow)
                kept += sound is not None
                made += sound is None and not text.open
                if sound is None:
                    sound = _rendered(sounds, text, slow=slow)
                if round(len(sound) / TELEPHONE_RATE, 1) > LONGEST_S:
                    long.append(f"{text.name} ({text.language}): {len(sound) / 8000:.1f} s")
    click.echo(f"{made} rendered, {kept} were there, in {settings.rendered_folder}")
    _refuse(long)


def render_ahead(settings: Settings, name: str) -> bool:
    """Have the voice read what a call of the flow ``name`` says at normal speed, as far as its
    sound is not there yet: nobody waits for it during the call. Returns whether there is a voice.

    Raises:
        FilesError: recordings or readings are not as they must be.
        SpeakingError: a text cannot be read, or its sound cannot be kept.
    """
    with _sounds(settings, name) as sounds:
        rendered = [
            text
            for text in sounds.texts
            if not text.open and sounds.source(text.language, text.text) == "rendered"
        ]
        missing = [
            text for text in rendered if sounds.ready(text.language, text.text, slow=False) is None
        ]
        if missing:
            with click.progressbar(
                missing, label="rendering prompts, once", file=sys.stderr
            ) as bar:
                for text in bar:
                    _rendered(sounds, text, slow=False)
        return bool(rendered)


def _sounds(settings: Settings, name: str | None) -> PromptSounds:
    return open_prompt_sounds(settings, load_shipped_flow(settings, name=name))


def _chosen(sounds: PromptSounds, language: str | None) -> list[PromptText]:
    return [text for text in sounds.texts if language in (None, text.language)]


def _rendered(sounds: PromptSounds, text: PromptText, *, slow: bool) -> bytes:
    try:
        return sounds.render(text.language, text.text, slow=slow)
    except SpeakingError as error:
        # These texts stand in the flow's files: the name says which one it is.
        raise SpeakingError(f"{text.name}: {error.message}", hint=error.hint) from None


def _length(sounds: PromptSounds, text: PromptText, settings: Settings, *, slow: bool) -> _Length:
    sound = sounds.ready(text.language, text.text, slow=slow)
    if sound is not None:
        return _Length(len(sound) / TELEPHONE_RATE, True)
    rate = settings.slow_rate if slow else 100
    return _Length(estimated_seconds(text.text, text.language, rate), False)


def _origin(sounds: PromptSounds, text: PromptText) -> str:
    source = sounds.source(text.language, text.text)
    if source != "rendered":
        return source
    if text.open:
        return "rendered in the call"
    there = all(sounds.ready(text.language, text.text, slow=slow) for slow in (False, True))
    return "rendered" if there else "to be rendered"


def _refuse(long: list[str]) -> None:
    if long:
        click.echo(f"\n{LONGEST_S:g} s is the most a caller can follow:", err=True)
        for line in long:
            click.echo(f"- {line}", err=True)
        raise SystemExit(1)
