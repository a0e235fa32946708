"""Customers get codes by the way they prefer, as far as that reaches them."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from people import ELSEWHERE, EMAIL, LANDLINE, MOBILE, customer, register

from ivr.identity.contacts import CHANNELS, after, contacts_of, order_of, since
from ivr.identity.ports import Channel


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, ["sms", "voice", "email"]),
        ({"preferred": "sms"}, ["sms", "voice", "email"]),
        ({"preferred": "voice"}, ["voice", "sms", "email"]),
        ({"preferred": "email"}, ["email", "sms", "voice"]),
        # Not registered: the next one, as for everybody.
        ({"preferred": "voice", "landline": None}, ["sms", "email"]),
        ({"preferred": "email", "email": None}, ["sms", "voice"]),
    ],
)
def test_the_preferred_way_comes_first_and_another_way_is_the_next(
    desk: Desk, changes: dict[str, Any], sent: list[str]
) -> None:
    register(desk.db, customer(**changes))
    desk.identify(caller=ELSEWHERE)
    desk.ask("send_code", caller=ELSEWHERE)
    for _ in sent[1:]:
        desk.ask("send_code_other", caller=ELSEWHERE)
    senders = {"sms": desk.sms, "voice": desk.voice, "email": desk.email}
    destinations = {"sms": MOBILE, "voice": LANDLINE, "email": EMAIL}
    assert {way: [m.destination for m in sender.messages] for way, sender in senders.items()} == {
        way: [destinations[way]] if way in sent else [] for way in senders
    }


def test_again_uses_the_way_before(desk: Desk) -> None:
    register(desk.db, customer(preferred="email"))
    desk.identify()
    desk.ask("send_code")
    desk.ask("send_code_again")
    assert len(desk.email.messages) == 2


def test_no_preference_leads_to_the_phone_on_the_call(desk: Desk) -> None:
    register(desk.db, customer(preferred="voice"))
    desk.identify(caller=LANDLINE)
    desk.ask("send_code", caller=LANDLINE)
    assert (desk.voice.messages, len(desk.sms.messages)) == ([], 1)


@given(
    preferred=st.sampled_from([None, *CHANNELS]),
    tried=st.sampled_from([None, *CHANNELS]),
    available=st.sets(st.sampled_from(CHANNELS)),
)
def test_every_way_is_tried_once(
    preferred: Channel | None, tried: Channel | None, available: set[Channel]
) -> None:
    person = customer(preferred=preferred)
    order = order_of(person)
    assert sorted(order) == sorted(CHANNELS)
    contacts = contacts_of(person, caller=ELSEWHERE, available=available)
    assert [each.channel for each in contacts] == [way for way in order if way in available]
    behind = [each.channel for each in after(contacts, tried, order)]
    assert tried not in behind
    before = [] if tried is None else [*order[: order.index(tried)], tried]
    assert set(behind) == available - set(before)
    again = [each.channel for each in since(contacts, tried, order)]
    assert again[:1] == (
        [tried] if tried in available else [*behind, *[c.channel for c in contacts]][:1]
    )
