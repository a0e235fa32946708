"""A small world for each call file: a fresh database, the application, and what goes wrong."""

from __future__ import annotations

import csv
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from ivr.clock import Clock, ManualClock, OffsetClock, SystemClock
from ivr.errors import FilesError, HonninError, Problem
from ivr.flow.flow import Flow
from ivr.identity.ports import CodeSender
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.callfile import DEFAULT_NOW, CallCustomer, CallFile
from ivr.rehearsal.crm import RehearsedCrm, answering
from ivr.rehearsal.database_faults import DatabaseOutage
from ivr.rehearsal.media_stream import socket_to
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.sender_faults import faulty
from ivr.rehearsal.stage import SenderWrap, Stage
from ivr.rehearsal.switchboard import made_up_addresses
from ivr.rehearsal.telephone import Surroundings, Telephone, Watch
from ivr.rehearsal.trouble import NoTrouble, Trouble
from ivr.rehearsal.web_server import serving
from ivr.rehearsal.webhooks import Server
from ivr.settings import Settings, load_settings

#: The base URL that the application believes to be reached at. Never looked up.
PUBLIC_URL = "https://rehearsal.invalid"
MEDIA_URL = "wss://rehearsal.invalid/media"
#: How calls by voice are heard, unless their world says otherwise.
BY_VOICE = ("vosk", "twilio", "keys")
#: Made-up numbers: the company's and the last resort's.
NUMBER = "+815000000000"
FALLBACK_NUMBER = "+815000000099"
#: The name of the last resort in results, where no logical destination was dialled.
FALLBACK = "fallback"

CSV_COLUMNS = (
    "number", "surname", "given", "surname_kana", "given_kana", "birthdate", "mobile",
    "landline", "email", "language", "contact_changed",
)  # fmt: skip
#: Milliseconds of real time that a webhook waits for a check while a sender has a fault and
#: the clock is ours: the provider's silence is played in fillers.
_FAST_CHECK_WAIT_MS = 60
#: How fast time passes at most while nobody speaks on a stream and the clock is ours.
_QUIET_PACE = 8.0
#: Real seconds that a CRM has for its answer.
_CRM_TIMEOUT_S = 5.0
_ACCOUNT_SID = "AC" + "5" * 32


class Worlds:
    """Makes worlds. Keeps one migrated database for each set of customers to copy from."""

    def __init__(self, stage: Stage, *, fast: bool, voice: bool = False) -> None:
        """``fast``: the clock runs ahead instead of letting real time pass. ``voice``: calls go
        by media stream."""
        self._stage = stage
        self._fast, self._voice = fast, voice
        self._folder = Path(tempfile.mkdtemp(prefix="ivr-rehearsal-"))
        self._templates: dict[str, Path] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Worlds:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def rehearse(
        self,
        call: CallFile,
        flow: Flow,
        watch: Watch | None = None,
        recording: CallRecording | None = None,
    ) -> Outcome:
        """Place one call in a world of its own. ``watch`` is told of every moment; what is heard
        on streams goes to ``recording``.

        What cannot even begin (a wrong setting, customers that cannot be) is a problem of the
        outcome as well.
        """
        try:
            with _crm(call) as crm, self._opened(call, flow, crm) as around:
                recorded = replace(around, recording=recording)
                outcome = Telephone(call, flow, recorded, watch).place()
                if crm is None or call.expect.crm is None:
                    return outcome
                wrong = crm.settle(call.expect.crm)
                return replace(outcome, problems=(*outcome.problems, *wrong))
        except FilesError as error:
            return _never_placed(call, map(str, error.problems))
        except HonninError as error:
            return _never_placed(call, [str(error)])

    @contextmanager
    def _opened(
        self, call: CallFile, flow: Flow, crm: RehearsedCrm | None
    ) -> Iterator[Surroundings]:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        clock: Clock = ManualClock(call.now) if self._fast else OffsetClock(call.now)
        settings = self._settings(call, flow, folder / "var", crm)
        if crm is not None:
            crm.clock = clock
        self._prepare(call, settings, clock)
        call_over = threading.Event()

        def wrap(sender: CodeSender) -> CodeSender:
            return faulty(call.world.sender, sender, clock, call_over)

        running = self._stage.build(settings, clock, flow, wrap)
        outage = _outage(call, settings)
        try:
            with ExitStack() as open_:
                address = open_.enter_context(serving(running.app))
                media = ""
                if "vosk" in settings.hearing:
                    media = open_.enter_context(self._media(call, settings, clock, flow, wrap))
                open_.callback(call_over.set)
                around = _surroundings(settings, clock, address, media, outage or NoTrouble())
                if media and call.world.media == "full":
                    open_.enter_context(socket_to(around.server, MEDIA_URL))
                yield replace(around, quiet_pace=_QUIET_PACE if self._fast else 0.0)
        finally:
            call_over.set()
            if outage is not None:
                outage.end()
            running.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _media(
        self, call: CallFile, settings: Settings, clock: Clock, flow: Flow, wrap: SenderWrap
    ) -> AbstractContextManager[str]:
        """A media server as the call's world wants it; gives its address."""
        if call.world.media == "gone":
            return _nobody()
        return self._stage.media(settings, clock, flow, wrap)

    def _settings(
        self, call: CallFile, flow: Flow, var_dir: Path, crm: RehearsedCrm | None
    ) -> Settings:
        """Settings for one call: everything that could reach a real provider, person or
        database is set here, whatever the environment says."""
        waits: dict[str, object] = {"callbacks": 0}
        if self._fast and call.world.sender in {"hangs", "slow"}:
            waits["check_wait_ms"] = _FAST_CHECK_WAIT_MS
        given = load_settings()
        if self._voice:
            waits["hearing"] = BY_VOICE
        if call.world.media == "full":
            waits["media_calls"] = 1
        safe: dict[str, object] = {
            "mode": "rehearsal",
            "var_dir": var_dir,
            "public_url": PUBLIC_URL,
            "bind": "127.0.0.1:8080",
            "media_bind": "127.0.0.1:8081",
            # Named after what they hold: nothing there is of one call only.
            "rendered_prompts": str(given.rendered_folder.absolute()),
            "flow": call.flow,
            "twilio_account_sid": _ACCOUNT_SID,
            "twilio_auth_token": secrets.token_hex(16),
            "twilio_webhook_key": "",
            "twilio_number": NUMBER,
            "check_signatures": True,
            "fallback_number": FALLBACK_NUMBER,
            "database_url": "",
            "directory": "records",
            "sms_sender": "outbox",
            "voice_sender": "outbox",
            "email_sender": "outbox",
            "issuer": "",
            "audience": "agents",
            "crm_timeout_s": _CRM_TIMEOUT_S,
            "log_level": "error",
        }
        settings = load_settings(**{**waits, **call.world.settings.overrides(), **safe})
        # Mappings given to load_settings are merged with those of the environment.
        maps = {
            "destinations": made_up_addresses(flow),
            "result_keys": {"rehearsal": SecretStr(secrets.token_hex(16))},
            "audiences": {},
            "result_readers": {},
            "crm_webhooks": {} if crm is None else {"crm": crm.url},
            "crm_secrets": {} if crm is None else {"crm": SecretStr(crm.setting)},
        }
        return settings.model_copy(update=maps)

    # --- databases -------------------------------------------------------------------------------

    def _prepare(self, call: CallFile, settings: Settings, clock: Clock) -> None:
        sample = settings.flows_dir / call.flow / "customers.csv"
        if call.customers is None and sample.is_file():
            shutil.copytree(self._template(settings, sample), settings.var_dir)
            return
        shutil.copytree(self._template(settings, None), settings.var_dir)
        if call.customers:
            path = settings.var_dir / "customers.csv"
            _write_csv(path, call.customers)
            try:
                self._stage.prepare(settings, clock, path)
            except FilesError as error:
                raise FilesError(_in_call_file(call, error.problems)) from None

    def _template(self, settings: Settings, customers: Path | None) -> Path:
        """A prepared ``var_dir`` to copy: keys, database and the customers of a file."""
        key = "" if customers is None else str(customers.resolve())
        with self._lock:
            if key not in self._templates:
                folder = self._folder / f"template-{len(self._templates)}"
                clock = ManualClock(max(DEFAULT_NOW, SystemClock().now()))
                own = settings.model_copy(update={"var_dir": folder})
                self._stage.prepare(own, clock, customers)
                self._templates[key] = folder
            return self._templates[key]


