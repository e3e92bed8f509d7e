"""What a worker pays for each request, arrival and shopper, and what Locust pays for the same.

CPU time of this process; only the shoppers of :mod:`benchmarks.connecting` talk to another one. Imports locust, which
patches the process.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from typing import Any

import gevent
from benchmarks import connecting
from benchmarks.cores import on_core, two_cores
from benchmarks.spread import ONE_IN, Spread, Work, as_time, undisturbed_ns
from benchmarks.stage import stage
from benchmarks.table import Table
from locust import FastHttpUser, task
from locust.event import Events
from locust.stats import RequestStats

from loadgen.journey import JourneyEnvironment, Recorder, Session, Shopper, current, listen
from loadgen.shapes import Arrivals, Ramp, Schedule, Spacing, split
from loadgen.shapes.arrivals import Edge
from loadgen.worker.shoppers import Shoppers

TOGETHER = 50
"""Shoppers that are started before the event loop turns; a busy worker starts a few at a time."""

A_SECOND = 500
"""Requests between one take of the recorder and the next."""

RECORDED = "one request recorded (`Recorder.request`)"

GOALS = {RECORDED: "≤ 0.4 µs", connecting.BEYOND: "≤ 60 µs"}

NAMES = [f"/category/{chr(97 + n)}" for n in range(20)]


class Passer(Shopper):
    """Comes in and goes out again."""

    def journey(self) -> None:
        pass


class LocustPasser(FastHttpUser):
    """The same as an unmodified locustfile has it."""

    @task
    def pass_by(self) -> None:
        pass


def measure(quick: bool) -> list[Table]:
    """The cost of each hot path."""
    rounds, times = (3, 2_000) if quick else (11, 20_000)
    works = {
        RECORDED: _request(times),
        "its part of the second's tally (`Recorder.take`)": _taken(times),
        "the same from Locust's `request` event on": _event(times),
        "for comparison: Locust's own statistics of one request": _locust_stats(times),
        "one arrival computed, uniform spacing": _arrival(times, "uniform"),
        "one arrival computed, Poisson spacing": _arrival(times, "poisson"),
        "one `Shopper` with an empty journey, started and ended": _shopper(times // 50, Passer),
        "one Locust `FastHttpUser` with an empty task, the same": _shopper(times // 50, LocustPasser),
    }
    note = (
        f"CPU time, loop included; median of the {rounds} of {ONE_IN * rounds} rounds of {times:,} ({times // 50:,} "
        "shoppers) in which an empty loop went fastest: other guests of a host make all of it up to 1.6 times slower. "
        f"A tally is taken of {A_SECOND} requests in {len(NAMES)} series; recorded is into memory "
        "that was written before, as from the third second of a run on."
    )
    costs = undisturbed_ns(rounds, works)
    with_connection = _connecting(rounds, times // 50)
    costs |= with_connection
    if not with_connection:
        note += " Shoppers with a connection were left out: they need nginx (apt-get install nginx)."
    cells = {what: spread.cells(as_time) for what, spread in costs.items()}
    rows = [[what, median, GOALS.get(what, ""), spread] for what, (median, spread) in cells.items()]
    return [Table("hot-paths", ["what", "median", "goal", "least to most"], rows, [note])]


def _connecting(rounds: int, times: int) -> dict[str, Spread]:
    """Nothing where there is no nginx."""
    from benchmarks.nginx import nginx_program  # imports ssl, which locust wants to patch first
    from benchmarks.site import running_site

    if nginx_program() is None:
        return {}
    cores = two_cores()
    with ExitStack() as stack:
        with on_core(cores[1]) if cores else nullcontext():
            server, _ = stack.enter_context(running_site([connecting.PORT]))
        if cores:
            stack.enter_context(on_core(cores[0]))
        return connecting.costs(server.ports[connecting.PORT], rounds, times)


def _service_times_us(times: int) -> list[int]:
    """Log-normal around 80 ms, as a shop's are."""
    rng = random.Random(7)
    return [round(rng.lognormvariate(11.3, 0.6)) for _ in range(times)]


