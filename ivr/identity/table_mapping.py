"""The file that says which columns of a company's table hold what (docs/identity.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.errors import FilesError, Problem
from ivr.flow.nodes import Where
from ivr.flow.source import Document, read_yaml
from ivr.flow.validation import validate

#: How a birthdate is written in a column of text or numbers -> for ``strftime``.
BIRTHDATE_FORMATS = {"YYYY-MM-DD": "%Y-%m-%d", "YYYY/MM/DD": "%Y/%m/%d", "YYYYMMDD": "%Y%m%d"}

ColumnName = Annotated[str, Field(min_length=1, max_length=128)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Columns(_Strict):
    """Our name of a cell -> the column of theirs."""

    id: ColumnName
    birthdate: ColumnName
    number: ColumnName | None = None
    name: ColumnName | None = None
    surname: ColumnName | None = None
    given: ColumnName | None = None
    name_kana: ColumnName | None = None
    surname_kana: ColumnName | None = None
    given_kana: ColumnName | None = None
    mobile: ColumnName | None = None
    landline: ColumnName | None = None
    email: ColumnName | None = None
    language: ColumnName | None = None
    contact_changed: ColumnName | None = None
    preferred: ColumnName | None = None

    @model_validator(mode="after")
    def _names(self) -> Columns:
        parts = (self.surname_kana, self.given_kana)
        if (self.name_kana is None) != all(parts) or (self.name_kana and any(parts)):
            raise ValueError("needs either name_kana, or surname_kana and given_kana")
        if self.name and (self.surname or self.given):
            raise ValueError("takes either name, or surname and given")
        return self

    def named(self) -> dict[str, str]:
        """Those that are given."""
        return {name: column for name, column in self if column is not None}


class TableMapping(_Strict):
    """A table or view of customers."""

    table: ColumnName
    schema_name: ColumnName | None = Field(default=None, alias="schema")
    columns: Columns
    birthdate_format: Literal["YYYY-MM-DD", "YYYY/MM/DD", "YYYYMMDD"] | None = None


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping and where its parts stand."""

    mapping: TableMapping
    document: Document

    def problem(self, where: Where, message: str) -> Problem:
        """A problem of the value at ``where`` (``("columns", "mobile")``)."""
        return self.document.problem(where, message)


def read_mapping(path: Path) -> MappingFile:
    """Read and check a mapping.

    Raises:
        FilesError: everything wrong with the file, each with line and column.
    """
    document = read_yaml(path)
    mapping = validate(document, TableMapping)
    if mapping is None or document.problems:
        raise FilesError(document.problems)
    return MappingFile(mapping, document)
