"""Callers whom nobody could take ask to be called back, through the whole application."""

from __future__ import annotations

import io

import pytest
from application_rig import Call
from fixtures_application import House

from ivr.clock import ManualClock
from ivr.records import callbacks
from ivr.records.callbacks import ListedCallback


@pytest.fixture
def office(house: House) -> House:
    """One process that may promise two call-backs."""
    house.apps.pop().close()
    house.posts.clear()
    house.open(callbacks=2)
    return house


def nobody_takes(call: Call) -> Call:
    """The caller asks for a person, nobody answers, and no other try is wanted."""
    call.rings().press("").say("担当の人に代わってください")
    call.go(call.link("Dial"), {"DialCallStatus": "no-answer", "DialBridged": "false"})
    return call.press("")


def wishes(house: House) -> list[ListedCallback]:
    with house.db.reading() as session:
        return callbacks.of_status(session)


def test_the_number_they_call_from(office: House, clock: ManualClock) -> None:
    call = nobody_takes(office.call(caller="+819077778888"))
    assert "折り返し" in call.words
    assert wishes(office) == []
    call.press("1")
    assert "係の者から、お電話いたします" in call.words
    assert call.verbs[-1] == "Hangup"
    (wish,) = wishes(office)
    assert (wish.number, wish.language, wish.status) == ("+819077778888", "ja", "open")
    assert (wish.kept_until - wish.requested_at).days == 3


def test_another_number_which_is_read_back(office: House) -> None:
    call = nobody_takes(office.call()).press("2").press("0312345678")
    assert "よろしいでしょうか" in call.words
    assert wishes(office) == []
    call.press("1")
    assert [wish.number for wish in wishes(office)] == ["+81312345678"]


def test_a_withheld_number_is_asked_for(office: House) -> None:
    call = nobody_takes(office.call(caller="anonymous"))
    assert "いまおかけの番号" not in call.words
    call.press("1").press("09011112222").say("はい")
    assert "お電話いたします" in call.words
    assert [wish.number for wish in wishes(office)] == ["+819011112222"]


def test_where_nobody_calls_back_it_is_not_offered(house: House) -> None:
    call = nobody_takes(house.call())
    assert "おかけ直しください" in call.words
    assert "折り返し" not in call.words
    assert call.verbs[-1] == "Hangup"


def test_no_more_are_promised_than_can_be_called(office: House) -> None:
    for last in "12":
        nobody_takes(office.call(caller=f"+81907777000{last}")).press("1")
    call = nobody_takes(office.call(caller="+819077770003"))
    assert "折り返し" not in call.words
    assert "おかけ直しください" in call.words
    assert len(wishes(office)) == 2


def test_a_key_that_arrives_twice_is_one_wish(office: House) -> None:
    call = nobody_takes(office.call())
    again = call.webhook(call.link("Gather"), {"Digits": "1", "FinishedOnKey": ""})
    call.press("1")
    for post in (*office.posts, *office.posts):
        again.send(post)
    assert len(wishes(office)) == 1


def test_the_number_is_in_no_log_and_in_no_url(office: House, log: io.StringIO) -> None:
    call = nobody_takes(office.call()).press("2").press("09011112222").press("1")
    assert len(wishes(office)) == 1
    assert "9011112222" not in log.getvalue()
    assert "9011112222" not in "".join(webhook.path for webhook in call.sent)
