"""The report's trace ids are those that the shop received for its slowest answers."""

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cluster.harness import ended_by_itself, finish

SLOW_S = 0.4
EVERY = 4
"""One answer of so many is slow."""

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")


class TracingShop:
    """A server that knows how long it took over each request, by its trace id.

    Attributes:
        took_s: by trace id.
        headers: every traceparent received, None for a request without one.
    """

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}
        self.headers: list[str | None] = []
        self._served: Counter[str] = Counter()
        self._lock = threading.Lock()
        shop = self

        class Desk(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                shop.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def serve(self, desk: BaseHTTPRequestHandler) -> None:
        start_s = time.perf_counter()
        header = desk.headers.get("traceparent")
        with self._lock:
            self._served[desk.path] += 1
            slow = self._served[desk.path] % EVERY == 0
        if slow:
            time.sleep(SLOW_S)  # the shop is slow; nothing here waits for it
        with self._lock:
            self.headers.append(header)
            if header and TRACEPARENT.fullmatch(header):
                self.took_s[header[3:35]] = time.perf_counter() - start_s
        desk.send_response(200)
        desk.send_header("Content-Length", "2")
        desk.end_headers()
        desk.wfile.write(b"ok")


@pytest.fixture
def tracing_shop():
    shop = TracingShop()
    thread = threading.Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield shop
    shop.server.shutdown()
    thread.join()
    shop.server.server_close()


def report_of(cluster, shop, tmp_path, trace):
    target = {"base_url": shop.url, **({"trace": True} if trace else {})}
    plan = {
        "name": "traced",
        "target": target,
        "journeys": [{"file": "traced.py", "user": user} for user in ("Guest", "Fast", "Plain")],
        "load": [{"shape": {"constant": {"at": "60/s", "for": "4s"}}}],
    }
    cluster.start("coordinator")
    cluster.workers(2)
    follower = finish(cluster.submit(cluster.plan(plan)))
    assert ended_by_itself(follower), follower.record.verdict
    files = tmp_path / "report.json", tmp_path / "report.html"
    cluster.call("report", follower.record.run, "--json", str(files[0]), "--html", str(files[1]))
    return json.loads(files[0].read_text()), files[1].read_text()


def test_the_slowest_requests_of_a_report_are_those_that_the_shop_was_slow_at(cluster, tracing_shop, tmp_path):
    report, html = report_of(cluster, tracing_shop, tmp_path, trace=True)
    slowest, took_s = report["slowest"], tracing_shop.took_s

    assert len(tracing_shop.headers) == len(took_s) == report["totals"]["requests"]  # all traced, each by its own id
    assert len(slowest) == 20
    for slow in slowest:
        assert slow["latency_s"] >= took_s[slow["trace_id"]]
        assert slow["worker"] in {worker["worker"] for worker in report["workers"]}
        assert slow["trace_id"] in html
    # On a starved machine a quick answer may come late; most were slow at the shop, whichever client asked.
    slow_at_the_shop = [slow for slow in slowest if took_s[slow["trace_id"]] >= SLOW_S]
    assert len(slow_at_the_shop) >= 15
    assert {(slow["journey"], slow["step"], slow["name"]) for slow in slow_at_the_shop} == {
        ("Guest", "look", "/guest"),
        ("Fast", "", "/fast"),
        ("Plain", "", "/plain"),
    }


def test_a_plan_that_does_not_trace_sends_no_header_and_has_its_slowest_requests(cluster, tracing_shop, tmp_path):
    report, _ = report_of(cluster, tracing_shop, tmp_path, trace=False)

    assert set(tracing_shop.headers) == {None}
    assert {slow["name"] for slow in report["slowest"]} == {"/guest", "/fast", "/plain"}
    assert {slow["trace_id"] for slow in report["slowest"]} == {None}
    assert report["slowest"][0]["latency_s"] == report["latency_s"]["max"]
