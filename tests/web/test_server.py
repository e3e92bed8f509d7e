"""The page's server over HTTP, without a browser."""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPConnection

import pytest
from cluster.harness import wait_until
from web.asking import BEARER, ask
from web.conftest import TOKEN, WrittenRun

from loadgen.bus import ClusterBus
from loadgen.errors import PlanError, PortError
from loadgen.messages import StopMode
from loadgen.web import Access, PageServer
from loadgen.web import server as serving
from loadgen.web.plans import PlansBelow
from loadgen.web.routes import Starting

# -- the page and its files


def test_the_page_comes_with_a_policy_that_allows_nothing_from_elsewhere(serve):
    answer, body = ask(serve(), "/")

    assert answer.status == 200
    assert body.startswith(b"<!doctype html>")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_asks_nothing_of_any_other_place_and_has_nothing_inline(serve):
    server = serve()
    _, page = ask(server, "/")
    text = page.decode()

    assert "http:" not in text
    assert "https:" not in text
    assert "<style" not in text
    assert "style=" not in text
    assert "onclick" not in text
    for path in [part.partition('"')[0] for part in text.split('="/static/')[1:]]:
        answer, _ = ask(server, f"/static/{path}")
        assert answer.status == 200, path


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static//etc/passwd",
        "/static/..%2f..%2ferrors.py",
        "/runs/..%2f..%2fetc/report.html",
        "/runs/%00/report.html",
        "/nothing",
    ],
)
def test_no_path_leads_out_of_what_is_served(serve, path):
    answer, _ = ask(serve(), path)

    assert answer.status == 404


# -- who may do what


def test_on_loopback_everyone_looks_and_nobody_changes_without_the_token(serve, written):
    server = serve()

    assert ask(server, "/api/cluster")[0].status == 200
    assert json.loads(ask(server, "/api/session")[1]) == {"looks": True, "changes": False, "starts": False}
    assert ask(server, "/api/plans")[0].status == 401
    for path in ("/api/stop", f"/api/runs/{written.run}/stop", "/api/start", "/api/check"):
        assert ask(server, path, {})[0].status == 401
        assert ask(server, path, {}, Authorization="Bearer wrong")[0].status == 401


def test_away_from_loopback_figures_need_the_token_and_reports_their_key(serve, written):
    server = serve("0.0.0.0")
    assert json.loads(ask(server, "/api/session")[1]) == {"looks": False, "changes": False, "starts": False}
    for path in ("/api/plans", "/api/cluster", f"/api/runs/{written.run}/events", f"/runs/{written.run}/report.html"):
        assert ask(server, path)[0].status == 401

    _, listed = ask(server, "/api/cluster", **BEARER)
    report = json.loads(listed)["runs"][0]["report"]
    assert TOKEN not in report
    assert ask(server, report)[0].status == 200
    assert ask(server, report[:-1] + "x")[0].status == 401
    assert ask(server, report.replace(written.run, "demo-2"))[0].status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_made_to_point_here_is_refused(serve, host):
    answer, _ = ask(serve(), "/api/cluster", Host=host)

    assert answer.status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1234", "[::1]:9"])
def test_this_machines_own_names_are_known(serve, host):
    assert ask(serve(), "/api/cluster", Host=host)[0].status == 200


def test_another_sites_page_may_ask_nothing(serve):
    server = serve()
    host = f"127.0.0.1:{server.port}"

    assert ask(server, "/api/stop", {}, Origin="https://evil.example", **BEARER)[0].status == 403
    assert ask(server, "/api/stop", {}, Origin="null", **BEARER)[0].status == 403
    assert ask(server, "/api/stop", {}, Origin=f"http://{host}", **BEARER)[0].status == 202


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("cross-site", "cors", 403),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
    ],
)
def test_what_a_browser_fetches_for_another_site_is_not_even_read(serve, site, mode, status):
    answer, _ = ask(serve(), "/api/cluster", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode)

    assert answer.status == status


def test_what_a_form_of_another_site_could_send_is_refused(serve):
    server = serve()

    assert ask(server, "/api/stop", {}, **BEARER, Content_Type="text/plain")[0].status in (202, 400)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/api/stop", "{}", headers={**BEARER, "Content-Type": "text/plain"})
    assert connection.getresponse().status == 400
    connection.close()


def test_a_body_that_is_too_large_is_not_read(serve):
    connection = HTTPConnection("127.0.0.1", serve().port, timeout=10)
    connection.putrequest("POST", "/api/start")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_without_the_token_is_passed_over_and_still_answered(serve):
    text = {"plan": "x" * 2_000_000}

    for path in ("/api/start", "/api/stop"):
        assert ask(serve(), path, text)[0].status == 401
        assert ask(serve(), path, text, Origin="https://evil.example", **BEARER)[0].status == 403


