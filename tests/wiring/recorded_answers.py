"""Recordings of rehearsed callers, whose voices the shipped model knows, as spoken answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.wiring.spoken_answers import INDEX, Slots, SpokenAnswer

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "flows" / "verify" / "calls" / "audio"
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def answer(name: str, slot: Slots, expected: str, *look_alikes: str) -> SpokenAnswer:
    return SpokenAnswer(RECORDINGS / f"{name}.wav", slot, expected, "m001", look_alikes)


BIRTHDATE = answer("taro/showa-60-3-5", "birthdate", "1985-03-05")
NAME = answer("taro/yamada-taro", "name", "ヤマダ タロウ", "ハマダ タロウ", "ヤマダ ハロウ")
YES = answer("taro/hai", "yes_no", "yes")
CARD = answer("ichiro/card", "command", "lost_card")
WAIT = answer("taro/chotto-matte", "command", "wait")


def write_index(folder: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """An index in ``folder``, and the files that it names."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / INDEX).write_text("".join(lines), encoding="utf-8")
    return folder


def row(said: SpokenAnswer) -> dict[str, Any]:
    found = {
        "wav": str(said.wav.resolve()),
        "slot": said.slot,
        "expected": said.expected,
        "voice": said.voice,
    }
    return found | ({"look_alikes": list(said.look_alikes)} if said.look_alikes else {})
