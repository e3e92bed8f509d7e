"""A stage for shoppers: a small server that counts what it answers, and an environment to run users in.

These tests import locust, which monkey-patches the process, so they run in a pytest process of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from locust import User
from locust.event import Events

from loadgen.journey import JourneyEnvironment, PlanContext, Recorder, Session, install, listen
from loadgen.stats import Tally

DEADLINE_S = 10


class Server:
    """Answers every path with 200, but ``/status/503``, ``/redirect``, ``/form``, ``/pictures``, ``/binary`` and
    ``/cut``.

    Attributes:
        received: paths of requests received, in order.
        answered: number of answers given.
        gate: requests below ``/held`` wait for it.
        connections: connections accepted.
        open_connections: of those, the ones still open.
    """

    def __init__(self) -> None:
        self.received: list[str] = []
        self.answered = 0
        self.headers: list[dict[str, str]] = []
        self.gate = Event()
        self.connections = 0
        self.open_connections = 0
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None, error_log=None)
        self._server.handle = self._counted(self._server.handle)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.gate.set()
        self._server.stop(timeout=1)

    def _counted(self, handle: Callable[..., None]) -> Callable[..., None]:
        def counted(*connection: Any) -> None:
            self.connections += 1
            self.open_connections += 1
            try:
                handle(*connection)
            finally:
                self.open_connections -= 1

        return counted

    def _answer(self, environ: dict[str, Any], start: Callable[..., None]) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.received.append(path)
        self.headers.append({name: value for name, value in environ.items() if name.startswith("HTTP_")})
        status, headers, body = "200 OK", [("Content-Type", "text/html")], b"<h1>hello</h1>"
        if path.startswith("/held"):
            self.gate.wait()
        elif path.startswith("/status/"):
            status = f"{path.rpartition('/')[2]} Status"
        elif path == "/redirect":
            status, headers = "303 See Other", [("Location", "/target")]
        elif path == "/binary":
            status, body = "500 Broken", b"\xff\xfe\xfa"
        elif path == "/pictures":
            body = b"".join(b'<img src="/held/%d.png">' % n for n in range(10))
        elif path == "/form":
            body = b'<form action="/buy" method="post"><input type="hidden" name="csrf" value="t0k"></form>'
        start(status, [*headers, ("Content-Length", str(len(body)))])
        self.answered += 1
        return [body]


class Stage:
    """Users on stage: spawned as sessions, stopped, counted."""

    def __init__(self, server: Server, **context: Any) -> None:
        self.server = server
        self.recorder = Recorder("w1")
        self.environment = JourneyEnvironment(PlanContext(**context), events=Events(), host=server.url)
        install()
        listen(self.environment, self.recorder)

    def session(self, user_class: type[User], **details: Any) -> Session:
        return Session(self.recorder, user_class.__name__, **details)

    def run(self, user_class: type[User], tasks: int = 1) -> str:
        """One arrival of the open model, to its end."""
        how: str = self.spawn(self.session(user_class), user_class, tasks).get(timeout=DEADLINE_S)
        return how

    def spawn(self, session: Session, user_class: type[User], tasks: int = 1) -> gevent.Greenlet:
        return gevent.spawn(session.run, self.environment.new_user(user_class), tasks)

    def loop(self, session: Session, user_class: type[User]) -> gevent.Greenlet:
        return gevent.spawn(session.loop, self.environment.new_user(user_class))

    def tally(self) -> Tally:
        return self.recorder.take(0)

    @staticmethod
    def until(condition: Callable[[], object]) -> None:
        """Let greenlets run until something is so."""
        with gevent.Timeout(DEADLINE_S):
            while not condition():
                gevent.sleep(0.001)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def stage(server: Server) -> Stage:
    return Stage(server)
