"""One synthetic run: 120 seconds of ramp past a knee, with three journeys, errors and a guard. Deterministic."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loadgen import __version__
from loadgen.latency import Histogram
from loadgen.messages.record import RunEvent, RunRecord, RunState, WorkerTotals
from loadgen.plan.conditions import Guard
from loadgen.plan.model import Plan
from loadgen.report.summarise import summarise
from loadgen.report.summary import Summary
from loadgen.stats import (
    FAILED,
    OK,
    ArrivalCounts,
    ErrorSample,
    JourneyCounts,
    RunStats,
    SecondRow,
    Series,
    SeriesKey,
    SlowSample,
    StepCounts,
    Tally,
)
from loadgen.stats.slowest import slowest_of
from loadgen.verdict import (
    GeneratorFacts,
    GeneratorSeconds,
    GuardWatch,
    Unreported,
    ValidityResult,
    assess,
    decide,
    judge,
)

KNEE = 40.0
THINK_S = 2
COLOURED = (91, 92, 97)
HOSTILE = "expected 'Thank you', got <script>alert(\"x\")</script> & 'Out of stock'"
STARTED_AT = 1_760_000_000.25

# step, request name, method, usual milliseconds
JOURNEYS = {
    "Browser": [("home", "/", "GET", 40), ("category", "/c/{slug}", "GET", 70), ("product", "/p/{slug}", "GET", 60)],
    "GuestBuyer": [
        ("home", "/", "GET", 40),
        ("search", "/search", "GET", 120),
        ("product", "/p/{slug}", "GET", 60),
        ("add_to_cart", "/cart", "POST", 80),
        ("checkout", "/checkout", "POST", 150),
        ("payment", "/payment", "POST", 240),
    ],
    "AbandonedCart": [
        ("home", "/", "GET", 40),
        ("product", "/p/{slug}", "GET", 60),
        ("add_to_cart", "/cart", "POST", 80),
    ],
}
COUNTS = {"product": "product_views", "add_to_cart": "carts", "checkout": "checkouts"}
MIX = ["Browser"] * 6 + ["GuestBuyer"] * 3 + ["AbandonedCart"]

PLAN = {
    "name": "winter-sales-rehearsal",
    "description": "Opening of the winter sales, up to and past the shop's limit.",
    "target": {
        "base_url": "https://shop.example",
        "headers": {"Authorization": "Bearer ${env:SHOP_TOKEN}"},
        "trace": True,
    },
    "journeys": [
        {"file": "../browse.py", "user": "Browser", "weight": 60},
        {"file": "../buy.py", "user": "GuestBuyer", "weight": 30},
        {"file": "../abandon.py", "user": "AbandonedCart", "weight": 10},
    ],
    "load": [
        {
            "shape": [
                {"ramp": {"from": "0/s", "to": "60/s", "over": "100s"}},
                {"constant": {"at": "60/s", "for": "20s"}},
            ]
        }
    ],
    "thresholds": ["p(95) < 800ms", "error_rate < 1%", "p(99){step:payment} < 2s", "rate(requests) > 50/s"],
    "guards": ["unavailable for 5s: stop", "error_rate > 30% for 4s: stop"],
    "seed": 7,
}


@dataclass
class Second:
    """What is gathered about one second before it becomes a row."""

    times: defaultdict[SeriesKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    reasons: defaultdict[SeriesKey, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    step_us: defaultdict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    steps: defaultdict[tuple[str, str], StepCounts] = field(default_factory=lambda: defaultdict(StepCounts))
    journeys: defaultdict[str, JourneyCounts] = field(default_factory=lambda: defaultdict(JourneyCounts))
    counters: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: list[ErrorSample] = field(default_factory=list)
    slowest: list[SlowSample] = field(default_factory=list)
    started: int = 0
    left: int = 0


class RunBuilder:
    """Walks every shopper through their journey in virtual time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = random.Random(7)
        self.seconds: defaultdict[int, Second] = defaultdict(Second)

    def rows(self) -> list[SecondRow]:
        due = 0
        for second in range(round(self.plan.duration)):
            upto = int(self.plan.load[0].arrivals_by(second + 1))
            for number in range(due, upto):
                self.shop(MIX[number % len(MIX)], second)
            due = upto
        shoppers, rows = 0, []
        for second in range(max(self.seconds) + 1):
            shoppers += self.seconds[second].started - self.seconds[second].left
            rows.append(self.row(second, shoppers))
        return rows

    def shop(self, journey: str, second: int) -> None:
        self.seconds[second].started += 1
        self.seconds[second].journeys[journey].started += 1
        self.seconds[second].counters[journey, "visits"] += 1
        for step, name, method, usual_ms in JOURNEYS[journey]:
            here = self.seconds[second]
            here.steps[journey, step].entered += 1
            over = max(0.0, self.plan.level_at(min(second, 119), self.plan.load[0].model) / KNEE - 0.95)
            took_us = round(usual_ms * 1000 * self.dice.lognormvariate(0, 0.4) * (1 + 30 * over))
            reason = self.reason_to_fail(step, over, took_us)
            key = SeriesKey(journey, step, name, method, FAILED if reason else OK)
            here.times[key].append(took_us)
            words = (journey, step, name, method, reason or OK)
            trace_id = f"{len(here.slowest):08x}{second:024x}"
            here.slowest.append(SlowSample(took_us, second, "node-1/0", *words, trace_id))
            if reason:
                here.reasons[key][reason] += 1
                here.steps[journey, step].abandoned["error"] += 1
                here.journeys[journey].failed += 1
                here.left += 1
                text = HOSTILE if reason == "assertion" else f"{reason} after {took_us // 1000} ms"
                here.samples.append(ErrorSample(second, "node-1/0", journey, step, name, method, reason, text))
                return
            here.steps[journey, step].completed += 1
            here.step_us[journey, step].append(took_us)
            if step in COUNTS:
                here.counters[journey, COUNTS[step]] += 1
            second += THINK_S + took_us // 1_000_000
        last = self.seconds[second]
        last.journeys[journey].completed += 1
        last.left += 1
        if journey == "GuestBuyer":
            last.counters[journey, "orders"] += 1
            last.counters[journey, "revenue_cents"] += 2_490 + took_us % 5_000

    def reason_to_fail(self, step: str, over: float, took_us: int) -> str:
        chance = 0.0005 + 0.25 * over
        if self.dice.random() >= chance:
            return ""
        if step == "payment":
            return "assertion"
        return "timeout" if took_us > 400_000 else "status_5xx"

    def row(self, number: int, shoppers: int) -> SecondRow:
        second = self.seconds[number]
        for step, times_us in second.step_us.items():
            second.steps[step].time = Histogram.of(times_us)
        tally = Tally(
            series={
                key: Series(
                    Histogram.of(times),
                    Histogram.of(time + 900 for time in times),
                    1500 * len(times),
                    second.reasons[key],
                )
                for key, times in second.times.items()
            },
            arrivals={0: ArrivalCounts(second.started, 0, 0, 0, Histogram.of([900] * second.started))},
            shoppers=Counter({0: shoppers}),
            steps=dict(second.steps),
            journeys=dict(second.journeys),
            counters=second.counters,
            sent=sum(len(times) for times in second.times.values()),
            samples=second.samples[:3],
            slowest=slowest_of([second.slowest]),
        )
        stream = self.plan.load[0]
        planned = int(stream.arrivals_by(number + 1)) - int(stream.arrivals_by(number))
        return SecondRow(
            number,
            planned=planned,
            tally=tally,
            workers=2,
            cpu_max=0.1 + 0.005 * number,
            loop_lag_p99_us=300 + 20 * number,
            loop_lag_max_us=800 + 60 * number,
            coloured=number in COLOURED,
            coloured_requests=tally.requests // 2 if number in COLOURED else 0,
            lengthened_requests=0.5 if number in COLOURED else 0.0,
            sealed_after_s=0.4,
        )


