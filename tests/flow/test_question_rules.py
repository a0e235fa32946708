"""Lint: mistakes in slots and in the states that ask for them."""

from __future__ import annotations

import pytest
from small_flow import Workshop

#: What is changed in flow.yaml, and all that lint then says about it (line:column: message).
TABLE: list[tuple[list[tuple[str, str]], list[str]]] = [
    # --- slots
    (
        [("slot: birthdate", "slot: brithdate")],
        [
            "15:3: no state collects the slot 'birthdate'",
            "37:11: unknown slot 'brithdate' (did you mean 'birthdate'?)",
        ],
    ),
    (
        [("code, pii", "digits, pii"), ("length: 6", "length: 4")],
        ["49:12: check 'check_code' needs a slot of type 'code'"],
    ),
    ([(", length: 6", "")], ["16:3: a slot of type 'code' needs 'length' (how many digits)"]),
    ([("length: 6", "length: 4")], ["16:57: a code of fewer than 6 digits can be guessed"]),
    (
        [("confirm: never", "confirm: always")],
        [
            "16:42: a code is never read back: write 'confirm: never'",
            "41:3: needs 'confirm', a prompt that reads the value back (slot 'code' has"
            " 'confirm: always')",
        ],
    ),
    (
        [("birthdate, pii: true", "birthdate, pii: false, length: 8")],
        [
            "15:37: a birthdate is personal data: write 'pii: true'",
            "15:44: 'length' is only for slots of type 'code', 'digits', 'customer_number'",
        ],
    ),
    (
        [("    confirm: birthdate_confirm\n", "")],
        [
            "35:3: needs 'confirm', a prompt that reads the value back (slot 'birthdate' has"
            " 'confirm: unsure')"
        ],
    ),
    (
        [("    menu: consent", "    confirm: birthdate_confirm")],
        ["45:5: 'confirm' has no use: slot 'code' has 'confirm: never'"],
    ),
    # --- questions
    (
        [("grammar: consent", "grammar: consnet")],
        [
            f"30:14: there is no grammar {language}/consnet (did you mean 'consent'?)"
            for language in ("en", "ja")
        ],
    ),
    (
        [("      no: {go: to_agent, language: ja}", "      noo: to_agent"), ("2: no", "2: noo")],
        [
            f"33:7: 'noo' is no meaning of the grammar {language}/consent (did you mean 'no'?)"
            for language in ("en", "ja")
        ],
    ),
    ([("2: no}", "2: yess}")], ["34:23: unknown choice 'yess' (did you mean 'yes'?)"]),
    (
        [("    grammar: consent\n", "")],
        ["27:3: needs 'grammar' to understand speech, or 'listen: {speech: false}'"],
    ),
    (
        [("    grammar: consent\n", "    listen: {speech: false}\n"), (", 2: no", "")],
        ["33:7: no key leads to the choice 'no', and speech is off here"],
    ),
    (
        [("    grammar: consent\n", "    grammar: consent\n    listen: {speech: false}\n")],
        ["30:5: 'grammar' has no use in a state that does not listen to speech"],
    ),
    (
        [("    grammar: consent\n", "    grammar: consent\n    listen: {keys: false}\n")],
        ["35:5: 'keys' has no use in a state that does not listen to keys"],
    ),
    (
        [
            (
                "    prompt: birthdate\n",
                "    prompt: birthdate\n    listen: {speech: false, keys: false}\n",
            )
        ],
        ["39:5: this state listens to nothing: allow 'speech' or 'keys'"],
    ),
    (
        [("    menu: consent", "    listen: {speech: false}\n    commands: {why: consent}")],
        ["46:5: commands are spoken, and this state does not listen to speech"],
    ),
    (
        [
            (
                "      yes: birthdate\n      no: {go: to_agent, language: ja}\n"
                "    keys: {1: yes, 2: no}",
                "      {}\n    on_silence: birthdate",
            )
        ],
        ["31:5: a state of kind 'choose' needs at least one choice"],
    ),
    # --- keypad states
    (
        [("    menu: consent", "    menu: consent\n    listen: {keys: false}")],
        ["45:5: 'menu' is only for states in which the value is entered by keys"],
    ),
    (
        [("    menu: consent", "    on_digits: consent")],
        ["45:5: 'on_digits' would take away the keys that enter 'code'"],
    ),
    (
        [
            (
                "    prompt: birthdate\n",
                "    prompt: birthdate\n    on_digits: code\n    menu: code\n",
            )
        ],
        ["40:5: 'menu' and 'on_digits' cannot both stand in one state"],
    ),
    (
        [
            (
                "    prompt: birthdate\n",
                "    prompt: birthdate\n    on_digits: code\n    listen: {speech: false}\n",
            )
        ],
        ["39:5: 'on_digits' is only for states that listen to speech"],
    ),
    (
        [
            (
                "    prompt: birthdate\n",
                "    prompt: birthdate\n    on_digits: code\n    listen: {keys: false}\n",
            )
        ],
        ["39:5: 'on_digits' has no use in a state that does not listen to keys"],
    ),
    # --- names
    (
        [
            ("type: birthdate", "type: name"),
            ("    prompt: birthdate\n", "    prompt: birthdate\n    listen: {speech: false}\n"),
        ],
        ["39:5: a name cannot be entered by keys"],
    ),
    # --- other slots
    (
        [("birthdate, pii: true", "address, pii: false")],
        ["15:35: an address is personal data: write 'pii: true'"],
    ),
    (
        [("birthdate, pii: true", "customer_number, pii: true")],
        ["15:3: a slot of type 'customer_number' needs 'length' (how many digits)"],
    ),
    (
        [
            ("birthdate, pii: true", "email_address, pii: true, confirm: never"),
            ("    confirm: birthdate_confirm\n", ""),
        ],
        ["15:56: letters are easily misheard: write 'confirm: always'"],
    ),
    (
        [
            ("type: birthdate", "type: email_address"),
            ("    prompt: birthdate\n", "    prompt: birthdate\n    listen: {speech: false}\n"),
        ],
        ["39:5: an email address cannot be entered by keys"],
    ),
    (
        [
            ("type: birthdate", "type: phone_number"),
            ("    prompt: birthdate\n", "    prompt: birthdate\n    on_digits: code\n"),
        ],
        ["39:5: 'on_digits' would take away the keys that enter 'birthdate'"],
    ),
    (
        [
            ("type: birthdate", "type: name"),
            (
                "    prompt: birthdate\n",
                "    prompt: birthdate\n    part: given\n    partial: code\n    menu: code\n",
            ),
        ],
        [
            "40:5: 'partial' has no use with 'part: given'",
            "41:5: 'menu' is only for states in which the value is entered by keys",
        ],
    ),
    (
        [
            ("type: birthdate", "type: name"),
            ("    prompt: birthdate\n", "    prompt: birthdate\n    full: code\n"),
        ],
        ["39:5: 'full' is only for states that ask for a part of the name"],
    ),
    (
        [("    prompt: birthdate\n", "    prompt: birthdate\n    part: full\n")],
        ["39:5: 'part' is only for slots of type 'name'"],
    ),
]


@pytest.mark.parametrize(("edits", "expected"), TABLE)
def test_mistakes_in_a_question(
    workshop: Workshop, edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert workshop.problems_in_flow(*edits) == expected
