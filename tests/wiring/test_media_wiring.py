"""The media process put together from settings: real models, real databases, real sockets."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from application_rig import AGENT, ROOT
from audio_consent import asking_for_audio
from fixtures_application import House
from streamed_call import PATIENCE_S, Streamed, sound

from ivr.clock import HurriedClock, ManualClock
from ivr.errors import HearingError, SettingsError
from ivr.flow.flow import Flow
from ivr.records import kept_audio
from ivr.rehearsal.media_stream import MediaStream
from ivr.settings import Settings
from ivr.wiring import media as wiring
from ivr.wiring.media import build_media, media_in_thread

pytestmark = pytest.mark.usefixtures("log")

WAYS = ("vosk", "twilio", "keys")
YES, DATE = sound("yes_no-1"), sound("date-2")


def opened(house: House, **changes: Any) -> Settings:
    """The house with one application that leads calls to streams. Twilio says every prompt, so
    that each question begins and ends a stream."""
    house.apps.pop().close()
    house.posts.clear()
    changed = {"hearing": WAYS, "rendered_voice": "off", **changes}
    house.open(**changed)
    return house.settings.model_copy(update=changed)


def rung(house: House) -> Streamed:
    """A call that was asked for its consent, in a stream."""
    call = Streamed(house.posts)
    call.rings().press("")
    assert call.verbs[-2:] == ["Connect", "Redirect"]
    return call


def test_a_call_is_heard_in_streams_between_webhooks(
    house: House, clock: ManualClock, log: io.StringIO
) -> None:
    settings = opened(house)
    with media_in_thread(settings, clock, flow=house.flow) as address:
        call = rung(house)
        call.answer(address, clock, YES)
        assert "生年月日" in call.words
        call.answer(address, clock, DATE)
        assert "お名前" in call.words
    assert house.turns(call).count("Heard") == 2
    logged = log.getvalue()
    assert "stream_left" in logged
    personal = (call.caller, call.caller.removeprefix("+81"), "昭和", "しょうわ", "1963", "十月")
    assert [word for word in (*personal, call.parameters()["token"]) if word in logged] == []


@pytest.mark.parametrize("wanted", [False, True])
def test_sound_is_kept_only_where_settings_and_the_caller_want_it(
    house: House, clock: ManualClock, wanted: bool
) -> None:
    settings = opened(house, keep_audio=wanted)
    with media_in_thread(settings, clock, flow=asking_for_audio(house.flow)) as address:
        call = rung(house)
        call.answer(address, clock, YES)
        call.answer(address, clock, DATE)
        assert "お名前" in call.words
    with media_in_thread(settings, clock, flow=house.flow) as address:
        other = rung(house)
        other.answer(address, clock, YES)
        other.answer(address, clock, DATE)
    with house.db.reading() as session:
        found = kept_audio.every(session)
        sounds = [kept_audio.get(session, each.id) for each in found]
    assert [each.state_name for each in found] == (["birthdate"] if wanted else [])
    middle = DATE[len(DATE) // 3 : len(DATE) // 2]
    assert all(each is not None and middle in each.sound for each in sounds)


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_transfer_is_told_by_one_voice_once(
    house: House, clock: ManualClock, cut_off: bool
) -> None:
    """By the bot in the stream; by <Say> where the stream dies before it has finished."""
    pytest.importorskip("pyopenjtalk", reason="pip install 'honnin-ivr[voice]'")
    settings = opened(house, rendered_voice="auto")
    with media_in_thread(settings, clock, flow=house.flow) as address:
        call = Streamed(house.posts)
        call.rings()
        line = call.stream(address, ManualClock(clock.now()))
        line.until(lambda: ":consent:" in line.playing, PATIENCE_S)
        line.press("0")
        line.until(lambda: ":to_person:" in line.playing, PATIENCE_S)
        if cut_off:
            line.run(0.4)
            line.die()
        line.until(lambda: line.closed is not None, PATIENCE_S)
        call.redirected()
        assert call.dials == [AGENT]
        assert ("おつなぎ" in call.words) == cut_off
        (dial,) = call.root.iter("Dial")
        call.go(dial.attrib["action"], {"DialCallStatus": "completed", "DialBridged": "true"})
        assert call.verbs == ["Connect", "Redirect"]
        goodbye = call.stream(address, ManualClock(clock.now()))
        goodbye.until(lambda: goodbye.closed is not None, PATIENCE_S)
        assert goodbye.events[-1] == "mark"
        call.redirected()
        assert call.verbs == ["Hangup"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_media_processes_share_calls_and_tokens(
    house: House, clock: ManualClock, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    settings = opened(house, **({} if kind == "sqlite" else {"database_url": _secret(url)}))
    with (
        media_in_thread(settings, clock, flow=house.flow) as one,
        media_in_thread(settings, clock, flow=house.flow) as other,
    ):
        call = rung(house)
        used = call.parameters()
        call.answer(one, clock, YES)
        call.answer(other, clock, DATE)
        assert "お名前" in call.words
        again = call.stream(other, ManualClock(clock.now()), parameters=used)
        again.until(lambda: again.closed is not None)
        assert again.closed == 1008


def _secret(url: str) -> Any:
    return Settings(database_url=url).database_url  # type: ignore[arg-type]


def test_a_process_that_ends_takes_every_answer_that_has_begun(
    house: House, clock: ManualClock
) -> None:
    settings = opened(house)
    calls = [rung(house) for _ in range(8)]
    with ExitStack() as running:
        address = running.enter_context(
            media_in_thread(settings, clock, flow=house.flow, drain_s=60)
        )
        pace = HurriedClock(4)
        lines = [call.stream(address, pace) for call in calls]
        answering, waiting = lines[:4], lines[4:]
        _until(lines, lambda: all("mark" in line.events for line in lines))
        for line in answering:
            line.say(YES)
        _until(lines, lambda: not any(line.caller_speaks for line in answering))
        draining = threading.Thread(target=running.pop_all().close)
        draining.start()
        _until(lines, lambda: all(line.closed is not None for line in lines))
        draining.join()
    taken = [house.turns(call).count("Heard") for call in calls]
    assert taken == [1] * 4 + [0] * 4
    assert {line.closed for line in waiting} == {1012}
    assert {line.closed for line in answering} <= {1000, 1012}
    for call in calls:
        call.redirected()
        assert call.words


def _until(lines: Sequence[MediaStream], happened: Any) -> None:
    """Let time pass on all lines at once."""
    for _ in range(3000):
        if happened():
            return
        for line in lines:
            line.run(0.02)
    raise AssertionError("it did not happen within a minute")


def test_a_model_is_loaded_once_in_a_process(
    house: House, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    load = wiring.load_model

    def counted(path: Path) -> Any:
        loaded.append(path)
        return load(path)

    wiring._loaded.cache_clear()
    monkeypatch.setattr(wiring, "load_model", counted)
    settings = house.settings.model_copy(update={"hearing": WAYS, "rendered_voice": "off"})
    for _ in range(2):
        media = build_media(settings, clock, flow=house.flow)
        assert list(media.languages) == ["ja"]
        media.close()
    assert len(loaded) == 1


def test_a_model_that_telephones_are_too_slow_for_is_named(
    shipped: Flow, tmp_path: Path, clock: ManualClock
) -> None:
    model = tmp_path / "model"
    source = ROOT / "ivr/hearing/rehearsal_model/ja"
    for file in source.rglob("*"):
        if file.is_file():
            place = model / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file)
    mfcc = model / "conf/mfcc.conf"
    mfcc.unlink()
    mfcc.write_text("--sample-frequency=16000\n")
    settings = Settings(var_dir=tmp_path, speech_models={"ja": model})
    with pytest.raises(HearingError, match="16000 samples a second, and telephones send 8000"):
        wiring.models_of(settings, shipped)


def test_unsigned_streams_are_for_loopback_only(
    shipped: Flow, tmp_path: Path, clock: ManualClock
) -> None:
    settings = Settings(
        var_dir=tmp_path, check_signatures=False, media_bind="0.0.0.0:8081", hearing=WAYS
    )
    with pytest.raises(SettingsError, match="IVR_MEDIA_BIND listens beyond loopback"):
        build_media(settings, clock, flow=shipped)


def test_what_the_server_cannot_do_leaves_nothing_running(
    house: House, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def taken(self: Any, host: str, port: int) -> None:
        raise OSError("the address is in use")

    monkeypatch.setattr(wiring.MediaServer, "start", taken)
    before = threading.active_count()
    settings = house.settings.model_copy(update={"hearing": WAYS, "rendered_voice": "off"})
    with (
        pytest.raises(OSError, match="in use"),
        media_in_thread(settings, clock, flow=house.flow),
    ):
        raise AssertionError("it listens")
    assert threading.active_count() == before
