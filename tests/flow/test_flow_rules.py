"""Lint: each mistake is found, once, at the place that causes it; those of the whole flow."""

from __future__ import annotations

import pytest
from small_flow import Workshop

FLOW = "flows/small/flow.yaml"
EN = "flows/small/prompts.en.yaml"

SAY = "  extra:\n    kind: say\n    prompt: hello\n    next: {}\n"
BYE = "  bye:\n    kind: end\n"

#: What is changed in flow.yaml, and all that lint then says about it (line:column: message).
TABLE: list[tuple[list[tuple[str, str]], list[str]]] = [
    # --- states that do not exist
    ([("start: hello", "start: helo")], ["3:8: unknown state 'helo' (did you mean 'hello'?)"]),
    (
        [("next: consent", "next: cnosent")],
        ["26:11: unknown state 'cnosent' (did you mean 'consent'?)"],
    ),
    ([("yes: birthdate", "yes: birth")], ["32:12: unknown state 'birth'"]),
    (
        [("{go: to_agent, language", "{go: agent, language")],
        ["33:16: unknown state 'agent' (did you mean 'to_agent'?)"],
    ),
    ([("menu: consent", "menu: qqq")], ["45:11: unknown state 'qqq'"]),
    (
        [("menu: consent", "partial: qqq")],
        ["45:5: 'partial' is only for slots of type 'name'", "45:14: unknown state 'qqq'"],
    ),
    ([("wrong: code", "wrong: cdoe")], ["50:31: unknown state 'cdoe' (did you mean 'code'?)"]),
    ([("busy: bye", "busy: by")], ["55:30: unknown state 'by' (did you mean 'bye'?)"]),
    (
        [("  mismatch: to_agent", "  mismatch: agent")],
        ["9:13: unknown state 'agent' (did you mean 'to_agent'?)"],
    ),
    (
        [("limit: to_agent", "limit: agent")],
        ["10:10: unknown state 'agent' (did you mean 'to_agent'?)"],
    ),
    (
        [("agent: {go: to_agent}", "agent: {go: to_agnet}")],
        ["18:15: unknown state 'to_agnet' (did you mean 'to_agent'?)"],
    ),
    (
        [("last: bye", "last: to_agent")],
        ["12:9: must be a state of kind 'end'; 'to_agent' is of kind 'transfer'"],
    ),
    (
        [("    prompt: birthdate\n", "    prompt: birthdate\n    on: {invalid: q}\n")],
        ["39:19: unknown state 'q'"],
    ),
    (
        [("    prompt: birthdate\n", "    prompt: birthdate\n    commands: {why: q}\n")],
        ["39:21: unknown state 'q'"],
    ),
    (
        [("    prompt: consent\n", "    prompt: consent\n    on_silence: q\n")],
        ["30:17: unknown state 'q'"],
    ),
    # --- checks and transfers
    (
        [("wrong: code, ", ""), ("failed: to_agent}", "failed: to_agent, expird: bye}")],
        [
            "50:5: check 'check_code' can end in 'wrong': say where that leads",
            "50:82: check 'check_code' never ends in 'expird' (did you mean 'expired'?)",
        ],
    ),
    (
        [("busy: bye", "bussy: bye")],
        [
            "55:5: a transfer can end in 'busy': say where that leads",
            "55:24: a transfer never ends in 'bussy' (did you mean 'busy'?)",
        ],
    ),
    (
        [
            ("check: check_code", "check: identify"),
            (
                "ok: to_agent, wrong: code, expired: to_agent,"
                " exhausted: to_agent, failed: to_agent",
                "done: to_agent",
            ),
        ],
        ["49:12: check 'identify' needs a slot of type 'name'"],
    ),
    (
        [
            ("check: check_code", "check: callback_there"),
            (
                "ok: to_agent, wrong: code, expired: to_agent,"
                " exhausted: to_agent, failed: to_agent",
                "kept: bye, failed: bye",
            ),
        ],
        ["49:12: check 'callback_there' needs a slot of type 'phone_number'"],
    ),
    (
        [("destination: agents", "destination: agent")],
        [
            "4:16: no state transfers to the destination 'agents'",
            "53:18: unknown destination 'agent' (did you mean 'agents'?)",
        ],
    ),
    (
        [("[agents]", "[agents, others, agents]")],
        [
            "4:24: no state transfers to the destination 'others'",
            "4:32: destination 'agents' is listed twice",
        ],
    ),
    # --- languages
    ([("[ja, en]", "[ja, en, ja]")], ["2:21: language 'ja' is listed twice"]),
    # --- commands and keys
    ([('"0": agent', '"0": agnet')], ["21:13: unknown command 'agnet' (did you mean 'agent'?)"]),
    (
        [("  agent: {go", "  agnet: {go"), ('"0": agent', '"0": agnet')],
        [
            f"18:3: 'agnet' is no meaning of the grammar {language}/commands"
            " (did you mean 'agent'?)"
            for language in ("en", "ja")
        ],
    ),
    (
        [("    menu: consent", "    commands: {wait: consent}")],
        [
            f"45:16: 'wait' is no meaning of the grammar {language}/commands"
            for language in ("en", "ja")
        ],
    ),
    (
        [("    prompt: code\n", "    prompt: code\n    help: why\n")],
        ["45:5: nobody can ask for this: the flow has no command 'help'"],
    ),
    # --- prompts
    (
        [("prompt: hello", "prompt: hallo")],
        [
            f"25:13: no prompt 'hallo' in flows/small/prompts.{language}.yaml"
            " (did you mean 'hello'?)"
            for language in ("en", "ja")
        ],
    ),
    (
        [("no_match: sorry", "no_match: sory")],
        [
            f"13:36: no prompt 'sory' in flows/small/prompts.{language}.yaml"
            " (did you mean 'sorry'?)"
            for language in ("en", "ja")
        ],
    ),
    # --- ways through the flow
    ([(BYE, SAY.format("bye") + BYE)], ["56:3: no call ever reaches the state 'extra'"]),
    (
        [("next: consent", "next: extra"), (BYE, SAY.format("hello") + BYE)],
        ["23:3: from the state 'hello' no call comes to a transfer or an end"]
        + [
            f"{line}:3: no call ever reaches the state '{name}'"
            for line, name in ((27, "consent"), (35, "birthdate"), (41, "code"), (47, "check"))
        ]
        + ["56:3: from the state 'extra' no call comes to a transfer or an end"]
        + ["56:3: this goes round without the caller: extra → hello → extra"],
    ),
    (
        [("wrong: code", "wrong: extra"), (BYE, SAY.format("check") + BYE)],
        ["47:3: this goes round without the caller: check → extra → check"],
    ),
]


