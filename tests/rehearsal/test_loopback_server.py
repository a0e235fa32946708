"""Servers that stand for somebody else's: they answer, say nothing, and go when they are told."""

from __future__ import annotations

import socket
import threading

import pytest
import requests

from ivr.rehearsal.loopback_server import LoopbackHandler, LoopbackServer, listening

_ERRORS = {"/gone": ConnectionResetError("gone"), "/wrong": ZeroDivisionError("ours")}


class Echo(LoopbackHandler):
    """Sends back what it gets, and how it was asked, or fails."""

    def answer(self, body: bytes) -> None:
        if self.path in _ERRORS:
            raise _ERRORS[self.path]
        self.say(201, body, X_Asked=self.path)


def served() -> LoopbackServer:
    return LoopbackServer(("127.0.0.1", 0), Echo)


@pytest.mark.parametrize("body", [b"", b"a", b"0" * 100_000])
def test_it_answers_whole(body: bytes) -> None:
    with listening(served()) as port, requests.Session() as session:
        for _ in range(2):
            answer = session.post(f"http://127.0.0.1:{port}/somewhere", data=body, timeout=30)
            assert (answer.status_code, answer.content) == (201, body)
            assert answer.headers["X-Asked"] == "/somewhere"
            assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(("path", "written"), [("/gone", False), ("/wrong", True)])
def test_only_what_is_wrong_with_it_is_written(
    capsys: pytest.CaptureFixture[str], path: str, written: bool
) -> None:
    with listening(served()) as port:
        requests.post(f"http://127.0.0.1:{port}/", timeout=30)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"http://127.0.0.1:{port}{path}", timeout=30)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("ZeroDivisionError: ours" in err, bool(err)) == (written, written)


def test_it_is_gone_afterwards() -> None:
    with listening(served()) as port:
        socket.create_connection(("127.0.0.1", port), 30).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 30)


def test_who_is_kept_waiting_is_let_go_of_even_after_an_error() -> None:
    released, let_go = threading.Event(), threading.Event()

    class Keeping(LoopbackHandler):
        def answer(self, body: bytes) -> None:
            reached.set()
            released.wait()
            let_go.set()

    reached = threading.Event()
    server = LoopbackServer(("127.0.0.1", 0), Keeping)
    with pytest.raises(ZeroDivisionError), listening(server, released.set) as port:
        with socket.create_connection(("127.0.0.1", port), 30) as line:
            line.sendall(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            assert reached.wait(60)
        raise ZeroDivisionError
    assert let_go.wait(60)
