"""The checks a flow may name, performed. Implements :class:`ivr.identity.ports.Checks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.clock import Clock
from ivr.identity.code_entry import CodeEntry
from ivr.identity.codes import CodePolicy
from ivr.identity.delivery import Delivery, Withheld
from ivr.identity.identification import Identification
from ivr.identity.known_caller import KnownCallers
from ivr.identity.messages import load_messages
from ivr.identity.ports import (
    Channel,
    CheckRequest,
    CheckResult,
    CodeChecker,
    CodeSender,
    Directory,
)
from ivr.identity.risk.observer import Observer
from ivr.identity.risk.sources import Sources
from ivr.records.database import Database


class IdentityChecks:
    """Finds out who is calling, without telling the caller what it finds."""

    def __init__(
        self,
        db: Database,
        directory: Directory,
        *,
        senders: Mapping[Channel, CodeSender],
        policy: CodePolicy,
        code_key: bytes,
        words: Mapping[str, Mapping[str, str]],
        clock: Clock,
        withheld: Withheld = lambda channel, reason: None,
        sources: Sources | None = None,
    ) -> None:
        """
        Args:
            senders: one for each channel that may be used; a channel left out is not.
            code_key: keys the hashes of codes, see :func:`ivr.identity.codes.derive_code_key`.
            words: by language, ``company`` and ``callback_number`` for the messages.
            withheld: is told of each code that a limit kept back.
            sources: other systems that may add signals.

        Raises:
            FilesError: the wording of the messages is wrong.
        """
        index = db.index
        self._delivery = Delivery(
            db,
            directory,
            senders=senders,
            policy=policy,
            index=index,
            code_key=code_key,
            messages=load_messages(words),
            clock=clock,
            withheld=withheld,
        )
        self._observer = Observer(db, clock, sources or Sources())
        identification = Identification(db, directory, policy=policy, index=index, clock=clock)
        known_callers = KnownCallers(db, directory, policy=policy, index=index, clock=clock)
        self._entry = entry = CodeEntry(
            db,
            directory,
            checkers={way: one for way, one in senders.items() if isinstance(one, CodeChecker)},
            policy=policy,
            index=index,
            code_key=code_key,
            clock=clock,
        )
        self._perform: Mapping[str, Callable[[CheckRequest], CheckResult]] = {
            "resume": identification.resume,
            "identify": identification.identify,
            "send_code": lambda request: self._delivery.send(request, "first"),
            "send_code_again": lambda request: self._delivery.send(request, "again"),
            "send_code_other": lambda request: self._delivery.send(request, "other"),
            "send_code_second": lambda request: self._delivery.send(request, "second"),
            "known_caller": known_callers.recognise,
            "check_code": entry.check,
        }

    def perform(self, request: CheckRequest) -> CheckResult:
        """Perform one check. Takes ``send_seconds`` for a send, ``check_seconds`` for a code where
        providers check codes, milliseconds for the others; never inside a transaction of the
        caller's.

        Raises:
            RecordsUnavailable: the database cannot answer now.
            ValueError: there is no such check.
        """
        perform = self._perform.get(request.check)
        if perform is None:
            raise ValueError(f"no such check: {request.check!r}")
        return self._observer.observed(request, perform(request))

    def close(self) -> None:
        """Wait for codes on their way to their providers; nothing can be sent afterwards."""
        self._delivery.close()
        self._entry.close()