def _request(times: int) -> Work:
    """From a run's third second on: the first two touch memory that nobody has written yet, at some 50 µs a page."""
    values, names = _service_times_us(times), itertools.cycle(NAMES)

    def prepare() -> Session:
        session = Session(Recorder("w1"), "Buyer", lag_us=350)
        session.step = "product"
        for second in range(2):
            work(session)
            session.recorder.take(second)
        return session

    def work(session: Session) -> None:
        request = session.recorder.request
        for value, name in zip(values[::4], names, strict=False):  # four a turn: the loop is not what is measured
            request(session, "GET", name, value, 24_000, None)
            request(session, "GET", name, value + 1, 24_000, None)
            request(session, "GET", name, value + 2, 24_000, None)
            request(session, "GET", name, value + 3, 24_000, None)

    return Work(times, prepare, work)


def _taken(times: int) -> Work:
    values = _service_times_us(times)

    def prepare() -> list[Recorder]:
        recorders = [Recorder("w1") for _ in range(times // A_SECOND)]
        for number, value in enumerate(values):
            recorder = recorders[number // A_SECOND]
            visit = Session(recorder, "Buyer", lag_us=350)
            recorder.request(visit, "GET", NAMES[number % len(NAMES)], value, 24_000, None)
        return recorders

    def work(recorders: list[Recorder]) -> None:
        for recorder in recorders:
            recorder.take(0)

    return Work(times, prepare, work)


def _event(times: int) -> Work:
    times_ms, names = [us / 1000 for us in _service_times_us(times)], itertools.cycle(NAMES)

    def prepare() -> tuple[Session, Callable[..., None]]:
        recorder = Recorder("w1")
        environment = JourneyEnvironment(events=Events(), host="http://127.0.0.1")
        listen(environment, recorder)
        session = Session(recorder, "Buyer", lag_us=350)
        session.step, session.in_flight = "product", 1
        return session, environment.events.request.fire

    def work(given: tuple[Session, Callable[..., None]]) -> None:
        session, fire = given
        token = current.set(session)
        for value, name in zip(times_ms, names, strict=False):
            fire(
                request_type="GET",
                name=name,
                response_time=value,
                response_length=24_000,
                exception=None,
                context={},
                response=None,
            )
        current.reset(token)

    return Work(times, prepare, work)


def _locust_stats(times: int) -> Work:
    times_ms, names = [us / 1000 for us in _service_times_us(times)], itertools.cycle(NAMES)

    def work(stats: RequestStats) -> None:
        log_request: Any = stats.log_request
        for value, name in zip(times_ms, names, strict=False):
            log_request("GET", name, value, 24_000)

    return Work(times, RequestStats, work)


def _arrival(times: int, spacing: Spacing) -> Work:
    """Of a worker that carries a tenth of a ramp to 2,000/s."""
    over_s = 2.4 * 10 * times / 2_000
    shape = Ramp.model_validate({"from": "0/s", "to": "2000/s", "over": over_s})
    share = split([1.0] * 10)[4]

    def prepare() -> Schedule:
        schedule = Schedule(Arrivals(shape, spacing, seed=7, stream=0, weights=[70.0, 30.0]))
        schedule.assign(share, 0.0)
        return schedule

    end = Edge(math.inf, includes_u=True)

    def work(schedule: Schedule) -> None:
        for _ in range(times):
            if schedule.take_before(end) is None:
                raise AssertionError("the shape is too short")

    return Work(times, prepare, work)


def _shopper(times: int, user: type[FastHttpUser]) -> Work:
    def prepare() -> tuple[Shoppers, Recorder]:
        return stage(user, "http://127.0.0.1")

    def work(given: tuple[Shoppers, Recorder]) -> None:
        shoppers, recorder = given
        for started in range(0, times, TOGETHER):
            for number in range(started, min(started + TOGETHER, times)):
                recorder.arrival_started(0, 350, late=False)
                shoppers.come(Session(recorder, user.__name__, 0, 350, number), 1)
            while len(shoppers):
                gevent.sleep(0)
        completed = recorder.take(0).journeys[user.__name__].completed
        if completed != times:
            raise AssertionError(f"{completed} of {times} shoppers completed their journey")

    return Work(times, prepare, work)
