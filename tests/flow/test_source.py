"""Reading YAML: the dialect, positions, and every way in which a file can be no good."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.nodes import MAX_DEPTH
from ivr.flow.source import MAX_BYTES, Document, read_yaml

FILE = Path("f.yaml")


def read(text: str) -> Document:
    return read_yaml(FILE, text=text)


def complaints(text: str) -> list[str]:
    return [str(problem) for problem in read(text).problems]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("yes: no", {"yes": "no"}),
        ("on: off", {"on": "off"}),
        ("0: y\n1: n", {"0": "y", "1": "n"}),
        ("true: true\nfalse: false", {"true": True, "false": False}),
        ("a: True\nb: FALSE\nc: Yes", {"a": "True", "b": "FALSE", "c": "Yes"}),
        ("a: 12\nb: -3\nc: 0", {"a": 12, "b": -3, "c": 0}),
        ("a: 012\nb: 0x1f\nc: 0o7\nd: 1_000", {"a": "012", "b": "0x1f", "c": "0o7", "d": "1_000"}),
        ("a: +819012345678", {"a": "+819012345678"}),
        ("a: 10:30\nb: 12:30:45", {"a": "10:30", "b": "12:30:45"}),
        ("a: 2026-11-22\nb: 2026-11-22T10:00", {"a": "2026-11-22", "b": "2026-11-22T10:00"}),
        ("a: 0.5\nb: .5\nc: 1e3\nd: .inf", {"a": 0.5, "b": ".5", "c": "1e3", "d": ".inf"}),
        ("a: 1.0e400", {"a": "1.0e400"}),
        ("a: " + "9" * 5000, {"a": "9" * 5000}),
        ("a: null\nb: ~\nc: Null", {"a": None, "b": None, "c": "Null"}),
        ("a: ''\nb: '12'\nc: 'true'", {"a": "", "b": "12", "c": "true"}),
        ("a: |\n  一\n  二\n", {"a": "一\n二\n"}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("'<<': x", {"<<": "x"}),
        ("plain", "plain"),
        ("[]", []),
    ],
)
def test_what_a_text_means(text: str, data: Any) -> None:
    document = read(text)
    assert document.problems == []
    assert document.data == data
    assert repr(document.data) == repr(data)  # True is not 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["f.yaml: the file is empty"]),
        ("# nothing\n", ["f.yaml: the file is empty"]),
        ("~", ["f.yaml: the file is empty"]),
        ("a: 1\nb:\n  a: 2\na: 3", ["f.yaml:4:1: duplicate key 'a'; first at f.yaml:1:1"]),
        ("yes: 1\n'yes': 2", ["f.yaml:2:1: duplicate key 'yes'; first at f.yaml:1:1"]),
        ("a: {b: 1, b: 2}", ["f.yaml:1:11: duplicate key 'b'; first at f.yaml:1:5"]),
        (
            "a: &x 1\nb: *x",
            [
                "f.yaml:1:4: anchors (&x) are not allowed",
                "f.yaml:2:4: aliases (*x) are not allowed",
            ],
        ),
        ("&k a: 1", ["f.yaml:1:1: anchors (&k) are not allowed"]),
        (
            "a: &x {b: 1}\n*x : 2",
            [
                "f.yaml:1:4: anchors (&x) are not allowed",
                "f.yaml:2:1: aliases (*x) are not allowed",
            ],
        ),
        (
            "a: !!python/object/apply:os.system [x]",
            [
                "f.yaml:1:4: tags ('tag:yaml.org,2002:python/object/apply:os.system')"
                " are not allowed"
            ],
        ),
        ("a: !x 1", ["f.yaml:1:4: tags ('!x') are not allowed"]),
        ("<<: {a: 1}", ["f.yaml:1:1: merge keys (<<) are not allowed"]),
        ("a: 1\n---\nb: 2", ["f.yaml:2:1: a second document begins here; a file holds one"]),
        ("a:\n\tb: 1", ["f.yaml:2:1: a tab cannot stand here; use spaces"]),
        (
            "a: b: c",
            ["f.yaml:1:5: a ':' cannot stand here; check the indentation or quotes"],
        ),
        (
            "prompts：\n  a: b",
            [
                "f.yaml:2:4: a ':' cannot stand here; check the indentation or quotes"
                " (is a full-width '：' meant to be ':'?)"
            ],
        ),
        (
            "a:\n  b: 1\n　 c: d: 2",
            [
                "f.yaml:3:7: a ':' cannot stand here; check the indentation or quotes"
                " (a line begins with a full-width space)"
            ],
        ),
        ("keys: {*: repeat}", ["f.yaml:1:9: '*' must stand in quotes: \"*\""]),
        (
            "a: %x",
            ["f.yaml:1:4: a value cannot begin with this character; put it in quotes"],
        ),
        ("a: [1, 2", ["f.yaml:1:9: a ',' or a closing bracket is missing before this"]),
        ("a: 'x", ["f.yaml:1:6: a quotation mark is opened but never closed"]),
        ("a:\n   b: 1\n  c: 2", ["f.yaml:3:3: the indentation does not fit the lines above"]),
        ("a: 1\nb\nc: 1", ["f.yaml:3:1: a ':' is missing after this key"]),
        ('a: "\\q"', ["f.yaml:1:6: a '\\' inside double quotes must be written '\\\\'"]),
        ("{a: 1}}", ["f.yaml:1:7: not YAML: expected '<document start>', but found '}'"]),
        ('a: "\\UFFFFFFFF"', ["f.yaml:1:1: an escape after this names no character"]),
        ('a: "\\uD800"', ["f.yaml:1:4: an escape in this text gives a control character"]),
        ('"\\0": 1', ["f.yaml:1:1: an escape in this key gives a control character"]),
        ("a: 1\nb: x\x07", ["f.yaml:2:5: the character U+0007 is not allowed in YAML"]),
        ("a:\nb: 1", ["f.yaml:1:1: 'a' has no value"]),
        ("a:\n  -\n  - 1", ["f.yaml:2:4: this entry of the list has no value"]),
        ("? [a]\n: 1", ["f.yaml:1:3: a key must be text, not a list or a mapping"]),
        ("'': 1", ["f.yaml:1:1: a key is missing before this ':'"]),
        ("[" * 5000, ["f.yaml:1:42: nested more than 40 levels deep"]),
        ("- " * 200 + "a", ["f.yaml:1:83: nested more than 40 levels deep"]),
    ],
)
def test_what_is_refused(text: str, expected: list[str]) -> None:
    assert complaints(text) == expected


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert complaints("[" * MAX_DEPTH + "a" + "]" * MAX_DEPTH) == []


def test_positions_of_keys_and_values() -> None:
    document = read("a:\n  b: [x, {c: y}]\n")
    assert str(document.problem(("a",), "m", key=True)) == "f.yaml:1:1: m"
    assert str(document.problem(("a", "b"), "m", key=True)) == "f.yaml:2:3: m"
    assert str(document.problem(("a", "b"), "m")) == "f.yaml:2:6: m"
    assert str(document.problem(("a", "b", 1, "c"), "m")) == "f.yaml:2:14: m"
    assert str(document.problem(("a", "b", 1, "c"), "m", key=True)) == "f.yaml:2:11: m"


def test_a_place_that_is_not_there_falls_back_to_what_surrounds_it() -> None:
    document = read("a:\n  b: x\n")
    assert str(document.problem(("a", "z", 3), "m")) == "f.yaml:1:1: m"
    assert str(document.problem(("z",), "m")) == "f.yaml:1:1: m"
    assert str(read("").problem(("z",), "m")) == "f.yaml: m"


def test_a_second_value_of_a_key_does_not_move_the_first() -> None:
    document = read("a: {b: 1}\na: {b: 2}\n")
    assert document.data == {"a": {"b": 1}}
    assert str(document.problem(("a", "b"), "m")) == "f.yaml:1:8: m"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"a" * (MAX_BYTES + 1))
    (tmp_path / "sjis.yaml").write_bytes("a: 1\nあb: ".encode() + "名前".encode("shift_jis"))
    os.mkfifo(tmp_path / "pipe.yaml")
    expected = {
        "none.yaml": ": no such file",
        "": ": is a folder, not a file",
        "big.yaml": ": the file is too large (more than 1 MB)",
        "sjis.yaml": ":2:5: this is not UTF-8; save the file as UTF-8",
        "pipe.yaml": ": is not an ordinary file",
        "big.yaml/x": ": cannot be read: Not a directory",
        "x" * 300: ": cannot be read: File name too long",
        "\0": ": cannot be read: not a usable path",
    }
    for name, message in expected.items():
        path = tmp_path / name
        assert [str(p) for p in read_yaml(path).problems] == [path.as_posix() + message]


def test_a_text_that_is_too_large() -> None:
    assert complaints("a" * (MAX_BYTES + 1)) == ["f.yaml: the file is too large (more than 1 MB)"]


@given(st.text(st.sampled_from("ab:\n -[]{}'\"\\u0*&!|>#%@\t,?~<"), max_size=60) | st.text())
def test_no_text_raises(text: str) -> None:
    document = read(text)
    assert document.data is not None or document.problems
    assert all(p.line >= 0 and p.column >= 0 and p.message for p in document.problems)


@given(st.binary(max_size=200))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(raw)
    document = read_yaml(path)
    assert document.data is not None or document.problems
