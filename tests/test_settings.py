"""Settings: defaults that run anywhere, refusals that name the setting and never its value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from ivr.errors import SettingsError
from ivr.setting_values import EXAMPLE
from ivr.settings import Settings, load_settings

SECRETS = [
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine that runs the tests leaks in."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"IVR_{name.upper()}", raising=False)
    monkeypatch.delenv("IVR_ENV_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_it_is_a_rehearsal_on_loopback() -> None:
    settings = load_settings()
    assert settings.mode == "rehearsal"
    assert settings.listens_on_loopback
    assert settings.check_signatures
    assert settings.database == "sqlite:///var/honnin.sqlite3"
    assert {settings.sms_sender, settings.voice_sender, settings.email_sender} == {"outbox"}


@pytest.mark.parametrize(
    ("bind", "loopback"),
    [
        ("127.0.0.1:8080", True),
        ("127.9.9.9:80", True),
        ("localhost:8080", True),
        ("[::1]:8080", True),
        ("0.0.0.0:8080", False),
        ("[::]:8080", False),
        ("192.0.2.1:8080", False),
        ("127.evil.example:8080", False),
        (":8080", False),
    ],
)
def test_only_loopback_addresses_count_as_loopback(bind: str, loopback: bool) -> None:
    assert load_settings(bind=bind).listens_on_loopback is loopback


def test_no_secret_has_a_default() -> None:
    settings = load_settings()
    for name in SECRETS:
        value = getattr(settings, name)
        assert (value.get_secret_value() if isinstance(value, SecretStr) else value) in ("", {})


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_COMPANY_JA", "かもめ銀行")
    monkeypatch.setenv("IVR_DESTINATIONS", json.dumps({"agents": ["+81312345678"]}))
    monkeypatch.setenv("IVR_HEARING", "vosk, keys")
    settings = load_settings()
    assert settings.words()["ja"]["company"] == "かもめ銀行"
    assert settings.destinations == {"agents": ("+81312345678",)}
    assert settings.hearing == ("vosk", "keys")


def test_the_environment_wins_over_the_file_and_overrides_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "honnin.env"
    file.write_text("IVR_THREADS=3\nIVR_RING_S=30\nIVR_CODE_MINUTES=5\n")
    monkeypatch.setenv("IVR_ENV_FILE", str(file))
    monkeypatch.setenv("IVR_RING_S", "40")
    monkeypatch.setenv("IVR_CODE_MINUTES", "6")
    settings = load_settings(code_minutes=7)
    assert (settings.threads, settings.ring_s, settings.code_minutes) == (3, 40, 7)


def test_a_missing_env_file_is_an_error_not_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_ENV_FILE", str(tmp_path / "nowhere.env"))
    with pytest.raises(SettingsError, match=r"IVR_ENV_FILE names no file: .*nowhere.env"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IVR_MODE", "staging"),
        ("IVR_PUBLIC_URL", "voice.example.co.jp"),
        ("IVR_PUBLIC_URL", "ftp://voice.example.co.jp"),
        ("IVR_PUBLIC_URL", "https://voice.example.co.jp/?a=1"),
        ("IVR_THREADS", "0"),
        ("IVR_CODE_MINUTES", "11"),
        ("IVR_CODE_ATTEMPTS", "6"),
        ("IVR_SMS_SENDER", "pigeon"),
        ("IVR_LOG_LEVEL", "loud"),
        ("IVR_DATABASE_WAIT_S", "60"),
        ("IVR_MEDIA_BIND", "8081"),
        ("IVR_MEDIA_CALLS", "0"),
        ("IVR_HEARING", "whisper"),
        ("IVR_HEARING", "vosk,whisper"),
        ("IVR_HEARING", "vosk,,keys"),
        ("IVR_HEARING", "twilio,twilio"),
        ("IVR_HEARING", "keys,twilio"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert f"{name}: " in str(caught.value)
    assert f"'{value}'" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "sip:queue@pbx.example.co.jp",
        "sips:queue@pbx.example.co.jp:5061;transport=tls",
        "sip:+81312345678@192.0.2.7",
        "sip:pbx.example.co.jp:5070",
        "sip:queue@[2001:db8::7]:5061;transport=tls",
    ],
)
def test_a_destination_may_be_a_sip_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_DESTINATIONS", json.dumps({"centre": [address]}))
    assert load_settings().destinations == {"centre": (address,)}


@pytest.mark.parametrize(
    "number",
    [
        "0312345678",
        "+0312345678",
        "+81-3-1234-5678",
        "+8143",
        "queue@pbx.example.co.jp",
        "sips:",
        "sip:queue@pbx.example.co.jp?X-Level=verified",
        "sip:queue:secret@pbx.example.co.jp",
        "sip:a@b@pbx.example.co.jp",
        "sip:queue @pbx.example.co.jp",
        "sip:<queue@pbx.example.co.jp>",
        "sip:" + "a" * 251,
        "https://pbx.example.co.jp",
    ],
)
def test_destinations_are_whole_international_numbers_or_sip_addresses(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_DESTINATIONS", json.dumps({"agents": [number]}))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "IVR_DESTINATIONS" in str(caught.value)
    assert number not in str(caught.value)


@pytest.mark.parametrize("name", ["IVR_DESTINATIONS", "IVR_RESULT_KEYS"])
def test_malformed_json_is_named_and_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, '{"crm": hush-hush')
    with pytest.raises(SettingsError, match=f"{name}: must be JSON") as caught:
        load_settings()
    assert "hush" not in str(caught.value)


def test_an_env_file_that_is_no_text_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "honnin.env"
    file.write_bytes(b"IVR_THREADS=3\n\xff\xfe\n")
    monkeypatch.setenv("IVR_ENV_FILE", str(file))
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings()


def test_a_name_in_the_env_file_that_is_no_setting_is_named_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "honnin.env"
    file.write_text("IVR_KEEP_CALL_DAYS=1234\nIVR_XYZZY=1\nVAULT_URL=https://vault.example\n")
    monkeypatch.setenv("IVR_ENV_FILE", str(file))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    said = str(caught.value)
    assert "IVR_KEEP_CALL_DAYS (did you mean IVR_KEEP_CALLS_DAYS?)" in said
    assert "\n  IVR_XYZZY" in said
    assert "1234" not in said
    assert "VAULT" not in said


def test_the_environment_may_hold_names_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_SERVICE_HOST", "10.0.0.7")
    assert load_settings().mode == "rehearsal"


def test_every_wrong_setting_is_named_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_THREADS", "many")
    monkeypatch.setenv("IVR_RING_S", "1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).count("\n  IVR_") == 2


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        held = name in {"result_keys", "crm_secrets"}
        value = json.dumps({"crm": "hush-hush"}) if held else "hush-hush"
        monkeypatch.setenv(f"IVR_{name.upper()}", value)
    settings = load_settings()
    assert settings.twilio_auth_token.get_secret_value() == "hush-hush"
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://voice.example.co.jp/", "https://voice.example.co.jp"),
        ("https://voice.example.co.jp/ivr/", "https://voice.example.co.jp/ivr"),
        ("https://voice.example.co.jp:8443", "https://voice.example.co.jp:8443"),
    ],
)
def test_the_public_url_loses_only_its_last_slash(given: str, kept: str) -> None:
    assert load_settings(public_url=given).public_url == kept


@pytest.mark.parametrize(
    ("bind", "loopback"),
    [
        ("127.0.0.1:8080", True),
        ("127.8.0.1:80", True),
        ("localhost:8080", True),
        ("[::1]:8080", True),
        ("0.0.0.0:8080", False),
        ("[::]:8080", False),
        ("192.0.2.1:8080", False),
        (":8080", False),
    ],
)
def test_listening_on_loopback_is_recognised(bind: str, loopback: bool) -> None:
    assert load_settings(bind=bind).listens_on_loopback is loopback


def test_a_given_database_wins() -> None:
    settings = load_settings(database_url="postgresql+psycopg://ivr@db/ivr", var_dir="elsewhere")
    assert settings.database == "postgresql+psycopg://ivr@db/ivr"


PRODUCTION = {
    "mode": "production",
    "public_url": "https://voice.example.co.jp",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "t",
    "twilio_number": "+815012345678",
    "fallback_number": "+81312345678",
    "destinations": {"agents": ["+81312345678"]},
    "field_key": "f",
    "index_key": "i",
    "signing_key": "s",
    "database_url": "postgresql+psycopg://ivr@db/ivr",
    "sms_sender": "twilio",
    "voice_sender": "twilio",
    "email_sender": "off",
}


def test_a_complete_production_has_no_problems() -> None:
    assert load_settings(**PRODUCTION).production_problems() == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"twilio_account_sid": ""}, "IVR_TWILIO_ACCOUNT_SID is missing"),
        ({"twilio_auth_token": ""}, "IVR_TWILIO_AUTH_TOKEN is missing"),
        ({"twilio_number": ""}, "IVR_TWILIO_NUMBER is missing"),
        ({"fallback_number": ""}, "IVR_FALLBACK_NUMBER is missing"),
        ({"field_key": ""}, "IVR_FIELD_KEY is missing"),
        ({"index_key": ""}, "IVR_INDEX_KEY is missing"),
        ({"signing_key": ""}, "IVR_SIGNING_KEY is missing"),
        ({"database_url": ""}, "IVR_DATABASE_URL is missing"),
        ({"public_url": "http://voice.example.co.jp"}, "IVR_PUBLIC_URL must begin with https://"),
        ({"check_signatures": False}, "IVR_CHECK_SIGNATURES must not be off"),
        ({"sms_sender": "outbox"}, "IVR_SMS_SENDER=outbox"),
        ({"voice_sender": "outbox"}, "IVR_VOICE_SENDER=outbox"),
        ({"email_sender": "outbox"}, "IVR_EMAIL_SENDER=outbox"),
        ({"email_sender": "smtp"}, "IVR_SMTP_HOST and IVR_SMTP_FROM are needed"),
        ({"voice_sender": "verify"}, "IVR_TWILIO_VERIFY_SERVICE is needed"),
    ],
)
def test_each_gap_of_a_production_is_named(changed: dict[str, object], problem: str) -> None:
    problems = load_settings(**{**PRODUCTION, **changed}).production_problems()
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"twilio_auth_token": "replace-me"}, "IVR_TWILIO_AUTH_TOKEN"),
        ({"database_url": "postgresql://h:" + EXAMPLE + "@db/h"}, "IVR_DATABASE_URL"),
        ({"signing_key": '{"kty": "OKP", "d": "replace-me"}'}, "IVR_SIGNING_KEY"),
        ({"result_keys": {"crm": "replace-me"}}, "IVR_RESULT_KEYS"),
        ({"crm_secrets": {"crm": "whsec_replace-me"}}, "IVR_CRM_SECRETS"),
    ],
)
def test_what_is_still_the_examples_is_refused(changed: dict[str, object], name: str) -> None:
    problems = load_settings(**{**PRODUCTION, **changed}).production_problems()
    assert problems == [f"{name} is still the example's: put your own in"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "twilio_number",
            "0312345678",
            "must be a phone number with its country, like +81312345678",
        ),
        ("fallback_number", "+81312345678 ", "must be a phone number with its country"),
        ("phone_prefixes", "+81, +82", "with commas between, like +81,+82"),
        ("wait_music", "http://example.co.jp/a.mp3", "must be an https:// address"),
        ("after_work_activity", "WA12", "must be WA and 32 hexadecimal digits"),
        ("twilio_verify_service", "VA" + "G" * 32, "must be VA and 32 hexadecimal digits"),
        ("twilio_verify_template", "VA" + "0" * 32, "must be HJ and 32 hexadecimal digits"),
        ("destinations", {"agents": ["0312345678"]}, "a SIP address like sip:desk@pbx.example"),
        ("destinations", {"agents": ["sip:" + "a" * 251]}, "must be a phone number"),
        ("destinations", {"agents": [""]}, "must not be empty"),
    ],
)
def test_what_must_be_is_said_in_our_words(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**{name: value})
    told = str(caught.value)
    assert f"IVR_{name.upper()}" in told
    assert words in told
    assert "pattern" not in told
    assert "Value error" not in told


def test_every_gap_is_named_at_once() -> None:
    assert len(load_settings(mode="production").production_problems()) >= 10


def test_settings_cannot_change_under_way() -> None:
    with pytest.raises(ValidationError):
        load_settings().threads = 9
