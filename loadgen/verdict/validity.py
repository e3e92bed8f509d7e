"""Did the generator do what the plan asked? VALID, DEGRADED or INVALID, with every reason and its figures.

DEGRADED means: read the figures with the reasons beside them. INVALID means: do not read them. The worst reason
gives the verdict. Every limit is a named :class:`Limit` below, with why it stands where it stands.

====================  ==========================================================  =========  ========
code                  figure                                                      DEGRADED   INVALID
====================  ==========================================================  =========  ========
``cpu``               share of seconds with a worker above 90 % of its core       > 5 %      > 30 %
``coloured``          requests measured too long because a worker was late [1]_   > 1 %      > 10 %
``late``              late arrivals / started                                     > 1 %      > 10 %
``dropped``           dropped arrivals / planned                                  > 0        > 1 % [2]_
``missed``            missed arrivals / planned                                   > 0        > 1 %
``short``             arrivals nobody accounts for / planned [3]_                 > 0        > 1 %
``shoppers``          share of seconds short of shoppers (closed model)           > 5 %      > 30 %
``unreported``        seconds of workers without a frame / all                    > 0        > 5 %
``quarantined``       refused frames / all [4]_                                   > 0        > 1 %
``unaccounted``       requests sent, neither recorded nor on the wire / sent      > 0        > 1 %
``clock``             bound of the clock error                                    > 50 ms    > 500 ms
``mix``               largest gap between asked and started share of a journey    > 2 %      > 10 %
``emptied``           Redis was emptied while the run went on                                always
====================  ==========================================================  =========  ========

.. [1] About how many, of all, by :mod:`loadgen.verdict.colouring`.
.. [2] Never INVALID where only streams with ``max_shoppers`` dropped any: then dropping is what the plan asked for.
.. [3] After what randomness explains: one second's arrivals (a stop within a second), one arrival a worker, and three
   standard deviations of a Poisson process.
.. [4] INVALID only from the eleventh on. Frames are numbered, so what a refused one of the run would have said is
   missing and counts as ``unreported``; the rest are foreign, and a few of them are no share of a short run.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from loadgen.endings import Validity
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel, Stream
from loadgen.stats import ArrivalCounts, RunStats
from loadgen.units import format_count, format_duration, format_percent
from loadgen.verdict.generator import CPU_HOT, GeneratorFacts, GeneratorSeconds
from loadgen.verdict.results import ValidityReason, ValidityResult

REASONS: Final = (
    "cpu",
    "coloured",
    "late",
    "dropped",
    "missed",
    "short",
    "shoppers",
    "unreported",
    "quarantined",
    "unaccounted",
    "clock",
    "mix",
    "emptied",
)
"""The codes of all reasons there can be, as in the table above."""


class Limit(NamedTuple):
    """Above which figure a verdict is DEGRADED, and above which INVALID."""

    degraded: float
    invalid: float


BUSY: Final = Limit(0.05, 0.30)
"""Shares of seconds: a hiccup at a start or a garbage collection is no verdict; every third second is one."""

COLOURED: Final = Limit(0.01, 0.10)
"""One request in a hundred measured too long moves no percentile that is commonly read, one in ten moves p90."""

LATE: Final = Limit(0.01, 0.10)
"""Late shoppers still come; one in a hundred moves no percentile that is commonly read, one in ten moves p90."""

LOST: Final = Limit(0.0, 0.01)
"""Load or figures that are gone: one is worth saying; 1 % can hide everything that a p99 is meant to show."""

FEW_FRAMES: Final = 10
"""So few refused frames are no flood."""

UNREPORTED: Final = Limit(0.0, 0.05)
"""A worker's last second is lost with the worker; more than one second in twenty is no longer the same run."""

CLOCK_S: Final = Limit(0.05, 0.5)
"""Beyond 50 ms arrivals of different workers interleave wrongly; beyond 500 ms seconds hold other seconds' requests."""

