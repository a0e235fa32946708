"""A mail server that takes a message and then says nothing more."""

from __future__ import annotations

import re
import socket
import threading
from email import message_from_bytes, policy
from types import TracebackType


class SilentMailServer:
    """Takes mail on loopback (RFC 5321, as much as a submission needs). Once a message is there
    it does not answer: the client cannot know whether it was taken."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.messages: list[str] = []
        self.taken = threading.Event()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> SilentMailServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            connection.close()
        self._thread.join(timeout=10)

    @property
    def code(self) -> str:
        """The six digits of the newest message."""
        found = re.search(r"(?<!\d)\d{6}(?!\d)", self.messages[-1])
        assert found
        return found.group()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"220 ready\r\n")
        for line in reader:
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                break
            connection.sendall(b"250 ok\r\n")
        body = b""
        for line in reader:
            if line == b".\r\n":
                self.messages.append(_decoded(body))
                self.taken.set()
                return
            body += line


def _decoded(raw: bytes) -> str:
    mail = message_from_bytes(raw, policy=policy.default)
    text = mail.get_content()
    assert isinstance(text, str)
    return text
