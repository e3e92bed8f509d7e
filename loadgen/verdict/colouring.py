"""When a worker's own lateness colours the latencies it measures.

An answer is measured when the event loop comes to it, not when it comes to the machine. What lies between is the
loop's *lag*, and it stands in the measured latency::

    request sent          answer here       loop comes to it
         │◀──── the shop's ────▶│◀──── lag ────▶│
         │◀───────────── measured ─────────────▶│

A worker looks at its loop's lag some hundred times a second (:mod:`loadgen.worker.lag_probe`). A request is counted as
*lengthened* where the lag was more than a reader of the report would let pass, the *tolerance*: a tenth of the second's
median service time, but never less than 5 ms and never more than 50 ms. The probes of the looks are evenly spaced, so
each that came while something was on the wire stands for an equal part of the second's answers; only that no more of
them can have waited for a loop than requests were on the wire when it woke up (while it stands still, nobody sends)::

    lengthened = Σ over looks of min(answers a probe · probes beyond the tolerance, requests on the wire)

A worker's second is *coloured* when more than 1 % of its requests are lengthened. In one that is not, as far as a
hundred probes can tell, the worker moves a quantile by at most the tolerance and one percentile point: p95 as measured
is no more than the tolerance above the shop's own p96. That holds for requests that wait once; a new connection or a
handshake waits once more each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

TOLERANCE_SHARE: Final = 0.1
"""Of the second's median service time: a tenth more changes no conclusion about a shop."""

TOLERANCE_LEAST_US: Final = 5_000
"""What a worker that is not saturated keeps to, p99: even of a very quick shop 5 ms are not worth a mark."""

TOLERANCE_MOST_US: Final = 50_000
"""What a person would notice, and too much for the quick requests of a shop whose median is slow."""

COLOURED_SHARE: Final = 0.01
"""Of a second's requests: with more of them lengthened, its p99 is the worker's own and its p95 is off by a point."""


class Look(NamedTuple):
    """One look at the event loop, which answers for the time since the one before.

    Attributes:
        lags_ns: how late the loop came to each of the probes that were due, nanoseconds; evenly spaced in time.
        on_wire: requests on the wire as the loop woke up: no more answers can have been waiting for it.
    """

    lags_ns: Sequence[int]
    on_wire: float = math.inf


def tolerance_us(median_us: float) -> float:
    """The lag that is let pass in a second.

    Args:
        median_us: the second's median service time, microseconds; NaN without requests.
    """
    if math.isnan(median_us):
        return TOLERANCE_LEAST_US
    return min(max(TOLERANCE_SHARE * median_us, TOLERANCE_LEAST_US), TOLERANCE_MOST_US)


def lengthened_share(looks: Sequence[Look], requests: int, median_us: float) -> float:
    """About which share of a second's requests was measured too long, from 0 to 1.

    Args:
        looks: the worker's looks at its loop in that second.
        requests: that it measured.
        median_us: their median service time, microseconds.
    """
    probes = sum(len(look.lags_ns) for look in looks if look.on_wire)
    if not requests or not probes:
        return 0.0
    beyond_ns = 1000 * tolerance_us(median_us)
    answers_a_probe = requests / probes
    late = ((sum(lag > beyond_ns for lag in look.lags_ns), look.on_wire) for look in looks)
    return min(sum(min(number * answers_a_probe, on_wire) for number, on_wire in late) / requests, 1.0)
