"""Writes docs/openapi.json, the description of the HTTP API. Run it with `make docs`."""

from __future__ import annotations

import json
from pathlib import Path

from ivr.telephony.api_document import api_document

PAGE = Path(__file__).with_name("openapi.json")
EXAMPLE = "https://voice.example.co.jp"


def render() -> str:
    """The text of the page."""
    return json.dumps(api_document(EXAMPLE), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
