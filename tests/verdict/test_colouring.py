"""When a worker's own lateness colours a second, as arithmetic and against simulated answers."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.verdict.colouring import COLOURED_SHARE, Look, lengthened_share, tolerance_us

MS = 1_000_000
PROBE = 10 * MS


def looks(*lags_ms: float, on_wire: float = math.inf) -> list[Look]:
    """One look for each lag."""
    return [Look([round(lag * MS)], on_wire) for lag in lags_ms]


@pytest.mark.parametrize(
    ("median_ms", "tolerated_ms"),
    [(math.nan, 5), (0, 5), (2, 5), (50, 5), (80, 8), (300, 30), (500, 50), (4000, 50)],
)
def test_a_tenth_of_the_median_is_let_pass_between_5_and_50_ms(median_ms: float, tolerated_ms: float) -> None:
    assert tolerance_us(1000 * median_ms) == pytest.approx(1000 * tolerated_ms)


def test_the_share_of_looks_that_were_late_is_that_of_the_requests() -> None:
    assert lengthened_share(looks(*[0.1] * 95, *[5.1] * 5), 1000, 10_000) == pytest.approx(0.05)
    assert lengthened_share(looks(*[0.1] * 95, *[4.9] * 5), 1000, 10_000) == 0
    assert lengthened_share(looks(*[0.1] * 95, *[5.1] * 5), 1000, 80_000) == 0


def test_no_more_answers_can_have_waited_than_requests_were_on_the_wire() -> None:
    stall = Look(range(200 * MS, -1, -PROBE), on_wire=3)
    quiet = looks(*[0.1] * 79, on_wire=3)

    assert lengthened_share([*quiet, stall], 400, 2_000) == pytest.approx(3 / 400)
    assert lengthened_share([*quiet, stall._replace(on_wire=0)], 400, 2_000) == 0


def test_a_time_without_requests_says_nothing_about_answers() -> None:
    """As before the start of a run, or between rare and quick requests."""
    busy = [*looks(*[0.1] * 5, on_wire=30), *looks(*[8] * 5, on_wire=30)]

    assert lengthened_share([*busy, *looks(*[8] * 90, on_wire=0)], 60, 2_000) == pytest.approx(0.5)
    assert lengthened_share(looks(*[8] * 90, on_wire=0), 60, 2_000) == 0


def test_without_requests_or_looks_there_is_nothing_to_colour() -> None:
    assert lengthened_share(looks(900), 0, math.nan) == 0
    assert lengthened_share([], 100, 2_000) == 0


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 10**12), max_size=9), st.integers(0, 50)), max_size=30),
    st.integers(0, 10**6),
    st.floats(0, 1e9),
)
def test_whatever_was_seen_it_is_a_share(seen: list[tuple[list[int], int]], requests: int, median_us: float) -> None:
    assert 0 <= lengthened_share([Look(*look) for look in seen], requests, median_us) <= 1


def simulated(service_ms: float, stall_ms: float, seed: int) -> tuple[list[int], list[int], int, float]:
    """A second of 1,000 answers in which a loop stands still twice.

    The shoppers send on, so nothing limits who waits.

    Returns:
        The shop's own times and the measured ones, sorted; how many answers waited too long; which share is estimated.
    """
    dice = random.Random(seed)
    starts = [round(dice.uniform(0, 900 - stall_ms) * MS) for _ in range(2)]
    stalls = [(start, start + round(stall_ms * MS)) for start in starts]

    def seen_at(instant: int) -> int:
        return max([instant, *(end for start, end in stalls if start <= instant < end)])

    service = [round(dice.lognormvariate(math.log(service_ms), 0.3) * MS) for _ in range(1000)]
    arrivals = [dice.randrange(1000 * MS) for _ in service]
    measured = [own + seen_at(at) - at for own, at in zip(service, arrivals, strict=True)]
    probed = [Look([seen_at(at) - at]) for at in range(0, 1000 * MS, PROBE)]
    median_us = Histogram.of(ns // 1000 for ns in measured).quantile_us(0.5)
    late = sum(seen_at(at) - at > 1000 * tolerance_us(median_us) for at in arrivals)
    return sorted(service), sorted(measured), late, lengthened_share(probed, 1000, median_us)


@settings(max_examples=50, deadline=None)  # a second is simulated each time
@given(st.sampled_from([3, 30, 400]), st.floats(0, 300), st.integers(0, 2**32))
def test_in_an_uncoloured_second_the_median_and_p95_are_the_shop_s_own(
    service_ms: float, stall_ms: float, seed: int
) -> None:
    service, measured, _, share = simulated(service_ms, stall_ms, seed)
    tolerated_ns = 1000 * tolerance_us(measured[500] / 1000)
    if share <= COLOURED_SHARE:
        slack = 45  # of 1,000 answers: ten are promised; two short stalls may hide between a hundred probes
        assert measured[500] <= service[500 + slack] + tolerated_ns
        assert measured[950] <= service[950 + slack] + tolerated_ns


@settings(max_examples=50, deadline=None)  # a second is simulated each time
@given(st.sampled_from([3, 30, 400]), st.floats(100, 300), st.integers(0, 2**32))
def test_a_second_with_long_stalls_is_coloured_by_as_many_as_waited(
    service_ms: float, stall_ms: float, seed: int
) -> None:
    *_, late, share = simulated(service_ms, stall_ms, seed)

    assert share > COLOURED_SHARE
    assert share == pytest.approx(late / 1000, abs=0.05)
