"""Tallies, seconds and frames with everything in them, drawn by hypothesis.

Hypothesis draws a seed and plain dice do the rest: a tally has some hundred parts, and drawing each of them by itself
would make the tests slow without making them find more.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.latency.layout import MAX_US
from loadgen.messages import Frame, Health, pack_tally
from loadgen.stats import (
    FAILED,
    OK,
    ArrivalCounts,
    ErrorSample,
    JourneyCounts,
    SecondRow,
    Series,
    SeriesKey,
    SlowSample,
    StepCounts,
    Tally,
)
from loadgen.stats.slowest import slowest_of

JOURNEYS = ("Browser", "GuestBuyer")
STEPS = ("", "home", "payment")
WORDS = ("", "timeout", "status_5xx", "größe", "\U0001f6d2 cart", "a\x00b\n", "x" * 400)


def a_count(dice: Random) -> int:
    return dice.choice((0, 1, dice.randrange(1000), 2**31, 2**40))


def a_histogram(dice: Random) -> Histogram:
    top = dice.choice((300, 100_000, MAX_US))
    return Histogram.of(dice.randrange(top + 1) for _ in range(dice.randrange(6)))


def a_counter(dice: Random) -> Counter[str]:
    return Counter({dice.choice(WORDS): dice.randrange(1, 99) for _ in range(dice.randrange(3))})


def a_series(dice: Random) -> Series:
    service = a_histogram(dice)
    return Series(service, dice.choice((service, a_histogram(dice))), a_count(dice), a_counter(dice))


def a_slow_sample(dice: Random) -> SlowSample:
    trace_id = dice.choice(("", f"{dice.getrandbits(128):032x}"))
    return SlowSample(dice.randrange(MAX_US), dice.randrange(9), *dice.choices(WORDS, k=6), trace_id)


def a_tally(dice: Random) -> Tally:
    def some(most: int = 3) -> range:
        return range(dice.randrange(most + 1))

    def key() -> SeriesKey:
        name = dice.choice(("/", "/cart", "/p/{slug}", "/größe"))
        return SeriesKey(dice.choice(JOURNEYS), dice.choice(STEPS), name, "GET", dice.choice((OK, FAILED)))

    def counts(number: int) -> list[int]:
        return [a_count(dice) for _ in range(number)]

    return Tally(
        series={key(): a_series(dice) for _ in some()},
        arrivals={dice.randrange(3): ArrivalCounts(*counts(4), a_histogram(dice)) for _ in some()},
        shoppers=Counter({dice.randrange(3): dice.randrange(1, 99) for _ in some()}),
        steps={
            (dice.choice(JOURNEYS), dice.choice(STEPS)): StepCounts(*counts(2), a_counter(dice), a_histogram(dice))
            for _ in some()
        },
        journeys={dice.choice(JOURNEYS): JourneyCounts(*counts(4)) for _ in some(2)},
        counters=Counter(
            {(dice.choice(JOURNEYS), dice.choice(WORDS)): dice.randrange(-(2**40), 2**40) for _ in some()}
        ),
        devices=Counter({tuple(dice.choices(WORDS, k=4)): dice.randrange(-(2**40), 2**40) for _ in some()}),
        sent=a_count(dice),
        in_flight=a_count(dice),
        renamed=a_count(dice),
        samples=[ErrorSample(dice.randrange(9), *dice.choices(WORDS, k=7)) for _ in some()],
        slowest=slowest_of([[a_slow_sample(dice) for _ in some(20)]]),
    )


def a_row(dice: Random) -> SecondRow:
    return SecondRow(
        second=dice.randrange(9),
        planned=a_count(dice),
        users_planned=a_count(dice),
        tally=a_tally(dice),
        workers=dice.randrange(9),
        cpu_max=dice.random() * 2,
        loop_lag_p99_us=a_count(dice),
        loop_lag_max_us=a_count(dice),
        coloured=dice.randrange(9),
        coloured_requests=a_count(dice),
        lengthened_requests=dice.random() * 99,
        sealed_after_s=dice.random() * 9,
    )


def a_health(dice: Random) -> Health:
    mean, p99, longest = sorted(a_count(dice) for _ in range(3))
    return Health(dice.random() * 2, mean, p99, longest, dice.random(), a_count(dice), a_count(dice))


def a_frame(dice: Random) -> Frame:
    return Frame(
        run=dice.choice(WORDS),
        worker=dice.choice(WORDS),
        sequence=1 + a_count(dice),
        second=a_count(dice),
        epoch=a_count(dice),
        tally=pack_tally(a_tally(dice)),
        health=a_health(dice),
        last=dice.random() < 0.5,
        dealt_to_s=dice.choice((None, dice.random() * 1e4 - 1)),
        beyond={stream: a_count(dice) for stream in range(dice.randrange(3))},
    )


_dice = st.integers(0, 2**32).map(Random)
tallies = _dice.map(a_tally)
rows = _dice.map(a_row)
frames = _dice.map(a_frame)
