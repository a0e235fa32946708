"""JSON logs on stderr, one object a line, without personal data.

Three habits keep personal data out: webhooks are logged by route template and never by their
fields; exceptions by type and place and never by their text; and what other libraries log by
its template and never by the values filled in.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from ivr.errors import HonninError

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

#: Fields that would hold personal data; a slip in any room is hidden here.
_HIDDEN = frozenset(
    {
        "answer", "birthdate", "body", "caller", "code", "destination_number", "digits", "email",
        "form", "from", "from_", "name", "number", "phone", "query", "query_string", "said",
        "speech", "speech_result", "text", "to", "twiml", "url",
    }
)  # fmt: skip

#: Ends of lines to some readers that JSON leaves as they are.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
#: What may be a value in a text that another library put together.
_VALUES = re.compile(r"""'[^']*'?|"[^"]*"?|[^\x20-\x7e]+|\+?[0-9][0-9-]{2,}""")


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to ``stream`` (default: stderr) as JSON.

    ``level`` is one of debug, info, warning, error and holds for our own logs; other libraries
    are heard from warning up.
    """
    target = cast(TextIO, _Sink(stream))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            structlog.processors.JSONRenderer(serializer=_dump),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(_TemplateOnly())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)


def log_uncaught() -> None:
    """Log what nobody catches in this process, in its main thread, in another, or while something
    is destroyed, as :func:`crash` tells it. Python would print its text."""

    def of_main(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            _uncaught("main", error)

    threading.excepthook = lambda args: _uncaught("thread", args.exc_value)
    sys.unraisablehook = lambda args: _uncaught("destroyed", args.exc_value)
    sys.excepthook = of_main


def _uncaught(where: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        structlog.get_logger(__name__).error("uncaught", where=where, **crash(error))


def crash(error: BaseException) -> dict[str, object]:
    """Log fields for an exception: its type, what caused it, and where it passed.

    The text is left out, for it may quote what a caller said; only errors of our own tree, which
    never hold personal data, keep theirs.
    """
    fields: dict[str, object] = {
        "error": type(error).__name__,
        "frames": _frames(error.__traceback__),
    }
    cause = error.__cause__ or error.__context__
    if cause is not None:
        fields["caused_by"] = type(cause).__name__
    if isinstance(error, HonninError):
        fields["detail"] = str(error)
    return fields


def _frames(traceback: TracebackType | None) -> list[str]:
    """``file:line`` of every frame, outermost first; files by their last three parts."""
    places = []
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        places.append(f"{'/'.join(path.parts[-3:])}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places


def _without_values(
    _logger: object, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Turn an exception into ``crash`` fields and hide fields that hold personal data."""
    given = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        fields.update(crash(error))
    for name in _HIDDEN.intersection(fields):
        fields[name] = "[hidden]"
    return fields


def _dump(fields: object, **_options: object) -> str:
    """One JSON object on one line, whoever reads it; a value JSON does not know is named by its
    type, for its repr may tell."""
    written = json.dumps(fields, ensure_ascii=False, default=lambda value: type(value).__name__)
    return written.translate(_LINE_ENDS)


class _Sink:
    """Where logs go: a stream, or whatever ``sys.stderr`` is at the moment of writing, which may
    be replaced while we run. A log that cannot be written (a full disk, a reader that has gone)
    is lost: it must not break the call that it tells of."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return (self._stream or sys.stderr).write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            (self._stream or sys.stderr).flush()


class _TemplateOnly(logging.Formatter):
    """Records of other libraries: logger, level and template, never the values filled in. Of a text
    without values, which may have been put together before, the first line, without what is quoted,
    is no ASCII, or looks like a number."""

    def format(self, record: logging.LogRecord) -> str:
        event = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        if not record.args:
            event = _VALUES.sub("…", event.partition("\n")[0])
        fields: dict[str, object] = {
            "event": event,
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields.update(crash(record.exc_info[1]))
            fields.pop("detail", None)
        return _dump(fields)
