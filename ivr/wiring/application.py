"""The web process: settings in, a running Flask application out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import flask

from ivr.clock import Clock, SystemClock
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.errors import RecordsUnavailable, SendFailed, SettingsError
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.identity.checks import IdentityChecks
from ivr.identity.codes import CodePolicy, derive_code_key
from ivr.identity.directory import RecordsDirectory
from ivr.identity.ports import Channel, CodeMessage, CodeSender
from ivr.identity.result import ResultSigner
from ivr.records.cipher import BlindIndex, FieldCipher
from ivr.records.database import Database
from ivr.settings import Settings, load_settings
from ivr.telephony.logging import configure_logging
from ivr.telephony.metrics import Metrics
from ivr.telephony.stored import StoredAnswers, StoredResults
from ivr.telephony.web import WebDeps, create_web
from ivr.understanding import slots
from ivr.wiring.keys import with_rehearsal_keys
from ivr.wiring.senders import make_senders

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


def open_database(settings: Settings, clock: Clock) -> Database:
    """The database of these settings; connects to nothing yet.

    Raises:
        SettingsError: the URL or a key is malformed.
    """
    settings = with_rehearsal_keys(settings)
    return Database(
        settings.database,
        cipher=FieldCipher(_key("IVR_FIELD_KEY", settings.field_key.get_secret_value())),
        index=BlindIndex(_key("IVR_INDEX_KEY", settings.index_key.get_secret_value())),
        clock=clock,
        wait_s=settings.database_wait_s,
    )


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name} must be 32 bytes in base64", hint="`ivr keys new` makes one")
    return key


def open_signer(settings: Settings, clock: Clock) -> ResultSigner:
    """Signs results with the key of these settings."""
    settings = with_rehearsal_keys(settings)
    return ResultSigner(
        settings.signing_key.get_secret_value(),
        settings.issuer or settings.public_url,
        settings.audience,
        clock,
        timedelta(minutes=settings.result_minutes),
    )


def load_shipped_flow(settings: Settings, *, name: str | None = None) -> Flow:
    """The flow that answers calls, or another by name, loaded and checked.

    In production the destinations it names must have numbers.

    Raises:
        FilesError: with every problem in every file.
    """
    known = None if settings.mode == "rehearsal" else tuple(settings.destinations)
    return load_flow(
        settings.flows_dir / (name or settings.flow),
        grammars_dir=settings.grammars_dir,
        words=settings.words(),
        destinations=known,
        slow_rate=settings.slow_rate,
    )


def code_policy(settings: Settings) -> CodePolicy:
    """The limits on codes of these settings."""
    return CodePolicy(
        minutes=settings.code_minutes,
        attempts=settings.code_attempts,
        sends=settings.code_sends,
        lockout_failures=settings.lockout_failures,
        customer_sends_per_day=settings.customer_sends_per_day,
        prefix_sends_per_day=settings.prefix_sends_per_day,
        contact_changed_days=settings.contact_changed_days,
    )


class _CountedSender:
    """Counts what its provider refuses."""

    def __init__(self, channel: Channel, sender: CodeSender, metrics: Metrics) -> None:
        self._channel, self._sender, self._metrics = channel, sender, metrics

    def send(self, message: CodeMessage) -> None:
        try:
            self._sender.send(message)
        except SendFailed as error:
            self._metrics.provider_failed(self._channel, error.kind)
            raise


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
        senders: used in place of those the settings name (rehearsed faults).
        flow: used in place of loading it again.
        recover: take up checks that a process before this one left; without it nothing is
            done, and the database not even asked, before the first webhook.

    Raises:
        SettingsError, FilesError: something people wrote is wrong; all of it is named.
    """
    settings = with_rehearsal_keys(settings)
    flow = flow or load_shipped_flow(settings)
    db = open_database(settings, clock)
    service = DialogueService(
        db,
        FlowShelf(flow, db, clock, settings.words()),
        signer := open_signer(settings, clock),
        clock,
        check_deadline_s=settings.check_deadline_s,
        result_minutes=settings.result_minutes,
    )
    metrics = Metrics()
    ways = make_senders(settings, clock) if senders is None else senders
    checks = IdentityChecks(
        db,
        RecordsDirectory(db),
        senders={way: _CountedSender(way, sender, metrics) for way, sender in ways.items()},
        policy=code_policy(settings),
        code_key=derive_code_key(_key("IVR_INDEX_KEY", settings.index_key.get_secret_value())),
        words=settings.words(),
        clock=clock,
    )
    worker = CheckWorker(service, db, checks, clock, threads=settings.check_threads)
    app = create_web(
        WebDeps(
            settings=settings,
            service=service,
            flow_hints=_hints(flow),
            answers=StoredAnswers(db, clock),
            results=StoredResults(db, clock),
            jwks=signer.jwks,
            readiness={"database": lambda: _ready(db)},
            clock=clock,
            metrics=metrics,
        )
    )
    if recover:
        _recover(worker)

    def close() -> None:
        worker.close()
        checks.close()
        db.dispose()

    return RunningApp(app, db, service, flow, close)


def _ready(db: Database) -> None:
    """
    Raises:
        RecordsUnavailable: calls cannot be stored now.
    """
    db.ping()
    if not db.is_current():
        raise RecordsUnavailable("the database is not up to date", hint="ivr database upgrade")


def _recover(worker: CheckWorker) -> None:
    try:
        worker.recover()
    except RecordsUnavailable:
        return  # not ready yet; /readyz says so, and callers reach a person


def serving_app(settings: Settings) -> flask.Flask:
    """The application as a server runs it: logs to standard error, dictionaries in memory
    before the first call."""
    configure_logging(settings.log_level)
    slots.warm()
    running = build_app(settings, SystemClock())
    slots.warm({slot.type for slot in running.flow.file.slots.values()})
    return running.app


def create_app() -> flask.Flask:
    """The WSGI application, from the environment."""
    return serving_app(load_settings())
