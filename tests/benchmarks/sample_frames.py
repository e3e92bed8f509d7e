"""Frames like those of a busy worker, for the parts that weigh them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from loadgen.latency import Histogram
from loadgen.messages import Frame, Health, pack_tally
from loadgen.stats import OK, ArrivalCounts, JourneyCounts, Series, SeriesKey, SlowSample, StepCounts, Tally
from loadgen.stats.slowest import SLOWEST_REPORTED, slowest_of

RUN = "winter-sales-1124-060000-ab12"
SERIES = 20
DRAWN = 50
"""Tallies that are drawn; dealt out again, they make the frames of a thousand workers."""
STEPS = ("home", "search", "product", "cart", "payment")


def frame_of(worker: int, second: int, requests: int, rng: random.Random, pool: int = SERIES) -> Frame:
    """One second of one worker: requests of a tenth as many shoppers in 20 series, drawn from a pool."""
    name = f"machine-17-{worker:08x}"
    return Frame(
        run=RUN,
        worker=name,
        sequence=second + 1,
        second=second,
        epoch=1,
        tally=pack_tally(_tally(requests, name, second, rng, pool)),
        health=Health(
            cpu=0.62,
            loop_lag_mean_us=180,
            loop_lag_p99_us=1900,
            loop_lag_max_us=2400,
            rss_bytes=110_000_000,
            clock_error_us=80,
        ),
    )


def frames_of(workers: int, seconds: int, requests: int, pool: int = SERIES) -> list[list[Frame]]:
    """For each second, the frames of all workers; the same at every call. What they count is dealt out again."""
    rng = random.Random(7)
    drawn = [frame_of(0, 0, requests, rng, pool) for _ in range(DRAWN)]
    return [
        [
            replace(
                drawn[(worker + 7 * second) % DRAWN],
                worker=f"machine-17-{worker:08x}",
                sequence=second + 1,
                second=second,
            )
            for worker in range(workers)
        ]
        for second in range(seconds)
    ]


def _tally(requests: int, worker: str, second: int, rng: random.Random, pool: int) -> Tally:
    series, shoppers = {}, requests // 10
    for number in sorted(rng.sample(range(pool), SERIES)):
        step = STEPS[number % len(STEPS)]
        service = _services_us(requests // SERIES, rng)
        since_due = [us + lag_us for us, lag_us in zip(service, _lags_us(len(service), rng), strict=True)]
        key = SeriesKey("Buyer" if number % 2 else "Browser", step, f"/{step}/{chr(97 + number)}/{{slug}}", "GET", OK)
        series[key] = Series(Histogram.of(service), Histogram.of(since_due), 24_000 * len(service))
    slow = [
        SlowSample(of.service.max_us, second, worker, *key, f"{rng.getrandbits(128):032x}")
        for key, of in series.items()
    ]
    return Tally(
        series=series,
        arrivals={0: ArrivalCounts(started=shoppers, lag=Histogram.of(_lags_us(shoppers, rng)))},
        shoppers=Counter({0: 8 * shoppers}),
        steps={
            (journey, step): StepCounts(shoppers, shoppers, time=Histogram.of(_services_us(shoppers, rng)))
            for journey in ("Browser", "Buyer")
            for step in STEPS
        },
        journeys={"Browser": JourneyCounts(shoppers, shoppers), "Buyer": JourneyCounts(shoppers, shoppers)},
        counters=Counter({("Buyer", "orders"): 14, ("Buyer", "revenue_cents"): 81_230}),
        sent=requests,
        in_flight=40,
        slowest=slowest_of([slow[:SLOWEST_REPORTED]]),
    )


def _services_us(count: int, rng: random.Random) -> list[int]:
    return [round(rng.lognormvariate(11.3, 0.6)) for _ in range(count)]


def _lags_us(count: int, rng: random.Random) -> list[int]:
    return [rng.randrange(50, 1500) for _ in range(count)]
