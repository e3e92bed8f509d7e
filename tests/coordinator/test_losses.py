"""What workers leave undone is missed: each arrival once, in its own second, after that second is sealed."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.coordinator.losses import NO_PROGRESS, Losses, Progress
from loadgen.messages import Frame, Health, Loss, Piece, WorkerTotals, pack_tally, unpack_tally
from loadgen.plan.model import Plan
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.shares import PLACES
from loadgen.stats import ArrivalCounts, Tally

HALF = (Piece(from_s=0.0, high=PLACES // 2),)
WHOLE = (Piece(from_s=0.0, high=PLACES),)
MOVING = (Piece(from_s=0.0, high=PLACES // 3), Piece(from_s=5.25, low=PLACES // 4, high=PLACES), Piece(from_s=8.5))


def planned(spacing: str = "uniform") -> PlannedLoad:
    return PlannedLoad(
        Plan.model_validate(
            {
                "name": "demo",
                "target": {"base_url": "http://127.0.0.1:1"},
                "journeys": [{"file": "browse.py", "user": "Browser"}],
                "load": [
                    {"arrivals": spacing, "shape": {"constant": {"at": "10/s", "for": "20s"}}},
                    {"start": "5s", "shape": {"constant": {"at": "4/s", "for": "10s"}}},
                    {"model": "closed", "shape": {"constant": {"at": 3, "for": "20s"}}},
                ],
            }
        )
    )


def lost(pieces=WHOLE, at_s: float = 4.0, to_s: float | None = None, load: PlannedLoad | None = None) -> Losses:
    losses = Losses([], load or planned())
    losses.lose("w", pieces, at_s)
    if to_s is not None:
        losses.served(to_s)
    return losses


def missed(rows):
    return {row.second: {stream: counts.missed for stream, counts in row.tally.arrivals.items()} for row in rows}


def sum_of(rows) -> Counter:
    """Over all seconds, of which there may be several rows."""
    return sum((Counter(missed([row])[row.second]) for row in rows), Counter())


def frame(sequence: int = 1, dealt_to_s: float | None = None, beyond=None, last: bool = False, **counts) -> Frame:
    tally = Tally(arrivals={0: ArrivalCounts(**counts)} if counts else {})
    return Frame("r", "w", sequence, sequence - 1, 1, pack_tally(tally), Health(), last, dealt_to_s, beyond or {})


def arrivals(frame: Frame) -> tuple[int, int]:
    counts = unpack_tally(frame.tally).arrivals.get(0, ArrivalCounts())
    return counts.started, counts.missed


# -- what nobody can have started


def test_what_was_missed_amends_the_seconds_in_which_it_was_due():
    losses, totals = lost(to_s=6.5), {}

    assert missed(losses.amend(totals, 100)) == {4: {0: 10}, 5: {0: 10, 1: 4}, 6: {0: 5, 1: 2}}
    assert losses.amend(totals, 100) == []


def test_a_second_is_amended_only_after_it_was_sealed():
    losses, totals = lost(to_s=6.5), {}

    assert losses.amend(totals, 4) == []
    assert missed(losses.amend(totals, 5)) == {4: {0: 10}}
    assert missed(losses.amend(totals, 7)) == {5: {0: 10, 1: 4}, 6: {0: 5, 1: 2}}


def test_it_is_missed_at_once_also_while_nobody_carries_the_share():
    losses, totals = lost(at_s=4.5), {}

    assert missed(losses.amend(totals, 5)) == {4: {0: 5}}
    assert missed(losses.amend(totals, 6)) == {5: {0: 10, 1: 4}}
    losses.served(6.5)
    assert missed(losses.amend(totals, 9)) == {6: {0: 5, 1: 2}}


def test_a_worker_is_lost_once():
    losses = lost(HALF)

    assert not losses.lose("w", HALF, 4.0)
    assert losses.lose("v", HALF, 4.0)
    assert not losses.lose("u", (), 4.0), "it carried nothing"


def test_shares_lost_after_an_epoch_began_are_not_served_by_it():
    losses, totals = lost(to_s=3.5), {}
    losses.served(4.5)

    assert missed(losses.amend(totals, 100)) == {4: {0: 5}}


def test_nothing_is_missed_after_the_load_was_stopped():
    load = planned()
    load.end_at(5.0)

    assert missed(lost(to_s=9.0, load=load).amend({}, 100)) == {4: {0: 10}}


# -- what is not known yet


def test_what_was_due_before_it_was_lost_is_missed_when_its_last_frame_is_in():
    losses = lost(at_s=4.0, to_s=4.5)
    totals = {"w": WorkerTotals("w", sequence=2, dealt_to_s=2.0, beyond={0: 3})}
    assert missed(losses.amend(totals, 100)) == {4: {0: 5}}
    totals["w"].ended = True

    assert missed(losses.amend(totals, 100)) == {2: {0: 7}, 3: {0: 10}}, "the first three were dealt with"
    assert totals["w"].balanced
    assert losses.amend(totals, 100) == []


def test_it_waits_until_its_second_is_sealed():
    losses, totals = lost(at_s=4.0), {"w": WorkerTotals("w", dealt_to_s=3.5, ended=True)}

    assert losses.amend(totals, 3) == []
    assert missed(losses.amend(totals, 4)) == {3: {0: 5}}


def test_at_the_end_of_the_run_nothing_more_is_waited_for():
    losses, totals = lost(at_s=4.0, to_s=4.5), {"w": WorkerTotals("w", dealt_to_s=2.5)}
    losses.amend(totals, 100)

    assert missed(losses.close(totals, {"w": WHOLE})) == {2: {0: 5}, 3: {0: 10}}
    assert losses.close(totals, {"w": WHOLE}) == []


def test_a_worker_that_never_sent_a_frame_missed_all():
    losses, totals = lost(at_s=2.0, to_s=2.5), {}

    assert sum_of(losses.amend(totals, 100) + losses.close(totals, {"w": WHOLE})) == Counter({0: 25})


def test_who_did_all_that_it_should_leaves_nothing():
    losses, totals = Losses([], planned()), {"w": WorkerTotals("w", dealt_to_s=20.0, ended=True)}

    assert losses.close(totals, {"w": WHOLE, "idle": ()}) == []


def test_a_worker_whose_share_changed_is_held_to_each_piece():
    losses = lost(MOVING, at_s=8.25, to_s=9.0)
    totals = {"w": WorkerTotals("w", dealt_to_s=4.0, ended=True)}
    load = planned()
    wanted = Counter(load.due(4.0, 5.25, MOVING[0].share)) + Counter(load.due(5.25, 8.5, MOVING[1].share))

    assert sum_of(losses.amend(totals, 100)) == wanted


# -- late frames


def test_a_late_frame_counts_what_it_started_and_misses_what_else_was_due_before_the_loss():
    losses = lost(at_s=4.0)
    late = losses.completed(frame(3, dealt_to_s=3.0, started=6, missed=4), Progress(2.0, {}))
    assert (arrivals(late), late.dealt_to_s, late.beyond) == ((6, 4), 3.0, {})
    later = losses.completed(frame(4, dealt_to_s=6.0, started=2, missed=28), Progress(3.0, {}))
    assert (arrivals(later), later.dealt_to_s, later.beyond) == ((2, 8), 4.0, {}), "the rest is counted here"
    last = losses.completed(frame(5, dealt_to_s=7.0, missed=10, last=True), Progress(4.0, {}))
    assert (arrivals(last), last.dealt_to_s, last.beyond) == ((0, 0), 4.0, {})


def test_what_a_dead_process_had_counted_is_counted():
    losses = Losses([], planned())
    left = losses.completed(frame(3, started=6, dropped=1, missed=2), Progress(2.0, {0: 1}))

    assert (arrivals(left), left.dealt_to_s, left.beyond) == ((6, 2), 2.0, {0: 10})


def test_what_a_dead_process_had_missed_is_not_counted_twice():
    losses = lost(at_s=2.5)
    left = losses.completed(frame(3, started=2, missed=9), Progress(2.0, {}))

    assert (arrivals(left), left.beyond) == ((2, 3), {0: 5})


def test_frames_of_others_stay_as_they_are():
    losses = Losses([Loss(worker="v", pieces=WHOLE, at_s=0.0)], planned())
    usual = frame(3, dealt_to_s=3.0, started=5, missed=9)

    assert losses.completed(usual, NO_PROGRESS) is usual


# -- a load that was stopped


def test_what_came_due_while_a_worker_had_not_heard_of_the_stop_was_planned_too():
    load = planned()
    load.end_at(4.5)
    losses = Losses([], load)
    totals = {
        "w": WorkerTotals("w", dealt_to_s=4.7, ended=True),
        "v": WorkerTotals("v", dealt_to_s=4.2, ended=True),
    }
    right = (Piece(from_s=0.0, low=PLACES // 2, high=PLACES),)
    rows = losses.close(totals, {"w": HALF, "v": right})

    assert sum(row.planned for row in rows) == load.due(4.5, 4.7, HALF[0].share)[0] == 1
    assert {row.second for row in rows} == {4}
    assert sum_of(rows)[0] == load.due(4.2, 4.5, right[0].share)[0]


# -- all of it


@pytest.mark.parametrize("spacing", ["uniform", "poisson"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_planned_is_what_was_counted_to_the_last_arrival(spacing, data):
    """However a worker worked, whenever it was lost, whatever of its frames came, and however often leaders change."""
    load, pieces, entries = planned(spacing), data.draw(st.sampled_from([HALF, WHOLE, MOVING])), []
    instants = sorted(data.draw(st.lists(st.floats(0, 20), min_size=1, max_size=8)))
    at_s = data.draw(st.floats(0, 21))
    losses, totals, rows, before = Losses(entries, load), {}, [], NO_PROGRESS
    dealt, counted = 0.0, Counter()

    def due(from_s: float, to_s: float) -> int:
        ends = [*(piece.from_s for piece in pieces[1:]), math.inf]
        spans = [(max(from_s, p.from_s), min(to_s, end), p.share) for p, end in zip(pieces, ends, strict=True)]
        return sum(load.due(*span)[0] for span in spans if span[0] < span[1])

    sealed_to = 0
    for sequence, dealt_to_s in enumerate(instants, 1):
        lost_now = dealt_to_s > at_s
        if lost_now and not entries:
            losses.lose("w", pieces, at_s)
        count, dealt = due(dealt, dealt_to_s), dealt_to_s
        done = due(max(before.dealt_to_s or 0.0, 0.0), min(at_s, dealt_to_s)) if lost_now else count
        started = data.draw(st.integers(0, max(0, min(done, count))))
        kill = data.draw(st.integers(0, 9)) == 0
        told = frame(
            sequence, None if kill else dealt_to_s, last=kill, started=started, missed=0 if kill else count - started
        )
        whole = losses.completed(told, before)
        before = Progress(whole.dealt_to_s, whole.beyond)
        counts = unpack_tally(whole.tally).arrivals.get(0, ArrivalCounts())
        counted[0] += counts.in_all
        known = totals.get("w") or WorkerTotals("w")
        totals["w"] = WorkerTotals(
            "w",
            sequence=sequence,
            dealt_to_s=whole.dealt_to_s,
            beyond=dict(whole.beyond),
            ended=kill,
            missed_to_s=known.missed_to_s,
            balanced=known.balanced,
        )
        sealed_to = data.draw(st.integers(sealed_to, max(sealed_to, math.floor(dealt_to_s))))
        rows += losses.amend(totals, sealed_to)
        if data.draw(st.booleans()):  # the next leader knows the record and what was sealed
            losses = Losses([entry.model_copy() for entry in entries], load)
            entries = losses._entries
        if kill:
            break
    if not entries:
        losses.lose("w", pieces, max(at_s, dealt))
    losses.served(21.0)
    rows += losses.amend(totals, 25)
    rows += losses.close(totals, {"w": pieces})

    assert counted[0] + sum_of(rows)[0] == due(0.0, 20.0)
    assert all(row.second < 20 for row in rows)
