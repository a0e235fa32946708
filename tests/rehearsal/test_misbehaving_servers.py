"""Servers that break the protocol, and networks that break on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from bot_server import GOODBYE, BotServer, ask, dial, say

from ivr.errors import RehearsalError
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.webhooks import Server

Place = Callable[..., Outcome]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (("broken", 500), "11200"),
        (("forbidden", 403), "11200"),
        (("<Response><Say>", 200), "12100"),
        (("<html/>", 200), "12100"),
        (("<!DOCTYPE x><Response/>", 200), "12100"),
        (("<Response>" + " " * 70_000 + "</Response>", 200), "11750"),
    ],
)
def test_the_fallback_url_takes_over(
    bot: BotServer, place: Place, reply: tuple[str, int], code: str
) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": reply}
    bot.pages["/voice/fallback"] = GOODBYE
    outcome = place({"caller": {"say": "はい"}}, expect={"ended": "end", "fallbacks": 1})
    assert outcome.ok, outcome.problems
    fields = bot.fields("/voice/fallback")[0]
    assert fields["ErrorCode"] == code
    assert fields["ErrorUrl"].endswith("/next")
    assert fields["SpeechResult"] == "はい"


def test_a_fallback_that_nobody_expected_is_a_problem(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ("broken", 500), "/voice/fallback": GOODBYE}
    assert place().problems == ("fallbacks: expected 0, got 1",)


def test_without_fallback_the_caller_is_cut_off(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ("broken", 500), "/voice/fallback": ("broken", 500)}
    outcome = place()
    assert outcome.ended == "error"
    assert "the server answered 500, by the fallback too" in outcome.problems[0]
    assert bot.fields("/voice/status")


def test_a_server_that_hangs(bot: BotServer, place: Place, moments: list[Moment]) -> None:
    released = threading.Event()

    def hang(_: object) -> Any:
        released.wait(5)
        return ""

    bot.pages = {"/voice/incoming": hang, "/voice/fallback": GOODBYE}
    outcome = place(around={"read_s": 0.1}, expect={"fallbacks": 1, "ended": "end"})
    released.set()
    assert outcome.ok, outcome.problems
    assert len(bot.fields("/voice/incoming")) == 1  # Twilio does not repeat what was received
    assert any("did not answer in time" in moment.text for moment in moments)


def test_no_connection_is_tried_twice(bot: BotServer, place: Place, moments: list[Moment]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bot.address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        outcome = place()
    assert outcome.ended == "error"
    tries = [moment.text for moment in moments if "trying once more" in moment.text]
    assert tries[0] == "/voice/incoming: no connection to the server; trying once more"


def test_a_server_that_drops_the_line(bot: BotServer, place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drop() -> None:
            for _ in range(3):  # the webhook, its fallback, the status callback
                connection, _ = server.accept()
                connection.recv(65536)
                connection.close()

        thread = threading.Thread(target=drop, daemon=True)
        thread.start()
        bot.address = f"http://127.0.0.1:{server.getsockname()[1]}"
        outcome = place()
        thread.join(5)
    assert "the server broke the connection" in outcome.problems[0]


@pytest.mark.parametrize(
    ("twiml", "message"),
    [
        ("<Record/>", "does not play <Record> inside <Response>"),
        ("<Play>https://x/a.mp3</Play>", "<Play> where no call waits in a queue"),
        ("<Leave/>", "<Leave> where no call waits in a queue"),
        ("<Enqueue>x</Enqueue>", "<Enqueue> needs one <Task>"),
        ("<Enqueue><Task>[]</Task></Enqueue>", "<Task> holds no JSON object"),
        ("<Enqueue><Task>{}</Task></Enqueue>", "<Enqueue> has no workflowSid"),
        ("<Connect/>", "nothing but one <Stream> inside <Connect>"),
        ("<Connect><Room>x</Room></Connect>", "nothing but one <Stream> inside <Connect>"),
        ("<Connect><Stream/></Connect>", "<Stream> has no url"),
        ("<Connect><Stream url='https://x/m'/></Connect>", "<Stream url=…> has a value"),
        ("<Connect><Stream url='wss://x/m?turn=1'/></Connect>", "<Stream url=…> has a value"),
        ("<Connect><Stream url='wss://x/m'><Say/></Stream></Connect>", "<Stream> holds <Say>"),
        (
            "<Connect><Stream url='wss://x/m'><Parameter value='1'/></Stream></Connect>",
            "<Parameter> needs a name",
        ),
        (
            f"<Connect><Stream url='wss://x/m'><Parameter name='t' value='{'x' * 500}'/></Stream>"
            "</Connect>",
            "500 characters at most",
        ),
        ("<Connect><Stream url='wss://x/m'/></Connect>", "another host than its public URL"),
        ("<Pasue/>", "(did you mean 'Pause'?)"),
        ("<Say langauge='ja-JP'>a</Say>", "no attribute 'langauge' (did you mean 'language'?)"),
        ("<Say/>", "<Say> holds no text"),
        ("<Say><b>a</b></Say>", "<Say> holds <b>"),
        ("<Say loop='0'>a</Say>", "would never end"),
        ("<Gather timeout='soon'/>", "<Gather timeout=…> has a value that cannot be"),
        ("<Gather finishOnKey='*#'/>", "<Gather finishOnKey=…>"),
        ("<Gather input='voice'/>", "<Gather input=…>"),
        ("<Gather method='GET'/>", "<Gather method=…>"),
        ("<Gather input='speech' speechModel='phone_call'/>", "needs a number of seconds"),
        ("<Gather><Hangup/></Gather>", "does not play <Hangup> inside <Gather>"),
        ("<Pause><Say>a</Say></Pause>", "<Pause> holds <Say>"),
        ("<Dial><Client>a</Client></Dial>", "does not play <Client> inside <Dial>"),
        ("<Dial><Sip>sip:a</Sip><Sip>sip:b</Sip></Dial>", "does not play <Sip> inside <Dial>"),
        ("<Dial><Sip>pbx.invalid</Sip></Dial>", "<Sip> holds no SIP address"),
        (f"<Dial><Sip>sip:{'a' * 251}</Sip></Dial>", "longer than Twilio takes"),
        (f"<Dial><Sip>sip:a?X-A={'a' * 1020}</Sip></Dial>", "longer than Twilio takes"),
        ("<Dial><Sip>sip:a?Subject=b</Sip></Dial>", "header 'Subject' that Twilio does not"),
        ("<Dial><Sip>sip:a?X-A=1&amp;X-A=2</Sip></Dial>", "header 'X-A' that Twilio does not"),
        ("<Refer><Number>+81312345678</Number></Refer>", "<Refer> needs one <Sip>"),
        ("<Refer><Sip>sip:a</Sip></Refer>", "<Refer> in a call that did not come by SIP"),
        ("<Dial>0120</Dial>", "phone numbers in international form"),
        ("<Redirect>https://elsewhere.example/x</Redirect>", "to another host"),
    ],
)
def test_what_the_telephone_does_not_play_is_named(
    bot: BotServer, place: Place, twiml: str, message: str
) -> None:
    bot.pages = {"/voice/incoming": twiml, "/voice/fallback": GOODBYE}
    outcome = place()
    assert outcome.ended == "error"
    assert message in outcome.problems[0]


@pytest.mark.parametrize("filler", ["", "<Pause length='1'/>", "<Say>少々お待ちください。</Say>"])
def test_a_redirect_loop_ends(bot: BotServer, place: Place, filler: str) -> None:
    bot.pages = {"/voice/incoming": filler + "<Redirect>/voice/incoming</Redirect>"}
    outcome = place()
    assert "40 documents in a row without a question" in outcome.problems[0]


def test_a_flow_that_never_ends(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。", "/voice/incoming")}
    outcome = place()
    assert "more than 150 questions" in outcome.problems[0]


def test_a_document_that_leads_nowhere_ends_the_call(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": say("失礼いたします。")}
    assert place().ended == "end"


def test_an_action_left_out_means_the_document_itself(bot: BotServer, place: Place) -> None:
    pages = iter([ask("ご本人様ですか。").replace('action="/next"', ""), GOODBYE])
    bot.pages = {"/voice/incoming": lambda _: next(pages)}
    place({"caller": {"say": "はい"}})
    assert [fields.get("SpeechResult") for fields in bot.fields("/voice/incoming")] == [
        None, "はい",
    ]  # fmt: skip


# --- on purpose ----------------------------------------------------------------------------------


def test_every_webhook_twice(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    outcome = place({"caller": {"say": "はい"}}, world={"retry": True})
    assert outcome.ok, outcome.problems
    for path in ("/voice/incoming", "/next"):
        tokens = [
            headers["I-Twilio-Idempotency-Token"]
            for posted, _, headers in bot.posts
            if posted == path
        ]
        assert len(tokens) == 2
        assert len(set(tokens)) == 1


def test_other_answers_to_the_same_webhook_are_told(bot: BotServer, place: Place) -> None:
    pages = iter([ask("ご本人様ですか。"), ask("お名前をどうぞ。")])
    bot.pages = {"/voice/incoming": lambda _: next(pages)}
    bot.pages["/next"] = GOODBYE
    outcome = place({"caller": {"say": "はい"}}, world={"retry": True})
    assert outcome.problems == (
        "/voice/incoming answered a repeated webhook otherwise than the first time",
    )


def test_an_answer_that_gets_lost(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    bot.pages["/voice/fallback"] = GOODBYE
    outcome = place(
        {"caller": {"say": "はい"}}, world={"fallback": 2}, expect={"ended": "end", "fallbacks": 1}
    )
    assert outcome.ok, outcome.problems
    assert bot.fields("/next")
    assert bot.fields("/voice/fallback")[0]["ErrorUrl"].endswith("/next")


@pytest.mark.parametrize(
    ("how", "paths"),
    [
        (None, ["/voice/incoming", "/dialled", "/voice/status"]),
        ("twice", ["/voice/incoming", "/dialled", "/voice/status", "/voice/status"]),
        ("missing", ["/voice/incoming", "/dialled"]),
        ("early", ["/voice/incoming", "/voice/status", "/dialled"]),
        ("late", ["/voice/incoming", "/dialled", "/voice/status"]),
    ],
)
def test_status_callbacks(bot: BotServer, place: Place, how: str | None, paths: list[str]) -> None:
    bot.pages = {"/voice/incoming": dial(whisper="/w"), "/w": "", "/dialled": GOODBYE}
    place(world={} if how is None else {"status": how})
    assert [path for path, _, _ in bot.posts if path != "/w"] == paths


def test_a_late_status_comes_after_the_next_call(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    place({"caller": {"call_again": True}}, {"caller": {"say": "はい"}}, world={"status": "late"})
    paths = [path for path, _, _ in bot.posts]
    assert paths == ["/voice/incoming"] * 2 + ["/next"] + ["/voice/status"] * 2
    first, second = (fields["CallSid"] for fields in bot.fields("/voice/status"))
    assert first != second


def test_a_status_callback_that_fails_is_told(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": GOODBYE, "/voice/status": ("broken", 500)}
    assert place().problems == ("/voice/status answered 500",)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://192.0.2.1:8080", "servers on this machine only"),
        ("http://voice.example.com", "servers on this machine only"),
        ("https://127.0.0.1:8080", "not usable"),
        ("127.0.0.1:8080", "not usable"),
    ],
)
def test_only_this_machine_is_called(address: str, message: str) -> None:
    with pytest.raises(RehearsalError, match=message):
        Server(address, address, "token")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_loopback_has_many_names(host: str) -> None:
    assert Server(f"http://{host}:8080", f"http://{host}:8080", "token")