@pytest.mark.parametrize("length", ["", "-1", "x", "1e3", "९"])
def test_a_body_needs_its_length(serve, length):
    connection = HTTPConnection("127.0.0.1", serve().port, timeout=10)
    connection.putrequest("POST", "/api/stop")
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.putheader("Content-Length", length.encode())
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()


def _is_let_go(client: socket.socket) -> bool:
    try:
        client.sendall(b"x")
    except OSError:
        return True
    return False


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", b"POST /api/stop HTTP/1.1\r\nContent-Length: 9\r\n\r\n"])
def test_a_client_that_sends_a_byte_now_and_then_is_let_go(serve, monkeypatch, start):
    monkeypatch.setattr(serving, "IDLE_S", 0.5)
    with socket.create_connection(("127.0.0.1", serve().port), timeout=10) as slow:
        slow.sendall(start)
        began_at_s = time.monotonic()
        wait_until(lambda: _is_let_go(slow), "it is let go", 10)
        assert time.monotonic() - began_at_s < 5


@pytest.mark.parametrize("request_line", [b"nonsense\r\n\r\n", b"DELETE / HTTP/1.1\r\n\r\n", b"G" * 70_000 + b"\r\n"])
def test_what_is_no_request_is_refused_under_the_same_policy(serve, request_line):
    with socket.create_connection(("127.0.0.1", serve().port), timeout=10) as client:
        client.sendall(request_line)
        answer = client.makefile("rb").read()

    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert b"<" not in answer.partition(b"\r\n\r\n")[2]


# -- stopping and starting


def test_stopping_says_it_to_the_whole_cluster(serve, written, bus):
    server, cluster = serve(), ClusterBus(bus)
    ask(server, f"/api/runs/{written.run}/stop", {"now": False}, **BEARER)
    ask(server, f"/api/runs/{written.run}/stop", {"now": True}, **BEARER)
    ask(server, "/api/stop", {}, **BEARER)

    said = [message for _, message in cluster.listen("0-0", 0)[1]]
    assert [(message.run, message.mode) for message in said] == [
        (written.run, StopMode.GRACEFUL),
        (written.run, StopMode.NOW),
        ("*", StopMode.NOW),
    ]


def test_a_run_that_is_not_known_is_not_stopped(serve, bus):
    assert ask(serve(), "/api/runs/nobody/stop", {}, **BEARER)[0].status == 404
    assert ClusterBus(bus).listen("0-0", 0)[1] == []


def test_a_plan_is_checked_with_its_readers_messages_and_started(serve):
    def check(text: str, folder: str) -> str:
        if text != "good":
            raise PlanError("plan.yaml:1:1 is no plan", hint="write another")
        return f"a plan in {folder}"

    server = serve(starting=Starting(check, lambda text, _folder: f"run-of-{text}"))

    def told(path, **body):
        return json.loads(ask(server, path, body, **BEARER)[1])

    assert told("/api/check", plan="bad") == {"ok": False, "said": "plan.yaml:1:1 is no plan\nwrite another"}
    assert told("/api/check", plan="good", folder="plans") == {"ok": True, "said": "a plan in plans"}
    assert told("/api/start", plan="good") == {"run": "run-of-good"}
    assert told("/api/start", plan=5)["error"] == "there is no plan"


def test_the_plans_that_lie_ready_are_told_to_who_may_start_them(serve, tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "a b.yaml").write_text("journeys: []\nload: []\n")
    server = serve(starting=Starting(str, str, PlansBelow(tmp_path)))

    assert json.loads(ask(server, "/api/plans", **BEARER)[1]) == {"plans": ["plans/a b.yaml"]}
    _, body = ask(server, "/api/plans?file=plans/a%20b.yaml", **BEARER)
    assert json.loads(body) == {"plan": "journeys: []\nload: []\n", "folder": "plans"}
    assert ask(server, "/api/plans?file=../../etc/passwd", **BEARER)[0].status == 404
    assert ask(server, "/api/plans?file=plans/a%20b.yaml")[0].status == 401


def test_a_page_that_starts_nothing_says_so(serve):
    assert ask(serve(), "/api/start", {"plan": "x"}, **BEARER)[0].status == 403


# -- the list and the reports


def test_runs_are_listed_with_their_reports(serve, written: WrittenRun):
    written.seal(2)
    server = serve()

    found = json.loads(ask(server, "/api/cluster")[1])
    assert [(run["run"], run["state"]) for run in found["runs"]] == [(written.run, "running")]
    answer, body = ask(server, found["runs"][0]["report"])
    assert answer.status == 200
    assert b"<!doctype html>" in body
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for power in ("allow-same-origin", "allow-top-navigation", "allow-popups", "allow-forms"):
        assert power not in answer.headers["Content-Security-Policy"]


def test_an_address_that_is_taken_is_said(redis_url):
    from loadgen.bus import connect

    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = PageServer(lambda: connect(redis_url), taken.getsockname()[1], Access("127.0.0.1", TOKEN))
        with pytest.raises(PortError):
            server.start()
