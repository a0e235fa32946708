"""Who wraps data keys: the setting, or a service named by a setting. The page's example works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from application_rig import settings_for
from fixtures_databases import FIELD_KEY

from ivr.clock import ManualClock
from ivr.errors import RecordsError, RecordsUnavailable, SettingsError
from ivr.records import data_keys, rotation
from ivr.records.key_wrapping import SettingsKeyWrapper
from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening
from ivr.settings import Settings
from ivr.wiring.backstage import open_database
from ivr.wiring.keys import key_wrapper

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"


class Vault(LoopbackHandler):
    """A key service that turns texts round, and refuses when it is closed."""

    closed: ClassVar[bool] = False

    def answer(self, body: bytes) -> None:
        turned = json.loads(body)["text"][::-1]
        self.say(503 if self.closed else 200, json.dumps({"text": turned}).encode())


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example of the page as a module that can be named, and its service."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "vault_keys.py").write_text(example)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(Vault, "closed", False)
    with listening(LoopbackServer(("127.0.0.1", 0), Vault)) as port:
        monkeypatch.setenv("VAULT_URL", f"http://127.0.0.1:{port}")
        yield "vault_keys:make"
    monkeypatch.delitem(__import__("sys").modules, "vault_keys", raising=False)


def test_moving_from_the_setting_to_a_service(
    vault: str, sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    before = settings_for(tmp_path / "var", sqlite_url)
    db = open_database(before, clock)
    with db.writing():
        pass
    db.dispose()
    kept = (tmp_path / "var" / "keys.env").read_text()
    field_key = re.search(r"IVR_FIELD_KEY=(.+)", kept)
    assert field_key
    both = settings_for(tmp_path / "var", sqlite_url, key_wrapper=vault, field_key=field_key[1])
    db = open_database(both, clock)
    assert rotation.rewrap(db) == 2
    db.dispose()
    db = open_database(both, clock)
    with db.writing() as session:
        keys = data_keys.every(session.connection())
    assert all(key.wrapped.startswith("vault.") for key in keys)
    db.dispose()
    Vault.closed = True
    db = open_database(both, clock)
    with pytest.raises(RecordsUnavailable, match="answers 503"), db.reading():
        pass
    db.dispose()


def test_a_service_alone_needs_no_field_key(vault: str) -> None:
    wrapper = key_wrapper(Settings(key_wrapper=vault))
    wrapped = wrapper.wrap(b"k" * 32, "field 1")
    assert wrapper.unwrap(wrapped, "field 1") == b"k" * 32
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY is needed"):
        wrapper.first_version()
    problems = Settings(mode="production", key_wrapper=vault).production_problems()
    assert "IVR_FIELD_KEY is missing" not in problems


@pytest.mark.parametrize("name", ["nowhere:make", "json:nothing", "json", ":", "json:", ":x"])
def test_a_wrapper_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(SettingsError, match="IVR_KEY_WRAPPER names nothing"):
        key_wrapper(Settings(key_wrapper=name))


def test_the_former_field_key_unwraps_and_does_not_wrap() -> None:
    import base64

    def text(key: bytes) -> str:
        return base64.b64encode(key).decode()

    old = SettingsKeyWrapper(FIELD_KEY).wrap(b"k" * 32, "field 1")
    both = key_wrapper(Settings(field_key=text(b"n" * 32), field_key_before=text(FIELD_KEY)))  # type: ignore[arg-type]
    assert both.unwrap(old, "field 1") == b"k" * 32
    new = SettingsKeyWrapper(b"n" * 32)
    assert new.unwrap(both.wrap(b"k" * 32, "field 1"), "field 1") == b"k" * 32
    with pytest.raises(SettingsError, match="IVR_FIELD_KEY_BEFORE must be 32 bytes"):
        key_wrapper(Settings(field_key=text(FIELD_KEY), field_key_before="x"))  # type: ignore[arg-type]
