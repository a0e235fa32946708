"""What a conversation stands on in any process: flow, database, dialogue, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from ivr.clock import Clock
from ivr.dialogue.announcements import Announcements
from ivr.dialogue.outcome import Issued
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.errors import RecordsUnavailable, SendFailed
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.identity.callbacks import CallBacks
from ivr.identity.checks import IdentityChecks
from ivr.identity.codes import CodePolicy, derive_code_key
from ivr.identity.delivery import Withheld
from ivr.identity.listened_names import derive_decoy_key
from ivr.identity.ports import Channel, CodeChecker, CodeMessage, CodeSender, Verdict
from ivr.identity.result import ResultSigner
from ivr.records.cipher import BlindIndex
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.telephony.media.tokens import StreamTokens, derive_token_key
from ivr.telephony.stored import StoredAnswers
from ivr.wiring.directories import ChosenDirectory, choose_directory
from ivr.wiring.keys import key_of, key_wrapper, with_rehearsal_keys
from ivr.wiring.senders import make_senders
from ivr.wiring.signal_sources import signal_sources
from ivr.wiring.start_note import StartNote

#: Counts a send that failed, by channel and kind of failure.
SendFailures = Callable[[str, str], None]


def open_database(settings: Settings, clock: Clock) -> Database:
    """The database of these settings; connects to nothing yet.

    Raises:
        SettingsError: the URL or a key is malformed.
    """
    settings = with_rehearsal_keys(settings)
    return Database(
        settings.database,
        wrapper=key_wrapper(settings),
        index=BlindIndex(key_of("IVR_INDEX_KEY", settings.index_key)),
        clock=clock,
        wait_s=settings.database_wait_s,
    )


def open_signer(settings: Settings, clock: Clock, db: Database | None = None) -> ResultSigner:
    """Signs results with the key of these settings, or with those that have replaced it in
    ``db``."""
    settings = with_rehearsal_keys(settings)
    return ResultSigner(
        settings.signing_key.get_secret_value(),
        settings.issuer or settings.public_url,
        settings.audience,
        clock,
        timedelta(minutes=settings.result_minutes),
        audiences=settings.audiences,
        db=db,
    )


def load_shipped_flow(settings: Settings, *, name: str | None = None) -> Flow:
    """The flow that answers calls, or another by name, loaded and checked.

    In production the destinations it names must have numbers.

    Raises:
        FilesError: with every problem in every file.
    """
    known = None if settings.mode == "rehearsal" else settings.destinations
    return load_flow(
        settings.flows_dir / (name or settings.flow),
        grammars_dir=settings.grammars_dir,
        words=settings.words(),
        destinations=known,
        slow_rate=settings.slow_rate,
    )


def code_policy(settings: Settings) -> CodePolicy:
    """The limits on codes of these settings."""
    # Sends and checks begin with a look-up, which takes this long where it asks somebody else.
    look_up_s = 0.0 if settings.directory == "records" else settings.directory_seconds
    own = CodePolicy()
    return CodePolicy(
        send_seconds=own.send_seconds + look_up_s,
        check_seconds=own.check_seconds + look_up_s,
        minutes=settings.code_minutes,
        attempts=settings.code_attempts,
        sends=settings.code_sends,
        lockout_failures=settings.lockout_failures,
        lockout_in_a_row=settings.lockout_in_a_row,
        customer_sends_per_day=settings.customer_sends_per_day,
        prefix_sends_per_day=settings.prefix_sends_per_day,
        sends_per_day=settings.sends_per_day,
        breaker_sends=settings.breaker_sends,
        breaker_percent=settings.breaker_percent,
        phone_prefixes=tuple(filter(None, settings.phone_prefixes.split(","))),
        contact_changed_days=settings.contact_changed_days,
    )


class _CountedSender:
    """Counts what its provider refuses."""

    def __init__(self, channel: Channel, sender: CodeSender, failures: SendFailures) -> None:
        self._channel, self._sender, self._failures = channel, sender, failures

    def send(self, message: CodeMessage) -> None:
        with self._counted():
            self._sender.send(message)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except SendFailed as error:
            self._failures(self._channel, error.kind)
            raise


class _CountedChecker(_CountedSender):
    """The same of a provider that checks codes itself."""

    def __init__(self, channel: Channel, sender: CodeChecker, failures: SendFailures) -> None:
        super().__init__(channel, sender, failures)
        self._checker = sender

    def check(self, destination: str, code: str) -> Verdict:
        with self._counted():
            return self._checker.check(destination, code)


def _counted(channel: Channel, sender: CodeSender, failures: SendFailures) -> CodeSender:
    if isinstance(sender, CodeChecker):
        return _CountedChecker(channel, sender, failures)
    return _CountedSender(channel, sender, failures)


@dataclass(frozen=True)
class Backstage:
    """``settings`` with every key, ``flow`` that new calls begin with, ``shelf`` of those that
    running calls are pinned to, ``answers`` that every process shares, ``tokens`` of media
    streams, ``decoy_key`` of names that are listened for and nobody has, ``start`` tells
    the audit, ``directory`` says where customers are registered. ``close`` finishes what runs and
    lets go of the database."""

    settings: Settings
    flow: Flow
    db: Database
    shelf: FlowShelf
    signer: ResultSigner
    service: DialogueService
    worker: CheckWorker
    answers: StoredAnswers
    tokens: StreamTokens
    decoy_key: bytes
    start: StartNote
    directory: ChosenDirectory
    close: Callable[[], None]

    def ready(self) -> None:
        """
        Raises:
            RecordsUnavailable: calls cannot be stored now.
        """
        self.db.ping()
        if not self.db.is_current():
            raise RecordsUnavailable("the database is not up to date", hint="ivr database upgrade")
        self.start.once()

    def recover(self) -> None:
        """Take up checks that a process before this one left."""
        try:
            self.start.once()
            self.worker.recover()
        except RecordsUnavailable:
            return  # not ready yet; /readyz says so, and callers reach a person


def open_backstage(
    settings: Settings,
    clock: Clock,
    *,
    send_failed: SendFailures,
    send_withheld: Withheld,
    issued: Issued = lambda sure: None,
    senders: Mapping[Channel, CodeSender] | None = None,
    flow: Flow | None = None,
) -> Backstage:
    """Everything behind the telephone. Connects to nothing yet.

    Args:
        send_failed, send_withheld: count what a provider refused, and what a limit kept back.
        issued: counts a result that was made.
        senders: used in place of those the settings name (rehearsed faults).
        flow: used in place of loading it again.

    Raises:
        SettingsError, FilesError: something people wrote is wrong; all of it is named.
    """
    settings = with_rehearsal_keys(settings)
    flow = flow or load_shipped_flow(settings)
    db = open_database(settings, clock)
    index_key = key_of("IVR_INDEX_KEY", settings.index_key)
    shelf = FlowShelf(flow, db, clock, settings.words())
    signer = open_signer(settings, clock, db)
    service = DialogueService(
        db,
        shelf,
        signer,
        clock,
        check_deadline_s=settings.check_deadline_s,
        result_minutes=settings.result_minutes,
        announcements=Announcements(tuple(settings.crm_webhooks)),
        issued=issued,
    )
    ways = make_senders(settings, clock) if senders is None else senders
    chosen = choose_directory(settings, db, clock)
    checks = IdentityChecks(
        db,
        chosen.directory,
        senders={way: _counted(way, sender, send_failed) for way, sender in ways.items()},
        policy=code_policy(settings),
        code_key=derive_code_key(index_key),
        words=settings.words(),
        clock=clock,
        withheld=send_withheld,
        sources=signal_sources(settings),
    )
    all_checks = CallBacks(
        checks,
        db,
        clock,
        most=settings.callbacks,
        per_caller=settings.callbacks_per_caller,
        withheld=settings.callbacks_withheld,
        kept_for=timedelta(days=settings.callback_days),
    )
    worker = CheckWorker(service, db, all_checks, clock, threads=settings.check_threads)
    answers = StoredAnswers(db, clock)
    tokens = StreamTokens(derive_token_key(index_key), answers, clock)

    def close() -> None:
        worker.close()
        checks.close()
        chosen.close()
        db.dispose()

    return Backstage(
        settings,
        flow,
        db,
        shelf,
        signer,
        service,
        worker,
        answers,
        tokens,
        derive_decoy_key(index_key),
        StartNote(db, settings, flow),
        chosen,
        close,
    )
