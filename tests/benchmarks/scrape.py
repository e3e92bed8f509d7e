"""What a scrape of ``/metrics`` costs the coordinator, and whether sealing waits for it.

200 request series (100 requests, each with its failures) in a run of 1,000 workers. A page is written once for all who
ask in the same second; here each is written anew. Held are

- a page of any format, in CPU time, as half a second of work is a tenth of what there is between two scrapes of 5 s;
- a sealed second of 1,000 workers, on the wall, while pages are written without end: in pairs with the same alone.
"""

from __future__ import annotations

import gzip
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.frames import in_redis
from benchmarks.sample_frames import STEPS, frames_of
from benchmarks.spread import Spread, Work, as_count, as_ms, as_ratio, as_time, cpu_ns_in_turns
from benchmarks.table import Table
from metrics.sampled import by_library
from prometheus_client.openmetrics.exposition import generate_latest

from loadgen.latency import Histogram
from loadgen.messages import RunRecord, RunState, WorkerTotals
from loadgen.metrics import ClusterSnapshot, RunSnapshot
from loadgen.metrics.negotiation import OPENMETRICS, PROTOBUF, TEXT
from loadgen.metrics.rendering import PACKING, Rendering
from loadgen.plan.model import Plan
from loadgen.stats import FAILED, OK, ArrivalCounts, JourneyCounts, SecondRow, Series, SeriesKey, StepCounts, Tally

LIBRARY = "OpenMetrics by `prometheus_client`, for comparison"

WORKERS = 1000
REQUESTS = 100
FORMATS = (("text", TEXT), ("OpenMetrics", OPENMETRICS), ("protobuf, with native histograms", PROTOBUF))

PAGE_MOST_NS = 0.5e9
"""Of CPU for one page."""

LONGER_MOST = 1.5
"""How many times as long a sealed second may take, in the median, while pages are written without end."""


def measure(quick: bool) -> list[Table]:
    """Pages of every format; sealed seconds with pages and without.

    Raises:
        AssertionError: a promise is broken.
    """
    snapshot = _snapshot()
    costs = _pages(snapshot, 3 if quick else 11)
    alone, scraped, ratios = _sealing(snapshot, 3 if quick else 31)
    rows = [
        [
            f"a page as {name}",
            *spread.cells(as_time),
            f"{as_count(size / 1000)} KB, {as_count(packed / 1000)} KB packed",
        ]
        for name, (spread, size, packed) in costs.items()
    ]
    rows += [
        ["a second of 1,000 workers sealed, on the wall", *alone.cells(as_ms), ""],
        ["the same while pages are written", *scraped.cells(as_ms), f"{as_ratio(ratios.median)} times as long"],
    ]
    slow = [name for name, (spread, *_) in costs.items() if name != LIBRARY and spread.median > PAGE_MOST_NS]
    if slow:
        raise AssertionError(f"a page takes more than {as_time(PAGE_MOST_NS)}: {', '.join(slow)}")
    if ratios.median > LONGER_MOST and not quick:
        raise AssertionError(f"scrapes delay sealing: it takes {as_ratio(ratios.median)} times as long")
    note = f"Pages: CPU time, with packing. {2 * REQUESTS} request series, {WORKERS:,} workers, of which 500 are shown."
    return [Table("scrape", ["what", "median", "least to most", "of it"], rows, [note])]


def _pages(snapshot: ClusterSnapshot, rounds: int) -> dict[str, tuple[Spread, int, int]]:
    works = {
        name: Work(1, lambda: Rendering(lambda: snapshot), lambda anew, accept=accept: anew.page(accept, packed=True))
        for name, accept in FORMATS
    }
    works[LIBRARY] = Work(1, lambda: None, lambda _: gzip.compress(by_library(generate_latest, snapshot, 0.0), PACKING))
    spreads = cpu_ns_in_turns(rounds, works)
    of = Rendering(lambda: snapshot)
    library = by_library(generate_latest, snapshot, 0.0)
    if library != of.page(OPENMETRICS)[1]:
        raise AssertionError("prometheus_client writes another page")
    sizes = {name: [len(of.page(accept, packed=packed)[1]) for packed in (False, True)] for name, accept in FORMATS}
    sizes[LIBRARY] = [len(library), len(gzip.compress(library, PACKING))]
    return {name: (spreads[name], *sizes[name]) for name in works}


