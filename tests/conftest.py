"""A real Valkey for the tests that need one: one server for all of them, emptied before each."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # how long something takes depends on who else uses the machine


@pytest.fixture(scope="session")
def redis_server():
    """An embedded server."""
    from loadgen.bus import EmbeddedServer

    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server):
    """Its URL; nothing is in it."""
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def bus(redis_url):
    """An open connection to it."""
    from loadgen.bus import connect

    bus = connect(redis_url)
    yield bus
    bus.close()
