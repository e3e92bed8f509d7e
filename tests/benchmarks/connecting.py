"""What a shopper costs beyond its connection: one GET by a new shopper, less the same by a bare connection.

CPU time, against nginx in another process. Both sides open as many connections at once and send the same bytes; the
shopper's side is what a worker does for an arrival of one request: greenlet, user, client, journey, counting, leaving.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import gevent
from benchmarks.spread import Spread
from benchmarks.stage import stage
from locust import FastHttpUser, constant, task
from locust.user.users import User

from loadgen.journey import Session, Shopper
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.exchange import Connection
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.wires import Origin

TOGETHER = 20
"""At once; so many connections a busy worker has under way."""

LOOK_S = 0.002
"""How often it is looked whether all have left."""

PATIENCE_S = 60.0

BEYOND = "**the difference: one shopper beyond its connection**"

PORT = "shop"
PAGE = "/page.html"


class Looker(Shopper):
    """One page."""

    def journey(self) -> None:
        assert self.client.get(PAGE).status_code == 200


class LocustLooker(FastHttpUser):
    """The same in Locust."""

    wait_time = constant(0)

    @task
    def look(self) -> None:
        assert self.client.get(PAGE).status_code == 200


def costs(port: int, rounds: int, times: int) -> dict[str, Spread]:
    """Nanoseconds of one shopper, one bare connection, the difference of both, and one Locust user."""
    ours, bare, locusts = [], [], []
    for _ in range(rounds + 1):
        ours.append(_shoppers(port, Looker, times))
        bare.append(_bare(port, times))
        locusts.append(_shoppers(port, LocustLooker, times))
    beyond = [shopper - connection for shopper, connection in zip(ours, bare, strict=True)]
    return {
        "one `Shopper` with one GET over a new connection": Spread.of(ours[1:]),
        "the same connection and GET without a shopper": Spread.of(bare[1:]),
        BEYOND: Spread.of(beyond[1:]),
        "one Locust `FastHttpUser` with one GET over a new connection": Spread.of(locusts[1:]),
    }


def _shoppers(port: int, user: type[User], times: int) -> float:
    shoppers, recorder = stage(user, f"http://127.0.0.1:{port}")

    def work() -> None:
        for started in range(0, times, TOGETHER):
            for number in range(started, started + TOGETHER):
                recorder.arrival_started(0, 350, late=False)
                shoppers.come(Session(recorder, user.__name__, 0, 350, number), 1)
            while len(shoppers):
                gevent.sleep(LOOK_S)

    taken_ns = _cpu_ns(work) / times
    completed = recorder.take(0).journeys[user.__name__].completed
    if completed != times:
        raise AssertionError(f"{completed} of {times} shoppers got their page")
    return taken_ns


def _bare(port: int, times: int) -> float:
    settings = ClientSettings()
    dialer = Dialer(settings)
    origin = Origin("http", "127.0.0.1", port)
    head = (
        f"GET {PAGE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) loadgen\r\n"
        "Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\r\n"
    ).encode()

    def ask() -> None:
        for _ in range(times // TOGETHER):
            connection = Connection(dialer.open(origin, None), settings, origin)
            if connection.exchange(head, b"", no_body=False).status != 200:
                raise AssertionError("no page")
            connection.close()

    def work() -> None:
        asking = [gevent.spawn(ask) for _ in range(TOGETHER)]
        while not all(one.ready() for one in asking):
            gevent.sleep(LOOK_S)
        gevent.joinall(asking, raise_error=True)

    return _cpu_ns(work) / times


def _cpu_ns(work: Callable[[], None]) -> float:
    gc.collect()
    before = time.thread_time_ns()
    with gevent.Timeout(PATIENCE_S):
        work()
    return time.thread_time_ns() - before