def _sealing(snapshot: ClusterSnapshot, rounds: int) -> tuple[Spread, Spread, Spread]:
    alone, scraped = [], []
    with in_redis(frames_of(WORKERS, 2, 500)) as run, _scraped(snapshot) as scraping:
        for _ in range(rounds + 1):
            for found, pages in ((alone, False), (scraped, True)):
                told_s = run.send()
                (scraping.set if pages else scraping.clear)()
                time.sleep(0.3)  # a page that was begun is at its end by then, or the next one under way
                began_s = time.monotonic()
                run.seal(told_s)
                found.append(time.monotonic() - began_s)
                scraping.clear()
    ratio = statistics.median(scraped[1:]) / statistics.median(alone[1:])
    pairs = [one / other for one, other in zip(scraped[1:], alone[1:], strict=True)]
    return Spread.of(alone[1:]), Spread.of(scraped[1:]), Spread(ratio, min(pairs), max(pairs))


@contextmanager
def _scraped(snapshot: ClusterSnapshot) -> Iterator[threading.Event]:
    """A thread that writes one page after the other while the event is set."""
    going, over = threading.Event(), threading.Event()

    def scrape() -> None:
        while not over.is_set():
            if going.wait(0.05):
                Rendering(lambda: snapshot).page(OPENMETRICS, packed=True)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield going
    finally:
        over.set()
        thread.join()


def _snapshot() -> ClusterSnapshot:
    rng = random.Random(7)
    plan = Plan.model_validate(
        {
            "name": "winter-sales",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "shop.py", "user": "Browser"}, {"file": "shop.py", "user": "Buyer"}],
            "load": [{"shape": {"constant": {"at": "10000/s", "for": "1h"}}}],
            "thresholds": ["p(95) < 1s", "error_rate < 1%"],
            "guards": ["error_rate > 20% for 10s: stop"],
        }
    )
    totals = {
        f"machine-17-{n:08x}": WorkerTotals(f"machine-17-{n:08x}", requests=9, last_second=9) for n in range(WORKERS)
    }
    run = RunSnapshot(
        record=RunRecord(run="r1", name=plan.name, state=RunState.RUNNING, submitted_at=1.0, started_at=2.0),
        plan=plan,
        total=_tally(5000, rng),
        planned=5000,
        recent=tuple(SecondRow(second, tally=_tally(100, rng)) for second in range(10)),
        places=dict.fromkeys(totals, "seated"),
        totals=totals,
    )
    return ClusterSnapshot("c1", True, 1, {"idle": 0, "busy": WORKERS, "leaving": 0}, 0, (run,))


def _tally(each: int, rng: random.Random) -> Tally:
    series = {}
    for number in range(REQUESTS):
        step = STEPS[number % len(STEPS)]
        for result in (OK, FAILED):
            times = _times(each, rng)
            key = SeriesKey("Buyer" if number % 2 else "Browser", step, f"/{step}/{number}/{{slug}}", "GET", result)
            reasons = Counter(status_5xx=each) if result == FAILED else Counter()
            series[key] = Series(times, times, 24_000 * each, reasons)
    journeys = ("Browser", "Buyer")
    return Tally(
        series=series,
        arrivals={0: ArrivalCounts(started=each)},
        steps={(j, step): StepCounts(each, each, time=_times(each, rng)) for j in journeys for step in STEPS},
        journeys={journey: JourneyCounts(each, each) for journey in journeys},
        counters=Counter({("Buyer", "orders"): each}),
    )


def _times(count: int, rng: random.Random) -> Histogram:
    middle = rng.uniform(10, 13)
    return Histogram.of(round(rng.lognormvariate(middle, 0.6)) for _ in range(count))
