"""``ivr audio``: what callers said, as sound, where they allowed that it is kept."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import click

from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.errors import RecordsError
from ivr.hearing.telephone_audio import TELEPHONE_RATE, decode_mulaw
from ivr.records import audit, kept_audio
from ivr.records.audit import Detail, Entry


@click.group()
def audio() -> None:
    """What callers said, as sound, where they allowed that it is kept.

    Only with IVR_KEEP_AUDIO, and only what was said after the caller had allowed it
    (docs/hearing.md).
    """


@audio.command("list")
def list_() -> None:
    """Say what is kept, one JSON object a line, oldest first; without the sound."""
    with opened_database() as db, db.reading() as session:
        for each in kept_audio.every(session):
            about = {
                "id": each.id,
                "call": each.call_id,
                "turn": each.turn,
                "state": each.state_name,
                "language": each.language,
                "at": each.created_at.isoformat(),
            }
            click.echo(json.dumps(about))


@audio.command()
@click.argument("id")
@click.argument("file", type=click.Path(path_type=Path))
@why
def export(id: str, file: Path, why: str) -> None:
    """Write what has ID to FILE, a WAV file (8 kHz), to measure recognition with.

    The audit says who did so, and of which call. FILE is personal data: only its owner may read
    it, and `ivr purge` does not know of it.
    """
    with opened_database() as db:
        with db.writing() as session:
            kept = kept_audio.get(session, id)
            if kept is None:
                raise RecordsError("no sound with this id is kept", hint="ivr audio list")
            details: dict[str, Detail] = {"turn": kept.turn, "state": kept.state_name}
            entry = Entry(operator(), "audio.exported", kept.call_id, why, details)
            audit.note(session, entry, db.clock.now())
        _write(file, kept.sound)
    seconds = len(kept.sound) / TELEPHONE_RATE
    click.echo(f"{file}: {seconds:.1f} seconds, the answer to '{kept.state_name}'")


def _write(file: Path, mulaw: bytes) -> None:
    """
    Raises:
        RecordsError: the file is there already, or cannot be made.
    """
    try:
        # Nobody else may read it, not even for a moment.
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise RecordsError(f"{file} is there already", hint="name another file") from None
    except OSError as error:
        raise RecordsError(f"{file} cannot be written [{type(error).__name__}]") from None
    with os.fdopen(number, "wb") as raw, wave.open(raw, "wb") as sound:
        sound.setparams((1, 2, TELEPHONE_RATE, 0, "NONE", ""))
        sound.writeframes(decode_mulaw(mulaw))
