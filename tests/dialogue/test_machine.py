"""The machine on the shipped flow: commands, counters, confirmation, keypad, exits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from dialogue_path import PATH, START, say

from ivr.dialogue.actions import Ask, Check, End, Transfer
from ivr.dialogue.call import Call
from ivr.dialogue.events import Checked, Event, Failed, Pressed, Silence, TransferEnded
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.outcome import assurance
from ivr.flow.flow import Flow

AtState = Callable[[str], Call]


def keys_of(call: Call) -> list[str]:
    return [line.key for line in call.action.lines]


def run(flow: Flow, call: Call, *events: Event) -> Call:
    for event in events:
        call, _ = step(flow, call, event)
    return call


def test_the_whole_way_to_a_verified_transfer(verify_flow: Flow, at_state: AtState) -> None:
    call = at_state("transfer")
    assert isinstance(call.action, Transfer)
    assert call.action.destination == "agents"
    sure = assurance(verify_flow, call)
    assert (sure.level, sure.amr) == ("verified", ("kba", "otp", "sms"))
    call = run(verify_flow, call, TransferEnded(START, "bridged"))
    assert isinstance(call.action, End)
    assert call.ended == "transfer"


def test_the_code_is_forgotten_once_checked(at_state: AtState) -> None:
    assert at_state("check_code").slots["code"] == "123456"
    assert "code" not in at_state("transfer").slots


def test_the_first_question_explains_who_and_why(at_state: AtState) -> None:
    assert keys_of(at_state("opening")) == ["greeting", "english_offer"]
    assert keys_of(at_state("consent")) == ["purpose", "consent"]


SPEECH_STATES = ["consent", "birthdate", "name", "code_ready", "code_entry"]


@pytest.mark.parametrize("state", SPEECH_STATES)
@pytest.mark.parametrize("words", ["係", "オペレーターお願いします", "人と話したい"])
def test_a_person_is_one_word_away_everywhere(
    verify_flow: Flow, at_state: AtState, state: str, words: str
) -> None:
    call = run(verify_flow, at_state(state), say(words))
    assert isinstance(call.action, Transfer)
    assert call.action.destination == "agents"


@pytest.mark.parametrize("state", SPEECH_STATES)
def test_a_lost_card_goes_to_the_urgent_desk_from_everywhere(
    verify_flow: Flow, at_state: AtState, state: str
) -> None:
    call = run(verify_flow, at_state(state), say("カードをなくしました"))
    assert isinstance(call.action, Transfer)
    assert call.action.destination == "urgent"
    assert "urgent" in call.flags


@pytest.mark.parametrize("state", SPEECH_STATES)
def test_repeat_says_the_same_again_and_never_counts(
    verify_flow: Flow, at_state: AtState, state: str
) -> None:
    call = at_state(state)
    again = run(verify_flow, call, *[say("もう一度言って")] * 12)
    assert again.action == call.action
    assert again.counts == call.counts


@pytest.mark.parametrize("state", SPEECH_STATES)
def test_slower_gives_more_time(verify_flow: Flow, at_state: AtState, state: str) -> None:
    call = at_state(state)
    slow = run(verify_flow, call, say("ゆっくり言って"))
    assert slow.slow
    assert slow.action.lines == call.action.lines
    assert isinstance(slow.action, Ask) and isinstance(call.action, Ask)
    assert slow.action.listen.timeout_s > call.action.listen.timeout_s


@pytest.mark.parametrize("state", SPEECH_STATES)
def test_why_explains_and_asks_again(verify_flow: Flow, at_state: AtState, state: str) -> None:
    call = at_state(state)
    told = run(verify_flow, call, say("どうして聞くの"))
    assert keys_of(told) == ["why", *keys_of(call)]
    twice = run(verify_flow, told, say("どうして聞くの"))
    assert keys_of(twice) == keys_of(told), "explanations must not pile up"


@pytest.mark.parametrize(
    ("state", "help_key"),
    [("birthdate", "birthdate_help"), ("name", "name_help"), ("code_entry", "code_entry_help")],
)
def test_help_has_words_of_its_own_in_each_state(
    verify_flow: Flow, at_state: AtState, state: str, help_key: str
) -> None:
    assert keys_of(run(verify_flow, at_state(state), say("わかりません")))[0] == help_key


@pytest.mark.parametrize("state", ["consent", "birthdate", "name", "code_ready"])
def test_key_0_is_a_person_and_star_repeats_where_people_speak(
    verify_flow: Flow, at_state: AtState, state: str
) -> None:
    call = at_state(state)
    assert isinstance(run(verify_flow, call, Pressed(START, "0")).action, Transfer)
    assert run(verify_flow, call, Pressed(START, "*")).action == call.action


def test_star_opens_the_menu_in_a_keypad_entry_and_0_is_a_digit(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = at_state("code_entry")
    menu = run(verify_flow, call, Pressed(START, "", "*"))
    assert keys_of(menu) == ["not_arrived"]
    zeros = run(verify_flow, call, Pressed(START, "000000"))
    assert isinstance(zeros.action, Check)


@pytest.mark.parametrize(
    ("key", "state"),
    [("1", "code_wait"), ("2", "send_again"), ("3", "send_other"), ("4", "code_entry"),
     ("0", "to_person")],
)  # fmt: skip
def test_the_menu_of_the_code(verify_flow: Flow, at_state: AtState, key: str, state: str) -> None:
    menu = run(verify_flow, at_state("code_entry"), Pressed(START, "", "*"))
    assert run(verify_flow, menu, Pressed(START, key)).state == state


def test_a_spoken_code_is_never_taken(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("code_entry"), say("一二三四五六"))
    assert keys_of(call) == ["code_entry_keys"]
    assert "code" not in call.slots


def test_silence_and_misunderstanding_have_counters_of_their_own(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = run(verify_flow, at_state("consent"), Silence(START), say("ほげほげ"), Silence(START))
    assert call.counts == {"consent.no_input": 2, "consent.no_match": 1}
    assert call.state == "consent"
    assert keys_of(call) == ["not_heard", "consent"]
    assert call.slow, "two failures slow the bot down by itself"
    out = run(verify_flow, call, Silence(START))
    assert isinstance(out.action, Transfer)
    assert keys_of(out) == ["to_person_sorry"]


def test_the_birthdate_falls_back_to_keys(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), say("ほげほげ"), say("ほげほげ"))
    assert keys_of(call) == ["birthdate_keys"]
    assert run(verify_flow, call, Pressed(START, "3600305")).slots["birthdate"] == "1985-03-05"
    assert run(verify_flow, call, Pressed(START, "19850305")).slots["birthdate"] == "1985-03-05"
    assert run(verify_flow, call, Pressed(START, "3600305#")).state == "name"
    assert run(verify_flow, call, Pressed(START, "9990305")).counts == {
        "birthdate.no_match": 2,
        "birthdate_keys.invalid": 1,
    }


def test_a_digit_key_at_the_spoken_birthdate_leads_to_the_keypad(
    verify_flow: Flow, at_state: AtState
) -> None:
    assert run(verify_flow, at_state("birthdate"), Pressed(START, "3")).state == "birthdate_keys"


def test_doubt_reads_the_value_back_as_heard(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("birthdate"), say("昭和六十年三月五日です", 0.2))
    assert keys_of(call) == ["birthdate_confirm"]
    assert "昭和六十年三月五日" in call.action.lines[0].text
    assert run(verify_flow, call, say("はい")).state == "name"
    assert run(verify_flow, call, Pressed(START, "1")).state == "name"
    wrong = run(verify_flow, call, say("いいえ"))
    assert wrong.state == "birthdate"
    assert wrong.counts == {"birthdate.mismatch": 1}
    assert "birthdate" not in wrong.slots
    corrected = run(verify_flow, call, say("昭和六十年四月五日です", 0.9))
    assert corrected.slots["birthdate"] == "1985-04-05"


def test_surname_and_given_name_one_by_one(verify_flow: Flow, at_state: AtState) -> None:
    name = at_state("name")
    only_surname = run(verify_flow, name, say("山田です"))
    assert only_surname.state == "name_given"
    whole = run(verify_flow, only_surname, say("太郎です"))
    assert isinstance(whole.action, Check)
    heard = whole.slots["name"]
    assert not isinstance(heard, str)
    assert "ヤマダ" in heard.surnames
    assert "タロウ" in heard.givens
    retry = run(verify_flow, name, say("。"))
    assert retry.state == "name_retry"
    assert run(verify_flow, retry, say("山田太郎です")).state == "identify"


@pytest.mark.parametrize("match", ["one", "none", "several", "error", "locked"])
def test_nothing_before_the_code_depends_on_the_directory(
    verify_flow: Flow, at_state: AtState, match: str
) -> None:
    """The action after `identify` is the same whoever the directory knows."""
    call = run(
        verify_flow,
        at_state("identify"),
        Checked(START, "identify", "done", {"match": match}, ("name_uncertain",)),
    )
    assert call.action == at_state("code_ready").action


def test_used_up_codes_sound_like_a_right_one(verify_flow: Flow, at_state: AtState) -> None:
    used_up = run(
        verify_flow,
        at_state("check_code"),
        Checked(START, "check_code", "exhausted", {"code": "exhausted"}),
    )
    assert used_up.action == at_state("transfer").action
    assert assurance(verify_flow, used_up).level == "matched"


def test_english_is_one_key_away(verify_flow: Flow, at_state: AtState) -> None:
    call = run(
        verify_flow,
        at_state("opening"),
        Pressed(START, "9"),
        Checked(START, "resume", "fresh"),
    )
    assert call.language == "en"
    assert call.action.lines[-1].text.startswith("If this is your own account")
    japanese = run(verify_flow, call, say("Japanese please"))
    assert japanese.language == "ja"
    assert japanese.state == "consent"


def test_a_busy_agent_leads_to_another_and_then_to_words(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = run(verify_flow, at_state("transfer"), TransferEnded(START, "busy"))
    assert isinstance(call.action, Transfer)
    assert call.action.destination == "overflow"
    call = run(verify_flow, call, TransferEnded(START, "no_answer"))
    assert keys_of(call) == ["nobody_free"]
    again = run(verify_flow, call, Pressed(START, "1"))
    assert isinstance(again.action, Transfer)
    call = run(verify_flow, call, Silence(START), Checked(START, "callback_number", "not_offered"))
    assert isinstance(call.action, End)
    assert keys_of(call) == ["call_us_back"]
    assert call.ended == "end"


def test_a_call_back_is_promised_only_when_it_is_kept(verify_flow: Flow, at_state: AtState) -> None:
    offered = run(
        verify_flow,
        at_state("transfer"),
        TransferEnded(START, "busy"),
        TransferEnded(START, "no_answer"),
        Silence(START),
        Checked(START, "callback_number", "known"),
        Pressed(START, "1"),
    )
    assert offered.action == Check("callback_here", "callback_here")
    failed = run(verify_flow, offered, Checked(START, "callback_here", "failed"))
    assert keys_of(failed) == ["call_us_back"]
    kept = run(verify_flow, offered, Checked(START, "callback_here", "kept"))
    assert keys_of(kept) == ["callback_kept", "callback_safe", "goodbye"]
    assert isinstance(kept.action, End)


def test_trouble_of_ours_leads_to_a_person_once_and_then_to_words(
    verify_flow: Flow, at_state: AtState
) -> None:
    call = run(verify_flow, at_state("name"), Failed(START, "test"))
    assert isinstance(call.action, Transfer)
    assert "trouble" in call.flags
    again = run(verify_flow, call, Failed(START, "test"))
    assert isinstance(again.action, End)
    assert again.ended == "end"


def test_a_call_that_takes_too_long_reaches_a_person(verify_flow: Flow, at_state: AtState) -> None:
    late = START + timedelta(minutes=verify_flow.file.limits.minutes, seconds=1)
    call = at_state("birthdate")
    call = run(verify_flow, call, Silence(late))
    assert isinstance(call.action, Transfer)
    assert "call_limit" in call.flags


def test_an_event_that_does_not_fit_changes_nothing(verify_flow: Flow, at_state: AtState) -> None:
    checking = at_state("identify")
    for event in (
        say("はい"),
        Pressed(START, "1"),
        Silence(START),
        TransferEnded(START, "busy"),
        Checked(START, "send_code", "sent"),
    ):
        after, action = step(verify_flow, checking, event)
        assert after is checking
        assert action is checking.action


def test_proxies_are_asked_nothing(verify_flow: Flow, at_state: AtState) -> None:
    call = run(verify_flow, at_state("consent"), say("娘です"))
    assert isinstance(call.action, Transfer)
    assert call.slots == {}
    assert call.flags == ("proxy",)
    assert assurance(verify_flow, call).level == "none"


def test_walking_the_path_is_deterministic(verify_flow: Flow) -> None:
    first, second = new_call(verify_flow, START), new_call(verify_flow, START)
    for event, _ in PATH:
        first, _ = step(verify_flow, first, event)
        second, _ = step(verify_flow, second, event)
    assert first == second
