"""``ivr models list`` and ``ivr models pull``: which models there are, and getting one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import click

from ivr.clock import SystemClock
from ivr.commands.progress_line import ProgressLine
from ivr.errors import HearingError, HonninError
from ivr.hearing.known_models import known_models
from ivr.hearing.model_address import check_address
from ivr.hearing.model_download import Archive
from ivr.hearing.model_files import look_at
from ivr.hearing.model_store import ModelStore
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.settings import Settings, load_settings
from ivr.wiring import listening
from ivr.wiring.listening import check_allowed, model_folder

LANGUAGES = {"ja": "Japanese", "en": "English"}
_REHEARSAL = "rehearsal model"


@click.command("list")
def list_models() -> None:
    """Known and installed models, and which one each language is heard with.

    Known are those that `ivr models pull` can fetch; installed are fetched ones, those that the
    settings name, and the rehearsal model that comes with the program.
    """
    settings = load_settings()
    rows = [row for language in LANGUAGES for row in _rows(settings, language)]
    click.echo("| model | language | archive | licence | samples/s | telephone audio | where |")
    click.echo("|---|---|---|---|---|---|---|")
    for row in rows:
        click.echo(f"| {' | '.join(row)} |")
    click.echo("")
    for language in LANGUAGES:
        click.echo(f"- {_heard_with(settings, language)}")
    click.echo(
        "- The rehearsal model has heard nothing but speech synthesis: it is for demos, tests and"
        " rehearsals.\n  A production refuses it."
    )
    for row in rows:
        if row.telephone == "no":
            click.echo(f"- {_conversion(row.name)}")


@click.command()
@click.argument("language", type=click.Choice(list(LANGUAGES)))
@click.option(
    "--url",
    help="Fetch the archive from here (a mirror, or a model of your own with --sha256): https, or"
    " http on this machine.",
)
@click.option(
    "--sha256",
    metavar="HEX",
    help="Checksum of the archive at --url, if it is another than the known one.",
)
def pull(language: str, url: str | None, sha256: str | None) -> None:
    """Fetch the model for a language, and install it in IVR_SPEECH_MODELS_DIR.

    The archive is used only if its SHA-256 is the known one. A download that breaks off goes on
    where it ended when you pull again. Nothing is changed if the model is there already.
    """
    settings = load_settings()
    name, archive = _wanted(language, url, sha256)
    store = ModelStore(settings.models_folder)
    if store.holds(language, name, archive):
        path = store.folder / language / name
        click.echo(f"{name} is there already: {path}")
        click.echo("To fetch it again, delete that folder first.")
    else:
        click.echo(f"fetching {name} into {store.folder / language}", err=True)
        with ProgressLine(sys.stderr) as line:
            path = store.pull(language, name, archive, clock=SystemClock(), progress=line.show)
        click.echo(f"{name} is installed: {path}")
    click.echo(_heard_with(settings, language))
    if _is_other(path, settings, language):
        paths = {str(key): str(each) for key, each in settings.speech_models.items()}
        named = json.dumps({**paths, language: str(path.resolve())}, ensure_ascii=False)
        click.echo(f"To hear with {name} instead: IVR_SPEECH_MODELS='{named}'")
    if not look_at(path).takes(TELEPHONE_RATE):
        click.echo(_conversion(name))


class _Row(NamedTuple):
    """What a line of the table says."""

    name: str
    language: str
    archive: str
    licence: str
    rate: str
    telephone: str
    where: str


def _rows(settings: Settings, language: str) -> list[_Row]:
    store = ModelStore(settings.models_folder)
    installed = {path.name: path for path in store.models(language)}
    rows = []
    for known in known_models():
        if known.language == language:
            path = installed.pop(known.name, None)
            takes = str(known.rate), "yes" if known.takes_telephone_audio else "no"
            rows.append(
                _Row(
                    known.name,
                    language,
                    f"{known.size / 1e6:.0f} MB",
                    known.licence,
                    *(takes if path is None else _takes(path)),
                    f"'ivr models pull {language}'" if path is None else str(path),
                )
            )
    named = {str(key): path for key, path in settings.speech_models.items()}.get(language)
    others = {**installed, **({named.name: named} if named is not None else {})}
    shown = {row.where for row in rows}
    rows += [
        _Row(name, language, "", "", *_takes(path), str(path))
        for name, path in others.items()
        if str(path) not in shown
    ]
    if (shipped := listening.SHIPPED / language).is_dir():
        rows.append(_Row(_REHEARSAL, language, "", "Apache-2.0", *_takes(shipped), str(shipped)))
    return rows


def _takes(path: Path) -> tuple[str, str]:
    """How many samples a second a model has learnt from, and whether it takes telephone audio."""
    try:
        files = look_at(path)
    except HearingError:
        return "", "damaged"
    return str(files.rate), "yes" if files.takes(TELEPHONE_RATE) else "no"


def _heard_with(settings: Settings, language: str) -> str:
    """Which model a language is heard with, or why there is none."""
    try:
        path = model_folder(settings, language)
        if path is None:
            return f"{LANGUAGES[language]} has no model: 'ivr models pull {language}'"
        files = look_at(path)
        check_allowed(files, settings, language)
    except HonninError as error:
        return f"{LANGUAGES[language]} cannot be heard: {error}"
    name = f"the {_REHEARSAL}" if files.rehearsal else path.name
    return f"{LANGUAGES[language]} is heard with {name}: {path}"


def _is_other(path: Path, settings: Settings, language: str) -> bool:
    """Whether a language is heard with another model than the one in ``path``."""
    used = model_folder(settings, language)
    return used is not None and used.resolve() != path.resolve()


def _conversion(name: str) -> str:
    return (
        f"{name} does not take the {TELEPHONE_RATE:,} samples a second of telephones:\n"
        "  audio has to be converted first, or --allow-upsample=true added to its conf/mfcc.conf."
    )


def _wanted(language: str, url: str | None, sha256: str | None) -> tuple[str, Archive]:
    """The name and the archive of what is to be fetched."""
    (known,) = (each for each in known_models() if each.language == language)
    if url is not None:
        check_address(url)
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise HearingError("a SHA-256 has 64 digits from 0 to f", hint="sha256sum ARCHIVE")
    if sha256 is None or sha256.lower() == known.sha256:
        return known.name, known.archive(url)
    if url is None:
        raise HearingError("--sha256 is for an archive at --url", hint="leave it out, or give both")
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    stem = name.removesuffix(".zip")
    if stem == name or not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", stem):
        raise HearingError(
            "the last part of --url names the model", hint="as in https://…/my-model-1.0.zip"
        )
    return stem, Archive(url, sha256.lower(), None)