MIX: Final = Limit(0.02, 0.10)
"""The mix is kept by order, not by dice, so 2 points off is a defect; 10 points off is another test."""

MIX_STARTS_LEAST: Final = 100
"""Below this many journey starts a share of one is too coarse to judge: one shopper is a point."""


def assess(plan: Plan, stats: RunStats, seconds: GeneratorSeconds, facts: GeneratorFacts) -> ValidityResult:
    """Judge the generator.

    Args:
        plan: what it was asked to do.
        stats: the run; only its totals are read.
        seconds: the health of its seconds.
        facts: what is known beyond them.

    Returns:
        The verdict and its reasons, the worst first.
    """
    found = [
        *_overload(stats, seconds),
        *_arrivals(plan, stats, seconds),
        *_reporting(seconds, facts),
        *_mix(plan, stats),
    ]
    reasons = sorted(found, key=lambda reason: reason.severity is not Validity.INVALID)
    return ValidityResult(verdict=reasons[0].severity if reasons else Validity.VALID, reasons=tuple(reasons))


def _overload(stats: RunStats, seconds: GeneratorSeconds) -> Iterator[ValidityReason]:
    yield from _beyond(
        BUSY,
        seconds.cpu_hot_share,
        "cpu",
        f"a worker used more than {format_percent(CPU_HOT)} of its core in {format_percent(seconds.cpu_hot_share)} "
        f"of the seconds (at most {format_percent(seconds.cpu_max)}), so latencies may be its own",
    )
    requests = stats.total.requests
    lengthened = _per(seconds.lengthened_requests, requests)
    yield from _beyond(
        COLOURED,
        lengthened,
        "coloured",
        f"about {format_percent(lengthened)} of the requests were measured too long, as workers were late to take the "
        f"answers ({format_percent(_per(seconds.coloured_requests, requests))} of all fell into the "
        f"{seconds.coloured_seconds} s they coloured): use more workers, or cores that nothing else needs",
    )
    yield from _beyond(
        BUSY,
        seconds.short_of_shoppers_share,
        "shoppers",
        f"fewer shoppers than planned were active in {format_percent(seconds.short_of_shoppers_share)} of the seconds",
    )


def _arrivals(plan: Plan, stats: RunStats, seconds: GeneratorSeconds) -> Iterator[ValidityReason]:
    arrivals = stats.total.arrivals_total()
    planned = stats.planned
    late = arrivals.late / arrivals.started if arrivals.started else 0.0
    yield from _beyond(
        LATE,
        late,
        "late",
        f"{format_count(arrivals.late)} of {format_count(arrivals.started)} shoppers ({format_percent(late)}) started "
        f"late, 99 % of all within {_p99_lag(arrivals.lag.quantile_us(0.99))}",
    )
    asked_for = all(stream.max_shoppers for stream, counts in _open_streams(plan, stats) if counts.dropped)
    dropped = Limit(LOST.degraded, math.inf) if asked_for else LOST
    yield from _beyond(dropped, _per(arrivals.dropped, planned), "dropped", _gone(arrivals.dropped, planned, "dropped"))
    yield from _beyond(LOST, _per(arrivals.missed, planned), "missed", _gone(arrivals.missed, planned, "missed"))
    forgiven = seconds.planned_most + seconds.workers_most + 3 * math.sqrt(planned)
    short = planned - arrivals.started - arrivals.dropped - arrivals.missed
    if short > forgiven:
        yield from _beyond(LOST, _per(short, planned), "short", _gone(short, planned, "never accounted for"))


