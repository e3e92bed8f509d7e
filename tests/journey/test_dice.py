"""A shopper's random numbers: as good as the standard library's, with the same surface, and small."""

from __future__ import annotations

import math
import random
import statistics
import sys
from inspect import isfunction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.dice import Dice

DRAWS = 20_000


def test_the_numbers_are_those_of_the_paper() -> None:
    dice = Dice("")
    dice.setstate((1234567, None))
    drawn = [dice.getrandbits(64) for _ in range(5)]

    # of the reference implementation, https://prng.di.unimi.it/splitmix64.c
    assert drawn == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_one_seed_gives_one_sequence_and_another_seed_another() -> None:
    assert [Dice("a").random() for _ in range(2)] == [Dice("a").random()] * 2
    assert len({Dice(f"7:Buyer:w1:0:{n}").random() for n in range(10_000)}) == 10_000


def test_it_can_do_all_that_the_standard_library_s_can() -> None:
    public = {name for name, method in vars(random.Random).items() if isfunction(method) and name[0] != "_"}
    assert {name for name in public | {"random", "getrandbits"} if not hasattr(Dice, name)} == set()

    dice = Dice("x")
    assert dice.choice([4]) == 4
    assert dice.choices("ab", [0, 1], k=3) == ["b"] * 3
    assert sorted(dice.sample(range(5), 5)) == list(range(5))
    cards = list(range(50))
    dice.shuffle(cards)
    assert sorted(cards) == list(range(50)) != cards
    assert len(dice.randbytes(9)) == 9
    assert 1 <= dice.randint(1, 6) <= 6
    assert dice.randrange(0, 10, 5) in {0, 5}


@pytest.mark.parametrize(
    ("draw", "mean", "deviation"),
    [
        (Dice.random, 0.5, math.sqrt(1 / 12)),
        (lambda dice: dice.uniform(-1, 3), 1.0, 4 * math.sqrt(1 / 12)),
        (lambda dice: dice.randint(1, 6), 3.5, math.sqrt(35 / 12)),
        (lambda dice: dice.getrandbits(1), 0.5, 0.5),
        (lambda dice: dice.gauss(5, 2), 5.0, 2.0),
        (lambda dice: dice.normalvariate(5, 2), 5.0, 2.0),
        (lambda dice: dice.expovariate(0.5), 2.0, 2.0),
    ],
)
def test_what_is_drawn_is_distributed_as_it_should_be(draw, mean: float, deviation: float) -> None:
    dice = Dice("distributions")
    drawn = [draw(dice) for _ in range(DRAWS)]

    assert statistics.fmean(drawn) == pytest.approx(mean, abs=4 * deviation / math.sqrt(DRAWS))
    assert statistics.pstdev(drawn) == pytest.approx(deviation, rel=0.04)


def test_first_numbers_of_neighbouring_seeds_are_independent() -> None:
    first = [Dice(f"0:Buyer:w1:0:{n}").random() for n in range(DRAWS)]
    tenths = [sum(tenth / 10 <= number < (tenth + 1) / 10 for number in first) for tenth in range(10)]

    expected = DRAWS / 10
    assert (
        sum((count - expected) ** 2 / expected for count in tenths) < 27.9
    )  # chi square, 9 degrees, one in a thousand
    assert abs(statistics.correlation(first[:-1], first[1:])) < 4 / math.sqrt(DRAWS)


@given(st.integers(0, 300))
def test_bits_are_as_many_as_asked_for(k: int) -> None:
    dice = Dice(k)
    drawn = [dice.getrandbits(k) for _ in range(40)]

    assert max(drawn).bit_length() <= k
    assert k < 10 or max(drawn).bit_length() > k - 10


def test_a_state_can_be_kept() -> None:
    dice = Dice("x")
    state = dice.getstate()
    drawn = [dice.gauss(), dice.random()]
    dice.setstate(state)

    assert [dice.gauss(), dice.random()] == drawn
    with pytest.raises(ValueError, match="non-negative"):
        dice.getrandbits(-1)


def test_it_takes_little_room() -> None:
    assert sys.getsizeof(Dice("x")) < 100
