"""``.ci/audit.py``: what it finds, and what it says where it cannot look."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from audit_tool import audit
from citations import ROOT

# --- licences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("BSD-3-Clause AND (0BSD OR Zlib)", True),
        ("OSI Approved :: Apache Software License", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("LGPL-3.0-only", False),
        ("MIT OR GPL-2.0-only", False),
        ("MIT AND Proprietary", False),
        ("", False),
    ],
)
def test_licences_that_may_be_shipped(licence: str, allowed: bool) -> None:
    assert audit.is_allowed(licence) is allowed


def test_a_package_under_another_licence_is_named() -> None:
    said = {"good": "MIT", "bad": "GPL-3.0-only", "silent": "", "psycopg": "LGPL-3.0-only"}

    def stated(name: str) -> str:
        if name not in said:
            raise PackageNotFoundError(name)
        return said[name]

    problems, away = audit.licences([*said, "elsewhere"], stated)
    assert problems == ["bad: GPL-3.0-only", "silent: states no licence"]
    assert away == ["elsewhere"]


def test_an_exception_is_for_the_licence_that_was_looked_at() -> None:
    problems, _ = audit.licences(["psycopg"], lambda name: "AGPL-3.0-only")
    assert problems == ["psycopg: AGPL-3.0-only"]


def test_every_locked_package_may_be_shipped() -> None:
    names = audit.locked(ROOT / audit.LOCK)
    problems, away = audit.licences(names)
    assert len(names) - len(away) > 60, "too few of the locked packages are installed here to judge"
    assert problems == []


# --- vulnerabilities ----------------------------------------------------------------------------


def _says(stdout: str, stderr: str = "", code: int = 0) -> Callable[..., Any]:
    return lambda command, **how: subprocess.CompletedProcess(command, code, stdout, stderr)


def _report(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


CLEAN = {"name": "flask", "version": "3.1.3", "vulns": []}
KNOWN = {
    "name": "old",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1", "2.0"]}],
}
SKIPPED = {"name": "away", "skip_reason": "Dependency not found on PyPI"}


def test_a_known_vulnerability_fails() -> None:
    found, unknown = audit.vulnerabilities(Path("lock"), _says(_report(CLEAN, KNOWN), code=1))
    assert found == ["old 1.0: PYSEC-2026-1, mended in 1.1, 2.0"]
    assert unknown == ""


def test_none_known() -> None:
    assert audit.vulnerabilities(Path("lock"), _says(_report(CLEAN))) == ([], "")


@pytest.mark.parametrize(
    ("run", "why"),
    [
        # This is what pip-audit says without a network, with exit status 0.
        (_says(_report(SKIPPED, SKIPPED)), "the advisory database could not be reached"),
        (_says(_report()), "the advisory database could not be reached"),
        (_says("", "ERROR: connection refused", 1), "the advisory database could not be reached"),
        (_says(_report(CLEAN, SKIPPED)), "not looked up: away"),
        (_says("", "python: No module named pip_audit", 1), "pip install pip-audit"),
    ],
)
def test_what_was_not_looked_up_is_never_called_clean(run: Callable[..., Any], why: str) -> None:
    found, unknown = audit.vulnerabilities(Path("lock"), run)
    assert found == []
    assert why in unknown


def test_one_that_hangs_is_told() -> None:
    def hangs(command: list[str], **how: object) -> None:
        raise subprocess.TimeoutExpired(command, 600)

    assert audit.vulnerabilities(Path("lock"), hangs) == (
        [],
        "pip-audit did not end (TimeoutExpired)",
    )


def test_without_advisories_the_rest_goes_on_and_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "vulnerabilities", lambda lock: ([], "no network"))
    monkeypatch.setattr(audit, "secrets", lambda root, baseline, accept: [])
    assert audit.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("vulnerabilities")] == [
        "vulnerabilities: NOT CHECKED: no network"
    ]
    assert lines[-1].startswith("secrets: none")
    assert audit.main(["--need-advisories"]) == 1


# --- secrets ------------------------------------------------------------------------------------

#: Put together here, so that this file holds none.
PLANTED = {
    "settings.env": "IVR_FIELD_KEY=" + "mJ8Qv3+xT1r/ZkY0uH5bW9dCe2Lf6NpAsG4iKoRtVwE" + "=",
    "signing.json": '{"kty": "OKP", "crv": "Ed25519", "d": "'
    + "3q2-7wXk9pLmZr5TtYvBnC8hJd1FgSaQoEiUuWyXcVb"
    + '"}',
    "twilio.py": "auth_token = '" + "4f9d2c8e7b1a6053" + "9e8d7c6b5a403f21" + "'",
    "notes.md": "postgresql://ivr:" + "Tr0ub4dor-3horse" + "@db.example.co.jp/ivr",
    "id_ed25519": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "deploy.sh": "export AWS_KEY=" + "AKIA" + "QYLPMN5HFIQR7XYA",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without secrets."""
    pytest.importorskip("detect_secrets", reason="pip install detect-secrets")
    (tmp_path / "clean.py").write_text("KEY = load('IVR_FIELD_KEY')\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_secret_is_found_and_not_shown(checkout: Path, name: str) -> None:
    baseline = checkout / audit.BASELINE
    assert audit.secrets(checkout, baseline) == []
    (checkout / name).write_text(f"\n{PLANTED[name]}\n")
    found = audit.secrets(checkout, baseline)
    assert {each.rpartition(":")[0] for each in found} == {f"{name}:2"}
    assert PLANTED[name] not in str(found)


def test_what_was_looked_at_is_not_told_again_and_anything_new_is(checkout: Path) -> None:
    baseline = checkout / audit.BASELINE
    (checkout / "made_up.md").write_text(PLANTED["notes.md"])
    audit.secrets(checkout, baseline, accept=True)
    assert "Tr0ub4dor" not in baseline.read_text()
    (checkout / "made_up.md").write_text("\n\n" + PLANTED["notes.md"])  # moved, and the same
    assert audit.secrets(checkout, baseline) == []
    (checkout / "made_up.md").write_text(PLANTED["notes.md"].replace("horse", "mule"))
    assert len(audit.secrets(checkout, baseline)) == 1


def test_what_was_looked_at_counts_in_every_checkout(checkout: Path) -> None:
    (checkout / "made_up.md").write_text(PLANTED["notes.md"])
    audit.secrets(checkout, checkout / audit.BASELINE, accept=True)
    elsewhere = checkout.rename(checkout.with_name("elsewhere"))
    assert audit.secrets(elsewhere, elsewhere / audit.BASELINE) == []


def test_what_git_ignores_is_nobodys_business(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("var/\n")
    (checkout / "var").mkdir()
    (checkout / "var" / "keys.env").write_text(PLANTED["settings.env"])
    assert audit.secrets(checkout, checkout / audit.BASELINE) == []


def test_without_git_every_file_is_read(checkout: Path) -> None:
    (checkout / "var").mkdir()
    (checkout / "var" / "keys.env").write_text(PLANTED["settings.env"])
    subprocess.run(["rm", "-r", checkout / ".git"], check=True)
    assert len(audit.secrets(checkout, checkout / audit.BASELINE)) >= 1
