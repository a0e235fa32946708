"""Identity checks set up for tests, with shorthands for what a call asks of them."""

from __future__ import annotations

from itertools import count
from types import TracebackType
from typing import Any

from fakes.senders import FakeSender, HangingSender
from people import BORN, HANAKO, request

from ivr.clock import ManualClock
from ivr.identity.checks import IdentityChecks
from ivr.identity.codes import CodePolicy, derive_code_key
from ivr.identity.directory import RecordsDirectory
from ivr.identity.ports import Channel, CheckResult, CodeSender, Directory
from ivr.identity.risk.sources import Sources
from ivr.records.database import Database

WORDS = {
    "ja": {"company": "つばめ銀行", "callback_number": "0120-000-000"},
    "en": {"company": "Tsubame Bank", "callback_number": "0120-000-000"},
}
#: Far longer than a fake takes; on a manual clock the wait itself is free.
POLICY: dict[str, Any] = {"send_seconds": 5.0}


class Desk:
    """``sms``, ``voice`` and ``email`` are the senders; ``verification`` the one last opened."""

    def __init__(
        self,
        db: Database,
        clock: ManualClock,
        *,
        directory: Directory | None = None,
        without: tuple[Channel, ...] = (),
        senders: dict[Channel, CodeSender] | None = None,
        sources: Sources | None = None,
        **policy: Any,
    ) -> None:
        self.db = db
        self.clock = clock
        self.sms, self.voice, self.email = FakeSender(), FakeSender(), FakeSender()
        chosen: dict[Channel, CodeSender] = {
            "sms": self.sms,
            "voice": self.voice,
            "email": self.email,
        }
        chosen.update(senders or {})
        self.policy = CodePolicy(**POLICY | policy)
        self.checks = IdentityChecks(
            db,
            directory or RecordsDirectory(db),
            senders={name: sender for name, sender in chosen.items() if name not in without},
            policy=self.policy,
            code_key=derive_code_key(bytes(range(32, 64))),
            words=WORDS,
            clock=clock,
            withheld=lambda channel, reason: self.withheld.append((channel, reason)),
            sources=sources,
        )
        #: Channel and limit of each code that was kept back.
        self.withheld: list[tuple[str, str]] = []
        self.verification: str | None = None
        self._senders = chosen
        self._intents = count(1)

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sender in self._senders.values():
            if isinstance(sender, HangingSender):
                sender.release()
        self.checks.close()

    def new_intent(self) -> str:
        return f"intent{next(self._intents)}"

    def ask(self, check: str, **changes: Any) -> CheckResult:
        """Perform one check of the open verification."""
        values: dict[str, Any] = {"verification_id": self.verification} | changes
        intent_id = values.pop("intent_id", None) or self.new_intent()
        return self.checks.perform(request(check, intent_id, **values))

    def identify(self, **changes: Any) -> CheckResult:
        """山田花子 says who she is; the verification is open afterwards."""
        values: dict[str, Any] = {"birthdate": BORN, "name": HANAKO} | changes
        result = self.ask("identify", **values)
        self.verification = result.verification_id
        return result

    def enter(self, code: str, **changes: Any) -> CheckResult:
        """Enter a code by keypad."""
        return self.ask("check_code", code=code, **changes)

    def wrong_code(self) -> str:
        """Six digits that are not the newest code of any sender."""
        right = {
            message.code
            for sender in (self.sms, self.voice, self.email)
            for message in sender.messages
        }
        return next(code for code in map("{:06d}".format, range(10**6)) if code not in right)

    @property
    def sent(self) -> int:
        """How many codes went out."""
        return sum(len(s.messages) for s in (self.sms, self.voice, self.email))
