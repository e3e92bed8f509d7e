"""Workers of a run come, leave, are lost and come back, in virtual time, made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from coordinator.stage import RUN, codes

from loadgen.coordinator.controller import LAST_WORDS_S, ORPHANED_S
from loadgen.endings import Outcome, Validity
from loadgen.messages import RunState, WorkerEventKind
from loadgen.shapes.shares import EMPTY
from loadgen.stats import ArrivalCounts, Tally


def test_a_worker_that_joins_gets_its_share_and_the_load_stays_on_plan(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b")
    run.finish()

    assert run.record.epoch == 2
    assert [row.tally.arrivals_total().started for row in run.sealed().timeline()][:10] == [10] * 10
    assert run.record.workers["b"].started > 20
    assert run.record.workers["b"].first_second == 3
    assert "worker_joined" in run.kinds()


def test_a_worker_that_leaves_gives_its_share_back_and_the_load_stays_on_plan(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4)
    run.leave("b")
    run.finish()

    assert run.record.workers["b"].last_second == 4
    assert [row.tally.arrivals_total().started for row in run.sealed().timeline()][:10] == [10] * 10
    assert run.record.verdict.validity.verdict is Validity.VALID
    assert "worker_left" in run.kinds()


def test_a_worker_that_stood_still_while_its_share_was_given_back_learns_of_it_though_the_next_epoch_has_come(stage):
    run = stage()
    for name in "bac":  # b hears of new shares before a does, so it does not know yet that they are sure
        run.join(name)
    run.until_second(2.5)
    run.leave("b")
    run.until(lambda: run.workers["b"].tenure.is_open)
    run.workers["b"].paused = True
    run.leave("c")
    run.until(lambda: run.record.epoch == 3)
    run.workers["b"].paused = False
    run.until(lambda: run.workers["b"].gone, ticks=20)
    run.finish()

    assert run.record.workers["b"].state == "done"
    assert run.sealed().total.arrivals_total().in_all == 100


def test_the_arrivals_of_a_lost_worker_are_missed_until_the_next_epoch(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4.05)
    run.lose("b")
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == 100
    by_second = {row.second: row.tally.arrivals_total() for row in run.sealed().timeline()}
    assert [second for second, counts in by_second.items() if counts.missed] == [4]
    assert all(counts.started + counts.missed == 10 for second, counts in by_second.items() if second < 10)
    assert [(s.worker, s.first_second, s.last_second) for s in run.record.silences] == [("b", 4, 4)]
    assert {"missed", "unreported"} <= codes(run.record.verdict)
    assert run.record.workers["b"].state == "lost"


def test_arrivals_missed_over_several_seconds_belong_to_their_seconds(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(3.05)
    run.workers["b"].alive = False
    run.until_second(7.05)  # its lease ends only now
    run.lose("b")
    run.finish()

    by_second = {row.second: row.tally.arrivals_total() for row in run.sealed().timeline()}
    assert [second for second, counts in by_second.items() if counts.missed] == [3, 4, 5, 6, 7]
    assert all(counts.started + counts.missed == 10 for second, counts in by_second.items() if second < 10)


def test_the_seat_of_a_lost_worker_is_vacated_so_that_it_does_not_go_on(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4)
    before = run.bus.seat("b")
    run.lose("b")
    run.tick()

    assert run.bus.seat("b").pieces[-1].share == EMPTY
    assert run.bus.seat("b").epoch > before.epoch


def test_a_lost_worker_that_comes_back_is_heard_and_done(stage):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3)
    lost.connected = False
    del run.members["b"]
    run.until_second(6)
    lost.connected = True  # it finds its seat vacated, and sends what it kept
    run.finish()

    assert run.record.workers["b"].state == "done"
    assert run.record.silences == []
    assert run.bus.sealed_sequence("b") == lost.sequence


def test_a_lost_worker_is_not_silent_whose_frames_are_found_later(stage):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3.4)
    run.lose("b")  # its supervisor was killed with it
    run.until_second(5)
    assert [silence.worker for silence in run.record.silences] == ["b"]
    lost.bequeath()  # another supervisor on its machine has found what it left
    run.finish()

    assert run.record.workers["b"].state == "lost"
    assert run.record.silences == []
    assert "unreported" not in codes(run.record.verdict)


@pytest.mark.parametrize("tells_after_s", [1.0, LAST_WORDS_S - 0.5, None])
def test_the_end_waits_some_seconds_for_what_lost_workers_may_still_tell(stage, tells_after_s):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(8.05)
    run.lose("b")
    run.until_second(10.5)
    run.until(lambda: run.workers["a"].gone)
    complete_s = run.now_s
    if tells_after_s is not None:
        run.until(lambda: run.now_s >= complete_s + tells_after_s)
        lost.bequeath()
    run.finish()

    told = tells_after_s is not None
    assert run.now_s - complete_s == pytest.approx(tells_after_s if told else LAST_WORDS_S, abs=1)
    assert [silence.worker for silence in run.record.silences] == ([] if told else ["b"])
    assert ("unreported" in codes(run.record.verdict)) != told


def test_what_a_worker_missed_is_counted_once_when_it_comes_back(stage, make):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3.05)
    lost.alive = False
    del run.members["b"]
    run.until_second(6)
    again = make.frame("b", lost.sequence + 1, 5, tally=Tally(arrivals={0: ArrivalCounts(missed=14)}), last=True)
    run.bus.send("a", [replace(again, run=RUN).encode()])
    lost.say(WorkerEventKind.DONE, sequence=lost.sequence + 1)
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == 100
    assert run.record.workers["b"].missed < 5, "those that were due before it was lost"


def test_a_worker_lost_before_it_carried_anything_leaves_no_gap(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b", prepares="not at all")
    run.tick()
    run.lose("b")
    run.finish()

    assert run.record.silences == []
    assert run.record.verdict.validity.verdict is Validity.VALID


def test_a_worker_lost_before_its_first_frame_is_silent_since_it_was_seated(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b")
    run.until(lambda: run.record.epoch == 2)
    run.until_second(run.workers["b"].tenure.pieces[0].from_s + 0.05)
    run.workers["b"].alive = False
    run.until_second(6)
    run.lose("b")
    run.finish()

    (silence,) = run.record.silences
    assert (silence.worker, silence.first_second) == ("b", 4)
    assert run.sealed().total.arrivals_total().started + run.sealed().total.arrivals_total().missed == 100


def test_a_run_that_lost_every_worker_waits_for_one_and_then_fails(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.lose("a")
    lost_s = run.now_s
    run.until(lambda: run.controller.finished, ticks=200)

    verdict = run.record.verdict
    assert (verdict.outcome, verdict.reason) in {
        (Outcome.FAILED, "every worker of the run is gone"),
        (Outcome.INVALID, verdict.reason),
    }
    assert run.now_s - lost_s <= ORPHANED_S + LAST_WORDS_S + 1
    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == run.sealed().planned


def test_a_run_that_lost_every_worker_goes_on_with_one_that_joins(stage):
    run = stage()
    run.join("a")
    run.until_second(2.05)
    run.lose("a")
    run.until_second(4.05)
    run.join("b")
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == run.sealed().planned == 100
    assert 20 <= arrivals.missed <= 30
    assert run.record.workers["b"].started >= 50


def test_a_worker_that_refuses_while_the_run_goes_on_is_noted_and_left_out(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.join("b", prepares="refused")
    run.finish()

    assert run.record.verdict.outcome is Outcome.PASSED
    assert "b refuses the run: another digest (bring both to the same version)" in [e.text for e in run.record.events]


def test_a_worker_that_is_ready_only_when_the_load_ends_holds_nobody_up(stage):
    run = stage()
    run.join("a")
    run.until_second(9.5)
    late = run.join("b", prepares="later")
    run.until(lambda: run.state is RunState.DRAINING)
    late.say(WorkerEventKind.READY)
    run.finish()

    assert run.now_s - run.record.started_at < 13
    assert run.record.silences == []
    assert run.record.verdict.validity.verdict is Validity.VALID
