"""The application behind real HTTP on a free port of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from ivr.rehearsal.loopback_server import listening
from ivr.rehearsal.stage import WsgiApp


class _Quiet(WSGIRequestHandler):
    """Writes no log of requests: their URLs are the application's to log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def serving(app: WsgiApp) -> Iterator[str]:
    """Serve ``app`` on loopback while the context is open; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    with listening(server) as port:
        yield f"http://127.0.0.1:{port}"
