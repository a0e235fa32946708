"""``ivr models list`` and ``ivr models pull`` as somebody types them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import Ivr
from fakes import archive_server as manners
from fakes.archive_server import ArchiveServer, serving
from fakes.model_archives import NAME, ONLY_16_KHZ, TINY, zipped

from ivr.clock import ManualClock
from ivr.commands import fetching
from ivr.commands.progress_line import ProgressLine
from ivr.errors import SettingsError
from ivr.hearing.known_models import KnownModel, known_models
from ivr.hearing.model_files import look_at
from ivr.settings import load_settings
from ivr.wiring import listening

ENGLISH = "tiny-english-1.0"
JA, EN = zipped(TINY), zipped(ONLY_16_KHZ, f"{ENGLISH}/")
#: Nothing listens there; tests that reach it would fail.
NOWHERE = "http://127.0.0.1:9/"


def known(language: str, name: str, url: str, content: bytes) -> KnownModel:
    like = next(each for each in known_models() if each.language == language)
    digest = hashlib.sha256(content).hexdigest()
    changed = {"name": name, "url": url, "size": len(content), "sha256": digest}
    return like.model_copy(update=changed)


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    """Has the Japanese model, where it is known to be; nobody has the English one."""
    with serving(ArchiveServer(JA)) as running:
        models = (known("ja", NAME, running.url, JA), known("en", ENGLISH, NOWHERE, EN))
        monkeypatch.setattr(fetching, "known_models", lambda: models)
        clock = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
        monkeypatch.setattr(fetching, "SystemClock", lambda: clock)
        monkeypatch.setattr(listening, "SHIPPED", home / "shipped")
        yield running


def write_model(folder: Path, *, card: str = "") -> Path:
    for name, content in {**TINY, **({"model.json": card.encode()} if card else {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def shipped(home: Path) -> Path:
    """The rehearsal model that comes with the program."""
    return write_model(home / "shipped/ja", card='{"rehearsal": true}')


def test_what_is_pulled_is_used(ivr: Ivr, home: Path, server: ArchiveServer) -> None:
    path = home / "var/models/ja" / NAME
    ran = ivr("models", "pull", "ja")
    assert (ran.code, ran.out) == (
        0,
        f"{NAME} is installed: {path}\nJapanese is heard with {NAME}: {path}\n",
    )
    assert ran.err == f"fetching {NAME} into {path.parent}\n"
    assert listening.model_folder(load_settings(), "ja") == path
    assert (
        f"| {NAME} | ja | 0 MB | Apache-2.0 | 16000 | yes | {path} |" in ivr("models", "list").out
    )
    assert len(server.asked) == 1


def test_pulling_twice_says_that_it_is_there(ivr: Ivr, server: ArchiveServer) -> None:
    ivr("models", "pull", "ja")
    ran = ivr("models", "pull", "ja")
    assert ran.code == 0
    assert f"{NAME} is there already: " in ran.out
    assert "To fetch it again, delete that folder first.\n" in ran.out
    assert len(server.asked) == 1


def test_a_folder_of_ones_own(
    ivr: Ivr, home: Path, server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_SPEECH_MODELS_DIR", str(home / "srv"))
    assert ivr("models", "pull", "ja").code == 0
    assert listening.model_folder(load_settings(), "ja") == home / "srv/ja" / NAME
    assert server.asked


def test_a_rehearsal_keeps_the_voices_that_its_callers_have(
    ivr: Ivr, home: Path, server: ArchiveServer, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_SPEECH_MODELS", '{"en": "/srv/english"}')
    ran = ivr("models", "pull", "ja")
    assert f"Japanese is heard with the rehearsal model: {shipped}\n" in ran.out
    named = ran.out.partition(f"To hear with {NAME} instead: IVR_SPEECH_MODELS='")[2]
    path = home / "var/models/ja" / NAME
    assert json.loads(named.partition("'")[0]) == {"en": "/srv/english", "ja": str(path)}
    assert listening.model_folder(load_settings(), "ja") == shipped
    production = load_settings(mode="production")
    assert listening.model_folder(production, "ja") == path
    assert len(server.asked) == 1


def test_what_the_settings_name_comes_first(
    ivr: Ivr, home: Path, server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ivr("models", "pull", "ja")
    own = write_model(home / "own")
    monkeypatch.setenv("IVR_SPEECH_MODELS", json.dumps({"ja": str(own)}))
    out = ivr("models", "list").out
    assert f"| own | ja |  |  | 16000 | yes | {own} |" in out
    assert f"- Japanese is heard with own: {own}\n" in out
    assert server.asked


def test_the_list_says_what_there_is(ivr: Ivr, server: ArchiveServer, shipped: Path) -> None:
    ran = ivr("models", "list")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "| model | language | archive | licence | samples/s | telephone audio | where |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {NAME} | ja | 0 MB | Apache-2.0 | 16000 | yes | 'ivr models pull ja' |\n"
        f"| rehearsal model | ja |  | Apache-2.0 | 16000 | yes | {shipped} |\n"
        f"| {ENGLISH} | en | 0 MB | Apache-2.0 | 16000 | no | 'ivr models pull en' |\n"
        "\n"
        f"- Japanese is heard with the rehearsal model: {shipped}\n"
        "- English has no model: 'ivr models pull en'\n"
        "- The rehearsal model has heard nothing but speech synthesis: it is for demos, tests and"
        " rehearsals.\n  A production refuses it.\n"
        f"- {ENGLISH} does not take the 8,000 samples a second of telephones:\n"
        "  audio has to be converted first, or --allow-upsample=true added to its"
        " conf/mfcc.conf.\n"
    )
    assert server.asked == []


def test_the_list_names_what_cannot_be_used(
    ivr: Ivr, home: Path, server: ArchiveServer, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = home / "var/models/en" / ENGLISH
    damaged.mkdir(parents=True)
    monkeypatch.setenv("IVR_MODE", "production")
    out = ivr("models", "list").out
    assert f"| {ENGLISH} | en | 0 MB | Apache-2.0 |  | damaged | {damaged} |" in out
    assert f"- English cannot be heard: {damaged} is no Vosk model: it lacks" in out
    assert f"- Japanese cannot be heard: the speech model in {shipped} is for rehearsals" in out
    (damaged.parent / "another").mkdir()
    assert "- English cannot be heard: there are several models in" in ivr("models", "list").out
    assert server.asked == []


def test_a_production_without_a_model_says_how_to_get_one(shipped: Path) -> None:
    files = look_at(shipped)
    with pytest.raises(SettingsError, match="'ivr models pull ja', or name another in IVR_SPEECH"):
        listening.check_allowed(files, load_settings(mode="production"), "ja")
    listening.check_allowed(files, load_settings(mode="rehearsal"), "ja")


def test_a_mirror_gives_the_same_model(ivr: Ivr, home: Path, server: ArchiveServer) -> None:
    server.content = EN
    ran = ivr("models", "pull", "en", "--url", f"{server.url}?signature=hush")
    assert ran.code == 0, ran.err
    path = home / "var/models/en" / ENGLISH
    assert f"English is heard with {ENGLISH}: {path}\n" in ran.out
    assert f"- {ENGLISH} does not take" not in ran.out
    assert f"{ENGLISH} does not take the 8,000 samples a second of telephones" in ran.out
    assert "hush" not in ran.out + ran.err


def test_a_mirror_with_another_file_is_not_trusted(
    ivr: Ivr, home: Path, server: ArchiveServer
) -> None:
    server.content = bytes(len(EN))
    ran = ivr("models", "pull", "en", "--url", f"{server.url}?signature=hush")
    assert ran.code == 1
    assert "it is deleted (pull again" in ran.err
    assert "hush" not in ran.err
    assert {path.name for path in (home / "var/models/en").iterdir()} == {".lock"}


def test_a_model_of_ones_own_needs_its_checksum(
    ivr: Ivr, home: Path, server: ArchiveServer
) -> None:
    server.content = zipped({**TINY, "README": b"ours"})
    digest = hashlib.sha256(server.content).hexdigest()
    assert "answers with" in ivr("models", "pull", "ja", "--url", server.url).err
    ran = ivr("models", "pull", "ja", "--url", server.url, "--sha256", digest.upper())
    assert ran.code == 0, ran.err
    assert (home / "var/models/ja" / NAME / "README").read_text() == "ours"
    # The known model has that name, and another archive.
    assert "came in another archive" in ivr("models", "pull", "ja").err


def test_a_broken_download_is_gone_on_with(ivr: Ivr, server: ArchiveServer) -> None:
    server.manners = [manners.cut_after(90_000), *[manners.status(503)] * 4]
    ran = ivr("models", "pull", "ja")
    assert ran.code == 1
    assert "MB have arrived (pull again: it goes on from there)" in ran.err
    assert ivr("models", "pull", "ja").code == 0
    assert server.ranges[-1] != "all"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["en"], "it cannot be reached [ConnectionError]"),
        (["ja", "--url", "http://models.example/m.zip"], "give an https address"),
        (["ja", "--sha256", "abc"], "a SHA-256 has 64 digits"),
        (["ja", "--sha256", "0" * 64], "--sha256 is for an archive at --url"),
        (["ja", "--sha256", "0" * 64, "--url", f"{NOWHERE}m.tar"], "the last part of --url names"),
        (["ja", "--sha256", "0" * 64, "--url", f"{NOWHERE}.x.zip"], "the last part of --url names"),
        (["ja", "--sha256", "0" * 64, "--url", f"{NOWHERE}a%2F..%2F.zip"], "names the model"),
    ],
)
def test_what_cannot_be_is_said(
    ivr: Ivr, server: ArchiveServer, arguments: list[str], complaint: str
) -> None:
    ran = ivr("models", "pull", *arguments)
    assert ran.code == 1
    assert complaint in ran.err
    assert "Traceback" not in ran.err
    assert server.asked == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is() -> None:
    terminal = Terminal()
    with ProgressLine(terminal) as line:
        for done in (0, 10_000_000, 10_000_001, 40_000_000):
            line.show(done, 40_000_000)
        line.show(1_000_000, None)
    shown = terminal.getvalue().split("\r\033[K")[1:]
    assert shown == [
        f"[{' ' * 30}]   0%  0.0 of 40.0 MB",
        f"[{('#' * 7).ljust(30)}]  25%  10.0 of 40.0 MB",
        f"[{'#' * 30}] 100%  40.0 of 40.0 MB",
        "1.0 MB\n",
    ]


def test_a_file_shows_nothing() -> None:
    file = io.StringIO()
    with ProgressLine(file) as line:
        line.show(1, 2)
    assert file.getvalue() == ""
