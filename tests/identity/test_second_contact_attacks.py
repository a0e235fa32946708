"""Attacks on the code for a second contact: one contact that counts twice, another call's proof,
a contact that changes between the two codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from desk import Desk
from fakes.directories import ListedDirectory
from people import ELSEWHERE, EMAIL, HANAKO, LANDLINE, MOBILE, STRANGER, customer, register

from ivr.clock import ManualClock
from ivr.identity.assurance import Assurance, assess
from ivr.identity.ports import Channel, CheckResult, Customer
from ivr.records.database import Database

_NEW = "+819055556666"
FIRST_ONLY = {"birthdate", "name", "code_sms"}


class House:
    """A desk whose customers are in a directory of somebody else's, which may change any time."""

    def __init__(self, db: Database, clock: ManualClock) -> None:
        self.directory = ListedDirectory(customer())
        self.desk = Desk(db, clock, directory=self.directory, sends=9)

    def is_now(self, **changes: Any) -> None:
        self.directory.people = (replace(self.directory.people[0], **changes),)

    def proves(self, **call: Any) -> CheckResult:
        """花子 enters the code of her first contact."""
        self.desk.identify(**call)
        self.desk.ask("send_code", **call)
        result = self.desk.enter(self.newest, **call)
        assert result.outcome == "ok"
        return result

    @property
    def _messages(self) -> list[Any]:
        sent = [m for s in (self.desk.sms, self.desk.voice, self.desk.email) for m in s.messages]
        return sorted(sent, key=lambda message: message.code)

    @property
    def newest(self) -> str:
        return str(self._messages[-1].code)

    @property
    def destinations(self) -> list[str]:
        return [message.destination for message in self._messages]


@pytest.fixture
def house(sqlite_database: Database, clock: ManualClock) -> Iterator[House]:
    made = House(sqlite_database, clock)
    with made.desk:
        yield made


def sure(result: CheckResult) -> Assurance:
    return assess(said_birthdate=True, said_name=True, evidence=result.evidence, flags=result.flags)


# --- one contact that counts twice ---------------------------------------------------------------


@pytest.mark.parametrize(
    "written", [MOBILE, "+81 90-1234-5678", "+81(0)90 1234 5678", "+81090-1234-5678"]
)
def test_one_phone_that_is_written_in_two_ways_is_one_contact(house: House, written: str) -> None:
    house.is_now(landline=written)
    house.proves(caller=ELSEWHERE)
    house.desk.ask("send_code_second", caller=ELSEWHERE)
    house.desk.ask("send_code_other", caller=ELSEWHERE)
    assert house.destinations == [MOBILE, EMAIL]


def test_one_mailbox_that_is_written_in_two_ways_is_one_contact(house: House) -> None:
    house.is_now(email="Hanako@Example.JP", preferred="email", mobile=None, landline=None)
    house.proves()
    house.is_now(email="hanako@example.jp")
    assert house.desk.ask("send_code_second").outcome == "none"
    house.desk.ask("send_code_again")
    assert len(house.destinations) == 1


_SWAPS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # The mobile that was proven is now the phone that is rung.
    ({}, {"mobile": _NEW, "landline": MOBILE}),
    ({}, {"mobile": None, "landline": MOBILE}),
    # The phone that was rung is now the mobile.
    ({"landline": _NEW, "preferred": "voice"}, {"mobile": _NEW, "landline": LANDLINE}),
    ({"landline": _NEW, "preferred": "voice"}, {"mobile": _NEW, "landline": None}),
]


@pytest.mark.parametrize(("before", "after"), _SWAPS)
@pytest.mark.parametrize("asked", ["send_code_second", "send_code_other", "send_code_again"])
def test_a_contact_that_goes_by_another_way_since_is_still_the_same(
    house: House, before: dict[str, Any], after: dict[str, Any], asked: str
) -> None:
    house.is_now(**before)
    house.proves(caller=ELSEWHERE)
    proven = house.destinations[0]
    house.is_now(**after)
    for step in ("send_code_second", asked):
        house.desk.ask(step, caller=ELSEWHERE)
    result = house.desk.enter(house.newest, caller=ELSEWHERE)
    assert proven not in house.destinations[1:]
    assert ("second_contact" in sure(result).factors) == (result.outcome == "ok")


def test_not_even_where_another_call_has_the_code_sent(house: House) -> None:
    """Sent as a first code, in a call that has proven nothing, and entered in the one that has."""
    house.proves(caller=ELSEWHERE)
    house.is_now(mobile=_NEW, landline=MOBILE)
    house.desk.ask("send_code_other", caller=ELSEWHERE, call_id="another")
    assert house.destinations == [MOBILE, MOBILE]
    result = house.desk.enter(house.newest, caller=ELSEWHERE)
    assert sure(result).factors == FIRST_ONLY


@pytest.mark.parametrize("failure", ["other_channel", "refused", "retry_later"])
def test_a_provider_that_wants_another_way_does_not_get_the_proven_one(
    house: House, failure: str
) -> None:
    house.desk.voice._failures.append(failure)
    house.proves()
    house.desk.ask("send_code_second")
    assert house.destinations == [MOBILE, *([EMAIL] if failure == "other_channel" else [])]


# --- what another call has shown -----------------------------------------------------------------


