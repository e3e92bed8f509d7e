"""Shops that nobody here wrote, installed from where the world installs them, each running once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import oscar as shop
from shops import postgres as database
from shops import vendure as headless
from shops.needing import lacks


@pytest.fixture(scope="session")
def postgres() -> Iterator[database.Postgres]:
    """A private PostgreSQL."""
    if database.programs() is None:
        lacks(database.MISSING)
    with database.Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def oscar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[shop.Shop]:
    """django-oscar on SQLite, for all tests that mind nobody else's orders."""
    with shop.Shop(tmp_path_factory.mktemp("oscar") / "plain") as opened:
        yield opened


@pytest.fixture(scope="session")
def oscar_database(postgres: database.Postgres) -> str:
    """A database on PostgreSQL from which a shop can begin."""
    shop.seed_postgres(postgres, "oscar")
    return "oscar"


@pytest.fixture
def oscar_on_sqlite(tmp_path: Path) -> Iterator[shop.Shop]:
    """django-oscar for one test alone, with all its stock."""
    with shop.Shop(tmp_path / "oscar") as opened:
        yield opened


@pytest.fixture
def oscar_on_postgres(postgres: database.Postgres, oscar_database: str, tmp_path: Path) -> Iterator[shop.Shop]:
    """django-oscar for one test alone, with all its stock, serving requests side by side."""
    with shop.Shop(tmp_path / f"oscar_{os.getpid()}", postgres, oscar_database) as opened:
        yield opened


@pytest.fixture(scope="session")
def vendure_database(postgres: database.Postgres) -> str:
    """A database on PostgreSQL from which a Vendure can begin."""
    headless.populate_postgres(postgres, "vendure")
    return "vendure"


@pytest.fixture(scope="session")
def vendure(
    postgres: database.Postgres, vendure_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[headless.Shop]:
    """Vendure on PostgreSQL, for all tests that mind nobody else's orders."""
    folder = tmp_path_factory.mktemp("vendure") / f"vendure_plain_{os.getpid()}"
    with headless.Shop(folder, postgres, vendure_database) as opened:
        yield opened


@pytest.fixture
def vendure_on_sqlite(tmp_path: Path) -> Iterator[headless.Shop]:
    """Vendure for one test alone, in the memory of its process, with what is being paid set aside."""
    with headless.Shop(tmp_path / "vendure", reserving=True) as opened:
        yield opened
