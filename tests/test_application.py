"""The whole application: webhooks in, TwiML out, whatever Twilio, the database or the disk do."""

from __future__ import annotations

import errno
import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from application_rig import (
    AGENT,
    AUTH_TOKEN,
    PERSON,
    ROOT,
    TARO,
    Call,
    by_http,
    settings_for,
    signature,
)
from fixtures_application import House, turns_of
from sqlalchemy import func, select

from ivr.clock import ManualClock, SystemClock
from ivr.commands.web_process import free_address, serving
from ivr.errors import FilesError
from ivr.records.customer_csv import store_file
from ivr.records.models import Call as CallRow
from ivr.telephony.logging import configure_logging
from ivr.wiring.application import build_app
from ivr.wiring.backstage import open_database

pytestmark = pytest.mark.usefixtures("log")

VERIFIED = ["Silence", "Checked", "Heard", "Heard", "Heard", "Checked", "Heard", "Checked",
            "Pressed", "Checked"]  # fmt: skip


def test_a_call_from_the_first_ring_to_the_agents_system(house: House, log: io.StringIO) -> None:
    call = house.call().until_code()
    call.press(house.sms.last_code)
    assert call.dials == [AGENT]
    result, reference = house.result(call), call.reference
    assert (result["acr"], result["amr"]) == ("verified", ["kba", "otp", "sms"])
    assert house.turns(call) == VERIFIED
    call.go(call.link("Dial"), {"DialCallStatus": "completed", "DialBridged": "true"})
    assert call.verbs[-1] == "Hangup"
    house.clock.advance(house.settings.result_minutes * 60 + 1)
    assert house.fetched(reference).status_code == 404
    assert '"event": "transfer"' in log.getvalue()
    code = house.sms.last_code
    for secret in ("山田", "太郎", "ヤマダ", "昭和", "1985", TARO[3:], code, reference, AUTH_TOKEN):
        assert secret not in log.getvalue()


# --- who may call, and what with ------------------------------------------------------------


def test_unsigned_malformed_and_huge_webhooks_begin_no_call(house: House) -> None:
    (post,) = house.posts
    call = house.call()
    ring = call.webhook("/voice/incoming", {})
    forged = signature(f"https://voice.example.co.jp{ring.path}", ring.form, "another-key")
    refused = [
        ring.deliver(post, X_Twilio_Signature=""),
        ring.deliver(post, X_Twilio_Signature=forged),
        ring.deliver(post, Content_Type="application/json"),
        ring.deliver(post, Content_Type="text/plain"),
        call.webhook("/voice/incoming", {"SpeechResult": "あ" * 70_000}).deliver(post),
    ]
    assert [status for status, _ in refused] == [403, 403, 403, 415, 413]
    assert not any(body.strip() for _, body in refused)
    with house.db.reading() as session:
        assert session.execute(select(func.count()).select_from(CallRow)).scalar_one() == 0


def test_an_unknown_call_reaches_a_person(house: House) -> None:
    call = house.call()
    call.go("/voice/continue?turn=3", {"SpeechResult": "はい"})
    assert call.dials == [PERSON]
    assert call.words


def test_a_replayed_webhook_is_answered_alike_and_steps_once(house: House) -> None:
    house.posts *= 2
    call = house.call(everywhere=True).until_code()
    call.press(house.sms.last_code)
    assert house.result(call)["acr"] == "verified"
    assert house.turns(call) == VERIFIED
    assert len(house.sms.messages) == 1


def test_replays_without_a_token_are_answered_alike_too(house: House) -> None:
    (post,) = house.posts
    call = house.call().rings().press("").say("はい").say("昭和六十年三月五日です")
    last = call.sent[-1]
    assert "お名前" in call.words
    repeated = call.webhook(last.path, dict(last.form))
    assert repeated.token != last.token
    assert repeated.send(post) == call.document
    assert house.turns(call) == VERIFIED[:4]


def test_a_webhook_for_an_old_turn_gets_its_answer_and_changes_nothing(house: House) -> None:
    (post,) = house.posts
    call = house.call().rings().press("").say("はい")
    asked_birthdate, question = call.document, call.link("Gather")
    consent = call.sent[-1]
    call.say("昭和六十年三月五日です").say("山田太郎です")
    now, before = call.document, house.turns(call)
    # Another answer to the question that was answered long ago.
    old = call.webhook(consent.path, {"SpeechResult": "代理です", "Confidence": "0.9"})
    assert old.send(post) == asked_birthdate
    assert house.turns(call) == before
    # A turn that nobody has been asked yet, and one that never will be: the present question.
    for turn in ("99", "abc"):
        assert call.webhook(f"/voice/continue?turn={turn}", {"SpeechResult": "x"}).send(post) == now
    assert question != call.link("Gather")


# --- two processes --------------------------------------------------------------------------