@pytest.mark.parametrize("way", ["send_code", "send_code_again"])
def test_the_second_contact_of_one_call_is_not_shown_in_another(house: House, way: str) -> None:
    """Whoever forges the number shares the verification. With the customer's telephone in hand
    they may prove one contact; the mailbox, which the customer has proven, they have not."""
    house.proves()
    house.desk.ask("send_code_second", further=("email",))
    both = house.desk.enter(house.newest)
    assert "second_contact" in sure(both).factors
    house.desk.ask(way, call_id="forged")
    other = house.desk.enter(house.newest, call_id="forged")
    assert other.outcome == "ok"
    channel = other.evidence["channel"]
    assert sure(other).factors == {"birthdate", "name", f"code_{channel}"}
    assert {"second", "second_channel"}.isdisjoint(other.evidence)


@pytest.mark.parametrize("entered", ["right", "wrong"])
def test_what_became_of_a_second_code_is_not_told_in_another_call(
    house: House, entered: str
) -> None:
    house.proves()
    house.desk.ask("send_code_second")
    house.desk.enter(house.newest if entered == "right" else house.desk.wrong_code())
    house.desk.ask("send_code", call_id="forged")
    result = house.desk.enter(house.newest, call_id="forged")
    assert "second_missing" not in sure(result).flags
    # They may ask for one of their own.
    assert house.desk.ask("send_code_second", call_id="forged").outcome == "sent"


# --- a contact that changes in between -----------------------------------------------------------


@pytest.mark.parametrize("changed", [{"landline": _NEW}, {"mobile": _NEW}, {"email": "x@y.jp"}])
def test_a_contact_that_changed_between_the_codes_is_pointed_out(
    house: House, clock: ManualClock, changed: dict[str, Any]
) -> None:
    """Somebody has the bank change a contact while the first code is being entered."""
    assert house.proves().flags == ()
    house.is_now(**changed, contact_changed=clock.now())
    house.desk.ask("send_code_second")
    result = house.desk.enter(house.newest)
    assert result.evidence["second"] == "ok"
    assert "contact_changed" in result.flags


@pytest.mark.parametrize("changed", [{"landline": _NEW}, {"landline": None}])
def test_a_second_code_is_worth_nothing_once_its_contact_is_another(
    house: House, changed: dict[str, Any]
) -> None:
    house.proves()
    house.desk.ask("send_code_second")
    house.is_now(**changed)
    result = house.desk.enter(house.newest)
    assert (result.outcome, sure(result).factors) == ("wrong", FIRST_ONLY)


def test_a_first_code_that_was_not_entered_is_no_second(house: House) -> None:
    house.desk.identify()
    house.desk.ask("send_code")
    by_text = house.newest
    house.desk.ask("send_code_other", caller=ELSEWHERE)
    assert house.desk.enter(house.newest).evidence["channel"] == "voice"
    assert house.desk.ask("send_code_second").outcome == "sent"
    assert house.desk.enter(by_text).evidence["second"] == "wrong"


def test_when_the_first_code_has_run_out_the_second_still_works(
    house: House, clock: ManualClock
) -> None:
    house.desk.identify()
    house.desk.ask("send_code")
    first = house.newest
    clock.advance(590)
    assert house.desk.enter(first).outcome == "ok"
    house.desk.ask("send_code_second")
    clock.advance(590)
    assert house.desk.enter(first).outcome == "wrong"
    assert house.desk.enter(house.newest).evidence["second"] == "ok"


def test_a_repeated_request_of_one_call_is_not_answered_as_that_of_another(house: House) -> None:
    """A send whose end nobody noted is asked again after a crash."""
    house.is_now(landline=None, email=None)
    house.proves()
    assert house.desk.ask("send_code", call_id="forged", intent_id="theirs").outcome == "sent"
    assert house.desk.ask("send_code_second").outcome == "none"
    assert house.desk.ask("send_code", call_id="forged", intent_id="theirs").outcome == "sent"


# --- what it tells -------------------------------------------------------------------------------


@pytest.mark.parametrize("further", [None, (), ("email",), ("sms", "voice", "email")])
@pytest.mark.parametrize("proven_elsewhere", [False, True])
def test_who_has_proven_nothing_in_this_call_learns_nothing(
    sqlite_database: Database,
    clock: ManualClock,
    further: tuple[Channel, ...] | None,
    proven_elsewhere: bool,
) -> None:
    """Neither by what is answered nor by how long that takes nor by what it costs."""
    people: list[tuple[Customer, Any]] = [
        (customer(), HANAKO), (customer(email=None, landline=None), HANAKO), (customer(), STRANGER)
    ]  # fmt: skip
    noticed = set()
    for person, name in people:
        with sqlite_database.writing() as session:
            for table in ("codes", "verifications", "customers"):
                session.connection().exec_driver_sql(f"DELETE FROM {table}")
        register(sqlite_database, person)
        with Desk(sqlite_database, clock) as desk:
            desk.new_intent = iter(f"{len(noticed)}{n}{name.text}" for n in range(9)).__next__  # type: ignore[method-assign]
            desk.identify(name=name)
            desk.ask("send_code")
            if proven_elsewhere and name is HANAKO:
                assert desk.enter(desk.sms.last_code, call_id="theirs").outcome == "ok"
            began = clock.now()
            with sqlite_database.count_queries() as queries:
                result = desk.ask("send_code_second", further=further)
            noticed.add((result.outcome, clock.now() - began, queries.count))
        clock.advance(86_400)
    assert len(noticed) == 1
    assert {outcome for outcome, *_ in noticed} == {"none"}
