"""Simulated workers count what the plan says, whatever becomes of their shares."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.bus.cluster import Pulse
from loadgen.messages import Frame, Health, Offer, Piece, Seat, WorkerInfo, unpack_tally
from loadgen.shapes import Arrivals, Constant, Share, split
from loadgen.shapes.shares import PLACES
from loadgen.worker.simulated.dealing import Dealer, Span, spans
from loadgen.worker.simulated.figures import JOURNEYS, Figures
from loadgen.worker.simulated.stand_in import StandIn
from loadgen.worker.simulated.sums import Sums

ARRIVALS = Arrivals(Constant(at=200, for_=30), "uniform", 0, 0, [1.0, 1.0])
HALF = PLACES // 2
DURATION_S = 6.0
INSTANTS = st.floats(0, 30)


def piece(from_s: float, low: int, high: int) -> Piece:
    return Piece(from_s=from_s, low=low, high=high)


# -- how many come


@settings(max_examples=50)
@given(t0_s=INSTANTS, t1_s=INSTANTS, cuts=st.lists(st.integers(0, PLACES), min_size=2, max_size=6))
def test_shares_are_dealt_the_arrivals_that_they_own(t0_s: float, t1_s: float, cuts: list[int]) -> None:
    shares = [Share(lo, hi) for lo, hi in pairwise(sorted(cuts))]
    t0_s, t1_s = sorted((t0_s, t1_s))
    counted = Dealer(ARRIVALS, 2).count([[Span(t0_s, t1_s, share)] for share in shares])
    for share, by_journey in zip(shares, counted.tolist(), strict=True):
        own = Counter(arrival.journey for arrival in ARRIVALS.between(t0_s, t1_s, share))
        assert by_journey == [own[0], own[1]]


def test_spans_follow_the_pieces() -> None:
    pieces = [piece(0, 0, HALF), piece(2, 0, 0), piece(4, HALF, PLACES)]

    assert spans(pieces, 1, 5) == [Span(1, 2, Share(0, HALF)), Span(4, 5, Share(HALF, PLACES))]
    assert spans(pieces, 2.5, 3) == []
    assert spans([], 0, 9) == []


# -- what they do


@pytest.mark.parametrize(("series", "shoppers"), [(20, (25, 24)), (2, (0, 3)), (7, (4, 0))])
def test_each_shopper_makes_one_request_in_every_series_of_its_journey(series: int, shoppers: tuple[int, int]) -> None:
    drawn = Figures(series).draw(shoppers)
    tally = unpack_tally(drawn.of("me", 5))

    each = (series - series // 2, series // 2)
    assert drawn.requests == tally.requests == tally.sent == sum(n * m for n, m in zip(shoppers, each, strict=True))
    assert tally.arrivals_total().started == sum(shoppers) == tally.arrivals_total().lag.count
    assert {name: counts.started for name, counts in tally.journeys.items()} == {
        name: count for name, count in zip(JOURNEYS, shoppers, strict=True) if count
    }
    assert {(slow.worker, slow.second) for slow in tally.slowest} == {("me", 5)}


# -- one of them


class Actor:
    """A stand-in whose frames are added up."""

    def __init__(self, low: int, high: int) -> None:
        self.stand_in = StandIn(WorkerInfo(worker="me", node="n", pid=1))
        self.stand_in.beaten(Pulse(1e9, led=True, joined=True))
        self.stand_in.invited = True
        self.dealer, self.figures = Dealer(ARRIVALS, 2), Figures(20)
        self.frames: list[Frame] = []
        self.sees(Seat(epoch=1, start_s=1000.0, pieces=(piece(0, low, high),)), 0.0)

    def sees(self, seat: Seat, since_s: float) -> None:
        self.stand_in.seated(seat, since_s)

    def works(self, since_s: float, *, stopped: bool = False, now_s: float = 0.0) -> None:
        opened = self.stand_in.begin_frame(since_s, DURATION_S, stopped=stopped)
        if opened is not None:
            (came,) = self.dealer.count([opened.dealt]).tolist()
            beyond = int(self.dealer.count([opened.beyond]).sum())
            self.stand_in.end_frame(opened, "r", came, beyond, self.figures, Health(), now_s)
            self.frames.append(Frame.decode(self.stand_in.outbox.due()[-1][1]))

    def counted(self, frame: Frame) -> int:
        return unpack_tally(frame.tally).arrivals_total().in_all

    @property
    def in_all(self) -> int:
        return sum(map(self.counted, self.frames))


def test_each_second_has_one_frame_and_the_last_one_says_so() -> None:
    actor = Actor(0, HALF)
    for tenth in range(70):
        actor.works(tenth / 10)

    assert [frame.second for frame in actor.frames] == [0, 1, 2, 3, 4, 5]
    assert [frame.last for frame in actor.frames] == [False] * 5 + [True]
    assert [frame.dealt_to_s for frame in actor.frames] == [1, 2, 3, 4, 5, 6]
    assert actor.in_all == ARRIVALS.count(0, 6, Share(0, HALF))
    assert actor.stand_in.closed
    assert actor.stand_in.requests == sum(unpack_tally(frame.tally).requests for frame in actor.frames)


def test_a_pause_makes_one_frame_of_several_seconds() -> None:
    actor = Actor(0, HALF)
    actor.works(3.7)

    assert (actor.frames[0].second, actor.frames[0].dealt_to_s) == (2, 3.0)
    assert actor.in_all == ARRIVALS.count(0, 3, Share(0, HALF))


def test_a_stop_ends_the_second_where_it_stands() -> None:
    actor = Actor(0, HALF)
    actor.works(2.5, stopped=True)

    assert (actor.frames[0].second, actor.frames[0].last) == (2, True)
    assert actor.in_all == ARRIVALS.count(0, 2.5, Share(0, HALF))


def test_without_a_lease_arrivals_are_missed() -> None:
    actor = Actor(0, HALF)
    actor.works(1.0, now_s=2e9)
    arrivals = unpack_tally(actor.frames[0].tally).arrivals_total()

    assert (arrivals.started, arrivals.missed) == (0, ARRIVALS.count(0, 1, Share(0, HALF)))


@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize("known_s", [2.2, 3.4])
def test_whatever_becomes_of_an_offer_all_arrivals_are_counted_once(sure: bool, known_s: float) -> None:
    """It gives half of its share away from 2.5 s on, and gets another part: if all hear of it."""
    actor = Actor(0, HALF)
    offer = Offer(from_s=2.5, by_s=2.0, low=HALF // 2, high=HALF + HALF // 2)
    actor.works(1.0)
    actor.sees(Seat(epoch=2, start_s=1000.0, pieces=(piece(0, 0, HALF),), offer=offer), 1.8)
    assert actor.stand_in.tenure.may_hear
    for tenth in range(20, 70):
        if tenth == round(known_s * 10):
            actor.stand_in.settled(2, tenth / 10, sure=sure)
        actor.works(tenth / 10)

    in_doubt = [frame for frame in actor.frames if frame.beyond]
    assert [(frame.second, frame.dealt_to_s) for frame in in_doubt] == ([(2, 2.5)] if known_s > 3 else [])
    for frame in in_doubt:
        assert frame.beyond == {0: ARRIVALS.count(2.5, 3.0, Share(HALF // 2, HALF))}
    after = offer.share if sure else Share(0, HALF)
    assert actor.in_all == ARRIVALS.count(0, 2.5, Share(0, HALF)) + ARRIVALS.count(2.5, 6, after)


def test_who_was_taken_off_the_list_gives_up() -> None:
    actor = Actor(0, HALF)
    actor.stand_in.beaten(Pulse(5.0, led=True, joined=False, taken_off=True))
    actor.works(1.4)

    assert [frame.last for frame in actor.frames] == [True]


def test_shares_of_all_make_the_plan() -> None:
    actors = [Actor(share.lo, share.hi) for share in split([1.0] * 7)]
    for tenth in range(70):
        for actor in actors:
            actor.works(tenth / 10)

    assert sum(actor.in_all for actor in actors) == ARRIVALS.count(0, 6)


def test_sums_survive_their_line() -> None:
    sums = Sums(listed=3, frames=4, frame_bytes=5, requests=6, gone=1, cpu_s=0.5)
    sums.sent_late(4, 0.123)

    assert Sums.of_line(sums.line()) == sums
    assert sums.and_of(sums).late_ms == Counter({120: 8})
