"""What takes long to read is read once, whoever asks, at one moment or later."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ivr.understanding.loaded_once import loaded_once


def test_nothing_is_read_before_it_is_asked_for_nor_twice() -> None:
    read: list[str] = []

    @loaded_once
    def load() -> list[str]:
        read.append("read")
        return read

    assert read == []
    assert load() is load()
    assert read == ["read"]


@pytest.mark.parametrize("found", [None, 0, ()])
def test_what_is_empty_is_found_too(found: object) -> None:
    read: list[str] = []

    @loaded_once
    def load() -> object:
        read.append("read")
        return found

    assert [load(), load()] == [found, found]
    assert read == ["read"]


def test_threads_that_ask_meanwhile_wait_for_the_first() -> None:
    asking = threading.Barrier(8)
    read: list[str] = []

    @loaded_once
    def load() -> object:
        read.append("read")
        return object()

    def ask(_: int) -> object:
        asking.wait(60)
        return load()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert read == ["read"]


def test_what_failed_is_tried_again() -> None:
    troubles = [OSError("no such file")]

    @loaded_once
    def load() -> str:
        if troubles:
            raise troubles.pop()
        return "found"

    with pytest.raises(OSError, match="no such file"):
        load()
    assert load() == "found"
