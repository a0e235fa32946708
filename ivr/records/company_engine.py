"""A company's own database, which is only ever read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ivr.errors import RecordsError, RecordsUnavailable, SettingsError
from ivr.records.engines import make_engines
from ivr.records.failures import explain

#: Databases whose transactions can be told not to write. For others the user's rights must do.
_READ_ONLY = frozenset({"sqlite", "postgresql", "postgres"})


class CompanyDatabase:
    """Connections to it; ``where`` names it in words, without password. Connects to nothing yet."""

    def __init__(self, url: str, wait_s: float) -> None:
        """``wait_s``: seconds to wait for a connection or, where the database can be told so, for
        an answer.

        Raises:
            SettingsError: the URL is malformed, or its driver is missing.
        """
        try:
            kind = make_url(url).drivername.partition("+")[0]
        except ArgumentError:
            raise SettingsError("IVR_DIRECTORY_URL is malformed") from None
        self.engine: Engine
        if kind in _READ_ONLY:
            engines = make_engines(url, wait_s)
            self.engine, self.where = engines.reading, engines.where
            return
        try:
            self.engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        except (ModuleNotFoundError, NoSuchModuleError):
            raise SettingsError(
                f"no driver for databases of kind {kind!r} is installed",
                hint="install the one that SQLAlchemy's documentation names",
            ) from None
        self.where = f"the {kind} database of IVR_DIRECTORY_URL"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for SELECTs.

        Raises:
            RecordsUnavailable: it cannot answer now.
            RecordsError: it refused a statement.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            found = explain(error, self.where)
            # Hints are about our own tables. "from None": the driver's text may quote a value.
            kind = RecordsUnavailable if isinstance(found, RecordsUnavailable) else RecordsError
            raise kind(found.message, hint="ivr customers check") from None

    def close(self) -> None:
        """Close idle connections."""
        self.engine.dispose()
