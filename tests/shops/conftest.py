"""Shops that nobody here wrote, installed from where the world installs them, each running once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shops import postgres as database
from shops.needing import lacks


@pytest.fixture(scope="session")
def postgres() -> Iterator[database.Postgres]:
    """A private PostgreSQL."""
    if database.programs() is None:
        lacks(database.MISSING)
    with database.Postgres() as server:
        yield server
