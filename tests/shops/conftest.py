"""Shops that nobody here wrote, installed from where the world installs them, each running once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import oscar as shop
from shops import postgres as database
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


@pytest.fixture(params=["sqlite", "postgres"])
def new_oscar(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[shop.Shop]:
    """django-oscar for one test alone, with all its stock; once on each database."""
    books = (
        () if request.param == "sqlite" else [request.getfixturevalue(each) for each in ("postgres", "oscar_database")]
    )
    with shop.Shop(tmp_path / f"oscar_{os.getpid()}", *books) as opened:
        yield opened