def _reporting(seconds: GeneratorSeconds, facts: GeneratorFacts) -> Iterator[ValidityReason]:
    unreported = sum(window.seconds for window in facts.unreported)
    windows = ", ".join(f"{gap.worker} {gap.first_second}–{gap.last_second + 1} s" for gap in facts.unreported)
    yield from _beyond(
        UNREPORTED,
        _per(unreported, seconds.worker_seconds + unreported),
        "unreported",
        f"{unreported} s of workers were never reported ({windows})",
    )
    yield from _beyond(
        LOST if facts.quarantined > FEW_FRAMES else Limit(LOST.degraded, math.inf),
        _per(facts.quarantined, seconds.worker_seconds + facts.quarantined),
        "quarantined",
        f"{facts.quarantined} frames were refused and are not in the figures",
    )
    if facts.emptied_at_s is not None:
        yield ValidityReason(
            code="emptied",
            severity=Validity.INVALID,
            text=f"Redis was emptied {format_duration(facts.emptied_at_s)} after the start, and the run was stopped; "
            "the figures are what coordinator and workers still knew",
        )
    unaccounted = sum(abs(balance.gap) for balance in facts.balances)
    sent = sum(balance.sent for balance in facts.balances)
    where = ", ".join(f"{balance.worker} {balance.gap:+d}" for balance in facts.balances if balance.gap)
    yield from _beyond(
        LOST,
        _per(unaccounted, sent),
        "unaccounted",
        f"{format_count(unaccounted)} of {format_count(sent)} requests sent are neither recorded nor on the wire at "
        f"the end ({where})",
    )
    yield from _beyond(
        CLOCK_S,
        facts.clock_error_us / 1e6,
        "clock",
        f"a worker's clock may be off by up to {format_duration(facts.clock_error_us / 1e6)}",
    )


def _mix(plan: Plan, stats: RunStats) -> Iterator[ValidityReason]:
    wanted = _wanted_starts(plan, stats)
    started = {name: counts.started for name, counts in stats.total.journeys.items() if name in wanted}
    if min(sum(wanted.values()), sum(started.values())) < MIX_STARTS_LEAST:
        return
    asked = {name: starts / sum(wanted.values()) for name, starts in wanted.items()}
    got = {name: started.get(name, 0) / sum(started.values()) for name in wanted}
    journey = max(asked, key=lambda name: abs(got[name] - asked[name]))
    yield from _beyond(
        MIX,
        abs(got[journey] - asked[journey]),
        "mix",
        f"{format_percent(got[journey])} of the journeys started were {journey}, "
        f"the plan asked for {format_percent(asked[journey])}",
    )


def _wanted_starts(plan: Plan, stats: RunStats) -> dict[str, float]:
    """Starts by journey that the weights ask for, given how many shoppers each open stream started.

    Journeys of closed streams are left out: there the weights are of shoppers, and short journeys start more often.
    """
    looping = {journey for closed in plan.streams(LoadModel.CLOSED) for journey in plan.mix(closed)}
    wanted: defaultdict[str, float] = defaultdict(float)
    for stream, counts in _open_streams(plan, stats):
        for journey, share in plan.mix(stream).items():
            if journey not in looping:
                wanted[journey] += counts.started * share
    return wanted


def _open_streams(plan: Plan, stats: RunStats) -> Iterator[tuple[Stream, ArrivalCounts]]:
    for index, stream in enumerate(plan.load):
        if index in stats.total.arrivals:
            yield stream, stats.total.arrivals[index]


def _beyond(limit: Limit, figure: float, code: str, text: str) -> Iterator[ValidityReason]:
    if figure > limit.invalid:
        yield ValidityReason(code=code, severity=Validity.INVALID, text=text)
    elif figure > limit.degraded:
        yield ValidityReason(code=code, severity=Validity.DEGRADED, text=text)


def _per(part: float, whole: float) -> float:
    """A share of one; what is gone of nothing is everything."""
    return part / whole if whole else float(part > 0)


def _gone(arrivals: int, planned: int, what: str) -> str:
    share = format_percent(_per(arrivals, planned))
    return f"{format_count(arrivals)} of {format_count(planned)} planned arrivals ({share}) were {what}"


def _p99_lag(lag_us: float) -> str:
    return "0 s" if math.isnan(lag_us) else format_duration(lag_us / 1e6)
