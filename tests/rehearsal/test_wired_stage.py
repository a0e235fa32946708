"""The real application on the rehearsal's stage."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from fakes.sound_files import write_wav
from fakes.voices import hum

from ivr.commands.rehearse import WiredStage, load_flows
from ivr.rehearsal.callfile import load_call
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.world import Worlds
from ivr.settings import load_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "docs" / "rehearsal.md").read_text("utf-8"), re.DOTALL
)[0]
CUSTOMERS = """
customers:
  - {surname: 山田, given: 太郎, surname_kana: ヤマダ, given_kana: タロウ,
     birthdate: 1985-03-05, mobile: "+819012345678"}
"""


def test_the_documented_call_goes_as_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_FLOWS_DIR", str(ROOT / "flows"))
    monkeypatch.setenv("IVR_GRAMMARS_DIR", str(ROOT / "grammars"))
    flows = load_flows(load_settings())
    write_wav(tmp_path / "yamada-taro.wav", hum(0.5))
    path = tmp_path / "call.yaml"
    path.write_text(EXAMPLE + CUSTOMERS, encoding="utf-8")
    call = load_call(path, flows=flows)
    log, moments = io.StringIO(), list[Moment]()
    with Worlds(WiredStage(log, "debug"), fast=True) as worlds:
        outcome = worlds.rehearse(call, flows["verify"], moments.append)
    assert outcome.ok, outcome.problems
    assert outcome.seconds > 60
    assert any(moment.who == "agent" for moment in moments)
    assert "transfer" in log.getvalue()
    code = next(re.search("[0-9]{6}", m.text) for m in moments if m.who == "message")
    assert code is not None
    for secret in ("山田", "太郎", "ヤマダ", "昭和", "9012345678", code[0]):
        assert secret not in log.getvalue()
