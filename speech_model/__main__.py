"""``python -m speech_model``: makes the rehearsal model from nothing. ``make model`` runs it."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from speech_model.recipe import STEPS, Recipe

_DEFAULT_WORK = Path("var/speech_model")


def main() -> None:
    """Run the recipe, or a part of it."""
    parser = argparse.ArgumentParser(
        prog="python -m speech_model",
        description="Make the Japanese rehearsal model: speak, train, export, evaluate. "
        "Steps whose result lies in the work folder are passed over.",
    )
    parser.add_argument("--work", type=Path, default=_DEFAULT_WORK, help="folder for everything")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other callers")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="corpora this many times as large (0.01: a trial)"
    )
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="cores to work on"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="MODEL",
        help="go on from this model directory of a shipped build, for the last stage alone",
    )
    parser.add_argument("--until", choices=STEPS, help="stop after this step")
    parser.add_argument(
        "--install",
        type=Path,
        nargs=3,
        metavar=("MODEL", "REFERENCES", "PAGE"),
        help="at the end, replace this model directory, reference WAVs and page of numbers",
    )
    args = parser.parse_args()
    recipe = Recipe(
        args.work,
        args.seed,
        args.scale,
        max(1, args.processes),
        progress=lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
        day=datetime.now(UTC).date(),
        start=args.start,
    )
    recipe.run(args.until)
    if args.install and args.until is None:
        recipe.install(*args.install)


if __name__ == "__main__":
    main()