@pytest.mark.parametrize(("edits", "expected"), TABLE)
def test_mistakes_in_the_flow(
    workshop: Workshop, edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert workshop.problems_in_flow(*edits) == expected


def test_unreachable_because_nothing_leads_on(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("next: consent", "next: bye"))
    assert workshop.problems() == [
        "flows/small/flow.yaml:27:3: no call ever reaches the state 'consent'",
        "flows/small/flow.yaml:35:3: no call ever reaches the state 'birthdate'",
        "flows/small/flow.yaml:41:3: no call ever reaches the state 'code'",
        "flows/small/flow.yaml:47:3: no call ever reaches the state 'check'",
    ]


def test_a_state_reached_only_by_a_command(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("why: {do: explain, prompt: why}", "why: {go: extra}"))
    workshop.edit(FLOW, (BYE, SAY.format("bye").replace("hello", "why") + BYE))
    assert workshop.problems() == []


def test_a_state_left_only_by_a_counter(workshop: Workshop) -> None:
    """A question that always comes back to itself still ends: the counters lead out."""
    workshop.edit(
        FLOW, ("yes: birthdate", "yes: consent"), ("{go: to_agent, language: ja}", "birthdate")
    )
    assert workshop.problems() == []


def test_destinations_missing_from_the_settings(workshop: Workshop) -> None:
    assert workshop.problems(destinations={"agents": ["+81312345678"], "others": []}) == []
    assert workshop.problems(destinations={}) == [
        f"{FLOW}:4:16: destination 'agents' is not in the settings (IVR_DESTINATIONS)"
    ]


def test_a_language_the_flow_does_not_speak(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("[ja, en]", "[ja]"), ("language: ja}", "language: en}"))
    workshop.remove(EN)
    assert workshop.problems() == [
        f"{FLOW}:20:35: the flow does not speak 'en' (see 'languages')",
        f"{FLOW}:33:36: the flow does not speak 'en' (see 'languages')",
    ]


def test_grammars_every_flow_needs(workshop: Workshop) -> None:
    for name in ("commands", "yes_no"):
        workshop.remove(f"grammars/ja/{name}.yaml")
        workshop.remove(f"grammars/ja/{name}.samples.yaml")
    workshop.edit("grammars/en/yes_no.yaml", (", no: [no]", ""))
    assert workshop.problems() == [
        f"{FLOW}:15:3: 'no' is no meaning of the grammar en/yes_no",
        f"{FLOW}:15:3: reading 'birthdate' back needs the grammar ja/yes_no",
        f"{FLOW}:17:1: the grammar ja/commands is missing",
    ]


def test_a_broken_grammar_is_not_also_missing(workshop: Workshop) -> None:
    workshop.write("grammars/ja/consent.yaml", "grammar: consent\n")
    assert workshop.problems() == ["grammars/ja/consent.yaml:1:1: 'language' is missing"]
