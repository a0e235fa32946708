"""Calling again goes on where the last call ended, and hands nobody else's proof over."""

from __future__ import annotations

from phone_rig import ELSEWHERE, KIYO, Office


def test_a_whole_call_is_verified(office: Office) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    assert phone.level == "verified"
    assert office.claims(phone.reference)["customer"] == "T0001"


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


def test_somebody_else_with_the_same_number_begins_anew(office: Office) -> None:
    """A switchboard, a family: whoever is taken for another caller is not kept there."""
    office.call("+81300000000").ask_for_code().hang_up()
    colleague = office.call("+81300000000").silence()
    assert "はじめから" in colleague.words
    colleague.say("はじめから").say("はい").say("大正十五年六月二十日です").say("鈴木キヨです")
    colleague.say("はい").press(office.voice.last_code)
    assert colleague.level == "verified"
    assert office.claims(colleague.reference)["customer"] == KIYO.number


def test_a_customer_is_named_only_to_systems_with_a_key_and_only_where_matched(
    office: Office,
) -> None:
    """Otherwise a caller could prove to be themselves and be served as somebody else."""
    matched = office.call(ELSEWHERE).claim().say("係")
    assert (matched.level, office.claims(matched.reference)["customer"]) == ("matched", "T0001")
    claimed = office.call("+818033334444").claim(name="木村次郎です").say("係")
    assert (claimed.level, "customer" in office.claims(claimed.reference)) == ("claimed", False)


def test_a_verified_call_is_not_resumed(office: Office) -> None:
    office.call().ask_for_code().press(office.sms.last_code).hang_up()
    again = office.call().silence()
    assert "続き" not in again.words


def test_withheld_numbers_are_nobodys_and_never_resumed(office: Office) -> None:
    for withheld in ("anonymous", "+266696687", "", "Restricted", "sip:+819012345678@x.example"):
        phone = office.call(withheld).ask_for_code()
        phone.hang_up()
        assert "続き" not in office.call(withheld).silence().words


def test_turning_languages_and_menus_round_brings_no_new_verification(office: Office) -> None:
    phone = office.call().ask_for_code()
    for _ in range(3):
        phone.press("", finished_on="*").say("英語でお願いします")
        phone.say("japanese please").press("1")
    with office.db.reading() as session:
        opened = session.connection().exec_driver_sql("SELECT count(*) FROM verifications")
        assert opened.scalar_one() == 1
