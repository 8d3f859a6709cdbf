"""How long a process may be deaf to a signal while it waits for a message."""

import select
import socket
import time

import pytest

from pinproof_cell.wire import Channel


def test_no_wait_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    genuine = select.select

    def noting(readers: list[socket.socket], _w: object, _x: object, seconds: float) -> object:
        waits.append(seconds)
        return genuine(readers, [], [], seconds)

    monkeypatch.setattr(select, "select", noting)
    here, there = socket.socketpair()
    deadline = time.monotonic() + 1.3
    with here, there, pytest.raises(TimeoutError):
        Channel(here).receive(deadline)
    assert time.monotonic() >= deadline
    assert len(waits) > 1
    assert max(waits) <= 1
