"""A telephone on a dialogue service, and the way to the agent with it."""

from __future__ import annotations

from collections.abc import Callable

from dialogue_path import say
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.dialogue.events import Event, Pressed, Silence
from ivr.dialogue.replies import Reply
from ivr.dialogue.service import DialogueService
from ivr.identity.result import new_signing_key
from ivr.records.database import Database

SID = "CA" + "0" * 32
KEY = new_signing_key()

Build = Callable[..., DialogueService]


class Telephone:
    """Drives a service as a caller would, performing no check by itself."""

    def __init__(self, service: DialogueService) -> None:
        self.service = service
        self.reply = service.begin(call_sid=SID, caller="+819012345678", called="+815000000000")

    def does(self, event: Event) -> Reply:
        self.reply = self.service.take(call_sid=SID, turn=self.reply.turn, event=event)
        return self.reply

    def waits(self) -> Reply:
        self.reply = self.service.current(call_sid=SID, wait_ms=5000)
        return self.reply


def rows(db: Database, table: str) -> int:
    with db.reading() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def verified_transfer(phone: Telephone, clock: ManualClock) -> Reply:
    """Walk the shipped flow to the agent."""
    now = clock.now
    phone.does(Silence(now()))
    phone.waits()
    phone.does(say("はい"))
    phone.does(say("昭和六十年三月五日です"))
    phone.does(say("山田太郎です"))
    phone.waits()
    phone.does(say("はい"))
    phone.waits()
    phone.does(Pressed(now(), "123456"))
    return phone.waits()