@pytest.fixture(scope="session")
def plan() -> Plan:
    return Plan.model_validate(PLAN)


@pytest.fixture(scope="session")
def rows(plan: Plan) -> list[SecondRow]:
    return RunBuilder(plan).rows()


@pytest.fixture(scope="session")
def stats(rows: list[SecondRow]) -> RunStats:
    whole = RunStats()
    for row in rows:
        whole.add(row)
    return whole


def workers(total: Tally, last_second: int) -> dict[str, WorkerTotals]:
    half = {
        "node": "node-1",
        "sequence": last_second + 1,
        "first_second": 0,
        "last_second": last_second,
        "requests": total.requests // 2,
        "sent": total.sent // 2,
        "started": total.arrivals_total().started // 2,
        "cpu_sum": 0.4 * (last_second + 1),
        "cpu_max": 0.74,
        "loop_lag_max_us": 8_240,
        "rss_max_bytes": 96 * 1024 * 1024,
        "clock_error_us": 210,
        "state": "drained",
    }
    both = {name: WorkerTotals(worker=name, **half) for name in ("node-1/0", "node-1/1")}
    both["node-1/1"].coloured_seconds = len(COLOURED)
    return both


@pytest.fixture(scope="session")
def record(plan: Plan, stats: RunStats, rows: list[SecondRow]) -> RunRecord:
    thresholds = judge(plan.thresholds, stats, 120.0)
    watch = GuardWatch(plan.guards, plan.duration)
    for row in rows:
        watch.observe(row)
    validity = assess(plan, stats, GeneratorSeconds.of(plan, rows), GeneratorFacts())
    return RunRecord(
        run="20251009-082640-7f3a",
        name=plan.name,
        state=RunState.FINISHED,
        submitted_at=STARTED_AT - 3,
        started_at=STARTED_AT,
        ended_at=STARTED_AT + len(rows),
        epoch=2,
        workers=workers(stats.total, len(rows) - 1),
        events=[
            RunEvent(at_s=-3, kind="submitted", text="submitted by alice@laptop"),
            RunEvent(at_s=-1, kind="prepared", text="2 workers are ready"),
            RunEvent(at_s=0, kind="started", text="started with 2 workers"),
            RunEvent(at_s=42.5, kind="worker_joined", text="worker node-1/1 joined <& took its share>"),
            RunEvent(at_s=float(len(rows)), kind="finished", text="all shoppers have left"),
        ],
        verdict=decide(None, watch.results(), thresholds, validity),
    )


