"""The keys of an installation: a production brings its own, a rehearsal makes them once."""

from __future__ import annotations

import base64
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from application_rig import ROOT

from ivr.clock import ManualClock
from ivr.errors import SettingsError
from ivr.settings import Settings
from ivr.wiring import keys as wiring_keys
from ivr.wiring.backstage import open_database
from ivr.wiring.keys import with_rehearsal_keys

SECRETS = ("field_key", "index_key", "signing_key", "twilio_auth_token")
#: A production, but for its keys.
PRODUCTION: dict[str, Any] = {
    "mode": "production",
    "public_url": "https://voice.example.co.jp",
    "twilio_account_sid": "AC1",
    "twilio_auth_token": "token",
    "twilio_number": "+815012345678",
    "fallback_number": "+81398765432",
    "database_url": "postgresql://h/d",
    "sms_sender": "twilio",
    "voice_sender": "off",
    "email_sender": "off",
}


def secrets_of(settings: Settings) -> dict[str, str]:
    return {name: getattr(settings, name).get_secret_value() for name in SECRETS}


def test_production_names_everything_it_lacks(tmp_path: Path) -> None:
    lacking = Settings(mode="production", var_dir=tmp_path / "var", check_signatures=False)
    with pytest.raises(SettingsError) as caught:
        with_rehearsal_keys(lacking)
    told = str(caught.value)
    problems = lacking.production_problems()
    assert len(problems) > 10
    assert [problem for problem in problems if problem not in told] == []
    assert "ivr keys new" in told
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("mode", ["rehearsal", "production"])
def test_field_key_and_index_key_have_to_differ(tmp_path: Path, mode: str) -> None:
    # One key in two spellings, as openssl and Python may write the last bits.
    key = base64.b64encode(bytes(range(32))).decode()
    other = key[:-2] + chr(ord(key[-2]) + 1) + "="
    given = PRODUCTION | {"mode": mode, "signing_key": "s", "var_dir": tmp_path / "var"}
    for index in (key, other):
        assert base64.b64decode(index) == bytes(range(32))
        same = Settings(**given, field_key=key, index_key=index)
        with pytest.raises(SettingsError, match="are one and the same key") as caught:
            with_rehearsal_keys(same)
        assert key[:8] not in str(caught.value)


def test_the_way_out_of_one_key_for_both_is_open() -> None:
    one, two = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
    keys = {"field_key": two, "field_key_before": one, "index_key": one, "signing_key": "s"}
    moving = Settings(**PRODUCTION | keys)
    assert with_rehearsal_keys(moving) == moving


def test_production_uses_the_keys_it_is_given(tmp_path: Path) -> None:
    keys = {name.removeprefix("IVR_").lower(): key for name, key in wiring_keys.new_keys().items()}
    settings = Settings(**PRODUCTION | keys, var_dir=tmp_path / "var")
    assert with_rehearsal_keys(settings) == settings
    assert not (tmp_path / "var").exists()


def test_a_rehearsal_makes_its_keys_once(tmp_path: Path) -> None:
    var = tmp_path / "deep" / "var"
    first = with_rehearsal_keys(Settings(var_dir=var))
    assert all(secrets_of(first).values())
    assert first.result_keys["rehearsal"] == first.twilio_auth_token
    assert secrets_of(with_rehearsal_keys(Settings(var_dir=var))) == secrets_of(first)
    assert secrets_of(with_rehearsal_keys(Settings(var_dir=tmp_path))) != secrets_of(first)
    assert [path.name for path in var.iterdir()] == ["keys.env"]
    assert stat.S_IMODE((var / "keys.env").stat().st_mode) == 0o600


def test_keys_that_are_given_win_over_kept_ones(tmp_path: Path) -> None:
    kept = with_rehearsal_keys(Settings(var_dir=tmp_path))
    own = base64.b64encode(b"k" * 32).decode()
    given = with_rehearsal_keys(
        Settings(var_dir=tmp_path, field_key=own, result_keys={"crm": "own"})  # type: ignore[arg-type,dict-item]
    )
    assert given.field_key.get_secret_value() == own
    assert set(given.result_keys) == {"crm"}
    assert given.index_key == kept.index_key


def test_processes_that_start_together_share_their_keys(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ivr.settings import Settings;"
        "from ivr.wiring.keys import with_rehearsal_keys;"
        "s = with_rehearsal_keys(Settings(var_dir=Path(sys.argv[1])));"
        "print(s.field_key.get_secret_value(), s.signing_key.get_secret_value())"
    )

    def start(_: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "var")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        printed = set(pool.map(start, range(3)))
    assert len(printed) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.env"]


def test_threads_that_start_together_share_their_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(with_rehearsal_keys, Settings(var_dir=tmp_path / "v")) for _ in range(8)
        ]
        found = {tuple(secrets_of(future.result()).values()) for future in futures}
    assert len(found) == 1


@pytest.mark.parametrize("key", ["short", "not base64 at all!", "c2hvcnQ=", "あ"])
def test_a_malformed_key_is_named_and_not_quoted(
    tmp_path: Path, clock: ManualClock, key: str
) -> None:
    settings = Settings(var_dir=tmp_path, field_key=key)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="IVR_FIELD_KEY must be 32 bytes") as caught:
        open_database(settings, clock)
    assert key not in str(caught.value)


def test_a_key_that_was_lost_is_named(tmp_path: Path) -> None:
    with_rehearsal_keys(Settings(var_dir=tmp_path))
    file = tmp_path / "keys.env"
    kept = [line for line in file.read_text().splitlines() if "INDEX" not in line]
    file.write_text("# mine\n" + "\n".join(kept) + "\nIVR_NONSENSE=1\n")
    with pytest.raises(SettingsError, match=r"keys\.env lacks IVR_INDEX_KEY"):
        with_rehearsal_keys(Settings(var_dir=tmp_path))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="IVR_VAR_DIR"):
        with_rehearsal_keys(Settings(var_dir=tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="IVR_VAR_DIR"):
        with_rehearsal_keys(Settings(var_dir=tmp_path / "file" / "var"))
