"""Whole calls over real HTTP to a server that does what each test says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from bot_server import GOODBYE, BotServer, ask, say, seconds

from ivr.clock import ManualClock
from ivr.rehearsal.caller import PATIENCE
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome

Place = Callable[..., Outcome]

CONSENT = ask("ご本人様ですか。")


def test_a_call_from_ring_to_goodbye(bot: BotServer, place: Place, moments: list[Moment]) -> None:
    bot.pages = {"/voice/incoming": say("こちらはつばめ銀行です。") + CONSENT, "/next": GOODBYE}
    outcome = place({"caller": {"say": "はい"}}, expect={"ended": "end", "said": ["consent"]})
    assert outcome.ok, outcome.problems
    assert (outcome.ended, outcome.turns, outcome.level) == ("end", 1, "none")
    assert outcome.said == {"greeting", "consent", "goodbye"}
    spoken = [(moment.who, moment.text) for moment in moments if moment.who in {"bot", "caller"}]
    assert spoken == [
        ("caller", "(calls)"),
        ("bot", "こちらはつばめ銀行です。"),
        ("bot", "ご本人様ですか。"),
        ("caller", "はい"),
        ("bot", "失礼いたします。"),
    ]


def test_the_webhooks_look_like_twilios(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": GOODBYE}
    place({"caller": {"say": "はい"}})
    assert [path for path, _, _ in bot.posts] == ["/voice/incoming", "/next", "/voice/status"]
    first, answer, status = (fields for _, fields, _ in bot.posts)
    assert re.fullmatch("CA[0-9a-f]{32}", first["CallSid"])
    assert {fields["CallSid"] for fields in (first, answer, status)} == {first["CallSid"]}
    assert first["From"] == first["Caller"] == "+819012345678"
    assert (first["Direction"], first["ApiVersion"]) == ("inbound", "2010-04-01")
    assert [f["CallStatus"] for f in (first, answer, status)] == [
        "ringing", "in-progress", "completed",
    ]  # fmt: skip
    assert (answer["SpeechResult"], answer["Language"]) == ("はい", "ja-JP")
    assert 0 < float(answer["Confidence"]) <= 1
    assert int(status["CallDuration"]) > 0
    tokens = [headers["I-Twilio-Idempotency-Token"] for _, _, headers in bot.posts]
    assert len(set(tokens)) == 3
    assert {headers["Host"] for _, _, headers in bot.posts} == {"bot.invalid"}


def test_a_withheld_number(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": GOODBYE}
    place(caller="anonymous")
    assert bot.fields("/voice/incoming")[0]["From"] == "anonymous"


def test_what_the_recogniser_made_of_it(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": CONSENT.replace("/next", "/end")}
    bot.pages["/end"] = GOODBYE
    place(
        {"caller": {"hear": [{"text": "灰", "confidence": 0.4}, {"text": "はい"}]}},
        {"caller": {"hear": [{"text": "はい"}]}},
    )
    assert float(bot.fields("/next")[0]["Confidence"]) == pytest.approx(0.4)
    assert bot.fields("/next")[0]["SpeechResult"] == "灰"
    assert "Confidence" not in bot.fields("/end")[0]


@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "finished_on"),
    [
        ({"numDigits": "6"}, "123456", "123456", ""),
        ({"numDigits": "6"}, "1234567", "123456", ""),
        ({"numDigits": "6"}, "12#", "12", "#"),
        ({}, "12#34", "12", "#"),
        ({"finishOnKey": "*"}, "12*", "12", "*"),
        ({"finishOnKey": "*"}, "1#2*", "1#2", "*"),
        ({"finishOnKey": ""}, "1#", "1#", ""),
        ({}, "#", "", "#"),
    ],
)
def test_an_entry_ends_at_its_length_or_finishing_key(
    bot: BotServer,
    place: Place,
    attributes: dict[str, str],
    keys: str,
    digits: str,
    finished_on: str,
) -> None:
    bot.pages = {"/voice/incoming": ask("六けたを押してください。", **attributes)}
    bot.pages["/next"] = GOODBYE
    place({"caller": {"press": keys}})
    fields = bot.fields("/next")[0]
    assert (fields["Digits"], fields["FinishedOnKey"]) == (digits, finished_on)


def test_an_unfinished_entry_ends_with_the_timeout(
    bot: BotServer, place: Place, clock: ManualClock
) -> None:
    bot.pages = {"/voice/incoming": ask("お名前をどうぞ。", numDigits="6", timeout="50")}
    bot.pages["/next"] = GOODBYE
    place({"caller": {"press": "12"}})
    assert bot.fields("/next")[0]["Digits"] == "12"
    assert seconds(clock) > 50


@pytest.mark.parametrize("keys", ["", "#"])
def test_no_input_falls_through_unless_the_action_wants_it(
    bot: BotServer, place: Place, keys: str
) -> None:
    turn = {"caller": {"press": keys} if keys else {"silence": True}}
    bot.pages = {
        "/voice/incoming": ask("お名前をどうぞ。", actionOnEmptyResult="false") + GOODBYE,
    }
    assert place(turn).ended == "end"
    assert not bot.fields("/next")


def test_silence_takes_the_timeout_and_reaches_the_action(
    bot: BotServer, place: Place, clock: ManualClock
) -> None:
    bot.pages = {"/voice/incoming": ask("お名前をどうぞ。", timeout="40"), "/next": GOODBYE}
    place({"caller": {"silence": True}})
    assert bot.fields("/next")[0]["Digits"] == ""
    assert 40 < seconds(clock) < 60


def test_words_are_kept_where_only_keys_count(bot: BotServer, place: Place) -> None:
    bot.pages = {
        "/voice/incoming": ask("六けたを押してください。", "/keys", input="dtmf"),
        "/keys": CONSENT,
        "/next": ask("お名前をどうぞ。", "/last", input="speech"),
        "/last": GOODBYE,
    }
    outcome = place({"caller": {"say": "はい"}}, {"caller": {"press": "1"}})
    assert bot.fields("/keys")[0]["Digits"] == ""
    assert bot.fields("/next")[0]["SpeechResult"] == "はい"
    assert "Digits" in bot.fields("/last")[0]  # a key where only words count is not pressed
    assert any("came to this turn" in problem for problem in outcome.problems)


def test_a_key_cuts_the_prompts_short(
    bot: BotServer, place: Place, clock: ManualClock, moments: list[Moment]
) -> None:
    long = say("ゆっくりとお話しいたします。" * 20)
    bot.pages = {
        "/voice/incoming": ask("ご本人様ですか。", numDigits="1").replace(
            "</Gather>", long + "</Gather>"
        ),
        "/next": "<Hangup/>",
    }
    place({"caller": {"press": "1", "early": True}})
    assert seconds(clock) < 5
    assert [moment.text for moment in moments if moment.who == "bot"] == ["ご本人様ですか。"]


LONG = ask("ご本人様ですか。").replace(
    "</Gather>", say("ゆっくりとお話しいたします。" * 20) + "</Gather>"
)


def test_words_cut_the_prompts_short(bot: BotServer, place: Place, clock: ManualClock) -> None:
    bot.pages = {"/voice/incoming": LONG, "/next": "<Hangup/>"}
    place({"caller": {"say": "はい", "early": True}})
    assert seconds(clock) < 6
    assert bot.fields("/next")[0]["SpeechResult"] == "はい"


def test_words_do_not_stop_what_takes_keys_alone(
    bot: BotServer, place: Place, clock: ManualClock
) -> None:
    bot.pages = {"/voice/incoming": LONG.replace("dtmf speech", "dtmf"), "/next": "<Hangup/>"}
    place({"caller": {"say": "はい", "early": True}})
    assert seconds(clock) > 30


def test_a_phone_without_tones(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": GOODBYE}
    place({"caller": {"press": "1"}}, world={"tones": False})
    assert bot.fields("/next")[0]["Digits"] == ""


# --- bot turns, waiting, hanging up --------------------------------------------------------------


def test_a_bot_turn_holds_the_caller_back(bot: BotServer, place: Place) -> None:
    bot.pages = {
        "/voice/incoming": CONSENT,
        "/next": ask("お名前をどうぞ。", "/last"),
        "/last": GOODBYE,
    }
    outcome = place({"bot": "name"}, {"caller": {"say": "山田太郎です"}}, {"bot": "goodbye"})
    assert outcome.ok, outcome.problems
    assert bot.fields("/next")[0]["Digits"] == ""
    assert bot.fields("/last")[0]["SpeechResult"] == "山田太郎です"


def test_a_prompt_heard_before_the_last_act_does_not_count(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": GOODBYE}
    outcome = place({"caller": {"say": "はい"}}, {"bot": "consent"})
    assert any("before prompt 'consent' was heard" in problem for problem in outcome.problems)


def test_patience_ends(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": CONSENT}
    outcome = place({"bot": "name"}, {"caller": {"say": "はい"}})
    assert outcome.ended == "error"
    assert outcome.turns == PATIENCE + 1
    assert "prompt 'name' was not heard in 6 questions" in outcome.problems[0]


def test_prompts_with_values_are_recognised(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("山田太郎様でよろしいですか。"), "/next": GOODBYE}
    outcome = place({"bot": "confirm"}, {"caller": {"say": "はい"}})
    assert outcome.ok, outcome.problems


def test_hanging_up_at_a_question(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT}
    outcome = place({"caller": {"hangup": True}})
    assert (outcome.ended, outcome.ok) == ("hangup", True)
    assert [path for path, _, _ in bot.posts] == ["/voice/incoming", "/voice/status"]


def test_hanging_up_in_mid_document(bot: BotServer, place: Place, moments: list[Moment]) -> None:
    bot.pages = {"/voice/incoming": say("こちらはつばめ銀行です。") + CONSENT}
    outcome = place({"bot": "greeting"}, {"caller": {"hangup": True}})
    assert (outcome.ended, outcome.turns) == ("hangup", 0)


def test_a_hangup_that_came_too_late_is_told(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": GOODBYE}
    outcome = place({"caller": {"hangup": True}})
    assert any("the call ended before" in problem for problem in outcome.problems)


def test_calling_again_is_a_new_call_from_the_same_number(
    bot: BotServer, place: Place, clock: ManualClock
) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": GOODBYE}
    outcome = place(
        {"caller": {"hangup": True}},
        {"caller": {"wait": "11m"}},
        {"caller": {"call_again": True}},
        {"bot": "consent"},
        {"caller": {"say": "はい"}},
    )
    assert outcome.ok, outcome.problems
    first, second = bot.fields("/voice/incoming")
    assert first["From"] == second["From"]
    assert first["CallSid"] != second["CallSid"]
    assert bot.fields("/next")[0]["CallSid"] == second["CallSid"]
    assert (outcome.ended, outcome.turns) == ("end", 2)
    assert seconds(clock) > 660 > outcome.seconds


def test_waiting_on_the_line_keeps_the_question_open(
    bot: BotServer, place: Place, clock: ManualClock
) -> None:
    bot.pages = {"/voice/incoming": ask("ご本人様ですか。", timeout="20"), "/next": GOODBYE}
    outcome = place(
        {"caller": {"wait": "1m"}}, {"caller": {"wait": "30s"}}, {"caller": {"say": "はい"}}
    )
    assert outcome.ok, outcome.problems
    assert [fields["SpeechResult"] for fields in bot.fields("/next")] == ["はい"]
    assert 90 < seconds(clock) < 100


def test_a_caller_may_wait_and_hang_up(bot: BotServer, place: Place, clock: ManualClock) -> None:
    bot.pages = {"/voice/incoming": CONSENT}
    outcome = place({"caller": {"wait": "2m"}}, {"caller": {"hangup": True}})
    assert (outcome.ended, bot.fields("/next")) == ("hangup", [])
    assert 120 <= seconds(clock) < 130


def test_turns_left_over_are_told(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": CONSENT, "/next": GOODBYE}
    outcome = place({"caller": {"say": "はい"}}, {"caller": {"say": "いいえ"}})
    assert any(problem.startswith("turn 2: the call ended") for problem in outcome.problems)
    assert "いいえ" not in "".join(outcome.problems)


# --- codes ---------------------------------------------------------------------------------------


def test_the_newest_code_is_pressed(bot: BotServer, place: Place, moments: list[Moment]) -> None:
    bot.send_code("111111")  # not this caller's: it was there before the call

    def entry(_: object) -> str:
        bot.send_code("222222")
        bot.send_code("333333", "【つばめ銀行】確認番号 ３３３３３３ 電話 0120-000-000", "email")
        return ask("六けたを押してください。", numDigits="6")

    bot.pages = {"/voice/incoming": entry, "/next": GOODBYE}
    outcome = place({"caller": {"press": "$code"}}, expect={"messages": 2})
    assert outcome.ok, outcome.problems
    assert bot.fields("/next")[0]["Digits"] == "333333"
    assert [m.text.split(":")[0] for m in moments if m.who == "message"] == ["sms", "email"]


def test_a_wrong_code_is_none_of_those_received(bot: BotServer, place: Place) -> None:
    def entry(_: object) -> str:
        bot.send_code("000000")
        return ask("六けたを押してください。", numDigits="6")

    bot.pages = {"/voice/incoming": entry, "/next": GOODBYE}
    place({"caller": {"press": "$wrong_code"}})
    assert re.fullmatch("[0-9]{6}", bot.fields("/next")[0]["Digits"])
    assert bot.fields("/next")[0]["Digits"] != "000000"


def test_without_a_code_nothing_is_pressed(bot: BotServer, place: Place) -> None:
    bot.pages = {"/voice/incoming": ask("六けたを押してください。"), "/next": GOODBYE}
    outcome = place({"caller": {"press": "$code"}}, expect={"messages": 0})
    assert bot.fields("/next")[0]["Digits"] == ""
    assert any("no code had come" in problem for problem in outcome.problems)
