"""Calling again goes on where the last call ended, and hands nobody else's proof over."""

from __future__ import annotations

from phone_rig import ELSEWHERE, Office

MOBILE = "+819012345678"


def test_a_whole_call_is_verified(office: Office) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    assert phone.level == "verified"


def test_who_calls_again_and_enters_the_code_is_verified(office: Office) -> None:
    first = office.call().ask_for_code()
    first.hang_up()
    again = office.call().silence()
    assert "続き" in again.words
    again.press(office.sms.last_code)
    assert again.level == "verified"


def test_a_number_alone_proves_nothing(office: Office) -> None:
    office.call().ask_for_code().hang_up()
    somebody = office.call().silence()  # the same number, forged or shared
    somebody.say("係")
    assert somebody.level == "none"


def test_wrong_digits_after_calling_again_prove_nothing(office: Office) -> None:
    office.call().ask_for_code().hang_up()
    somebody = office.call().silence()
    wrong = "000000" if office.sms.last_code != "000000" else "111111"
    somebody.press(wrong).say("係")
    assert somebody.level == "none"


def test_the_code_entered_in_one_call_does_not_verify_another(office: Office) -> None:
    victim = office.call().ask_for_code()
    attacker = office.call().silence()  # the victim's number, while the victim is on the line
    assert "続き" in attacker.words
    victim.press(office.sms.last_code)
    assert victim.level == "verified"
    wrong = "000000" if office.sms.last_code != "000000" else "111111"
    attacker.press(wrong).say("係")
    assert attacker.level == "none"


def test_asking_for_another_code_does_not_hand_the_proof_over(office: Office) -> None:
    victim = office.call().ask_for_code()
    attacker = office.call().silence()
    victim.press(office.sms.last_code)
    assert victim.level == "verified"
    attacker.press("", finished_on="*").press("2").say("係")
    assert attacker.level == "none"
