"""What a simulated worker counts in a second: drawn once for each number of shoppers, and dealt out again and again.

Each shopper makes one request in every series of its journey, goes through every step, and ends in the second in which
it came. So with ``S`` series, half of them of each journey, ``n`` shoppers make ``n · S / 2`` requests on average.
Times are log-normal with a median of 81 ms; what is drawn has no influence on what is counted.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.latency import Histogram
from loadgen.latency.grouping import grouped
from loadgen.messages import PackedTally, pack_tally
from loadgen.stats import OK, ArrivalCounts, JourneyCounts, Series, SeriesKey, SlowSample, StepCounts, Tally
from loadgen.stats.slowest import SLOWEST_REPORTED, slowest_of

JOURNEYS: Final = ("Browser", "Buyer")
STEPS: Final = ("home", "search", "product", "cart", "payment")

VARIANTS: Final = 3
"""Different draws for one number of shoppers: frames of one second should not all be the same."""

_MEDIAN_LOG_US: Final = 11.3
_SIGMA: Final = 0.6


class Drawn(NamedTuple):
    """What some shoppers did.

    Attributes:
        tally: packed.
        requests: how many it counts.
    """

    tally: PackedTally
    requests: int

    def of(self, worker: str, second: int) -> PackedTally:
        """The tally as one worker's in one second: its slow requests bear that name."""
        slowest = self.tally.slowest
        count = len(slowest.workers)
        own = slowest._replace(workers=[worker] * count, seconds=struct.pack(f"<{count}I", *[second] * count))
        return self.tally._replace(slowest=own)


class Figures:
    """Draws what shoppers do.

    Args:
        series: how many series there are, 2 or more.
        seed: of the draws.
    """

    def __init__(self, series: int, seed: int = 7) -> None:
        names = [f"/{STEPS[at % len(STEPS)]}/{at // len(JOURNEYS):02d}/{{slug}}" for at in range(series)]
        self._keys = [
            [SeriesKey(journey, STEPS[at % len(STEPS)], names[at], "GET", OK) for at in range(offset, series, 2)]
            for offset, journey in enumerate(JOURNEYS)
        ]
        self._rng = np.random.default_rng(seed)
        self._drawn: dict[tuple[tuple[int, ...], int, int], Drawn] = {}

    def draw(self, shoppers: Sequence[int], missed: int = 0, variant: int = 0) -> Drawn:
        """What these shoppers did.

        Args:
            shoppers: that came, by journey.
            missed: arrivals that were missed.
            variant: which of the draws; taken modulo :data:`VARIANTS`.
        """
        key = (tuple(shoppers), missed, variant % VARIANTS)
        if key not in self._drawn:
            tally = self._tally(key[0], missed)
            self._drawn[key] = Drawn(pack_tally(tally), tally.requests)
        return self._drawn[key]

    def _tally(self, shoppers: tuple[int, ...], missed: int) -> Tally:
        came = [(name, keys, count) for name, keys, count in zip(JOURNEYS, self._keys, shoppers, strict=True) if count]
        started, buyers = sum(shoppers), shoppers[-1]
        times = _Times(self._rng)
        series = {key: (count, *times.of_requests(count)) for _, keys, count in came for key in keys}
        steps = {(journey, step): (count, times.of_step(count)) for journey, _, count in came for step in STEPS}
        lag = times.of_starts(started)
        drawn = times.histograms()
        slow = [SlowSample(drawn[at].max_us, 0, "", *key, self._trace_id()) for key, (_, at, _) in series.items()]
        return Tally(
            series={key: Series(drawn[at], drawn[due], 24_000 * count) for key, (count, at, due) in series.items()},
            arrivals={0: ArrivalCounts(started, missed=missed, lag=drawn.get(lag, Histogram()))},
            shoppers=Counter({0: started}),
            steps={key: StepCounts(count, count, time=drawn[at]) for key, (count, at) in steps.items()},
            journeys={journey: JourneyCounts(count, count) for journey, _, count in came},
            counters=Counter({(JOURNEYS[-1], "orders"): buyers, (JOURNEYS[-1], "revenue_cents"): 5_802 * buyers}),
            sent=sum(len(keys) * count for _, keys, count in came),
            slowest=slowest_of([slow])[:SLOWEST_REPORTED],
        )

    def _trace_id(self) -> str:
        return self._rng.bytes(16).hex()


class _Times:
    """Times drawn one after the other, made into histograms all at once: one by one takes ten times as long."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._values: list[NDArray[np.int64]] = []

    def of_requests(self, count: int) -> tuple[int, int]:
        """Service times, and the same since the shoppers were due; gives where they will be found."""
        service = self._service(count)
        return self._add(service), self._add(service + self._lags(count))

    def of_step(self, count: int) -> int:
        """Times of a step."""
        return self._add(self._service(count))

    def of_starts(self, count: int) -> int:
        """How late shoppers start."""
        return self._add(self._lags(count))

    def histograms(self) -> dict[int, Histogram]:
        """All of them, but for the empty ones."""
        groups = np.repeat(np.arange(len(self._values)), [values.size for values in self._values])
        return grouped(groups, np.concatenate(self._values))

    def _add(self, values: NDArray[np.int64]) -> int:
        self._values.append(values)
        return len(self._values) - 1

    def _service(self, count: int) -> NDArray[np.int64]:
        return self._rng.lognormal(_MEDIAN_LOG_US, _SIGMA, count).astype(np.int64)

    def _lags(self, count: int) -> NDArray[np.int64]:
        return self._rng.integers(50, 1500, count)
