"""What tests of the HTTP client share: far ends, and the certainty that nothing is left open."""

from __future__ import annotations

import errno
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import psutil
import pytest
from journey.http.far_ends import TLS_VERSIONS, Certificates, FarEnd, Resolver, echo, exactly, far_end, until
from journey.http.http2_shop import Come, comer
from journey.http.misbehaving import Visitor

from loadgen.journey.http.waiting import _sweeper


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Certificates(folder)


@pytest.fixture(params=TLS_VERSIONS, ids=lambda version: version.name)
def tls_server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[FarEnd]:
    """Sends back all that comes, in each version of TLS that is in use."""
    with far_end(echo, exactly(certificates.server(), request.param)) as running:
        yield running


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    told = Resolver()
    monkeypatch.setattr(gevent.get_hub(), "resolver", told)
    return told


@pytest.fixture
def nothing_left_open() -> Iterator[None]:
    """Every descriptor that the test opened is closed in the end."""
    process = psutil.Process()
    before = process.num_fds()
    yield
    until(lambda: process.num_fds() <= before)


@pytest.fixture
def forbidden() -> Iterator[set[str]]:
    """Addresses that an operator does not allow."""
    if not _hooked:
        sys.addaudithook(_refuse)
        _hooked.append(True)
    yield _forbidden
    _forbidden.clear()


_hooked: list[bool] = []
_forbidden: set[str] = set()


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if _forbidden and event == "socket.connect" and args[1][0] in _forbidden:
        raise PermissionError(errno.EACCES, f"this worker may not send to {args[1][0]}")


@pytest.fixture
def visit() -> Iterator[Callable[..., Visitor]]:
    """Visitors of misbehaving shops. In the end they leave, and nothing of them may be left anywhere."""
    process = psutil.Process()
    descriptors = process.num_fds()
    spawned: weakref.WeakSet[gevent.Greenlet] = weakref.WeakSet()
    gevent.Greenlet.add_spawn_callback(spawned.add)
    visitors: list[Visitor] = []

    def come(url: str, **settings: Any) -> Visitor:
        visitors.append(Visitor(url, **settings))
        return visitors[-1]

    try:
        yield come
    finally:
        gevent.Greenlet.remove_spawn_callback(spawned.add)
    for visitor in visitors:
        assert (visitor.recorder.in_flight, visitor.session.in_flight) == (0, 0)
        visitor.client.close()
    assert not _sweeper.waiting
    until(lambda: all(greenlet.dead for greenlet in spawned))
    until(lambda: process.num_fds() <= descriptors)


@pytest.fixture
def come(visit: Callable[..., Visitor], certificates: Certificates) -> Come:
    """Visitors of shops that speak HTTP/2."""
    return comer(visit, certificates)
