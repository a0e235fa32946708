"""A whole call leaves no personal data where it does not belong."""

from __future__ import annotations

import io
import re
import stat
import threading
from datetime import date
from pathlib import Path

import pytest
from fakes.senders import FakeSender
from phone_rig import PUBLIC_URL, Office, OpenOffice
from pydantic import SecretStr

from ivr.clock import ManualClock, SystemClock
from ivr.identity.ports import CodeMessage
from ivr.records.customers import CustomerData
from ivr.settings import Settings
from ivr.telephony.senders.outbox import LocalOutbox
from ivr.wiring.backstage import open_database
from ivr.wiring.keys import with_rehearsal_keys

#: What a call of 山田太郎 holds, in every spelling that could get out.
PERSONAL = (
    "山田", "太郎", "ヤマダ", "タロウ", "やまだ", "1985-03-05", "昭和六十", "19850305", "3600305",
    "+819012345678", "819012345678", "09012345678", "taro@example.jp", "T0001", "届きません",
)  # fmt: skip


SHINICHIRO = CustomerData(
    "shinichiro", "T0023", "小笠原", "慎一郎", "オガサワラ", "シンイチロウ", date(1955, 12, 31),
    mobile="+819000000023",
)  # fmt: skip


def _found(text: str | bytes, extra: tuple[str, ...] = ()) -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    forms = [
        form
        for word in (*PERSONAL, *extra)
        for form in (word.encode(), word.encode("unicode_escape"), word.encode("utf-16-le"))
    ]
    return [form.decode("latin-1") for form in forms if form in raw]


def _a_life(office: Office) -> list[str]:
    """Calls that say and do everything; every document they got."""
    documents: list[str] = []
    phone = office.call().silence().say("はい").press("3").press("3600305")
    phone.say("山田太郎", Confidence="0.1")
    assert "山田太郎様" in phone.words
    phone.say("はい").say("はい").say("届きません").press("2").press("000000")
    phone.hang_up()
    documents += phone.documents
    again = office.call().silence()
    again.press(office.sms.last_code)
    assert again.level == "verified"
    again.transfer_ends("busy")
    documents += again.documents
    return documents


def test_nothing_personal_is_logged_at_any_level(office: Office, log: io.StringIO) -> None:
    _a_life(office)
    written = log.getvalue()
    assert "transfer" in written
    assert _found(written, (office.sms.last_code,)) == []


def test_nothing_personal_is_logged_when_everything_breaks(
    open_office: OpenOffice, office: Office, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    def explode(message: CodeMessage) -> None:
        raise RuntimeError(f"{message.destination} {message.text}")

    broken = open_office(senders={"sms": FakeSender(before=explode)})
    broken.call().ask_for_code().press("000000")
    with broken.db.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE turns RENAME TO turns_gone")
    phone = office.call("+818000000001")
    phone.silence()
    with broken.db.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE turns_gone RENAME TO turns")
        session.connection().exec_driver_sql("UPDATE customers SET surname = 'v1.AAAA'")
    office.call().ask_for_code().say("係")
    written = log.getvalue()
    assert "sender_broken" in written
    assert "records_unavailable" in written
    output = capfd.readouterr()
    assert _found(written + output.out + output.err) == []


def test_urls_and_metrics_hold_nothing_personal(office: Office) -> None:
    documents = _a_life(office)
    urls = re.findall(rf"{re.escape(PUBLIC_URL)}[^\"<]*", "".join(documents))
    assert len(urls) > 10
    # What an access log of any server or proxy in front of us would hold.
    assert {re.sub(r"=[\w-]+", "=", url.replace("&amp;", "&")) for url in urls} <= {
        f"{PUBLIC_URL}/voice/continue?turn=",
        f"{PUBLIC_URL}/voice/continue?poll=&turn=",
        f"{PUBLIC_URL}/voice/whisper?ref=",
    }
    metrics = office.client.get("/metrics").get_data(as_text=True)
    assert _found("".join(urls) + metrics, (office.sms.last_code,)) == []


def test_the_database_holds_nothing_personal_in_clear(office: Office, tmp_path: Path) -> None:
    _a_life(office)
    office.register(SHINICHIRO)
    phone = office.call("+819000000023")
    phone.ask_for_code(birthdate="昭和三十年十二月三十一日", name="小笠原慎一郎です")
    phone.press(office.sms.last_code)
    assert phone.level == "verified"
    office.db.dispose()
    files = [path for path in tmp_path.iterdir() if path.name.startswith("honnin.sqlite3")]
    assert files
    # The flow is kept in clear, and its examples are named 山田.
    flow = "".join(office.running.flow.sources.values())
    secret = ("小笠原", "慎一郎", "オガサワラ", "シンイチロウ", "1955-12-31", "9000000023")
    for path in files:
        found = _found(path.read_bytes(), (*secret, office.sms.last_code))
        assert [word for word in found if word.encode("latin-1").decode() not in flow] == []


def test_whispers_and_results_say_no_name(office: Office) -> None:
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    fields = {"CallSid": "CA" + "9" * 32, "From": phone.caller}
    said = office.post(f"/voice/whisper?ref={phone.reference}", fields)
    assert "本人確認" in said
    claims = office.claims(phone.reference)
    assert _found(said + repr({k: v for k, v in claims.items() if k != "customer"})) == []


def test_only_the_owner_reads_what_a_rehearsal_keeps(tmp_path: Path) -> None:
    settings = with_rehearsal_keys(Settings(var_dir=tmp_path / "var"))
    db = open_database(settings, SystemClock())
    db.upgrade()
    with db.writing():
        pass
    message = CodeMessage("sms", "+819012345678", "123456", "text", "", "ja", "key")
    LocalOutbox(tmp_path / "var" / "outbox.jsonl", ManualClock(SystemClock().now())).send(message)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "var").iterdir()}
    assert {"keys.env", "honnin.sqlite3", "outbox.jsonl"} <= set(modes)
    assert {name for name, mode in modes.items() if mode != 0o600} == set()
    db.dispose()


def test_settings_show_no_secret(tmp_path: Path) -> None:
    given = SecretStr("hunter2")
    settings = with_rehearsal_keys(
        Settings(
            var_dir=tmp_path / "var",
            database_url=SecretStr("postgresql://ivr:hunter2@db/ivr"),
            smtp_password=given,
            result_keys={"crm": given},
            metrics_key=given,
            twilio_webhook_key=given,
        )
    )
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hunter2" not in shown
    for secret in (
        settings.field_key,
        settings.index_key,
        settings.signing_key,
        settings.twilio_auth_token,
    ):
        assert secret.get_secret_value()
        assert secret.get_secret_value() not in shown


def test_a_thread_that_dies_says_nothing_personal(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    _a_life(office)
    assert died == []
