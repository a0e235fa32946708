"""Where spoken answers are given in the shipped flow, and what becomes of them."""

from __future__ import annotations

import pytest
from recorded_answers import BIRTHDATE, CARD, NAME, WAIT, YES, answer

from ivr.dialogue.answers import Answer, Chosen, Commanded, Confirmed, Given, Led, Missed, Partly
from ivr.errors import HearingError
from ivr.understanding.birthdate import Reading
from ivr.understanding.value import HeardName
from ivr.wiring.asking import Asking
from ivr.wiring.spoken_answers import SpokenAnswer

DIGITS = answer("taro/hai", "digits", "01234567")


def test_each_slot_is_asked_where_the_flow_asks_for_it(asking: Asking) -> None:
    def place(said: SpokenAnswer) -> tuple[str, tuple[str, ...]]:
        call = asking.call(said)
        return call.state, call.action.listen.grammars  # type: ignore[union-attr]

    assert place(BIRTHDATE) == ("birthdate", ("birthdate", "commands"))
    assert place(NAME) == ("name", ("name", "commands"))
    assert place(YES) == place(CARD) == ("birthdate", ("yes_no", "commands"))
    assert place(WAIT) == ("code_entry", ("commands",))
    assert place(DIGITS)[1] == ("customer_number", "commands")


def test_a_name_has_a_birthdate_before_it_and_another_name_another(asking: Asking) -> None:
    other = answer("hanako/yamada-hanako", "name", "ヤマダ ハナコ")
    born = [asking.call(each).slots["birthdate"] for each in (NAME, NAME, other)]
    assert born[0] == born[1] != born[2]


def test_a_command_that_nobody_knows_is_told(asking: Asking) -> None:
    with pytest.raises(HearingError, match="knows no command dance"):
        asking.call(answer("taro/hai", "command", "dance"))


TARO = HeardName("やまだたろう", surnames=("ヤマダ",), givens=("タロウ",))
JIRO = HeardName("やまだじろう", surnames=("ヤマダ",), givens=("ジロウ",))


@pytest.mark.parametrize(
    ("said", "heard", "verdict", "holds"),
    [
        (BIRTHDATE, Given("1985-03-05", sure=True), "right", True),
        (BIRTHDATE, Given("1985-03-05", sure=False), "unclear", True),
        (BIRTHDATE, Given("1985-03-06", sure=False), "unclear", False),
        (BIRTHDATE, Given("1985-03-06", sure=True), "wrong", False),
        (BIRTHDATE, Partly(Reading(), further=True), "unclear", False),
        (BIRTHDATE, Missed("no_match"), "no_match", False),
        (BIRTHDATE, Missed("invalid"), "no_match", False),
        (BIRTHDATE, None, "no_match", False),
        (BIRTHDATE, Commanded("agent"), "wrong", False),
        (NAME, Given(TARO, sure=True), "right", True),
        (NAME, Given(TARO, sure=False), "unclear", True),
        (NAME, Given(TARO, sure=True, whole=False), "unclear", False),
        (NAME, Given(JIRO, sure=True), "wrong", False),
        (YES, Confirmed(yes=True), "right", True),
        (YES, Confirmed(yes=False), "wrong", False),
        (YES, Commanded("yes"), "wrong", False),
        (CARD, Commanded("lost_card"), "right", True),
        (CARD, Commanded("help"), "wrong", False),
        (CARD, Confirmed(yes=True), "wrong", False),
        (WAIT, Led("code_wait"), "right", True),
        (WAIT, Led("not_arrived"), "wrong", False),
        (DIGITS, Given("01234567", sure=True), "right", True),
        (DIGITS, Chosen("yes"), "unclear", False),
    ],
)
def test_what_became_of_an_answer(
    asking: Asking, said: SpokenAnswer, heard: Answer | None, verdict: str, holds: bool
) -> None:
    assert asking.verdict(said, heard) == (verdict, holds)
