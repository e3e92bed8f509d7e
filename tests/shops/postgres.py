"""A private PostgreSQL for shops that must meet a real database: one server, on loopback, gone when the tests are.

PostgreSQL refuses to run as root: where the tests do, it runs as the user that Debian's package has made. Nothing is
synced to disk, for nothing needs to survive.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from loadgen.children import start_child

MISSING = "it needs PostgreSQL (apt-get install postgresql)"

OWNER = "postgres"
"""The role that may do everything, and the user whom Debian's package makes; any password will do."""

START_S = 30.0

_TRIES = 5
"""A free port may be taken between choosing and using it; five times in a row it is not."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server on this machine; None if there is none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda folder: int(folder.parent.name), default=None)


class Postgres:
    """A server that lives as long as this object (use it as a context manager).

    Attributes:
        port: where it listens on 127.0.0.1.
    """

    def __init__(self) -> None:
        found = programs()
        assert found, MISSING
        self.port = 0
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="loadgen-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Postgres:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def create(self, database: str, like: str = "template1") -> None:
        """Make a database, as a copy of another that nobody is connected to."""
        self.rows("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{like}"')

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.rows("postgres", f'DROP DATABASE "{database}" WITH (FORCE)')

    def rows(self, database: str, sql: str) -> list[dict[str, str]]:
        """Run one statement; its rows by the names of their columns, as text."""
        return list(csv.DictReader(io.StringIO(self._run("psql", database, "--csv", "--command", sql))))

    def save(self, database: str, file: Path) -> None:
        """Write all that a database holds as SQL."""
        file.write_text(self._run("pg_dump", database, "--no-owner"))

    def load(self, database: str, file: Path) -> None:
        """Fill an empty database with what was saved."""
        self._run("psql", database, "--quiet", "--output", os.devnull, "--single-transaction", "--file", str(file))

    def _run(self, program: str, database: str, *args: str) -> str:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--username", OWNER, "--dbname", database]
        strict = ["--no-psqlrc", "--set", "ON_ERROR_STOP=1"] if program == "psql" else []
        command = [self._programs / program, *where, *strict, *args]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def _start(self) -> None:
        data, settings = self._folder / "data", [f"--{name}={value}" for name, value in _SETTINGS.items()]
        if os.geteuid() == 0:
            shutil.chown(self._folder, OWNER, OWNER)
        fresh = ["--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        made = subprocess.run(
            self._as_owner("initdb", "--pgdata", str(data), *fresh),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        log = self._folder / "log"
        for _ in range(_TRIES):
            self.port = _free_port()
            with log.open("wb") as writing:
                run = self._as_owner("postgres", "-D", str(data), "-p", str(self.port), *settings)
                self._process = start_child(run, stdout=writing, stderr=writing)
            if self._answers(self._process):
                return
        raise AssertionError(f"PostgreSQL does not start: {log.read_text()[-2000:]}")

    def _as_owner(self, program: str, *args: str) -> list[str]:
        """As a user who is not root, and ended by SIGINT (a fast shutdown) when this process dies."""
        user = ["--reuid", OWNER, "--regid", OWNER, "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", "--pdeathsig", "INT", *user, "--", str(self._programs / program), *args]

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        asking = [self._programs / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if subprocess.run(asking, check=False).returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
