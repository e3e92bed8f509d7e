"""A run that Redis forgot: its leader writes it anew, and it ends as invalid with all that was counted."""

from __future__ import annotations

import pytest
from coordinator.stage import RUN, Stage

from loadgen.bus import keys
from loadgen.coordinator.rescue import REMEMBERED_S, Rescue
from loadgen.endings import Outcome, Validity
from loadgen.messages import RunState
from loadgen.shapes.shares import EMPTY


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def rescue(bus, clock):
    return Rescue(bus, lambda: clock[0])


@pytest.fixture
def stage(bus, make):
    """A run of ten seconds and two workers, almost four seconds old."""
    stage = Stage(bus, make.plan())
    stage.join("a")
    stage.join("b")
    stage.until_second(3.7)
    return stage


def forget(stage, rescue):
    rescue.set_aside([stage.controller])
    stage._bus.client.flushall()


def test_it_ends_as_invalid_with_what_was_sealed_and_what_workers_still_hold(stage, rescue):
    before = stage.sealed().total.requests
    for worker in stage.workers.values():
        worker.connected = False
    stage.until_second(4.7)
    forget(stage, rescue)
    rescue.look(stage.now_s)
    assert stage.cluster.active() == [RUN]
    assert [(word.kind, word.run) for _, word in stage.cluster.listen("0-0", 0)[1]] == [("stop", RUN)]
    for worker in stage.workers.values():
        worker.connected = True
    stage.fence = stage.cluster.lead("another", 60).fence
    stage.take_over()
    stage.finish()

    verdict = stage.record.verdict
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason.startswith("Redis was emptied 4.")
    assert verdict.validity.verdict is Validity.INVALID
    assert [reason.code for reason in verdict.validity.reasons] == ["emptied"]
    total = stage.sealed().total
    assert total.requests == total.sent == sum(worker.requests for worker in stage.record.workers.values()) > before + 5
    assert stage.sealed().planned == total.arrivals_total().started
    assert stage.record.silences == []


def test_whoever_was_offered_a_share_meanwhile_takes_it_for_news_that_there_is_none(stage, rescue):
    stage.workers["b"].connected = False  # it does not hear of the offer, so whether it holds is open
    stage.join("c")
    stage.until(lambda: stage.workers["a"].tenure.is_open)
    tenure = stage.workers["a"].tenure
    forget(stage, rescue)
    rescue.look(stage.now_s)

    assert tenure.take(stage.bus.seat("a"), stage.now_s - stage.record.started_at)
    assert tenure.pieces[-1].share == EMPTY
    assert stage.bus.record().epoch == tenure.seat.epoch


def test_a_run_that_redis_still_knows_is_left_alone(stage, rescue):
    record, seconds = stage.bus.record(), stage.bus.sealed("0-0")
    rescue.set_aside([stage.controller])
    rescue.look(stage.now_s)
    stage._bus.client.flushall()
    rescue.look(stage.now_s)  # it was looked at once

    assert not stage.bus.exists()
    assert record.state is RunState.RUNNING
    assert seconds[1]


def test_a_run_that_only_fell_off_the_list_is_put_back(stage, rescue, bus):
    rescue.set_aside([stage.controller])
    bus.client.delete(keys.ACTIVE, keys.RUNS)
    rescue.look(stage.now_s)

    assert stage.cluster.active() == stage.cluster.runs() == [RUN]
    assert stage.bus.record().state is RunState.RUNNING


def test_a_run_that_had_not_started_is_over(bus, make, rescue):
    stage = Stage(bus, make.plan(workers={"count": 3}))
    stage.tick()
    forget(stage, rescue)
    rescue.look(stage.now_s)
    record = stage.bus.record()

    assert record.state is RunState.FINISHED
    assert (record.verdict.outcome, record.verdict.exit_code) == (Outcome.INVALID, 13)
    assert record.verdict.reason == "Redis was emptied before the run started; submit it again"
    stage.fence = stage.cluster.lead("another", 60).fence
    assert stage.take_over().finished


def test_what_ended_while_nobody_looked_is_not_brought_back(stage, rescue, clock):
    forget(stage, rescue)
    clock[0] += REMEMBERED_S
    rescue.look(stage.now_s)

    assert not stage.bus.exists()


def test_seconds_that_are_held_no_longer_are_restored_as_one(stage, rescue):
    total = stage.controller.snapshot().total
    stats = stage.controller._accounts.stats
    for second in sorted(stats.rows)[:-1]:
        stats._let_go(stats.rows.pop(second))
    forget(stage, rescue)
    rescue.look(stage.now_s)

    restored = stage.sealed()
    assert len(restored.rows) == 2
    assert restored.total.requests == total.requests
    assert restored.planned == stage.controller.snapshot().planned


def test_a_finished_run_is_not_remembered(stage, rescue):
    stage.finish()
    forget(stage, rescue)
    rescue.look(stage.now_s)

    assert not stage.bus.exists()
