"""Secrets: what a rehearsal makes for itself, and what production has to bring."""

from __future__ import annotations

import base64
import contextlib
import importlib
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from ivr.errors import SettingsError
from ivr.identity.result import new_signing_key
from ivr.records.key_wrapping import KeyWrapper, SettingsKeyWrapper
from ivr.settings import Settings

#: What a rehearsal makes for itself, by the name of its setting.
_REHEARSAL_KEYS = (
    "IVR_FIELD_KEY",
    "IVR_INDEX_KEY",
    "IVR_SIGNING_KEY",
    "IVR_TWILIO_AUTH_TOKEN",
)


def new_keys() -> dict[str, str]:
    """Fresh secrets, by the name of their setting."""

    def random_key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "IVR_FIELD_KEY": random_key(),
        "IVR_INDEX_KEY": random_key(),
        "IVR_SIGNING_KEY": new_signing_key(),
    }


def key_of(name: str, text: SecretStr) -> bytes:
    """The 32 bytes that the setting ``name`` holds; SettingsError where it does not."""
    try:
        key = base64.b64decode(text.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{name} must be 32 bytes in base64", hint="`ivr keys new` makes one")
    return key


def key_wrapper(settings: Settings) -> KeyWrapper:
    """Who wraps data keys: ``IVR_FIELD_KEY``, or what ``IVR_KEY_WRAPPER`` names.

    Raises:
        SettingsError: a key is malformed, or the wrapper cannot be made.
    """
    if settings.key_wrapper:
        return _named_wrapper(settings)
    key, before = settings.field_key, settings.field_key_before
    former = key_of("IVR_FIELD_KEY_BEFORE", before) if before.get_secret_value() else None
    return SettingsKeyWrapper(key_of("IVR_FIELD_KEY", key), former)


def _named_wrapper(settings: Settings) -> KeyWrapper:
    module, _, name = settings.key_wrapper.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"IVR_KEY_WRAPPER names nothing that can be loaded [{type(error).__name__}]",
            hint="module:function, see docs/keys.md",
        ) from None
    wrapper: KeyWrapper = make(settings)
    return wrapper


def with_rehearsal_keys(settings: Settings) -> Settings:
    """``settings`` with every secret: a rehearsal makes its own once and keeps them in
    ``var_dir/keys.env``; production has to bring them.

    Raises:
        SettingsError: production lacks something, all of which is named; or the index key is the
            field key too.
    """
    given = _given_keys(settings)
    _check_apart(given)
    return given


def _given_keys(settings: Settings) -> Settings:
    if settings.mode == "production":
        problems = settings.production_problems()
        if problems:
            raise SettingsError(
                "these settings cannot answer real callers:\n  " + "\n  ".join(problems),
                hint="docs/settings.md; `ivr keys new` makes the keys",
            )
        return settings
    kept = {
        name.removeprefix("IVR_").lower(): SecretStr(value)
        for name, value in _kept_keys(settings.var_dir / "keys.env").items()
    }
    fields: dict[str, object] = {
        field: value
        for field, value in kept.items()
        if not getattr(settings, field).get_secret_value()
    }
    if not settings.result_keys:
        fields["result_keys"] = {"rehearsal": kept["twilio_auth_token"]}
    return settings.model_copy(update=fields)


def _check_apart(settings: Settings) -> None:
    """Whoever holds the index key may try out values; they should not read fields with it, nor
    make what else is derived from it. Keys are compared as bytes: one key has several spellings."""
    index = _bytes_of(settings.index_key)
    # IVR_FIELD_KEY_BEFORE may be the same: that is the way out.
    if index and index == _bytes_of(settings.field_key):
        raise SettingsError(
            "IVR_FIELD_KEY and IVR_INDEX_KEY are one and the same key",
            hint="`ivr keys new` makes two; where something is stored already, replace the field"
            " key: docs/keys.md, Replacing the wrapping key",
        )


def _bytes_of(key: SecretStr) -> bytes:
    """The bytes of a key; empty where there is none or it is malformed, which others refuse."""
    try:
        return base64.b64decode(key.get_secret_value(), validate=True)
    except ValueError:
        return b""


def _kept_keys(path: Path) -> dict[str, str]:
    """The keys in ``path``, made on first use; the file is readable by its owner only.

    Raises:
        SettingsError: the file cannot be made or read, or a key is missing in it.
    """
    try:
        if not path.exists():
            _make_keys(path)
        lines = (line.partition("=") for line in path.read_text().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the rehearsal's keys cannot be kept in {path} [{type(error).__name__}]",
            hint="check the folder IVR_VAR_DIR",
        ) from None
    found = {name: value for name, _, value in lines if name in _REHEARSAL_KEYS and value}
    missing = [name for name in _REHEARSAL_KEYS if name not in found]
    if missing:
        raise SettingsError(
            f"{path} lacks {', '.join(missing)}",
            hint="give it back, or remove that file and the rehearsal's database beside it",
        )
    return found


def _make_keys(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = {**new_keys(), "IVR_TWILIO_AUTH_TOKEN": secrets.token_hex(16)}
    text = "".join(f"{name}={keys[name]}\n" for name in _REHEARSAL_KEYS)
    own = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    with contextlib.suppress(FileExistsError):  # another process was first: its keys count
        path.hardlink_to(own)
    own.unlink()