@contextmanager
def _crm(call: CallFile) -> Iterator[RehearsedCrm | None]:
    """The CRM of the call's world, if it has one."""
    if not call.world.crm_acts:
        yield None
        return
    with answering(RehearsedCrm(call.world.crm_acts)) as crm:
        yield crm


@contextmanager
def _nobody() -> Iterator[str]:
    """An address where nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def _surroundings(
    settings: Settings, clock: Clock, address: str, media: str, trouble: Trouble
) -> Surroundings:
    names = {number: name for name, numbers in settings.destinations.items() for number in numbers}
    return Surroundings(
        server=Server(
            address=address,
            public=settings.public_url,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            account_sid=settings.twilio_account_sid,
            number=settings.twilio_number,
            media=media and f"http://{media}",
        ),
        clock=clock,
        outbox=settings.var_dir / "outbox.jsonl",
        destinations={**names, settings.fallback_number: FALLBACK},
        result_key=settings.result_keys["rehearsal"].get_secret_value(),
        audience=settings.audience,
        trouble=trouble,
    )


def _outage(call: CallFile, settings: Settings) -> DatabaseOutage | None:
    outage = call.world.outage
    if outage is None:
        return None
    return DatabaseOutage(outage, Path(settings.database.removeprefix("sqlite:///")))


def _write_csv(path: Path, customers: Iterable[CallCustomer]) -> None:
    """The customers of a call, as ``ivr customers import`` reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, restval="")
        writer.writeheader()
        for serial, customer in enumerate(customers, start=1):
            row = customer.model_dump(mode="json", exclude_none=True)
            writer.writerow({"number": f"R{serial:04d}", **row})


def _in_call_file(call: CallFile, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems of the written CSV, told as problems of the call file's customers."""
    for problem in problems:
        column = CSV_COLUMNS[problem.column - 1] if 0 < problem.column <= len(CSV_COLUMNS) else ""
        where = f"customers, number {problem.line - 1}"
        name = f", {column}" if column else ""
        yield Problem(call.path or call.call, 0, 0, f"{where}{name}: {problem.message}")


def _never_placed(call: CallFile, problems: Iterable[str]) -> Outcome:
    return Outcome(
        call=call.call,
        ended="error",
        level=None,
        destination=None,
        turns=0,
        seconds=0.0,
        amr=(),
        flags=(),
        messages=0,
        fallbacks=0,
        said=frozenset(),
        problems=tuple(problems),
    )
