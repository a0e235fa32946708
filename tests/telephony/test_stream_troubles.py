"""Streams and the ladder with everything else that goes wrong: retries, database, fallback URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_rig import END, TRANSFER, build, heard, in_a_stream
from web_rig import AGENTS, ASK, FALLBACK, PUBLIC_URL, Document, query_of


@pytest.mark.parametrize("events", [0, 1])
def test_a_repeated_webhook_gets_the_same_again(events: int) -> None:
    made = build(ASK, ASK, END)
    document = made.document("/voice/incoming")
    in_a_stream(made, *[heard(made)] * events)
    token = {"I-Twilio-Idempotency-Token": "one"}
    first = made.document(document.redirect, headers=token)
    in_a_stream(made, heard(made))
    assert made.document(document.redirect, headers=token).xml == first.xml


def test_the_end_of_a_stream_is_not_lost_with_the_database() -> None:
    made = build(ASK)
    document = made.document("/voice/incoming")
    made.service.away = 2
    for retry in ("1", "2"):
        document = made.document(document.redirect)
        assert document.said == ["少々お待ちください。"]
        assert query_of(document.redirect) == {"streamed": "0", "retry": retry}
    document = made.document(document.redirect)
    assert query_of(document.redirect) == {"turn": "0", "held": "2", "way": "twilio"}
    assert made.service.events == []


def test_a_rung_is_kept_while_the_database_is_away() -> None:
    made = build(ASK)
    document = made.document(made.document("/voice/incoming").redirect)
    made.service.away = 1
    document = made.document(document.redirect, {"SpeechResult": "はい"})
    assert query_of(document.redirect) == {"turn": "0", "retry": "1", "way": "twilio"}
    assert made.document(document.redirect).verbs == ["Gather", "Redirect"]


def test_a_database_gone_for_good_after_a_stream() -> None:
    made = build(ASK)
    document = made.document("/voice/incoming")
    made.service.away = 99
    holds = 0
    while "Redirect" in document.verbs:
        holds += 1
        document = made.document(document.redirect)
    assert (holds, document.numbers) == (4, [FALLBACK])


def fallback(path: str, code: str) -> dict[str, str]:
    return {"ErrorUrl": PUBLIC_URL + path, "ErrorCode": code}


@pytest.mark.parametrize(
    ("path", "code", "verb", "query"),
    [
        # It could not get our document: there is nothing wrong with the way.
        ("/voice/incoming", "11200", "Connect", {"streamed": "0"}),
        ("/voice/continue?turn=0&way=twilio", "11205", "Gather", {"turn": "0", "way": "twilio"}),
        # It could not open the stream.
        ("/voice/incoming", "31920", "Gather", {"turn": "0", "way": "twilio"}),
        ("/voice/incoming", "31901", "Gather", {"turn": "0", "way": "twilio"}),
        # Its recognition refused.
        ("/voice/continue?turn=0&way=twilio", "13310", "Gather", {"turn": "0", "way": "keys"}),
        # The stream got no further, and then the answer was lost, or could not be played.
        ("/voice/continue?streamed=0", "11200", "Gather", {"turn": "0", "way": "twilio"}),
        ("/voice/continue?streamed=0", "13310", "Gather", {"turn": "0", "way": "keys"}),
    ],
)
def test_the_fallback_url_goes_down_where_the_way_failed(
    path: str, code: str, verb: str, query: dict[str, str]
) -> None:
    made = build(ASK)
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", fallback(path, code))
    assert document.verbs == [verb, "Redirect"]
    assert query_of(document.redirect) == {**query, "recovered": "1"}
    assert made.service.events == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/voice/continue?turn=0&way=keys", "13310"),
        ("/voice/continue?turn=0&recovered=1", "11200"),
        ("/voice/continue?streamed=0&recovered=1", "31920"),
        ("/voice/continue?streamed=0", "12100"),
    ],
)
def test_below_the_last_rung_the_fallback_url_leads_to_a_person(path: str, code: str) -> None:
    made = build(ASK, service={"failed_action": TRANSFER})
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", fallback(path, code))
    assert document.numbers == list(AGENTS)


def test_a_stream_that_the_fallback_url_opened_and_that_fails_too() -> None:
    made = build(ASK)
    made.document("/voice/incoming")
    document = made.document("/voice/fallback", fallback("/voice/incoming", "11200"))
    document = made.document(document.redirect)
    assert document.verbs == ["Gather", "Redirect"]
    assert query_of(document.redirect) == {"turn": "0", "way": "twilio"}


@given(
    st.lists(
        st.sampled_from(["progress", "nothing", "answer", "fallback 31920", "fallback 13310"]),
        max_size=12,
    )
)
def test_no_call_goes_round_in_circles(story: list[str]) -> None:
    """Whatever fails and however often: a way that failed is not taken again."""
    made = build(ASK, service={"failed_action": TRANSFER})
    document = made.document("/voice/incoming")
    order = ["Connect", "Gather dtmf speech", "Gather dtmf", "Dial"]
    lowest = 0
    for happens in story:
        if "Redirect" not in document.verbs:
            break
        streamed = "Connect" in document.verbs
        failed = True
        if happens.startswith("fallback"):
            path = document.url
            document = made.document("/voice/fallback", fallback(path, happens.split()[1]))
        elif happens == "nothing" and streamed:
            document = made.document(document.redirect)
        else:
            failed = False
            if streamed:
                in_a_stream(made, heard(made))
            document = made.document(document.redirect, {} if streamed else {"Digits": "1"})
        rung = order.index(kind_of(document))
        assert rung > lowest if failed else rung == lowest
        lowest = rung


def kind_of(document: Document) -> str:
    gather = document.root.find("Gather")
    if gather is not None:
        return f"Gather {gather.get('input')}"
    return "Connect" if document.root.find("Connect") is not None else "Dial"
