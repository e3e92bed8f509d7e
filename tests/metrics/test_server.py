from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPResponse
from types import SimpleNamespace

import pytest
from metrics.protobuf_reader import read

from loadgen.errors import PortError
from loadgen.metrics import ClusterSnapshot
from loadgen.metrics.exposition import Latest
from loadgen.metrics.protobuf import CONTENT_TYPE
from loadgen.metrics.server import SCRAPES_MOST, MetricsServer

PROMETHEUS_ACCEPTS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"  # noqa: E501 -- as Prometheus 2.42 sends it

Start = Callable[..., MetricsServer]


@pytest.fixture
def start(make: SimpleNamespace) -> Iterator[Start]:
    """Starts servers on free ports, and stops them after the test."""
    running: list[MetricsServer] = []

    def run(latest: Latest = make.cluster, address: str = "127.0.0.1") -> MetricsServer:
        server = MetricsServer(address, 0, latest)
        server.start()
        running.append(server)
        return server

    yield run
    for server in running:
        server.stop()


def get(server: MetricsServer, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(server.address, server.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_a_scrape_gets_the_latest_snapshot_as_text(start: Start, make: SimpleNamespace) -> None:
    server = start(lambda: make.cluster(make.busy_run()))
    response, body = get(server, "/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert body.decode() == make.scrape(make.cluster(make.busy_run())).text


def test_prometheus_gets_openmetrics_compressed(start: Start, make: SimpleNamespace) -> None:
    server = start(lambda: make.cluster(make.busy_run()))
    response, body = get(server, "/metrics", **{"Accept": PROMETHEUS_ACCEPTS, "Accept-Encoding": "gzip"})
    assert response.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert gzip.decompress(body).decode() == make.scrape(make.cluster(make.busy_run())).openmetrics


def test_prometheus_with_native_histograms_gets_protobuf(start: Start, make: SimpleNamespace) -> None:
    server = start(lambda: make.cluster(make.busy_run()))
    wanted = f"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,{PROMETHEUS_ACCEPTS}"  # noqa: E501 -- as Prometheus 2.42 sends it
    response, body = get(server, "/metrics", **{"Accept": wanted, "Accept-Encoding": "gzip"})
    assert response.headers["Content-Type"] == CONTENT_TYPE
    assert response.headers["Vary"] == "Accept, Accept-Encoding"
    assert any(family.native for family in read(gzip.decompress(body)))


def test_scrapes_beyond_those_that_can_wait_are_sent_away(start: Start, make: SimpleNamespace) -> None:
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def slowly() -> ClusterSnapshot:
        waiting.release()
        assert go_on.wait(10)
        return make.cluster()

    server = start(slowly)
    with ThreadPoolExecutor(SCRAPES_MOST + 4) as scrapers:
        answers = [scrapers.submit(get, server, "/metrics") for _ in range(SCRAPES_MOST + 4)]
        assert waiting.acquire(timeout=10)
        done, _ = wait(answers, timeout=10, return_when=FIRST_COMPLETED)
        assert {answer.result()[0].status for answer in done} == {503}
        assert {answer.result()[0].headers["Retry-After"] for answer in done} == {"1"}
        assert get(server, "/-/healthy")[0].status == 200
        go_on.set()
        assert sorted(answer.result(10)[0].status for answer in answers).count(200) >= SCRAPES_MOST


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405)])
def test_a_page_is_read_and_not_written(start: Start, method: str, status: int) -> None:
    response, body = get(start(), "/metrics", method=method)
    assert response.status == status
    assert (method == "HEAD") == (body == b"")


def test_each_scrape_asks_for_the_snapshot_anew(start: Start, make: SimpleNamespace) -> None:
    snapshots = [make.cluster(), None]
    server = start(snapshots.pop)
    assert get(server, "/metrics")[1] == b""
    assert b"loadgen_leader 1" in get(server, "/metrics")[1].replace(b'{coordinator="c1"}', b"")


def test_a_scrape_can_ask_for_some_families_by_name(start: Start) -> None:
    _, body = get(start(), "/metrics?name[]=loadgen_leader&name[]=loadgen_runs_queued")
    named = [line.split()[2] for line in body.decode().splitlines() if line.startswith("# TYPE")]
    assert named == ["loadgen_leader", "loadgen_runs_queued"]


def test_it_says_that_it_is_healthy_and_where_the_metrics_are(start: Start) -> None:
    server = start()
    assert get(server, "/-/healthy")[1] == b"ok\n"
    response, body = get(server, "/")
    assert (response.status, body) == (404, b"the metrics are at /metrics\n")


def test_it_is_ready_once_there_is_something_to_show(start: Start, make: SimpleNamespace) -> None:
    assert get(start(lambda: None), "/-/ready")[0].status == 503
    assert get(start(make.cluster), "/-/ready")[0].status == 200


def test_a_slow_client_does_not_hold_up_a_scrape(start: Start) -> None:
    server = start()
    with socket.create_connection((server.address, server.port)):
        assert get(server, "/metrics")[0].status == 200


def test_it_writes_nothing_to_the_terminal(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    server = start()
    get(server, "/metrics")
    with socket.create_connection((server.address, server.port)) as broken:
        broken.sendall(b"GET /metrics HTTP/1.1\r\n")
    get(server, "/metrics")
    server.stop()
    assert capfd.readouterr() == ("", "")


def test_it_serves_over_ipv6(start: Start) -> None:
    try:
        server = start(address="::1")
    except PortError:
        pytest.skip("this machine has no IPv6 on its loopback: enable net.ipv6.conf.lo")
    assert get(server, "/-/healthy")[0].status == 200


def test_a_taken_port_is_refused_with_a_hint(start: Start, make: SimpleNamespace) -> None:
    taken = start().port
    with pytest.raises(PortError, match=f"cannot serve metrics on 127.0.0.1:{taken}: address already in use") as caught:
        MetricsServer("127.0.0.1", taken, make.cluster).start()
    assert "0 for any free one" in caught.value.hint


@pytest.mark.parametrize(("address", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70000)])
def test_an_address_that_is_not_ours_is_refused(make: SimpleNamespace, address: str, port: int) -> None:
    with pytest.raises(PortError, match="cannot serve metrics on"):
        MetricsServer(address, port, make.cluster).start()


def test_stop_ends_the_thread_and_frees_the_port(start: Start, make: SimpleNamespace) -> None:
    server = start()
    server.stop()
    server.stop()
    assert "loadgen-metrics" not in {thread.name for thread in threading.enumerate()}
    again = MetricsServer("127.0.0.1", server.port, make.cluster)
    again.start()
    again.stop()
