"""Whether visitors do what their graph says: 20,000 visits of the sales day to the demo shop, by a whole cluster.

::

    loadgen run ── 2 worker processes ── walkers.py ──▶ demo shop
                        │                    └─ times drawn and passed, in files
                        └─ counters of each way, in the run's report

Held against the graph are

- the mix: which share of the visits each journey has, against its weight;
- the ways: which share of all steps of a journey each way has, from a state to another or out, against
  visits(i) · p(i → j) / Σ visits;
- the probabilities: of those who were in a state, which share went where, against p(i → j);
- the visits that ``journey show`` reckons, against the shoppers who entered each step by the run's own funnel;
- think times, as drawn and as they passed by the clock, by the test of Kolmogorov and Smirnov.

Every share is held to 1 %. What a few hundred visits to a rare state can tell is less sharp than that: where four
standard deviations of what chance does are wider, these are the bound. Nothing is fitted.
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.table import Table
from kolmogorov import critical, distance, lognormal_cdf

from loadgen.children import loadgen_command, start_child, stop_child

LIBRARY = Path(__file__).parents[2] / "journeys"
WALKERS = Path(__file__).with_name("walkers.py")

WEIGHTS = {"Strolling": 60, "Hunting": 25, "Returning": 15}
"""Of the sales day as a whole."""

MEDIANS_S = {"Strolling": (1.5, 6.0), "Hunting": (0.5, 2.0), "Returning": (1.5, 6.0)}
"""Median and 95th percentile of the think times, as ``sales_day.py`` says them, seconds."""

NEAR = 0.01
"""How far a share may lie from what the graph says."""

SIGMAS = 4
"""Four standard deviations: one share in 16,000 lies farther off by chance."""

WORKERS = 2
SEED = 1
"""With one in twenty, one of the tests of Kolmogorov and Smirnov exceeds its bound by chance; 7 is such a one."""

RATE = 125
"""Visits per second: some 500 requests/s, which two cores bear beside the shop and the coordinator."""

LIMIT_S = 240.0
"""Beside the load itself: start, last shoppers, report."""

HEAD = ["what", "compared", "within 1 %", "closest to its bound", "off", "bound"]


class Seen(NamedTuple):
    """What a run told.

    Attributes:
        summary: its report.
        thoughts: think times by journey: drawn and passed, seconds.
    """

    summary: dict[str, Any]
    thoughts: dict[str, list[tuple[float, float]]]


class Finding(NamedTuple):
    """One number held against what the graph says.

    Attributes:
        what: which kind of number.
        place: which of them.
        off: how far it lies off.
        bound: how far it may.
    """

    what: str
    place: str
    off: float
    bound: float


def measure(quick: bool) -> list[Table]:
    """The farthest of each kind.

    Raises:
        AssertionError: one of them lies too far off.
    """
    visits = 600 if quick else 20_000
    seen = visit(visits, RATE)
    found = list(findings(seen))
    kinds = dict.fromkeys(finding.what for finding in found)
    rows = [_row(what, [finding for finding in found if finding.what == what]) for what in kinds]
    wrong = [finding for finding in found if finding.off > finding.bound]
    if wrong:
        raise AssertionError(f"too far off: {wrong}")
    totals = seen.summary["totals"]
    thoughts = sum(map(len, seen.thoughts.values()))
    note = (
        f"{visits:,} visits of three journeys of `sales_day.py` at {RATE}/s by {WORKERS} worker processes, "
        f"{totals['requests']:,} requests, {thoughts:,} think times at their full length. Shares are off by percentage "
        f"points, and held to 1, or to {SIGMAS} standard deviations of what chance does where these are wider: rare "
        "states have few visits. D of Kolmogorov and Smirnov is held to what it exceeds by chance once in a hundred "
        "times."
    )
    return [Table("behaviour", HEAD, rows, [note])]


def visit(visits: int, rate: int, pace: float = 1.0) -> Seen:
    """Let the sales day's visitors into a demo shop that has enough of everything.

    Args:
        visits: how many.
        rate: of them in a second.
        pace: factor on think times, so that a test need not wait as long as people do.
    """
    with _library() as journeys:
        folder = journeys.parent
        thoughts = folder / "thoughts"
        thoughts.mkdir()
        shop = start_child(loadgen_command("demo-shop", "--port", "0", "--stock", "1000000"), stdout=subprocess.PIPE)
        try:
            url = shop.stdout.readline().decode().split(" on ")[1].split()[0]
            plan, summary = journeys / "plan.json", folder / "summary.json"
            plan.write_text(json.dumps(_plan(url, visits, rate, {"thoughts": str(thoughts), "pace": pace})))
            command = loadgen_command("run", str(plan), "--no-web", "--workers", str(WORKERS), "--json", str(summary))
            with (folder / "log").open("wb") as log:
                run = start_child(command, stdout=log, stderr=log)
                try:
                    run.wait(timeout=visits / rate + LIMIT_S)
                finally:
                    stop_child(run)
            if not summary.exists():
                raise AssertionError((folder / "log").read_text(errors="replace")[-2000:])
            return Seen(json.loads(summary.read_text()), _read(thoughts))
        finally:
            stop_child(shop)
            shop.stdout.close()


def findings(seen: Seen) -> Iterator[Finding]:
    """All that is compared.

    Raises:
        AssertionError: the run did not do what was asked of it, so it says nothing of the graph.
    """
    from loadgen.journey.load import load_users

    with _library() as journeys:
        users = load_users(journeys, [WALKERS.name])[WALKERS.name].users
    started = {figures["journey"]: figures["started"] for figures in seen.summary["journeys"]}
    arrivals, totals = seen.summary["arrivals"], seen.summary["totals"]
    if totals["failures"] or arrivals["dropped"] or arrivals["missed"]:
        raise AssertionError(f"the run itself went wrong: {totals}, {arrivals}")
    everybody, weights = sum(started.values()), sum(WEIGHTS.values())
    for journey, weight in WEIGHTS.items():
        yield Finding("mix: share of a journey", journey, abs(started[journey] / everybody - weight / weights), NEAR)
    for journey in WEIGHTS:
        ways = _ways(seen.summary["counters"]["by_journey"][journey])
        entered = {row["step"]: row["entered"] for row in seen.summary["steps"] if row["journey"] == journey}
        yield from _of_graph(journey, users[journey].graph, ways, entered, started[journey])
        yield from _of_thoughts(journey, seen.thoughts[journey])


@contextmanager
def _library() -> Iterator[Path]:
    """The library's journeys, and beside them those of the walkers."""
    with tempfile.TemporaryDirectory(prefix="behaviour-") as name:
        folder = Path(name) / "journeys"
        shutil.copytree(LIBRARY, folder)
        shutil.copy(WALKERS, folder)
        yield folder


