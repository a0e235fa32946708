"""Who is spared a code, and who is asked for two, is said by policy and flow together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ivr.errors import FilesError
from ivr.flow.loader import load_flow, load_flow_sources, load_policy
from ivr.flow.policy import RECENT, KnownCaller, Levels, PolicyFile, codes_in
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]
WORDS = Settings().words()
POLICY = "policies/careful.yaml"
FLOW = "step_up/flow.yaml"
ASKS_A_SECOND = """    check: send_code_second
    on: {sent: second_entry, limit: second_missing, enough: transfer, none: second_missing}"""
ASKS_ANOTHER = """    check: send_code_other
    on: {sent: second_entry, limit: second_missing}"""
LOOKS = "  known_caller: {kind: check, check: known_caller, on: {known: transfer_known, unknown: code_offer}}\n"  # noqa: E501


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """The example's files, to be spoilt."""
    shutil.copytree(ROOT / "examples" / "flows", tmp_path / "flows")
    return tmp_path / "flows"


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def problems(flows: Path) -> list[str]:
    """What lint says of the flow and its policy, with paths from the folder of flows."""
    try:
        load_flow(flows / "step_up", grammars_dir=ROOT / "grammars", words=WORDS)
    except FilesError as error:
        return [str(each).replace(f"{flows.as_posix()}/", "") for each in error.problems]
    return []


def test_the_example_is_sound_and_pinned(flows: Path) -> None:
    assert problems(flows) == []
    flow = load_flow(flows / "step_up", grammars_dir=ROOT / "grammars", words=WORDS)
    assert flow.policy.known_caller == KnownCaller(within="10m")
    assert load_flow_sources("step_up", flow.sources, WORDS).policy == flow.policy


def test_the_shipped_policy_spares_nobody() -> None:
    bank = load_policy(ROOT / "flows" / "policies" / "bank.yaml")
    assert bank.known_caller is None
    assert all(RECENT not in way for way in bank.levels.verified)
    assert all(codes_in(way) < 2 for name in bank.actions for way in bank.ways_to(name))


def test_what_is_left_out_counts_no_code_of_an_earlier_call() -> None:
    assert all(RECENT not in way for way in Levels().verified)
    assert PolicyFile(policy="new").known_caller is None


@pytest.mark.parametrize("within", ["1m", "9m", "15m"])
def test_how_long_a_code_may_count(flows: Path, within: str) -> None:
    edit(flows / POLICY, ("{within: 10m}", f"{{within: {within}}}"))
    assert problems(flows) == []
    assert KnownCaller(within=within).seconds == 60 * int(within.rstrip("m"))


@pytest.mark.parametrize(
    "within",
    ["16m", "0m", "10s", "1h", "99m", "010m", "１０m", "10 m", '""', "-5m", "10m "],
)
def test_how_long_a_code_may_not_count(flows: Path, within: str) -> None:
    text = (flows / POLICY).read_text("utf-8")
    line = text[: text.index("known_caller:")].count("\n") + 1
    within = f'"{within.strip(chr(34))}"'
    edit(flows / POLICY, ("{within: 10m}", f"{{within: {within}}}"))
    assert f"{POLICY}:{line}:24: must be a time from 1m to 15m" in problems(flows)


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (
            POLICY,
            ("known_caller: {within: 10m}", "known_caller: {}"),
            "'within' is missing",
        ),
        (
            POLICY,
            ("known_caller: {within: 10m}", "known_caller: {within: 10m, agent: true}"),
            "unknown key 'agent'",
        ),
        (
            POLICY,
            ("known_caller: {within: 10m}\n", ""),
            "nobody ever has code_recent: it takes 'known_caller' in this policy",
        ),
        (
            POLICY,
            ("    - [birthdate, name, code_recent]\n", ""),
            "counts for nothing: no level and no action names code_recent",
        ),
        (
            POLICY,
            ("[birthdate, name, code_recent]", "[name, code_recent]"),
            "'verified' is about one customer: it takes birthdate too",
        ),
        (
            POLICY,
            ("half_proven: {signal: second_missing", "half_proven: {signal: second_misses"),
            "unknown signal 'second_misses' (did you mean 'second_missing'?)",
        ),
        (
            FLOW,
            (LOOKS, "  known_caller: {kind: say, prompt: transfer_known, next: code_offer}\n"),
            "the flow 'step_up' never looks: it has no check 'known_caller'",
        ),
        (
            FLOW,
            ("known: transfer_known, unknown: code_offer", "known: transfer_known"),
            "check 'known_caller' can end in 'unknown': say where that leads",
        ),
        (
            FLOW,
            (ASKS_A_SECOND, ASKS_ANOTHER),
            "nobody can be allowed 'money' in the flow 'step_up', which never has second_contact",
        ),
        (
            POLICY,
            ("needs: [second_contact]", "needs: [code_sms, code_voice, code_email]"),
            "nobody can be allowed 'money' in the flow 'step_up', which never has codes of three",
        ),
        (
            POLICY,
            ("    needs: [second_contact]\n", ""),
            "is never asked for: nothing in ",
        ),
        (FLOW, ("enough: transfer, ", ""), "can end in 'enough': say where that leads"),
    ],
)
def test_what_lint_says_where_they_do_not_go_together(
    flows: Path, file: str, change: tuple[str, str], expected: str
) -> None:
    edit(flows / file, change)
    found = [problem for problem in problems(flows) if expected in problem]
    assert len(found) == 1, problems(flows)
    where, _, _ = found[0].partition(": ")
    path, line, column = where.rsplit(":", 2)
    assert path in (POLICY, FLOW)
    assert int(line) > 1
    assert int(column) > 0


def test_two_codes_in_a_flow_that_asks_for_one(flows: Path) -> None:
    edit(flows / POLICY, ("needs: [second_contact]", "needs: [code_sms, code_email]"))
    assert problems(flows) == []
    edit(flows / FLOW, (ASKS_A_SECOND, ASKS_ANOTHER))
    (found,) = problems(flows)
    assert found.endswith("which never has a code of a second contact (a check 'send_code_second')")


@pytest.mark.parametrize(
    ("way", "codes"),
    [
        (("birthdate", "name"), 0),
        (("birthdate", "name", "code_sms"), 1),
        (("code_sms", "code_email"), 2),
        (("second_contact",), 2),
        (("code_sms", "second_contact"), 2),
        (("code_recent",), 0),
    ],
)
def test_how_many_contacts_have_to_be_asked(way: tuple[str, ...], codes: int) -> None:
    assert codes_in(way) == codes


def test_every_way_to_an_action() -> None:
    words = {"ja": "な", "en": "n"}
    made = PolicyFile(
        policy="p",
        actions={
            name: {"level": level, "needs": ("second_contact",), "words": words}
            for name, level in (("free", "none"), ("letter", "matched"), ("money", "verified"))
        },
    )
    assert made.ways_to("free") == (frozenset({"second_contact"}),)
    assert made.ways_to("letter") == (frozenset({"birthdate", "name", "second_contact"}),)
    assert {len(way) for way in made.ways_to("money")} == {4}
    assert len(made.ways_to("money")) == 2
