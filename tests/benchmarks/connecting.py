"""What it costs to start and end a shopper, beyond its connection.

CPU time, against nginx in another process. All sides open as many connections at once and send the same bytes::

    a new shopper      greenlet, user, client, journey, arrival ─▶ GET over a new connection, counted, closed
    a known shopper                                                GET over a new connection, counted, closed
    by hand                                                        connect, send, read, close

The first less the second is what starting and ending a shopper costs; less the third, its request is in it too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import gevent
from benchmarks.spread import ONE_IN, Round, Spread, undisturbed
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

NEW = "one `Shopper` with one GET over a new connection"
KNOWN = "the same GET over a new connection by a `Shopper` that is there already"
BARE = "the same connection and GET by hand, without a client"
BEYOND = "**the first less the second: to start and end one shopper, beyond its connection**"
WITH_REQUEST = "the first less the third: its request through the client too"

PORT = "shop"
PAGE = "/page.html"


class Looker(Shopper):
    """One page."""

    def journey(self) -> None:
        assert self.client.get(PAGE).status_code == 200


class Regular(Shopper):
    """The same page again and again, each time over a new connection."""

    times: ClassVar[int] = 1

    def journey(self) -> None:
        for _ in range(self.times):
            assert self.client.get(PAGE).status_code == 200
            self.client.close()


class LocustLooker(FastHttpUser):
    """The same in Locust."""

    wait_time = constant(0)

    @task
    def look(self) -> None:
        assert self.client.get(PAGE).status_code == 200


def costs(port: int, rounds: int, times: int) -> dict[str, Spread]:
    """Nanoseconds of one shopper, the same request without starting one, the differences, and one Locust user."""
    ours, known, bare, locusts = [], [], [], []
    for _ in range(ONE_IN * rounds + 1):
        ours.append(_shoppers(port, Looker, times))
        known.append(_known(port, times))
        bare.append(_bare(port, times))
        locusts.append(_shoppers(port, LocustLooker, times))
    made = {
        NEW: ours,
        KNOWN: known,
        BARE: bare,
        BEYOND: _less(ours, known),
        WITH_REQUEST: _less(ours, bare),
        "one Locust `FastHttpUser` with one GET over a new connection": locusts,
    }
    return {what: Spread.of([one.ns for one in undisturbed(of[1:], ONE_IN)]) for what, of in made.items()}


def _less(ours: list[Round], others: list[Round]) -> list[Round]:
    pairs = zip(ours, others, strict=True)
    return [Round(one.ns - other.ns, one.empty_ns + other.empty_ns) for one, other in pairs]


def _known(port: int, times: int) -> Round:
    """As many at once as there are new ones at once; each comes for all of its requests."""
    regular = type("Regular", (Regular,), {"times": times // TOGETHER})
    shoppers, recorder = stage(regular, f"http://127.0.0.1:{port}")

    def work() -> None:
        for number in range(TOGETHER):
            shoppers.come(Session(recorder, regular.__name__, 0, 350, number), 1)
        while len(shoppers):
            gevent.sleep(LOOK_S)

    taken = _timed(times, work)
    requests = recorder.take(0).requests
    if requests != times:
        raise AssertionError(f"{requests} of {times} requests were made")
    return taken


def _shoppers(port: int, user: type[User], times: int) -> Round:
    shoppers, recorder = stage(user, f"http://127.0.0.1:{port}")

    def work() -> None:
        for started in range(0, times, TOGETHER):
            for number in range(started, started + TOGETHER):
                recorder.arrival_started(0, 350, late=False)
                shoppers.come(Session(recorder, user.__name__, 0, 350, number), 1)
            while len(shoppers):
                gevent.sleep(LOOK_S)

    taken = _timed(times, work)
    completed = recorder.take(0).journeys[user.__name__].completed
    if completed != times:
        raise AssertionError(f"{completed} of {times} shoppers got their page")
    return taken


def _bare(port: int, times: int) -> Round:
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

    return _timed(times, work)


def _timed(times: int, work: Callable[[], None]) -> Round:
    with gevent.Timeout(PATIENCE_S):
        return Round.of(times, work)
