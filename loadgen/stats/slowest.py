"""The slowest requests of a span of time, each with all that leads to it in the shop's own traces and logs.

A worker reports :data:`SLOWEST_REPORTED` of each second. What several workers or seconds reported is merged by one
rule, whatever the order and grouping: of each kind (request name, method and outcome) the slowest, then of each kind
the second slowest, and so on, until there are :data:`SLOWEST_KEPT`. By service time alone, one bad second of one page
would fill the list and hide all others. Times are whole microseconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain, zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

SLOWEST_REPORTED: Final = 5
"""Of one worker in one second: a cluster has many workers, and a run many seconds."""

SLOWEST_KEPT: Final = 20
"""Of a cluster's second, and of a whole run: more than a person follows up."""

TRACE_ID_BYTES: Final = 16
"""Of a trace id (W3C Trace Context, 3.2.2.3); written in hexadecimal it is twice as long."""


class SlowSample(NamedTuple):
    """One slow request. Of equally slow ones the later fields decide, so that luck does not.

    Attributes:
        service_us: from the send to the end of the response.
        second: when it ended, seconds since the run's start.
        worker: which worker sent it.
        outcome: ``ok``, or the reason why it failed.
        trace_id: that it carried, in hexadecimal; empty without one.
    """

    service_us: int
    second: int
    worker: str
    journey: str
    step: str
    name: str
    method: str
    outcome: str
    trace_id: str = ""


_kind_of = itemgetter(*map(SlowSample._fields.index, ("name", "method", "outcome")))


def slowest_of(parts: Iterable[list[SlowSample]]) -> list[SlowSample]:
    """The slowest of all parts, the slowest first."""
    samples = sorted(chain.from_iterable(parts), reverse=True)
    if len(samples) <= SLOWEST_KEPT:
        return samples
    kinds: defaultdict[tuple[str, ...], list[SlowSample]] = defaultdict(list)
    for sample in samples:
        kinds[_kind_of(sample)].append(sample)
    chosen: list[SlowSample] = []
    for of_one_rank in zip_longest(*kinds.values()):
        chosen += sorted(filter(None, of_one_rank), reverse=True)[: SLOWEST_KEPT - len(chosen)]
        if len(chosen) == SLOWEST_KEPT:
            break
    return sorted(chosen, reverse=True)
