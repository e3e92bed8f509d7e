"""The slowest requests: which ones are kept, and that no order or grouping decides it."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from loadgen.stats import OK, SlowSample
from loadgen.stats.slowest import SLOWEST_KEPT, slowest_of


def sample(us: int, name: str = "/", second: int = 0, worker: str = "w1", outcome: str = OK) -> SlowSample:
    return SlowSample(us, second, worker, "Buyer", "home", name, "GET", outcome, f"{us:032x}")


samples = st.builds(
    sample,
    st.integers(0, 9),
    st.sampled_from("abcd"),
    st.integers(0, 3),
    st.sampled_from(["w1", "w2"]),
    st.sampled_from([OK, "timeout"]),
)
parts = st.lists(st.lists(samples, max_size=20), max_size=8)


@given(parts, st.randoms(use_true_random=False))
def test_neither_order_nor_grouping_decides(some, dice):
    whole = slowest_of(some)
    pieces = list(chain.from_iterable(some))
    dice.shuffle(pieces)
    heaps = defaultdict(list)
    for piece in pieces:
        heaps[dice.randrange(4)].append(piece)

    assert slowest_of([slowest_of([heap]) for heap in heaps.values()]) == whole
    one_by_one: list[SlowSample] = []
    for piece in pieces:
        one_by_one = slowest_of([one_by_one, [piece]])
    assert one_by_one == whole


@given(parts)
def test_those_kept_are_the_slowest_of_their_kind_and_no_place_stays_empty(some):
    everything, kept = list(chain.from_iterable(some)), slowest_of(some)

    assert len(kept) == min(len(everything), SLOWEST_KEPT)
    assert kept == sorted(kept, reverse=True)
    for kind in {(one.name, one.outcome) for one in everything}:
        of_kind = sorted((one for one in everything if (one.name, one.outcome) == kind), reverse=True)
        kept_of_kind = [one for one in kept if (one.name, one.outcome) == kind]
        assert kept_of_kind == of_kind[: len(kept_of_kind)]


def test_a_page_in_trouble_leaves_room_for_the_others():
    trouble = [sample(60_000_000 + n, "/search", outcome="timeout_first_byte") for n in range(100)]
    others = [sample(1000 * n, f"/{n}") for n in range(1, 6)]
    kept = slowest_of([trouble, others])

    assert kept == [*reversed(trouble[-15:]), *reversed(others)]


def test_of_many_kinds_each_has_its_slowest():
    kept = slowest_of([[sample(us + n, f"/{n}") for us in (100, 900, 500)] for n in range(30)])

    assert [(one.name, one.service_us) for one in kept] == [(f"/{n}", 900 + n) for n in range(29, 9, -1)]
