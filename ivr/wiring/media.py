"""The media process: settings in, a running server of media streams out."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ivr.clock import Clock
from ivr.dialogue.audio_keeping import AudioKeeper
from ivr.dialogue.expectation import Expectations
from ivr.errors import HearingError, SettingsError
from ivr.flow.flow import Flow
from ivr.hearing.model import load_model
from ivr.hearing.model_files import look_at
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.identity.listened_names import NamePool, NameSelection
from ivr.identity.ports import Channel, CodeSender
from ivr.settings import Settings
from ivr.speaking.prompt_sounds import PromptSounds, open_prompt_sounds
from ivr.telephony.media.ears import Tongue, VoskEars
from ivr.telephony.media.metrics import MediaMetrics
from ivr.telephony.media.overhearing import Overhear, OverheardEars
from ivr.telephony.media.pages import Pages
from ivr.telephony.media.server import Gate, MediaServer
from ivr.telephony.media.session import Floor
from ivr.telephony.signatures import SignatureCheck
from ivr.understanding import slots
from ivr.wiring.backstage import Backstage, open_backstage
from ivr.wiring.listening import (
    calibrated,
    check_allowed,
    compiler_for,
    model_folder,
    name_pool,
    phrases_of,
)

_T = TypeVar("_T")
_loading = threading.Lock()


@dataclass(frozen=True)
class Media:
    """A media process in this interpreter, not listening yet. ``languages`` are those that it
    hears, with the folders of their models; ``sounds`` what it says. ``close`` lets go of
    everything; the server must have been drained."""

    server: MediaServer
    backstage: Backstage
    languages: Mapping[str, Path]
    sounds: PromptSounds
    close: Callable[[], None]


def models_of(settings: Settings, flow: Flow) -> dict[str, Path]:
    """The folders of the models that calls of ``flow`` are heard with, by language. A language
    without a model is not heard.

    Raises:
        HearingError: there is no model for any language, or one cannot be used.
        SettingsError: one is for rehearsals, and this is a production.
    """
    found: dict[str, Path] = {}
    for language in flow.grammars:
        folder = model_folder(settings, language)
        if folder is None:
            continue
        files = look_at(folder)
        check_allowed(files, settings, language)
        if not files.takes(TELEPHONE_RATE):
            raise HearingError(
                f"the model in {folder} takes {files.rate} samples a second, and telephones send"
                f" {TELEPHONE_RATE}",
                hint="add --allow-upsample=true to its conf/mfcc.conf, or take another model",
            )
        found[language] = folder.resolve()
    if not found:
        raise HearingError(
            f"IVR_HEARING has vosk, and there is no speech model for {', '.join(flow.grammars)}",
            hint="`ivr models pull ja`, or name a folder in IVR_SPEECH_MODELS, or leave vosk out",
        )
    return found


def build_media(
    settings: Settings,
    clock: Clock,
    *,
    senders: Mapping[Channel, CodeSender] | None = None,
    flow: Flow | None = None,
    overhear: Overhear | None = None,
) -> Media:
    """Wire a media process: models loaded, grammars compiled. Connects to nothing yet.

    Args:
        senders, flow: see :func:`ivr.wiring.backstage.open_backstage`.
        overhear: is told what is heard of rehearsed callers.

    Raises:
        SettingsError, FilesError, HearingError, SpeakingError: something people wrote is wrong,
            or a model or the voice cannot be used.
    """
    metrics = MediaMetrics()
    with ExitStack() as open_:
        behind = open_backstage(
            settings,
            clock,
            send_failed=metrics.sends.failed,
            send_withheld=metrics.sends.withheld,
            issued=metrics.results.issued,
            senders=senders,
            flow=flow,
        )
        open_.callback(behind.close)
        settings, flow = behind.settings, behind.flow
        if not settings.check_signatures and not settings.media_listens_on_loopback:
            raise SettingsError(
                "IVR_CHECK_SIGNATURES is off, but IVR_MEDIA_BIND listens beyond loopback",
                hint="set IVR_CHECK_SIGNATURES=true, or IVR_MEDIA_BIND to 127.0.0.1:PORT",
            )
        gate = Gate(
            SignatureCheck(settings),
            behind.tokens,
            settings.media_calls,
            settings.twilio_account_sid,
        )
        languages = models_of(settings, flow)
        slots.warm({slot.type for slot in flow.file.slots.values()})
        ears = VoskEars(
            {name: open_tongue(path, name, behind.decoy_key) for name, path in languages.items()},
            phrases_of,
            calibrated=calibrated(settings, clock),
        )
        ears.warm({language: known.values() for language, known in flow.grammars.items()})
        sounds = open_.enter_context(open_prompt_sounds(settings, flow))
        floor = Floor(
            service=behind.service,
            expectations=Expectations(behind.db, behind.shelf, clock, behind.directory.directory),
            ears=ears if overhear is None else OverheardEars(ears, overhear),
            prompt_audio=sounds,
            clock=clock,
            decoding=open_.enter_context(ThreadPoolExecutor(os.cpu_count(), "decoding")),
            # A call waits for the database, a check or the voice, one at a time.
            waiting=open_.enter_context(ThreadPoolExecutor(settings.media_calls + 2, "waiting")),
            metrics=metrics,
            check_wait_ms=settings.check_wait_ms,
            keep_audio=AudioKeeper(behind.db, clock).keep if settings.keep_audio else None,
            reaches=lambda destination: bool(settings.destinations.get(destination)),
        )
        pages = Pages(metrics, settings.metrics_key, behind.ready, floor.waiting)
        server = MediaServer(gate, floor, pages)
        return Media(server, behind, languages, sounds, open_.pop_all().close)


@lru_cache
def _loaded(folder: Path, language: str) -> tuple[Tongue, NamePool | None]:
    model = load_model(folder)
    compiler = compiler_for(model, language)
    # Models that cannot spell know no names by their reading.
    return Tongue(model, compiler), name_pool(compiler) if compiler.spells else None


# The library must be there when its models are let go.
atexit.register(_loaded.cache_clear)


def open_tongue(folder: Path, language: str, decoy_key: bytes) -> Tongue:
    """A model and its compiled grammars, once in a process.

    Raises:
        HearingError: the folder holds no usable model.
    """
    with _loading:
        tongue, pool = _loaded(folder, language)
    return replace(tongue, names=None if pool is None else NameSelection(pool, decoy_key))


@contextmanager
def media_in_thread(
    settings: Settings,
    clock: Clock,
    *,
    senders: Mapping[Channel, CodeSender] | None = None,
    flow: Flow | None = None,
    overhear: Overhear | None = None,
    drain_s: float = 0.0,
) -> Iterator[str]:
    """Run a media server on a free port of loopback, in a thread of its own, while the context is
    open; gives its address, ``127.0.0.1:PORT``.

    Args:
        senders, flow, overhear: see :func:`build_media`.
        drain_s: seconds that running turns get at the end.

    Raises:
        as :func:`build_media`.
    """
    media = build_media(settings, clock, senders=senders, flow=flow, overhear=overhear)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="media")
    thread.start()

    def do(work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        do(media.server.start("127.0.0.1", 0))
        yield f"127.0.0.1:{media.server.port}"
    finally:
        do(media.server.drain(drain_s))
        do(loop.shutdown_asyncgens())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        media.close()
