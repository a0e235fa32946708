"""A network that can be cut."""

import socket
import threading
from collections.abc import Callable


class Wire:
    """A TCP port that leads to PostgreSQL until it is cut."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._whole = True
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._start(self._accept)

    def cut(self) -> None:
        """End every connection; new ones are closed at once."""
        self._whole = False
        self._end_all()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
            assert not thread.is_alive()
        self._server.close()
        for end in self._ends:
            end.close()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            self._ends.append(near)
            if not self._whole:
                near.shutdown(socket.SHUT_RDWR)
                continue
            far = self._connect()
            self._ends.append(far)
            self._start(self._pump, near, far)
            self._start(self._pump, far, near)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _end_all(self) -> None:
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
