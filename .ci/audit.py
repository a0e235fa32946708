"""What we are built of, and what must not lie among the sources: ``make audit``.

Three parts, each a line or a list: licences of all locked packages (without any network), known
vulnerabilities (pip-audit; where the advisory database cannot be reached, that is said and the rest
goes on), and secrets in the files of the repository (detect-secrets, against a baseline of what was
looked at). Exit status 1: something was found.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = "requirements-dev.lock"
BASELINE = ".secrets.baseline"

#: Licences that everybody may ship (SPDX).
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
#: Packages under other licences, and why that is all right.
EXCEPTIONS = {
    "psycopg": "LGPL-3.0-only",  # the extra postgres: unchanged, as a library
    "psycopg-binary": "LGPL-3.0-only",
    "python-dateutil": "Dual License",  # Apache-2.0 or BSD-3-Clause, says its LICENSE
}
#: How packages without an SPDX expression say the same.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "PSFL": "PSF-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "OSI Approved :: Apache Software License": "Apache-2.0",
    "OSI Approved :: BSD License": "BSD-3-Clause",
    "OSI Approved :: MIT License": "MIT",
    "OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

#: Files in which long hexadecimal numbers are checksums, and words are only words.
CHECKSUMS = (
    "ivr/hearing/known_models.yaml", "ivr/hearing/rehearsal_model/", "speech_model/assets.py",
)  # fmt: skip
UNREAD = (".lock", ".tsv", ".wav", ".baseline")
#: Our own settings that are secrets, with a value: no detector of others knows their names.
OWN_SECRET = re.compile(
    r"\bIVR_(?:\w*(?:KEY|KEYS|KEY_BEFORE|TOKEN|PASSWORD|SECRETS))\s*=\s*['\"]?([^\s'\"`<…]{16,})"
)


def stated_licence(name: str) -> str:
    """What an installed package's metadata says; empty: nothing."""
    metadata = importlib.metadata.metadata(name)
    fields = ("License-Expression", "License")
    stated = next((text for field in fields for text in metadata.get_all(field) or [] if text), "")
    if not stated or stated == "UNKNOWN" or len(stated) > 60:
        classifiers = metadata.get_all("Classifier") or []
        known = [c.removeprefix("License :: ") for c in classifiers if c.startswith("License")]
        stated = known[-1] if known else ""
    return stated.strip()


def is_allowed(licence: str) -> bool:
    """Whether every licence that a statement names is one of ours; an OR counts as an AND."""
    named = re.split(r"\s+(?:AND|OR)\s+|[()]", SPELLINGS.get(licence, licence))
    return {part for part in named if part} <= ALLOWED if licence else False


def locked(lock: Path) -> set[str]:
    """The names in a lock."""
    return set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE))


def licences(
    names: Iterable[str], stated: Callable[[str], str] = stated_licence
) -> tuple[list[str], list[str]]:
    """Problems, and what could not be judged since it is not installed here."""
    problems, away = [], []
    for name in sorted(names):
        try:
            licence = stated(name)
        except importlib.metadata.PackageNotFoundError:
            away.append(name)
            continue
        if licence != EXCEPTIONS.get(name) and not is_allowed(licence):
            problems.append(f"{name}: {licence or 'states no licence'}")
    return problems, away


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def vulnerabilities(lock: Path, run: Run = subprocess.run) -> tuple[list[str], str]:
    """Known vulnerabilities, and why it is not known (empty: it is).

    pip-audit itself says "no known vulnerabilities" of packages that it could not look up.
    """
    command = [
        *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"),
        *("--requirement", str(lock), "--format", "json"),
        *("--progress-spinner", "off", "--timeout", "10"),
    ]
    try:
        done = run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], f"pip-audit did not end ({type(error).__name__})"
    if "No module named pip_audit" in done.stderr:
        return [], "pip-audit is not installed: pip install pip-audit"
    try:
        report: dict[str, Any] = json.loads(done.stdout)
        packages: list[dict[str, Any]] = report["dependencies"]
    except (ValueError, KeyError):
        return [], "the advisory database could not be reached"
    found = [
        f"{package['name']} {package['version']}: {known['id']},"
        f" mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for package in packages
        for known in package.get("vulns", [])
    ]
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    if not packages or len(unknown) == len(packages):
        return found, "the advisory database could not be reached"
    return found, f"not looked up: {', '.join(unknown)}" if unknown else ""


