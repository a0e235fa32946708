"""Zip archives with something that looks like a Vosk model, and with worse."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile

from ivr.hearing.model_download import Archive


def noise(size: int, *, seed: int) -> bytes:
    """What no zip makes smaller; the same each time."""
    return random.Random(seed).randbytes(size)  # noqa: S311


FST = b"\xd6\xfd\xb2\x7e"
NAME = "tiny-model-1.0"
#: What :func:`ivr.hearing.model_files.look_at` wants to see, with noise enough to be cut in.
TINY = {
    "am/final.mdl": b"\0B<TransitionModel>" + noise(150_000, seed=2),
    "conf/mfcc.conf": b"--sample-frequency=16000\n--allow-upsample=true\n",
    "conf/model.conf": b"--beam=12\n",
    "graph/HCLr.fst": FST,
    "graph/Gr.fst": FST,
}
ONLY_16_KHZ = {**TINY, "conf/mfcc.conf": b"--sample-frequency=16000\n"}


def zipped(files: dict[str, bytes], folder: str = f"{NAME}/") -> bytes:
    """An archive as they are published: everything in one folder."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        if folder:
            archive.writestr(folder, b"")
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return memory.getvalue()


def archive_of(content: bytes, url: str, *, sized: bool = True) -> Archive:
    """What is known of an archive before it is fetched."""
    return Archive(url, hashlib.sha256(content).hexdigest(), len(content) if sized else None)