def _of_graph(
    journey: str, graph: Any, ways: Mapping[tuple[str, str], int], entered: Mapping[str, int], started: int
) -> Iterator[Finding]:
    visits = graph.visits()
    pages, steps = sum(visits[name] for name in graph.states), sum(ways.values())
    strange = {way for way in ways if not graph.states[way[0]].then.shares().get(way[1])}
    if strange:
        raise AssertionError(f"{journey} went ways that its graph does not have: {strange}")
    for here, state in graph.states.items():
        been = sum(count for (from_, _), count in ways.items() if from_ == here)
        if been != entered[here]:
            raise AssertionError(f"{journey}: {been} went on from {here}, where the funnel has {entered[here]}")
        # Where visitors come back with probability r, the variance of v visits is below v · (1 + r) / (1 − r); r < 1/2.
        bound = max(NEAR, SIGMAS * math.sqrt(3 * visits[here] / started))
        yield Finding("visits to a state, of a shopper", f"{journey} {here}", abs(been / started - visits[here]), bound)
        for there, share in state.then.shares().items():
            place, count = f"{journey} {here} > {there}", ways.get((here, there), 0)
            of_all = visits[here] * share / pages
            yield Finding("ways: share of all", place, abs(count / steps - of_all), _bound(of_all, steps))
            if been:
                yield Finding("probability of a way", place, abs(count / been - share), _bound(share, been))


def _bound(share: float, times: int) -> float:
    """How far a share of so many times may lie off."""
    return max(NEAR, SIGMAS * math.sqrt(share * (1 - share) / times))


def _of_thoughts(journey: str, thoughts: list[tuple[float, float]]) -> Iterator[Finding]:
    median_s, p95_s = MEDIANS_S[journey]
    cdf = lognormal_cdf(median_s, math.log(p95_s / median_s) / statistics.NormalDist().inv_cdf(0.95))
    bound = critical(len(thoughts))
    yield Finding("think times drawn: D", journey, distance((drawn for drawn, _ in thoughts), cdf), bound)
    yield Finding("think times passed: D", journey, distance((passed for _, passed in thoughts), cdf), bound)


def _ways(counters: Mapping[str, int]) -> dict[tuple[str, str], int]:
    ways = {}
    for name, count in counters.items():
        here, arrow, there = name.partition(" > ")
        if arrow:
            ways[here, there] = count
    return ways


def _read(folder: Path) -> dict[str, list[tuple[float, float]]]:
    thoughts: dict[str, list[tuple[float, float]]] = {journey: [] for journey in WEIGHTS}
    for file in folder.iterdir():
        for line in file.read_text().splitlines():
            journey, drawn, passed = line.split()
            thoughts[journey].append((float(drawn), float(passed)))
    return thoughts


def _plan(url: str, visits: int, rate: int, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "behaviour",
        "target": {"base_url": url, "dialect": "dialects/demo.py"},
        "journeys": [{"file": WALKERS.name, "user": user, "weight": weight} for user, weight in WEIGHTS.items()],
        "load": [{"shape": {"constant": {"at": f"{rate}/s", "for": f"{visits / rate:g}s"}}}],
        "options": dict(options),
        "seed": SEED,
        "graceful_stop": "3m",
    }


def _row(what: str, found: list[Finding]) -> list[str]:
    """All of a kind, and the one of them that comes closest to its bound."""
    worst = max(found, key=lambda finding: finding.off / finding.bound)
    as_text = "{:.4f}" if what.endswith("D") else "{:.3f}" if what.startswith("visits") else "{:.2%}"
    near = "" if what.endswith("D") else str(sum(finding.off <= NEAR for finding in found))
    return [what, str(len(found)), near, worst.place, as_text.format(worst.off), as_text.format(worst.bound)]
