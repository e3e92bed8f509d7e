"""A worker process's lease, by its own clock."""

from __future__ import annotations

import gevent
import pytest
from worker.process.acting import KEY, RUN, Served

from loadgen.bus import ClusterBus, RunBus
from loadgen.errors import BusError
from loadgen.messages import Piece, Seat
from loadgen.worker.process import NO_LEADER_S, WorkerProcess
from loadgen.worker.targets import AllowedTargets


def test_without_a_lease_nobody_may_start(worker):
    assert not worker._may_start()
    worker._renew()
    assert worker._may_start()


def test_a_lease_ends_by_the_worker_s_own_clock(worker, clock):
    worker._renew()
    clock.ahead_s = 4.8
    assert worker._may_start()
    clock.ahead_s = 5.1
    assert not worker._may_start()


def test_without_a_leader_nobody_may_start_after_a_while(worker, clock, cluster):
    cluster.lead("leader", 60)
    worker._renew()
    cluster.resign("leader")
    clock.ahead_s = NO_LEADER_S - 2
    worker._lease_until_s += 1000
    assert worker._may_start()
    clock.ahead_s = NO_LEADER_S + 1
    assert not worker._may_start()

    cluster.lead("leader", 60)
    worker._renew()
    worker._lease_until_s += 1000
    assert worker._may_start()


def test_a_worker_that_was_taken_for_dead_looks_at_its_seat_before_it_goes_on(worker, cluster, run, clock):
    worker._renew()
    worker._invited, worker._serving = RUN, Served()
    run.write_seats(1, {"w1": Seat(epoch=4)})  # vacated
    cluster.leave("w1")
    clock.ahead_s = 6
    worker._renew()

    assert worker._serving.told == [("assign", 4)]
    assert not worker._may_start()
    worker._renew()
    assert worker._may_start()


def test_a_beat_whose_answer_was_lost_may_have_said_that_it_was_taken_for_dead(worker, cluster, run, monkeypatch):
    """Heard and not answered: the next answer no longer says that the worker had joined anew."""
    worker._renew()
    worker._invited, worker._serving = RUN, Served()
    run.write_seats(1, {"w1": Seat(epoch=4)})  # vacated
    cluster.leave("w1")
    beat = ClusterBus.beat

    def unanswered(*args):
        beat(*args)
        raise BusError("does not answer in time")

    monkeypatch.setattr(ClusterBus, "beat", unanswered)
    with pytest.raises(BusError):
        worker._renew()
    assert worker._serving.told == []
    monkeypatch.setattr(ClusterBus, "beat", beat)
    worker._renew()
    assert worker._serving.told == [("assign", 4)]
    worker._renew()
    assert worker._serving.told == [("assign", 4)]


def test_a_worker_that_was_taken_off_the_list_while_it_served_gives_up(worker, cluster, run, clock):
    worker._info = worker._info.model_copy(update={"run": RUN})
    worker._renew()
    worker._invited, worker._serving = RUN, Served()
    run.write_seats(1, {"w1": Seat(epoch=4, pieces=(Piece(from_s=0.0, high=5),))})  # nobody has vacated it yet
    cluster.leave("w1")
    clock.ahead_s = 6
    worker._renew()
    worker._renew()

    assert worker._serving.told[-1] == ("stop", "graceful")
    assert not worker._may_start(), "others have its share, or soon will have"


def test_beats_go_on_while_the_clock_is_asked_for(bus, make):
    class SlowClock(ClusterBus):
        beats, asked = 0, 0

        def beat(self, *args):
            self.beats += 1
            return super().beat(*args)

        def sync_clock(self, _clock):
            self.asked += 1
            gevent.sleep(60)

    leases = SlowClock(bus)
    worker = WorkerProcess(bus, leases, make.settings(lease_s=0.04), KEY, AllowedTargets([]))
    keepers = [gevent.spawn(worker._beat), gevent.spawn(worker._keep_time)]
    with gevent.Timeout(10):
        while not leases.asked:
            gevent.sleep(0.001)
        before = leases.beats
        while leases.beats < before + 10:
            gevent.sleep(0.001)
    gevent.killall(keepers)

    assert leases.asked == 1


def test_a_worker_that_was_taken_off_the_list_gives_up_also_where_its_seat_cannot_be_seen(
    worker, cluster, clock, monkeypatch
):
    worker._info = worker._info.model_copy(update={"run": RUN})
    worker._renew()
    worker._invited, worker._serving = RUN, Served()
    worker._doubted = True  # the last beat was not answered
    cluster.leave("w1")
    clock.ahead_s = 6
    monkeypatch.setattr(RunBus, "seat", lambda *_: (_ for _ in ()).throw(BusError("does not answer in time")))
    worker._renew()

    assert worker._serving.told == [("stop", "graceful")]


def test_a_worker_that_was_taken_off_the_list_while_it_prepared_ends(worker, cluster, clock):
    worker._info = worker._info.model_copy(update={"run": RUN})
    worker._renew()
    worker._invited = RUN
    cluster.leave("w1")
    clock.ahead_s = 6
    worker._renew()

    assert worker._ended.is_set()


def test_an_idle_worker_that_was_taken_for_dead_just_comes_back(worker, cluster):
    worker._renew()
    cluster.leave("w1")
    worker._renew()

    assert worker._may_start()
    assert cluster.members().keys() == {"w1"}


@pytest.mark.usefixtures("run")
def test_a_run_that_is_gone_is_served_no_longer(worker, bus):
    """Redis lost everything: nobody would ever stop this load."""
    worker._renew()
    worker._invited, worker._serving = RUN, Served()
    bus.client.flushall()
    worker._renew()

    assert worker._serving.told == [("stop", "now")]
