"""The description of our HTTP API (OpenAPI 3.1), for this installation."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ivr import __version__


def api_document(public_url: str) -> dict[str, Any]:
    """The document, with the API at ``public_url``."""
    shared = _source()
    info = {**shared["info"], "version": __version__}
    return {**shared, "info": info, "servers": [{"url": public_url}]}


@cache
def _source() -> dict[str, Any]:
    text = files("ivr.telephony").joinpath("openapi.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read
