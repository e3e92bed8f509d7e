"""A real cluster for each test: Valkey, coordinators and workers as processes of their own, and the demo shop."""

from contextlib import ExitStack

import pytest
from cluster.cutting import Cutting
from cluster.harness import Cluster
from cluster.servers import Servers

from loadgen.bus import EmbeddedServer


@pytest.fixture
def redis_url():
    with EmbeddedServer() as server:
        yield server.url


@pytest.fixture
def servers(tmp_path, request):
    """Redis servers that a test may hurt."""
    servers = Servers(tmp_path)
    yield servers
    servers.stop()
    if getattr(request.node, "failed_in_call", False):
        print(servers.logs())  # noqa: T201 -- shown by pytest with the failure


@pytest.fixture
def net_to():
    """Make networks that can be cut, each to one port."""
    with ExitStack() as stack:
        yield lambda port: stack.enter_context(Cutting(port))


@pytest.fixture
def cluster_at(tmp_path, servers, net_to, request):  # noqa: ARG001 -- servers and nets outlive who speaks through them
    """Make a cluster that meets in a Redis of the test's own."""
    made = []

    def make(redis_url: str) -> Cluster:
        made.append(Cluster(tmp_path, redis_url))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop()
        if getattr(request.node, "failed_in_call", False):
            print(cluster.logs())  # noqa: T201 -- shown by pytest with the failure


@pytest.fixture
def cluster(redis_url, cluster_at):
    return cluster_at(redis_url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.failed:
        item.failed_in_call = True
    return report
