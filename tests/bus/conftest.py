"""Servers that are no Redis, or not the one that was hoped for: small sockets that answer as a test says."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest


class Impostor:
    """Listens on a free port and treats each connection as it is told.

    Args:
        treat: called with each connection in a thread of its own.
    """

    def __init__(self, treat) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.accepted = 0
        self._treat = treat
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection) -> None:
        with contextlib.suppress(OSError):
            self._treat(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@pytest.fixture
def impostor():
    """Start servers that treat their connections in some way; gives their port."""
    running = []

    def start(treat) -> int:
        running.append(Impostor(treat))
        return running[-1].port

    yield start
    for server in running:
        server.close()


@pytest.fixture
def make_spec():
    """A run as submitted."""
    from loadgen.messages import RunSpec

    def make(run: str, submitted_at: float = 1000.0, **more) -> RunSpec:
        digest = "0" * 64
        fields = {"plan": "{}", "files": {}, "digest": digest, "code": "installed"} | more
        return RunSpec(run=run, submitted_at=submitted_at, **fields)

    return make


@pytest.fixture
def make_row():
    """A second with some requests."""
    from random import Random

    from drawn import a_tally

    from loadgen.stats import SecondRow

    def make(second: int) -> SecondRow:
        return SecondRow(second, planned=7, tally=a_tally(Random(second)), workers=2)

    return make


@pytest.fixture
def closed_port():
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
