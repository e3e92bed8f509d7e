"""Frames like those of a busy worker, for the parts that weigh them."""

from __future__ import annotations

import random
from collections import Counter

from loadgen.latency import Histogram
from loadgen.messages import Frame, Health
from loadgen.stats import OK, ArrivalCounts, JourneyCounts, Series, SeriesKey, StepCounts, Tally

SERIES = 20
REQUESTS = 500
STEPS = ("home", "search", "product", "cart", "payment")


def frame_of(worker: int, second: int, rng: random.Random) -> Frame:
    """One second of one worker: 500 requests of 50 shoppers in 20 series."""
    return Frame(
        run="winter-sales-1124-060000-ab12",
        worker=f"machine-17-{worker:08x}",
        sequence=second + 1,
        second=second,
        epoch=1,
        tally=_tally(rng),
        health=Health(cpu=0.62, loop_lag_us=2400, rss_bytes=110_000_000, clock_error_us=80),
    )


def frames_of(workers: int, seconds: int) -> list[list[Frame]]:
    """For each second, the frames of all workers; the same at every call."""
    rng = random.Random(7)
    return [[frame_of(worker, second, rng) for worker in range(workers)] for second in range(seconds)]


def _tally(rng: random.Random) -> Tally:
    series = {}
    for number in range(SERIES):
        step = STEPS[number % len(STEPS)]
        service = [_service_us(rng) for _ in range(REQUESTS // SERIES)]
        since_due = [us + rng.randrange(50, 1500) for us in service]
        key = SeriesKey("Buyer" if number % 2 else "Browser", step, f"/{step}/{chr(97 + number)}/{{slug}}", "GET", OK)
        series[key] = Series(Histogram.of(service), Histogram.of(since_due), 24_000 * len(service))
    return Tally(
        series=series,
        arrivals={0: ArrivalCounts(started=50, lag=Histogram.of([rng.randrange(50, 1500) for _ in range(50)]))},
        shoppers=Counter({0: 400}),
        steps={
            (journey, step): StepCounts(25, 24, time=Histogram.of([_service_us(rng) * 3 for _ in range(24)]))
            for journey in ("Browser", "Buyer")
            for step in STEPS
        },
        journeys={"Browser": JourneyCounts(35, 33), "Buyer": JourneyCounts(15, 14)},
        counters=Counter({("Buyer", "orders"): 14, ("Buyer", "revenue_cents"): 81_230}),
        sent=REQUESTS,
        in_flight=40,
    )


def _service_us(rng: random.Random) -> int:
    return round(rng.lognormvariate(11.3, 0.6))
