"""An HTTP server on this machine that stands for somebody else's, while it is needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any


class LoopbackHandler(BaseHTTPRequestHandler):
    """Takes POST by HTTP/1.1, and writes no log."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def answer(self, body: bytes) -> None:
        """Answer a request with this body."""
        raise NotImplementedError

    def say(self, status: int, body: bytes, **headers: str) -> None:
        """A whole answer; ``_`` in the name of a header stands for ``-``."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class LoopbackServer(ThreadingHTTPServer):
    """Each request on a thread of its own, which nobody waits for."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless whoever waited for an answer has gone."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def listening(server: HTTPServer, release: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Have ``server`` answer until the block ends; gives its port.

    ``release``: lets go of everybody who is kept waiting by then.
    """
    # The poll interval bounds how long closing takes; socketserver's own is half a second.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        release()
        server.shutdown()
        thread.join()
        server.server_close()
