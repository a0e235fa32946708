"""Tables that stand beside the modules as TSV files: read strictly, so that a typo is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from ivr.errors import FilesError, Problem


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells, and where it stands."""

    file: str
    line: int
    cells: tuple[str, ...]

    def wrong(self, message: str) -> FilesError:
        """The error to raise where a cell makes no sense."""
        return FilesError([Problem(self.file, self.line, 1, message)])


def rows(package: str, name: str, columns: int) -> Iterator[Row]:
    """The rows of the UTF-8 file ``name`` in ``package``; ``#`` begins a comment line.

    Raises :class:`FilesError` (file, line) where a row has not exactly ``columns`` cells, or an
    empty one, and where the file holds no row.
    """
    text = (resources.files(package) / name).read_text(encoding="utf-8")
    empty = True
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        row = Row(name, number, tuple(line.split("\t")))
        if len(row.cells) != columns or not all(row.cells):
            raise row.wrong(f"a row has {columns} cells, none of them empty, with tabs between")
        empty = False
        yield row
    if empty:
        raise FilesError([Problem(name, 0, 0, "the table holds no row; restore the file")])
