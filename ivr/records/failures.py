"""What a database driver's error means, in words that hold no SQL, no value and no password."""

from __future__ import annotations

from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

from ivr.errors import RecordsError, RecordsUnavailable

_UPGRADE = "run: ivr database upgrade"
_AGAIN = "try again in a moment"

# Result codes of SQLite (sqlite.org/rescode.html) by the part before any second underscore.
_SQLITE = {
    "SQLITE_BUSY": ("is locked by another writer", _AGAIN),
    "SQLITE_LOCKED": ("is locked by another writer", _AGAIN),
    "SQLITE_FULL": ("is full", "free space on its disk"),
    "SQLITE_READONLY": ("cannot be written", "check the permissions of its file and folder"),
    "SQLITE_CANTOPEN": ("is missing or may not be opened", _UPGRADE),
    "SQLITE_CORRUPT": ("is damaged", "restore a backup"),
    "SQLITE_NOTADB": ("is a file of another kind or damaged", "restore a backup"),
    "SQLITE_IOERR": ("cannot be read or written", "check its disk"),
}

# Classes and codes of PostgreSQL (its manual, appendix A).
_POSTGRES = {
    "55P03": ("was locked by another writer for too long", _AGAIN),
    "57014": ("took too long to answer", _AGAIN),
    "53100": ("is full", "free space on its disk"),
    "53300": ("has no connection left", "raise max_connections or run fewer processes"),
    "42P01": ("lacks tables this program needs", _UPGRADE),
    "42703": ("lacks columns this program needs", _UPGRADE),
    "25006": ("cannot be written", "is this a standby, or a reading session?"),
    "3D000": ("does not exist", "create it, then " + _UPGRADE),
    "28": ("refused the user or password", "check IVR_DATABASE_URL"),
    "40": ("could not serialise two writers", _AGAIN),
}


def explain(error: SQLAlchemyError, where: str) -> RecordsError:
    """The error of our tree for a failure of ``where`` ("the SQLite file …", "PostgreSQL …").

    :class:`RecordsUnavailable` where the database cannot answer (locked, full, absent, out of
    reach, not upgraded), plain :class:`RecordsError` where it refused what was asked.
    """
    if isinstance(error, TimeoutError):
        return RecordsUnavailable(f"{where}: every connection is in use", hint=_AGAIN)
    if not isinstance(error, DBAPIError):
        return RecordsError(f"{where}: a statement was refused ({_kind(error)})")
    code = _code(error)
    words = _words(error)
    if words is not None:
        return RecordsUnavailable(f"{where} {words[0]} [{code}]", hint=words[1])
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return RecordsUnavailable(f"{where} does not answer [{code}]", hint=_AGAIN)
    return RecordsError(f"{where} refused a statement [{code}]")


def busy(where: str) -> RecordsUnavailable:
    """The error for a writer of this process that waited in vain for the writers before it."""
    return RecordsUnavailable(f"{where} is locked by another writer of this process", hint=_AGAIN)


def _code(error: DBAPIError) -> str:
    """A name of the failure that holds no value: the driver's code and the constraint, if any."""
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return " ".join(part for part in (_kind(error), code, constraint) if part)


def _words(error: DBAPIError) -> tuple[str, str] | None:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name == "SQLITE_ERROR" and str(error.orig).startswith(("no such table", "no such column")):
        return ("lacks tables or columns this program needs", _UPGRADE)
    if name is not None:
        return _SQLITE.get("_".join(name.split("_")[:2]))
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return None
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2])


def _kind(error: SQLAlchemyError) -> str:
    inner = getattr(error, "orig", None)
    return type(error if inner is None else inner).__name__
