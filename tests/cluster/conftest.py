"""A real cluster for each test: Valkey, coordinators and workers as processes of their own, and the demo shop."""

import pytest
from cluster.harness import Cluster

from loadgen.bus import EmbeddedServer
from loadgen.children import stop_child


@pytest.fixture
def redis_url():
    with EmbeddedServer() as server:
        yield server.url


@pytest.fixture
def cluster(tmp_path, redis_url, request):
    cluster = Cluster(tmp_path, redis_url)
    yield cluster
    for child in reversed(cluster.children):
        stop_child(child, patience_s=15)
        if child.stdout:
            child.stdout.close()
    cluster.bus.close()
    if getattr(request.node, "failed_in_call", False):
        print(cluster.logs())  # noqa: T201 -- shown by pytest with the failure


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.failed:
        item.failed_in_call = True
    return report
