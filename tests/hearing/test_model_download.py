"""An archive arrives whole and right, or not at all, whatever the other side does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import archive_server as manners
from fakes.archive_server import ArchiveServer, Handler, Manner, serving
from fakes.model_archives import archive_of, noise

from ivr.clock import ManualClock
from ivr.errors import HearingError
from ivr.hearing import model_download
from ivr.hearing.disk_room import DiskRefuses
from ivr.hearing.model_download import TRIES, Download

CONTENT, OTHER = noise(200_000, seed=0), noise(200_000, seed=1)
CUT = manners.cut_after(90_000)
START = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with serving(ArchiveServer(CONTENT)) as running:
        yield running


class Trial:
    """A download into a folder; ``seen`` is its progress."""

    def __init__(
        self, server: ArchiveServer, folder: Path, *, sized: bool = True, silence_s: float = 60
    ) -> None:
        self.partial = folder / "partial"
        self.clock = ManualClock(START)
        self.seen: list[tuple[int, int | None]] = []
        self.download = Download(
            archive_of(CONTENT, server.url, sized=sized),
            self.partial,
            clock=self.clock,
            progress=lambda done, total: self.seen.append((done, total)),
            silence_s=silence_s,
        )

    def fetch(self) -> bytes:
        self.download.fetch()
        return self.partial.read_bytes()

    def fails(self, match: str) -> None:
        with pytest.raises(HearingError, match=match):
            self.download.fetch()

    def waited_s(self) -> float:
        return (self.clock.now() - START).total_seconds()


@pytest.fixture
def trial(server: ArchiveServer, tmp_path: Path) -> Trial:
    return Trial(server, tmp_path)


def test_an_archive_arrives_and_its_progress_is_told(server: ArchiveServer, trial: Trial) -> None:
    assert trial.fetch() == CONTENT
    assert server.ranges == ["all"]
    assert server.asked[0]["Accept-Encoding"] == "identity"
    assert trial.seen[0] == (0, len(CONTENT))
    assert trial.seen[-1] == (len(CONTENT), len(CONTENT))
    assert trial.seen == sorted(trial.seen)


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("manner", [manners.well, manners.without_length])
def test_its_length_need_not_be_known_before(
    server: ArchiveServer, tmp_path: Path, sized: bool, manner: Manner
) -> None:
    server.manners = [manner]
    assert Trial(server, tmp_path, sized=sized).fetch() == CONTENT


@pytest.mark.parametrize("sized", [True, False])
def test_a_cut_connection_goes_on_where_it_ended(
    server: ArchiveServer, tmp_path: Path, sized: bool
) -> None:
    server.manners = [CUT, CUT]
    trial = Trial(server, tmp_path, sized=sized)
    assert trial.fetch() == CONTENT
    first, second, third = (headers.get("Range") for headers in server.asked)
    assert first is None
    begins = [int((each or "")[len("bytes=") : -1]) for each in (second, third)]
    assert 0 < begins[0] <= 90_000 < begins[1] <= 180_000
    assert server.asked[1]["If-Range"] == '"first"'
    assert trial.waited_s() == 2.0


def test_another_run_goes_on_where_the_last_one_ended(
    server: ArchiveServer, tmp_path: Path
) -> None:
    server.manners = [CUT, *[manners.status(503)] * (TRIES - 1)]
    first = Trial(server, tmp_path)
    first.fails(r"it answers 503; 0\.1 MB have arrived \(pull again: it goes on from there\)")
    server.asked.clear()
    assert Trial(server, tmp_path).fetch() == CONTENT
    assert server.ranges == [f"bytes={first.seen[-1][0]}-"]


def test_what_has_arrived_whole_is_not_asked_for_again(
    server: ArchiveServer, trial: Trial, tmp_path: Path
) -> None:
    trial.fetch()
    server.asked.clear()
    assert Trial(server, tmp_path).fetch() == CONTENT
    assert server.asked == []
    # Whoever does not know how long it is has to ask.
    assert Trial(server, tmp_path, sized=False).fetch() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_date_serves_where_there_is_no_strong_etag(server: ArchiveServer, trial: Trial) -> None:
    server.etag, server.modified = 'W/"weak"', "Sun, 22 Nov 2026 00:00:00 GMT"
    server.manners = [CUT]
    assert trial.fetch() == CONTENT
    assert server.asked[1]["If-Range"] == server.modified


def test_without_a_version_it_begins_anew(server: ArchiveServer, trial: Trial) -> None:
    server.etag = ""
    server.manners = [CUT]
    assert trial.fetch() == CONTENT
    assert server.ranges == ["all", "all"]


def test_a_server_that_ignores_the_range_sends_all(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [CUT, manners.ignoring_range]
    assert trial.fetch() == CONTENT
    assert server.ranges[1] != "all"


def test_a_file_that_changes_in_between_is_fetched_anew(
    server: ArchiveServer, trial: Trial
) -> None:
    def change(handler: Handler) -> None:
        server.content, server.etag = CONTENT, '"second"'
        manners.well(handler)

    server.content = OTHER
    server.manners = [CUT, change]
    assert trial.fetch() == CONTENT
    assert server.ranges[1] != "all"


@pytest.mark.parametrize("manner", [manners.another_part, manners.ignoring_the_version])
def test_a_part_that_does_not_fit_is_not_taken(
    server: ArchiveServer, trial: Trial, manner: Manner
) -> None:
    def change(handler: Handler) -> None:
        server.content, server.etag = CONTENT, '"second"'
        manner(handler)

    server.content = OTHER
    server.manners = [CUT, change]
    assert trial.fetch() == CONTENT
    assert server.ranges[2] == "all"


def test_more_than_there_is_begins_anew(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [CUT, *[manners.status(503)] * (TRIES - 1)]
    trial.fails("503")
    with trial.partial.open("ab") as file:
        file.write(bytes(len(CONTENT)))
    server.asked.clear()
    assert trial.fetch() == CONTENT
    assert server.ranges[-1] == "all"


def test_a_server_that_is_busy_is_asked_again(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.status(503), manners.status(429)]
    assert trial.fetch() == CONTENT
    assert trial.waited_s() == 1 + 2


def test_a_server_that_stays_busy_is_left_alone(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.status(503)] * 99
    trial.fails("it answers 503 .is there a connection")
    assert len(server.asked) == TRIES
    assert trial.waited_s() == 1 + 2 + 4 + 8


def test_the_same_beginning_again_and_again_is_given_up(
    server: ArchiveServer, trial: Trial
) -> None:
    server.manners = [manners.ignoring_range_and_cut_after(90_000)] * 99
    trial.fails("the connection was cut")
    assert len(server.asked) == TRIES


def test_a_server_that_falls_silent_is_asked_again(server: ArchiveServer, tmp_path: Path) -> None:
    server.manners = [manners.stall_after(90_000), manners.stall_after(0), manners.silent]
    assert Trial(server, tmp_path, silence_s=0.4).fetch() == CONTENT
    assert server.manners == []


def test_a_site_that_cannot_be_reached_says_what_else_there_is(
    server: ArchiveServer, tmp_path: Path
) -> None:
    with serving(ArchiveServer(b"")) as gone:
        pass
    trial = Trial(gone, tmp_path)
    trial.fails(
        rf"127.0.0.1:{gone.port}/tiny-model-1.0.zip: it cannot be reached \[ConnectionError\]"
        rf" .*HTTPS_PROXY.* mirror with --url, or unpack the archive into {tmp_path} yourself"
    )
    assert trial.waited_s() == 0


@pytest.mark.parametrize("code", [403, 404, 410, 204])
def test_a_file_that_is_not_there_is_not_asked_for_again(
    server: ArchiveServer, trial: Trial, code: int
) -> None:
    server.manners = [manners.status(code)]
    trial.fails(rf"answers {code} \(it may have moved: look at https://alphacephei.com/vosk/models")
    assert len(server.asked) == 1
    assert not trial.partial.exists()


@pytest.mark.parametrize("length", [0, 1, 199_999, 200_001])
def test_another_length_is_another_file(server: ArchiveServer, trial: Trial, length: int) -> None:
    server.manners = [manners.announcing(length)]
    trial.fails(rf"answers with {length} bytes, and the archive has 200000 .*log in")
    assert len(server.asked) == 1
    assert not trial.partial.exists()


def test_a_length_that_is_too_large_by_itself_is_a_cut(
    server: ArchiveServer, tmp_path: Path
) -> None:
    server.manners = [manners.announcing(300_000)] * 99
    Trial(server, tmp_path, sized=False).fails("the connection was cut")


def test_another_content_is_deleted(server: ArchiveServer, trial: Trial) -> None:
    server.content = OTHER
    trial.fails(r"has the SHA-256 [0-9a-f]{64}, and not [0-9a-f]{64}: it is deleted \(pull again")
    assert list(trial.partial.parent.iterdir()) == []
    server.content = CONTENT
    assert trial.fetch() == CONTENT


def test_an_archive_packed_once_more_is_refused(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.packed]
    trial.fails("packs the archive once more")


def test_a_redirect_on_this_machine_is_followed(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.redirect("/elsewhere.zip"), manners.redirect(server.url)]
    assert trial.fetch() == CONTENT
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://models.example/m.zip?token=hush", "http://models.example/m.zip"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("ftp://127.0.0.1/m.zip", "ftp://127.0.0.1/m.zip"),
    ],
)
def test_a_redirect_to_where_models_are_not_fetched_from_is_refused(
    server: ArchiveServer, trial: Trial, location: str, shown: str
) -> None:
    server.manners = [manners.redirect(location)]
    with pytest.raises(HearingError, match="sends us on") as caught:
        trial.download.fetch()
    assert f"models are not fetched from {shown} (" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_redirect_to_nowhere_is_refused(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.redirect("http://[")]
    trial.fails("sends us on to nowhere")


def test_from_https_not_even_this_machine_is_reached_without_it() -> None:
    with pytest.raises(HearingError, match="sends us on without encryption"):
        model_download._onward("https://models.example/m.zip", "http://127.0.0.1/m.zip")
    onward = model_download._onward("https://models.example/m.zip", "//cdn.example/m.zip")
    assert onward == "https://cdn.example/m.zip"


def test_a_circle_of_redirects_ends(server: ArchiveServer, trial: Trial) -> None:
    server.manners = [manners.redirect("/m.zip")] * 99
    trial.fails("sends us on and on")
    assert len(server.asked) < 10


def test_no_larger_archive_is_taken(
    server: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_download, "LARGEST", len(CONTENT) - 1)
    for manner in (manners.well, manners.without_length):
        server.manners = [manner]
        Trial(server, tmp_path, sized=False).fails("the archive is larger than")


def test_room_is_looked_for_before_anything_is_fetched(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=len(CONTENT) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    trial.fails(r"0 MB are needed in .*, and 0 MB are free \(make room there")
    assert trial.seen == []


def test_a_disk_that_fills_up_meanwhile_says_so(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial.download, "discard", lambda: None)
    trial.partial.symlink_to("/dev/full")
    with pytest.raises(DiskRefuses, match=r"the disk is full: .*partial \(make room there"):
        trial.download.fetch()
