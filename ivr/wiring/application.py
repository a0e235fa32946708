"""The web process: settings in, a running Flask application out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import flask

from ivr.clock import Clock, SystemClock
from ivr.dialogue.service import DialogueService
from ivr.flow.flow import Flow
from ivr.identity.ports import Channel, CodeSender
from ivr.records.database import Database
from ivr.settings import Settings, load_settings
from ivr.telephony.dispositions import StoredDispositions
from ivr.telephony.logging import configure_logging, log_uncaught
from ivr.telephony.metrics import Metrics
from ivr.telephony.stored import StoredResults
from ivr.telephony.web import WebDeps, create_web
from ivr.understanding import slots
from ivr.wiring.backstage import open_backstage
from ivr.wiring.crm import check_readers, open_deliveries
from ivr.wiring.streams import known_streams

#: Words that a recogniser is hinted per question; Twilio takes 500 of at most 100 characters.
_MOST_HINTS = 200


@dataclass(frozen=True)
class RunningApp:
    """A web process in this interpreter. ``close`` finishes what runs and lets go of the
    database."""

    app: flask.Flask
    db: Database
    service: DialogueService
    flow: Flow
    close: Callable[[], None]


def _hints(flow: Flow) -> Callable[[str, tuple[str, ...]], str]:
    def hints(language: str, grammars: tuple[str, ...]) -> str:
        known = flow.grammars.get(language, {})
        words: dict[str, None] = {}
        for name in grammars:
            grammar = known.get(name)
            if grammar is None:
                continue
            short = (phrases[0] for phrases in grammar.meanings.values() if phrases)
            words.update(dict.fromkeys([*grammar.hints, *short]))
        return ",".join(list(words)[:_MOST_HINTS])

    return hints


def build_app(
    settings: Settings,
    clock: Clock,
    *,
    senders: Mapping[Channel, CodeSender] | None = None,
    flow: Flow | None = None,
    recover: bool = True,
) -> RunningApp:
    """Wire a web process. The database must be up to date (``ivr database upgrade``).

    Args:
        senders, flow: see :func:`ivr.wiring.backstage.open_backstage`.
        recover: take up checks that a process before this one left, and deliver events to
            CRMs; without it nothing is done, and the database not even asked, before the first
            webhook.

    Raises:
        SettingsError, FilesError: something people wrote is wrong; all of it is named.
        RecordsError: the company's directory of customers is not as documented.
        HearingError, SpeakingError: calls are to be heard by Vosk, and cannot be.
    """
    metrics = Metrics()
    with ExitStack() as opened:
        behind = open_backstage(
            settings,
            clock,
            send_failed=metrics.sends.failed,
            send_withheld=metrics.sends.withheld,
            issued=metrics.results.issued,
            senders=senders,
            flow=flow,
        )
        opened.callback(behind.close)
        check_readers(behind.settings)
        deliveries = open_deliveries(behind.settings, behind.db, clock, metrics)
        if deliveries is not None:
            opened.callback(deliveries.close)
        app = create_web(
            WebDeps(
                settings=behind.settings,
                service=behind.service,
                flow_hints=_hints(behind.flow),
                answers=behind.answers,
                results=StoredResults(
                    behind.db,
                    clock,
                    readers=behind.settings.result_readers,
                    most_a_minute=behind.settings.result_reads_per_minute,
                ),
                dispositions=StoredDispositions(
                    behind.db,
                    clock,
                    readers=behind.settings.result_readers,
                    most_a_minute=behind.settings.result_reads_per_minute,
                ),
                jwks=behind.signer.published,
                readiness={"database": behind.ready},
                clock=clock,
                streams=known_streams(behind.settings, behind.flow, behind.tokens, opened),
                metrics=metrics,
                backlogs=None if deliveries is None else deliveries.backlogs,
            )
        )
        behind.directory.start()
        if recover:
            behind.recover()
            if deliveries is not None:
                deliveries.start()
        close = opened.pop_all().close
    return RunningApp(app, behind.db, behind.service, behind.flow, close)


def serving_app(settings: Settings) -> flask.Flask:
    """The application as a server runs it: logs to standard error, dictionaries in memory
    before the first call."""
    configure_logging(settings.log_level)
    log_uncaught()
    slots.warm()
    running = build_app(settings, SystemClock())
    slots.warm({slot.type for slot in running.flow.file.slots.values()})
    return running.app


def create_app() -> flask.Flask:
    """The WSGI application, from the environment."""
    return serving_app(load_settings())