def files_of(root: Path) -> Iterator[str]:
    """The text files of a checkout, tracked or new, but not what git ignores; from the root."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others"]
    command.append("--exclude-standard")
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    if done.returncode == 0:
        names = sorted(name for name in done.stdout.decode().split("\0") if name)
    else:  # no checkout: an unpacked archive
        names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    for name in names:
        path = root / name
        if path.is_file() and not name.endswith(UNREAD) and not name.startswith(CHECKSUMS):
            with path.open("rb") as file:
                if b"\0" not in file.read(8192):
                    yield name


def secrets(root: Path, baseline: Path, *, accept: bool = False) -> list[str]:
    """``file:line: kind`` of each secret that is not in the baseline, never the secret itself.

    ``accept``: write the baseline anew, so that all of them count as looked at.
    """
    from detect_secrets import SecretsCollection  # an optional tool: the rest goes without
    from detect_secrets.core import baseline as baselines
    from detect_secrets.core.potential_secret import PotentialSecret
    from detect_secrets.settings import default_settings

    scanned, found = SecretsCollection(root=str(root)), SecretsCollection()
    # Without the filters that ask a provider whether a key works: that would send it there.
    with default_settings():
        for name in files_of(root):
            scanned.scan_file(name)
            for secret in scanned[name]:
                secret.filename = name  # it would be that of this checkout, and no other's baseline
                found[name].add(secret)
            text = (root / name).read_text(encoding="utf-8", errors="replace")
            for number, line in enumerate(text.splitlines(), 1):
                if own := OWN_SECRET.search(line):
                    found[name].add(PotentialSecret("Setting of ours", name, own[1], number))
        if accept:
            shown = baselines.format_for_output(found, is_slim_mode=True)
            baseline.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")
            return []
        if baseline.is_file():
            known = json.loads(baseline.read_text(encoding="utf-8"))
            found -= SecretsCollection.load_from_baseline(known)
    return [f"{name}:{secret.line_number}: {secret.type}" for name, secret in found]


def main(arguments: Sequence[str]) -> int:
    """Run all three parts; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--accept-secrets",
        action="store_true",
        help=f"write {BASELINE} anew: what is there now was looked at and is none",
    )
    parser.add_argument(
        "--need-advisories",
        action="store_true",
        help="fail where the advisory database cannot be reached",
    )
    given = parser.parse_args(arguments)
    failed = False

    names = locked(ROOT / LOCK)
    problems, away = licences(names)
    failed |= _told("licences", problems, f"{len(names) - len(away)} packages, all allowed")
    if away:
        print(f"licences: not installed here, not judged: {', '.join(away)}")  # noqa: T201

    problems, unknown = vulnerabilities(ROOT / LOCK)
    whole = "none known" if not unknown else f"NOT CHECKED: {unknown}"
    failed |= _told("vulnerabilities", problems, whole)
    failed |= bool(unknown) and given.need_advisories

    try:
        problems = secrets(ROOT, ROOT / BASELINE, accept=given.accept_secrets)
    except ModuleNotFoundError:
        print("secrets: NOT CHECKED: pip install detect-secrets")  # noqa: T201
        return int(failed)
    hint = "take it out, and replace the key; a made-up one: --accept-secrets"
    failed |= _told("secrets", [f"{each} ({hint})" for each in problems], "none but the baseline's")
    return int(failed)


def _told(part: str, problems: Sequence[str], otherwise: str) -> bool:
    for problem in problems:
        print(f"{part}: {problem}")  # noqa: T201
    if not problems:
        print(f"{part}: {otherwise}")  # noqa: T201
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
