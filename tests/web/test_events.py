"""A run's events as viewers get them over HTTP."""

from __future__ import annotations

import json
import socket
import threading
from http.client import HTTPConnection

import pytest
from cluster.harness import wait_until
from web.asking import ask
from web.conftest import TOKEN, WrittenRun

from loadgen.messages import RunState
from loadgen.web import Access, PageServer, watching
from loadgen.web import server as serving


class Viewer:
    """Reads a run's events as they come."""

    def __init__(self, server, run: str, **headers) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", f"/api/runs/{run}/events", headers=named)
        self.answer = self._connection.getresponse()

    def next(self) -> tuple[str, dict]:
        """The next event's id and data; comments are passed over."""
        told = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith(":"):
                self.answer.readline()
            elif line:
                name, _, value = line.partition(": ")
                told[name] = value
            elif told:
                return told.get("id", told["event"]), json.loads(told["data"])
            else:
                raise AssertionError("the stream has ended")

    def until(self, second: int) -> tuple[str, dict]:
        """The first event that knows of a second."""
        name, told = self.next()
        while told["board"]["second"] < second:
            name, told = self.next()
        return name, told

    def close(self) -> None:
        self._connection.close()
        self.answer.close()


@pytest.fixture
def viewer():
    viewers = []

    def watch(*args, **headers) -> Viewer:
        viewers.append(Viewer(*args, **headers))
        return viewers[-1]

    yield watch
    for each in viewers:
        each.close()


def test_a_viewer_gets_the_run_so_far_then_what_is_new(serve, written: WrittenRun, viewer):
    written.seal(3)
    watching_it = viewer(serve(), written.run)
    assert watching_it.answer.headers["Content-Type"].startswith("text/event-stream")

    number, told = watching_it.until(2)
    assert number == "2"
    assert told["outline"]["duration_s"] == 30
    assert [point["second"] for point in told["timeline"]["points"]] == [0, 1, 2]
    assert told["timeline"]["anew"] is True

    written.seal(20)
    number, told = watching_it.until(22)
    written.seal(1)
    number, told = watching_it.until(23)
    assert number == "23"
    assert told["timeline"]["anew"] is False
    assert [point["second"] for point in told["timeline"]["points"]] == list(range(12, 24))


def test_a_viewer_that_comes_back_gets_what_it_lacks(serve, written: WrittenRun, viewer):
    written.seal(25)
    server = serve()
    viewer(server, written.run).until(24)

    _, told = viewer(server, written.run, Last_Event_ID="20").until(24)

    assert told["timeline"]["anew"] is False
    assert [point["second"] for point in told["timeline"]["points"]] == list(range(10, 25))


@pytest.mark.parametrize("number", ["-3", "x", "999999999999", "4000"])
def test_an_id_that_cannot_be_is_no_id(serve, written: WrittenRun, viewer, number):
    written.seal(2)

    _, told = viewer(serve(), written.run, Last_Event_ID=number).until(1)

    assert told["timeline"]["anew"] is True


def test_the_stream_ends_with_the_run(serve, written: WrittenRun, viewer):
    written.seal(1)
    watching_it = viewer(serve(), written.run)
    watching_it.until(0)
    written.record(RunState.FINISHED)

    names = []
    while "end" not in names:
        names.append(watching_it.next()[0])
    assert watching_it.answer.read() == b""


def test_all_viewers_of_a_run_share_one_poller(serve, written: WrittenRun, viewer):
    written.seal(1)
    server = serve()
    for _ in range(5):
        viewer(server, written.run).until(0)

    def pollers() -> int:
        return sum(thread.name == f"loadgen-watch-{written.run}" for thread in threading.enumerate())

    wait_until(lambda: pollers() == 1, "those of other servers have ended, and there is one")


def test_viewers_are_bounded_and_leaving_makes_room(serve, written: WrittenRun, viewer, monkeypatch):
    monkeypatch.setattr(watching, "VIEWERS", 2)
    monkeypatch.setattr(serving, "BEAT_S", 0.05)
    server = serve()
    first = viewer(server, written.run)
    viewer(server, written.run)

    assert viewer(server, written.run).answer.status == 503
    first.close()
    wait_until(lambda: viewer(server, written.run).answer.status == 200, "there is room again")


def test_connections_are_bounded(redis_url, monkeypatch):
    from loadgen.bus import connect

    monkeypatch.setattr(serving, "CONNECTIONS", 1)
    server = PageServer(lambda: connect(redis_url), 0, Access("127.0.0.1", TOKEN))
    server.start()
    place = ("127.0.0.1", server.port)
    with socket.create_connection(place), socket.create_connection(place, timeout=10) as second:
        assert second.recv(1) == b""
    server.stop()


@pytest.mark.usefixtures("bus")
def test_a_run_that_is_not_known_is_not_found(serve):
    assert ask(serve(), "/api/runs/nobody/events")[0].status == 404
    assert ask(serve(), "/runs/nobody/report.html")[0].status == 404
