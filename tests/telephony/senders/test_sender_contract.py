"""What every sender promises identity, run by every sender."""

from __future__ import annotations

import logging

import pytest
from sender_rigs import Rig, message

from ivr.errors import SendFailed


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    # The mail server of the tests logs what it is told under "mail"; that is not our log.
    return "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("mail")
    )


def test_a_message_is_handed_over_once(rig: Rig) -> None:
    rig.sender.send(message(rig.channel))

    assert rig.count() == 1


def test_every_failure_says_what_may_be_tried_next(rig: Rig) -> None:
    for name, (break_it, kind) in rig.breakages.items():
        break_it()
        with pytest.raises(SendFailed) as failure:
            rig.sender.send(message(rig.channel))

        assert (name, failure.value.kind) == (name, kind)
        assert rig.count() == 0


def test_no_failure_tells_where_or_what_was_sent(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = message(rig.channel)
    for break_it, _ in rig.breakages.values():
        break_it()
        with pytest.raises(SendFailed) as failure:
            rig.sender.send(sent)
        told = f"{failure.value!s} {failure.value!r} {failure.value.__cause__!r}"
        for secret in (sent.destination, sent.destination.lstrip("+"), sent.code, sent.text):
            assert secret not in told
            assert secret not in _logged(caplog)
        assert failure.value.__suppress_context__


def test_success_logs_neither_destination_nor_code(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = message(rig.channel)

    rig.sender.send(sent)

    assert sent.destination not in _logged(caplog)
    assert sent.code not in _logged(caplog)
