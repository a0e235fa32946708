"""Whose number is whose, and where a code may go."""

from __future__ import annotations

import pytest
from people import ELSEWHERE, EMAIL, LANDLINE, MOBILE, customer

from ivr.identity.callers import is_registered, usable_number
from ivr.identity.contacts import CHANNELS, Contact, after, contacts_of, since

_SMS, _VOICE, _MAIL = Contact("sms", MOBILE), Contact("voice", LANDLINE), Contact("email", EMAIL)


@pytest.mark.parametrize(
    "caller",
    [
        "",
        "anonymous",
        "Anonymous",
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
        "09012345678",
        "+81",
        "sip:hanako@example.jp",
        "+8190１２３４５６７８",
        "+819012345678\n",
    ],
)
def test_these_are_no_callers_numbers(caller: str) -> None:
    assert usable_number(caller) is None
    assert not is_registered(caller, customer(mobile=caller))


def test_both_phones_are_registered_and_others_are_not() -> None:
    assert [is_registered(n, customer()) for n in (MOBILE, LANDLINE, ELSEWHERE)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("changes", "caller", "contacts"),
    [
        ({}, MOBILE, (_SMS, _VOICE, _MAIL)),
        ({}, ELSEWHERE, (_SMS, _VOICE, _MAIL)),
        # Never by voice to the phone that is on the call, nor to one that may be.
        ({}, LANDLINE, (_SMS, _MAIL)),
        ({}, "anonymous", (_SMS, _MAIL)),
        ({"mobile": None}, LANDLINE, (_MAIL,)),
        ({"mobile": None, "email": None}, LANDLINE, ()),
        ({"mobile": None}, ELSEWHERE, (_VOICE, _MAIL)),
        ({"mobile": "", "landline": "", "email": ""}, ELSEWHERE, ()),
        # A directory of others may call any phone a mobile, and hold anything.
        ({"mobile": LANDLINE, "landline": None}, ELSEWHERE, (_VOICE, _MAIL)),
        ({"mobile": LANDLINE, "landline": None}, LANDLINE, (_MAIL,)),
        ({"mobile": "+81312349999"}, ELSEWHERE, (_VOICE, _MAIL)),
        ({"mobile": "+81120000000", "landline": "+81570000000"}, ELSEWHERE, (_MAIL,)),
        ({"mobile": "+8190123", "landline": "0312345678"}, ELSEWHERE, (_MAIL,)),
    ],
)
def test_contacts_are_registered_ones_in_order(
    changes: dict[str, str | None], caller: str, contacts: tuple[Contact, ...]
) -> None:
    assert contacts_of(customer(**changes), caller=caller, available=CHANNELS) == contacts


@pytest.mark.parametrize(
    ("prefixes", "channels"),
    [(("+81",), ["email"]), (("+81", "+1"), ["sms", "email"]), ((), ["sms", "email"])],
)
def test_phones_abroad_get_codes_where_their_country_is_named(
    prefixes: tuple[str, ...], channels: list[str]
) -> None:
    abroad = customer(mobile="+12125550123", landline=None)

    found = contacts_of(abroad, caller=MOBILE, available=CHANNELS, prefixes=prefixes)

    assert [contact.channel for contact in found] == channels


def test_a_channel_without_sender_is_no_contact() -> None:
    assert contacts_of(customer(), caller=MOBILE, available={"voice": 1}) == (_VOICE,)


def test_another_way_is_the_next_and_again_begins_with_the_last() -> None:
    everything = (_SMS, _VOICE, _MAIL)

    assert [after(everything, last) for last in (None, "sms", "voice", "email")] == [
        everything,
        (_VOICE, _MAIL),
        (_MAIL,),
        (),
    ]
    assert [since(everything, last) for last in (None, "sms", "voice", "email")] == [
        everything,
        everything,
        (_VOICE, _MAIL),
        (_MAIL,),
    ]
    assert after((_SMS, _MAIL), "voice") == since((_SMS, _MAIL), "voice") == (_MAIL,)
    assert since((_SMS,), "email") == (_SMS,)


def test_prefixes_are_six_digits_or_a_mail_domain() -> None:
    assert [contact.prefix for contact in (_SMS, _VOICE, Contact("email", "A@Example.JP"))] == [
        "819012",
        "813123",
        "example.jp",
    ]
