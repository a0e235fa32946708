"""``ivr lint``: load flows, prompts, grammars and call files, and say all that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import click

from ivr.commands.understand import today_of
from ivr.errors import FilesError, Problem
from ivr.flow.flow import Flow
from ivr.flow.grammars import grammar_of, read_grammar, twin_of
from ivr.flow.loader import FLOW_FILE, LANGUAGES, POLICIES, SLOW_RATE, load_flow, load_policy
from ivr.flow.samples import misread, stolen
from ivr.settings import load_settings

CALLS = "calls"

Words = Mapping[str, Mapping[str, str]]


def lint_paths(
    paths: Sequence[Path],
    *,
    flows_dir: Path,
    grammars_dir: Path,
    words: Words,
    destinations: Mapping[str, Collection[str]] | None = None,
    slow_rate: int = SLOW_RATE,
) -> list[Problem]:
    """Every problem in ``paths``, sorted; in all flows, grammars and calls if there are none.

    A path is a file (``flow.yaml``, ``prompts.<language>.yaml``, a grammar, its samples, a policy,
    a call file) or a folder, of which everything below is checked. A flow is always checked whole,
    with the grammars of its languages and its policy; call files once their flow is sound.
    """
    lint = _Lint(flows_dir, grammars_dir, words, destinations, slow_rate)
    lint.check(paths)
    return sorted(lint.problems)


class _Lint:
    """One run: what was read, and what was found."""

    def __init__(
        self,
        flows_dir: Path,
        grammars_dir: Path,
        words: Words,
        destinations: Mapping[str, Collection[str]] | None,
        slow_rate: int,
    ) -> None:
        self.problems: set[Problem] = set()
        self.files: set[Path] = set()
        self._flows_dir = flows_dir
        self._grammars_dir = grammars_dir
        self._words = words
        self._destinations = destinations
        self._slow_rate = slow_rate
        self._flows: dict[Path, Flow | None] = {}

    def check(self, paths: Sequence[Path]) -> None:
        """Check ``paths``, or everything."""
        for path in paths or (self._flows_dir, self._grammars_dir):
            found = list(self._below(path)) if path.is_dir() else [path]
            known = [file for file in found if self._check_file(file)]
            if not known:
                self._complain(path)

    def _complain(self, path: Path) -> None:
        if not path.exists():
            message = "no such file or folder"
        elif path.is_dir():
            message = "holds no flow, grammar or call file"
        else:
            message = "is no flow.yaml, prompts file, grammar or call file"
        self.problems.add(Problem(path.as_posix(), 0, 0, message))

    def _below(self, folder: Path) -> Iterator[Path]:
        for path in sorted(folder.rglob("*.yaml")):
            if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                yield path

    def _check_file(self, path: Path) -> bool:
        """Check one file as what its name and folder say it is; False where they say nothing."""
        if not path.exists():
            return False
        place = path.absolute().parent
        if path.name == FLOW_FILE or path.name.startswith("prompts."):
            self._flow(path.parent)
        elif place.name == CALLS:
            self._call(path)
        elif place.name in LANGUAGES:
            self._grammar(grammar_of(path))
        elif place.name == POLICIES:
            self._policy(path)
        elif (place / FLOW_FILE).exists():
            self._flow(path.parent)  # which says that this file is no part of it
        else:
            return False
        return True

    def _grammar(self, path: Path) -> None:
        self.files |= {path, twin_of(path)}
        reading = read_grammar(path)
        self.problems.update(reading.problems)
        if not reading.problems:
            self.problems.update(misread(path, reading, today_of(None)))

    def _policy(self, path: Path) -> None:
        """Check a policy by itself, and with the flows that name it."""
        self.files.add(path)
        try:
            load_policy(path)
        except FilesError as error:
            self.problems.update(error.problems)
            return
        for file in sorted(path.parent.parent.glob(f"*/{FLOW_FILE}")):
            self._flow(file.parent)

    def _flow(self, folder: Path) -> Flow | None:
        """The flow in ``folder``, or None where it has problems."""
        if folder not in self._flows:
            self.files.update(folder.glob("*.yaml"))
            for language in LANGUAGES:
                self.files.update((self._grammars_dir / language).glob("*.yaml"))
            try:
                self._flows[folder] = flow = load_flow(
                    folder,
                    grammars_dir=self._grammars_dir,
                    words=self._words,
                    destinations=self._destinations,
                    slow_rate=self._slow_rate,
                )
            except FilesError as error:
                self._flows[folder] = None
                self.problems.update(error.problems)
            else:
                self.problems.update(stolen(flow, self._grammars_dir, today_of(None)))
        return self._flows[folder]

    def _call(self, path: Path) -> None:
        from ivr.rehearsal.callfile import load_call

        self.files.add(path)
        flow_folder = path.parent / ".." if path.parent == Path() else path.parent.parent
        folders = [flow_folder]
        if not (flow_folder / FLOW_FILE).exists():
            folders = sorted(file.parent for file in self._flows_dir.glob(f"*/{FLOW_FILE}"))
        flows = [self._flow(folder) for folder in folders]
        if None in flows:
            return
        try:
            load_call(path, flows={flow.name: flow for flow in flows if flow is not None})
        except FilesError as error:
            self.problems.update(error.problems)


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
def lint(paths: tuple[Path, ...]) -> None:
    """Check flows, prompts, grammars and call files.

    Without PATH everything is checked. Prints each problem as
    file:line:column: message and exits with 1 if there is any.
    """
    settings = load_settings()
    run = _Lint(
        settings.flows_dir,
        settings.grammars_dir,
        settings.words(),
        settings.destinations or None,
        settings.slow_rate,
    )
    run.check(paths)
    for problem in sorted(run.problems):
        click.echo(str(problem))
    if run.problems:
        number = len(run.problems)
        click.echo(f"{number} problem{'s' if number > 1 else ''}", err=True)
        raise SystemExit(1)
    number = len(run.files)
    click.echo(f"no problems in {number} file{'s' if number > 1 else ''}")
