"""Vendure, a headless shop that nobody here wrote: installed from npm, populated once, booted at will.

::

    package.json ──▶ node_modules ──▶ a populated shop ──▶ a copy for each shop that is opened ──▶ node serve.js
                     └─────── kept in the cache ──────┘

Its SQLite is sql.js, the whole database in the memory of the process (better-sqlite3 would compile for a minute): a
question to it is answered before anybody else's request goes on. On PostgreSQL requests truly run side by side.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from shops.keeping import kept
from shops.needing import lacks
from shops.postgres import Postgres

from loadgen.children import start_child, stop_child

SITE = Path(__file__).parent / "vendure"
PACKAGES = SITE / "package.json"
CATALOGUE = [SITE / "populate.js", SITE / "config.js", SITE / "catalogue.json", SITE / "products.csv"]

PLACED = """"orderPlacedAt" IS NOT NULL AND state <> 'Cancelled'"""


def installed() -> Path:
    """The folder of the packages."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            lacks("it needs Node.js 20 or newer, with npm (apt-get install nodejs npm)")
    return kept("vendure-packages", [PACKAGES], _install) / "node_modules"


def _install(folder: Path) -> None:
    shutil.copy(PACKAGES, folder)
    how = ["--ignore-scripts", "--no-package-lock", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"]
    how += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]  # without a network, say so soon
    npm = shutil.which("npm") or "npm"
    done = subprocess.run([npm, "install", *how], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lacks(f"it needs Vendure from npm, which could not install it:\n{done.stderr[-500:]}")


def populated() -> Path:
    """A SQLite file of a shop that nobody has visited yet."""
    packages = installed()

    def make(folder: Path) -> None:
        _populate(packages, folder, {"DATABASE": str(folder / "shop.sqlite")})

    return kept("vendure-sqlite", [PACKAGES, *CATALOGUE], make) / "shop.sqlite"


def populate_postgres(server: Postgres, database: str) -> None:
    """Make a database with the same in it."""
    packages = installed()

    def make(folder: Path) -> None:
        server.create("vendure_populating")
        _populate(packages, folder, {"DATABASE": "vendure_populating", "PGPORT": str(server.port)})
        server.save("vendure_populating", folder / "shop.sql")
        server.drop("vendure_populating")

    saved = kept("vendure-postgres", [PACKAGES, *CATALOGUE], make) / "shop.sql"
    server.create(database)
    server.load(database, saved)


def _populate(packages: Path, folder: Path, environment: Mapping[str, str]) -> None:
    whole = {**os.environ, "NODE_PATH": str(packages), "POPULATE": "1", **environment}
    command = ["node", str(SITE / "populate.js")]
    done = subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, check=False)
    mistakes = folder / "vendure-import-error.log"
    assert done.returncode == 0, done.stderr[-2000:]
    assert not mistakes.exists(), mistakes.read_text()


class Shop:
    """A running shop, and its books (use it as a context manager).

    Args:
        folder: for its files; made.
        server: where its database is; None for SQLite.
        like: the database that its own begins as a copy of.
        reserving: it takes articles from its stock when a payment begins, not only when it has ended.

    Attributes:
        url: its base URL.
    """

    def __init__(
        self, folder: Path, server: Postgres | None = None, like: str = "", *, reserving: bool = False
    ) -> None:
        self.url = ""
        self._reserving = reserving
        self._folder, self._server = folder, server
        folder.mkdir(parents=True)
        if server is None:
            self._database = str(folder / "shop.sqlite")
            shutil.copy(populated(), self._database)
        else:
            self._database = re.sub(r"\W", "_", folder.name)
            server.create(self._database, like=like)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Shop:
        environment = {"NODE_ENV": "production", "NODE_PATH": str(installed()), "DATABASE": self._database}
        environment["RESERVE"] = "1" if self._reserving else "0"
        if self._server is not None:
            environment["PGPORT"] = str(self._server.port)
        with (self._folder / "log").open("wb") as log:
            serve = ["node", str(SITE / "serve.js")]
            self._process = start_child(serve, env=environment, stdout=subprocess.PIPE, stderr=log)
        try:
            self.url = self._says("http://")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._server is not None:
            self._server.drop(self._database)

    def _says(self, beginning: str) -> str:
        """The next line of its output; empty when it has ended, which fails."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode().strip()
        assert line.startswith(beginning), f"the shop says {line!r}: {(self._folder / 'log').read_text()[-2000:]}"
        return line

    def _stop(self) -> None:
        assert self._process is not None
        stop_child(self._process)
        if self._process.stdout:
            self._process.stdout.close()

    def rows(self, sql: str) -> list[Mapping[str, object]]:
        """Ask the shop's own database; on SQLite while nobody else does, for it is written to a file first."""
        if self._server is not None:
            return list(self._server.rows(self._database, sql))
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR2)
        self._says("saved")
        with closing(sqlite3.connect(self._database)) as books:
            books.row_factory = sqlite3.Row
            return [dict(row) for row in books.execute(sql)]

    def orders(self) -> dict[str, int]:
        """What was charged for each placed order, in cents, by its number."""
        charged = f"""
            SELECT code, (SELECT SUM(amount) FROM payment WHERE "orderId" = o.id AND payment.state = 'Settled') AS cents
            FROM "order" o WHERE {PLACED}"""  # noqa: S608 -- ours
        return {str(row["code"]): int(str(row["cents"])) for row in self.rows(charged)}

    def sold(self, sku: str) -> int:
        """How many of an article stand in placed orders."""
        asked = f"""
            SELECT COALESCE(SUM(l.quantity), 0) AS pieces FROM order_line l JOIN "order" o ON o.id = l."orderId"
            JOIN product_variant v ON v.id = l."productVariantId" WHERE v.sku = '{sku}' AND {PLACED}"""  # noqa: S608
        return int(str(self.rows(asked)[0]["pieces"]))

    def restock(self, sku: str, pieces: int) -> None:
        """Have so many of an article and none promised; on PostgreSQL only."""
        assert self._server is not None
        self.rows(f"""
            UPDATE stock_level SET "stockOnHand" = {pieces}, "stockAllocated" = 0 FROM product_variant v
            WHERE v.id = "productVariantId" AND v.sku = '{sku}'""")  # noqa: S608

    def stock(self, sku: str) -> tuple[int, int]:
        """How many of an article there were, and how many of them are promised to orders."""
        asked = f"""
            SELECT s."stockOnHand" AS there, s."stockAllocated" AS promised FROM stock_level s
            JOIN product_variant v ON v.id = s."productVariantId" WHERE v.sku = '{sku}'"""  # noqa: S608
        (row,) = self.rows(asked)
        return int(str(row["there"])), int(str(row["promised"]))