@pytest.fixture(scope="session")
def summary(record: RunRecord, plan: Plan, stats: RunStats) -> Summary:
    return summarise(record, plan, stats)


@pytest.fixture
def same_as_golden() -> Callable[[str, str], None]:
    """Compare a text with the file of that name in golden/; ``UPDATE_GOLDEN=1`` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        text = text.replace(__version__, "VERSION")
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def stopped_by_guard(plan: Plan, rows: list[SecondRow]) -> Summary:
    """The same run, stopped by a guard, with a generator that was not at its best."""
    guarded = plan.model_copy(update={"guards": (Guard.model_validate("error_rate > 10% for 4s: stop"),)})
    watch, stats = GuardWatch(guarded.guards, plan.duration), RunStats()
    for row in rows:
        stats.add(row)
        if watch.observe(row):
            break
    end_s = stats.last_second + 1
    health = GeneratorSeconds.of(guarded, stats.timeline())
    facts = GeneratorFacts(unreported=(Unreported("node-2/0", 40, 41),))
    thresholds = judge(guarded.thresholds, stats, end_s)
    return summarise(
        RunRecord(
            run="guarded",
            name=plan.name,
            state=RunState.FINISHED,
            submitted_at=STARTED_AT,
            started_at=STARTED_AT,
            ended_at=STARTED_AT + end_s + 1.5,
            workers=workers(stats.total, end_s - 1),
            events=[
                RunEvent(at_s=41, kind="worker_lost", text="node-2/0 is lost"),
                RunEvent(at_s=end_s + 0.3, kind="guard", text="stopped (now): error_rate > 10% for 4s: stop"),
            ],
            verdict=decide("guard", watch.results(), thresholds, assess(guarded, stats, health, facts)),
        ),
        guarded,
        stats,
    )


@pytest.fixture(scope="session")
def untraced(summary: Summary) -> Summary:
    """The same run, without tracing."""
    slowest = tuple(slow.model_copy(update={"trace_id": None}) for slow in summary.slowest)
    return summary.model_copy(update={"slowest": slowest})


@pytest.fixture(scope="session")
def never_started(plan: Plan) -> Summary:
    """A run that no worker came for."""
    stats = RunStats()
    verdict = decide("failure", (), judge(plan.thresholds, stats, 0.0), ValidityResult(), "no worker came within 60 s")
    record = RunRecord(run="lonely", name=plan.name, state=RunState.FINISHED, submitted_at=STARTED_AT, verdict=verdict)
    return summarise(record, plan, stats)
