"""django-oscar, a shop of server-rendered pages that nobody here wrote: from PyPI, seeded once, opened at will.

::

    requirements.txt ──▶ a venv ──▶ a seeded shop ──▶ a copy for each shop that is opened ──▶ gunicorn
                         └────── kept in the cache ──────┘

A shop on SQLite serves one request at a time, which is why it never sells what it has not got. On PostgreSQL, where
requests truly run side by side, it does.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from shops.keeping import kept
from shops.needing import lacks
from shops.postgres import Postgres

from loadgen.children import start_child, stop_child

SITE = Path(__file__).parent / "oscar"
REQUIREMENTS = SITE / "requirements.txt"
FILLING = [REQUIREMENTS, SITE / "settings.py", SITE / "urls.py", SITE / "seed.py", Path(__file__)]

START_S = 60.0

_SERVER = [
    "--workers=2",
    "--threads=4",
    "--keep-alive=75",
    "--graceful-timeout=2",
    "--preload",
    "--no-control-socket",  # it would be in the user's home, one for all
    "--bind=127.0.0.1:0",
]


def installed() -> Path:
    """The Python that has django-oscar."""
    return kept("oscar-venv", [REQUIREMENTS], _install) / "bin" / "python"


def _install(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run([*pip, "--requirement", REQUIREMENTS], capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1]
        lacks(f"it needs django-oscar from PyPI, and pip could not install it: {why}")


def seeded() -> Path:
    """A folder with the files of a shop that nobody has visited yet; its database is SQLite's."""
    python = installed()

    def make(folder: Path) -> None:
        _fill(python, {"SHOP_FOLDER": str(folder)})
        for command in ("collectstatic --noinput", "rebuild_index --noinput"):
            _django(python, {"SHOP_FOLDER": str(folder)}, command)

    return kept("oscar-shop", FILLING, make)


def seed_postgres(server: Postgres, database: str) -> None:
    """Make a database with the same in it."""
    python = installed()

    def make(folder: Path) -> None:
        server.create("oscar_seeding")
        _fill(python, _environment(folder, server, "oscar_seeding"))
        server.save("oscar_seeding", folder / "shop.sql")
        server.drop("oscar_seeding")

    saved = kept("oscar-postgres", FILLING, make) / "shop.sql"
    server.create(database)
    server.load(database, saved)


class Shop:
    """A running shop, and its books (use it as a context manager).

    Args:
        folder: for its files; made.
        server: where its database is; None for SQLite.

    Attributes:
        url: its base URL.
    """

    def __init__(self, folder: Path, server: Postgres | None = None, like: str = "") -> None:
        self.url = ""
        self._folder, self._server = folder, server
        self._database = re.sub(r"\W", "_", folder.name)
        shutil.copytree(seeded(), folder)
        if server is not None:
            server.create(self._database, like=like)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Shop:
        command = [str(installed()), "-m", "gunicorn", *_SERVER, "wsgi:application"]
        with (self._folder / "log").open("wb") as log:
            environment = _environment(self._folder, self._server, self._database)
            self._process = start_child(command, env=environment, stdout=log, stderr=log)
        try:
            self.url = self._address(self._process)
        except BaseException:
            stop_child(self._process)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        stop_child(self._process)
        if self._server is not None:
            self._server.drop(self._database)

    def _address(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if found := re.search(r"Listening at: (http://\S+)", self.log()):
                return found[1]
            time.sleep(0.02)
        raise AssertionError(f"the shop does not open: {self.log()}")

    def log(self) -> str:
        """What it has said last."""
        return (self._folder / "log").read_text()[-3000:]

    def rows(self, sql: str) -> list[Mapping[str, object]]:
        """Ask the shop's own database."""
        if self._server is not None:
            return list(self._server.rows(self._database, sql))
        with closing(sqlite3.connect(self._folder / "db.sqlite3")) as books:
            books.row_factory = sqlite3.Row
            return [dict(row) for row in books.execute(sql)]

    def orders(self) -> dict[str, int]:
        """What was charged for each order, in cents, by its number."""
        asked = "SELECT number, CAST(ROUND(total_incl_tax * 100) AS INTEGER) AS cents FROM order_order"
        return {str(row["number"]): int(str(row["cents"])) for row in self.rows(asked)}

    def stock(self, upc: str) -> tuple[int, int]:
        """How many of an article there were, and how many of them are promised to orders."""
        asked = f"SELECT num_in_stock, num_allocated FROM partner_stockrecord WHERE partner_sku = '{upc}'"  # noqa: S608 -- ours
        (row,) = self.rows(asked)
        return int(str(row["num_in_stock"])), int(str(row["num_allocated"] or 0))


def _environment(folder: Path, server: Postgres | None, database: str) -> dict[str, str]:
    where = {} if server is None else {"SHOP_POSTGRES_PORT": str(server.port), "SHOP_DATABASE": database}
    return {"SHOP_FOLDER": str(folder), "PYTHONPATH": str(SITE), "DJANGO_SETTINGS_MODULE": "settings", **where}


def _fill(python: Path, environment: Mapping[str, str]) -> None:
    _django(python, environment, "migrate --run-syncdb --verbosity 0")
    _python(python, environment, [str(SITE / "seed.py")])


def _django(python: Path, environment: Mapping[str, str], command: str) -> None:
    _python(python, environment, ["-m", "django", *command.split()])


def _python(python: Path, environment: Mapping[str, str], args: list[str]) -> None:
    whole = {**os.environ, "PYTHONPATH": str(SITE), "DJANGO_SETTINGS_MODULE": "settings", **environment}
    done = subprocess.run([python, *args], env=whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