def test_a_retry_at_another_process_gets_the_same_answer(house: House) -> None:
    house.open()
    first, second = house.posts
    call = house.call()
    call.posts = [first]
    call.rings().press("").say("はい")
    retried = call.sent[-1]
    assert retried.send(second) == call.document
    assert house.turns(call) == VERIFIED[:3]
    # The token is not signed: with another call or turn it fetches nothing.
    other = house.call()
    stolen = other.webhook("/voice/incoming", {})
    assert stolen.token
    assert house.turns(other) == []


def test_either_process_continues_the_calls_of_the_other(house: House) -> None:
    house.open()
    call = house.call().until_code()
    call.press(house.sms.last_code)
    assert house.result(call)["acr"] == "verified"
    assert house.turns(call) == VERIFIED


def test_what_a_stopped_process_left_is_taken_up_by_the_next(house: House) -> None:
    """The first process stops between storing that a code is to be sent and sending it."""
    call = house.call().rings().press("").say("はい").say("昭和六十年三月五日です")
    call.say("山田太郎です")
    house.apps[0].close()
    ready = call.webhook(call.link("Gather"), {"SpeechResult": "はい", "Confidence": "0.9"})
    call.document = ready.send(house.posts[0])
    assert call.verbs == ["Pause", "Redirect"]
    trial = build_app(house.settings, house.clock, senders={}, flow=house.flow, recover=False)
    trial.close()
    assert not house.sending.is_set()
    house.open()
    assert house.sending.wait(timeout=10)  # before anybody asks after it
    call.posts = [house.posts[1]]
    call.redirected().press(house.sms.last_code)
    assert house.result(call)["acr"] == "verified"
    assert len(house.sms.messages) == 1


class FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_that_cannot_be_written_silences_nobody(house: House) -> None:
    stream = FullDisk()
    configure_logging("debug", stream)
    call = house.call().rings()
    assert "つばめ銀行" in call.words
    stream.close()
    call.press("")
    assert "ご本人様" in call.words


# --- what people wrote ----------------------------------------------------------------------


def test_a_broken_flow_keeps_the_application_from_starting(
    tmp_path: Path, sqlite_url: str, clock: ManualClock
) -> None:
    flow = tmp_path / "flows" / "verify"
    flow.mkdir(parents=True)
    (tmp_path / "flows" / "policies").symlink_to(ROOT / "flows/policies")
    for file in (ROOT / "flows/verify").glob("*.yaml"):
        source = file.read_text(encoding="utf-8")
        source = source.replace("    next: consent\n", "    next: consnt\n")
        (flow / file.name).write_text(source, encoding="utf-8")
    before, _, _ = (flow / "flow.yaml").read_text(encoding="utf-8").partition("next: consnt")
    settings = settings_for(tmp_path / "var", sqlite_url, flows_dir=tmp_path / "flows")
    with pytest.raises(FilesError) as caught:
        build_app(settings, clock)
    (problem,) = caught.value.problems
    assert str(problem) == (
        f"{flow}/flow.yaml:{before.count(chr(10)) + 1}:11:"
        " unknown state 'consnt' (did you mean 'consent'?)"
    )


# --- two processes of the operating system --------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_two_processes_share_every_call(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """`ivr serve` twice on one database, as behind a load balancer that repeats requests: no
    turn is taken twice, no code is sent twice, and either goes on where the other was."""
    url: str = request.getfixturevalue(f"{kind}_url")
    var = tmp_path / "var"
    settings = [settings_for(var, url, bind=free_address(), log_level="info") for _ in range(2)]
    logs = [tmp_path / f"process-{number}.log" for number in range(2)]
    with ExitStack() as opened:
        db = open_database(settings[0], SystemClock())
        opened.callback(db.dispose)
        store_file(db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda *one: opened.enter_context(serving(*one)), settings, logs))
        posts = [by_http(own.bind) for own in settings]
        repeated = Call(posts, everywhere=True)
        repeated.until_code().press(code_for(repeated, var / "outbox.jsonl"))
        shared = Call(posts, caller="+819087654321")
        shared.until_code("昭和二十五年五月三日です", "山田花子です")
        shared.press(code_for(shared, var / "outbox.jsonl"))
        for call in (repeated, shared):
            assert call.dials == [AGENT]
            assert turns_of(db, call.sid) == VERIFIED
    logged = [json.loads(line) for log in logs for line in log.read_text().splitlines()
              if line.startswith("{")]  # fmt: skip
    assert [line["assurance"] for line in logged if line["event"] == "transfer"].count(
        "verified"
    ) == 2
    assert [line for line in logged if line["level"] == "error"] == []


def code_for(call: Call, outbox: Path) -> str:
    """The one code that was sent to the caller."""
    sent = [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines()]
    (code,) = [str(entry["code"]) for entry in sent if entry["to"] == call.caller]
    return code
