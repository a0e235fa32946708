"""Of many calls at one moment one is spared its code."""

from __future__ import annotations

from collections import Counter
from functools import partial

from at_once import at_once
from desk import Desk
from returning_caller import verified


def test_of_fifty_calls_at_one_moment_one_is_spared_the_code(any_desk: Desk) -> None:
    caller = verified(any_desk)
    opened: list[tuple[str, str]] = []
    for _ in range(50):
        caller.rings().identifies()
        opened.append((caller.call_id, any_desk.verification or ""))

    found = at_once(
        [partial(caller.is_known, call_id=call, verification_id=name) for call, name in opened]
    )

    assert Counter(result.outcome for result in found) == {"known": 1, "unknown": 49}


def test_one_question_delivered_fifty_times_is_answered_once(any_desk: Desk) -> None:
    caller = verified(any_desk).rings().identifies()

    found = at_once([lambda: caller.is_known(intent_id="the-same")] * 50)

    assert {result.outcome for result in found} == {"known"}
    with any_desk.db.reading() as session:
        used = session.connection().exec_driver_sql(
            "SELECT count(*) FROM verifications WHERE reused_at IS NOT NULL"
        )
        assert used.scalar_one() == 1
