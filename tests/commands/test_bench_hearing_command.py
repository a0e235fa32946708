"""``ivr bench hearing``: one call in real time over a real socket, and what is told of it.

Nothing here depends on how fast this machine is.
"""

from __future__ import annotations

import json

import pytest
from command_line import ROOT, Ivr
from fakes.line_sounds import mulaw, silence, speech

from ivr.commands.bench_callers import Findings, until_over

WORDS = ("bare AcceptWaveform loop", "the same, and alternatives", "this program")


def test_hearing_is_measured_beside_a_bare_loop_and_on_streams(ivr: Ivr) -> None:
    ran = ivr(
        "bench", "hearing", "--calls", "1", "--seconds", 1, "--rounds", 1, "--json"
    )  # fmt: skip
    assert ran.code == 0
    assert ran.err.splitlines() == ["hearing beside a bare loop", "1 calls at once, 1 s"]
    told = json.loads(ran.out)
    assert tuple(cost["name"] for cost in told["costs"]) == WORDS
    assert all(cost["speech"] > cost["line"] > 0 for cost in told["costs"])
    (level,) = told["levels"]
    assert (level["calls"], level["answers"]) == (1, 2)
    assert (level["refused"], level["lost"]) == (0, 0)
    assert level["p95_ms"] >= level["p50_ms"] > level["pause_ms"] - 100
    assert level["cpu_ms_per_s"] > 0


@pytest.mark.parametrize("calls", ["", "0", "1,x", "1,,2", "201"])
def test_calls_are_a_list_of_numbers(ivr: Ivr, calls: str) -> None:
    ran = ivr("bench", "hearing", "--calls", calls)
    assert (ran.code, ran.out) == (2, "")
    assert "is no list of numbers from 1 to 200" in ran.err


def test_flows_without_recordings_are_told(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    flows = tmp_path_factory.mktemp("flows")
    (flows / "verify").mkdir()
    (flows / "policies").symlink_to(ROOT / "flows" / "policies")
    for path in (ROOT / "flows" / "verify").iterdir():
        if path.name != "calls":
            (flows / "verify" / path.name).symlink_to(path)
    monkeypatch.setenv("IVR_FLOWS_DIR", str(flows))
    ran = ivr("bench", "hearing", "--calls", "1")
    assert (ran.code, ran.out) == (1, "")
    assert "there is no recording" in ran.err
    assert "IVR_FLOWS_DIR" in ran.err


def test_a_recording_is_over_before_the_silence_at_its_end() -> None:
    said = mulaw(silence(0.2) + speech(0.5) + silence(0.6))
    assert until_over(said) == pytest.approx(0.7, abs=0.08)


def test_what_several_callers_found_is_put_together() -> None:
    found = Findings({"consent": [0.8]}, {1013: 1}, 0, 0.01, 1.0, 9.0)
    found.add(Findings({"consent": [0.9], "birthdate": [1.0]}, {1013: 2}, 1, 0.02, 2.0, 5.0))
    assert found == Findings(
        {"consent": [0.8, 0.9], "birthdate": [1.0]}, {1013: 3}, 1, 0.02, 3.0, 14.0
    )
