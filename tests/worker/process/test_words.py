"""What a worker process does with the coordinator's words."""

from __future__ import annotations

import time

import gevent
import pytest
from worker.process.acting import RUN, Served, events_of, hear

from loadgen.bus import ClusterBus, RunBus, keys
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, Piece, RunRecord, Seat, StopMode, StopNote, WorkerEventKind
from loadgen.worker import process as module
from loadgen.worker.process import WorkerProcess


def test_an_invitation_is_followed_when_there_is_a_seat(worker, run, monkeypatch):
    served = []
    monkeypatch.setattr(WorkerProcess, "_serve", lambda _, run: served.append(run))
    hear(worker, ControlMessage(kind="invite", run=RUN))
    assert worker._invited == ""  # others are meant
    run.write_seats(1, {"w1": Seat()})
    hear(worker, ControlMessage(kind="invite", run=RUN))
    gevent.sleep(0.01)

    assert (worker._invited, served) == (RUN, [RUN])
    assert worker._info.run == RUN
    hear(worker, ControlMessage(kind="invite", run="another"))
    assert worker._invited == RUN


def test_a_worker_that_is_invited_again_says_again_that_it_is_ready(worker, run, clock):
    """A fail-over may have forgotten it, and the leader waits."""
    worker._invited, worker._serving = RUN, Served()
    run.write_seats(1, {"w1": Seat()})
    worker._say_ready(run)
    hear(worker, ControlMessage(kind="invite", run=RUN))
    assert len(events_of(run)) == 1
    clock.ahead_s = 3
    hear(worker, ControlMessage(kind="invite", run=RUN))
    assert [event[0] for event in events_of(run)] == [WorkerEventKind.READY, WorkerEventKind.READY]


def test_a_worker_that_leaves_follows_no_invitation(worker, run):
    run.write_seats(1, {"w1": Seat()})
    worker._info = worker._info.model_copy(update={"leaving": True})
    hear(worker, ControlMessage(kind="invite", run=RUN))

    assert worker._invited == ""


def test_new_shares_are_taken(worker, run):
    worker._invited, worker._serving = RUN, Served()
    run.write_seats(1, {"w1": Seat(epoch=2, pieces=(Piece(from_s=0.0, high=5),))})
    hear(worker, ControlMessage(kind="epoch", run="another"))
    hear(worker, ControlMessage(kind="epoch", run=RUN))

    assert worker._serving.told == [("assign", 2)]


@pytest.mark.parametrize("said", [RUN, "*"])
@pytest.mark.parametrize("mode", list(StopMode))
def test_a_stop_is_obeyed_by_those_it_means(worker, said, mode):
    worker._invited, worker._serving = RUN, Served()
    worker._obey(ControlMessage(kind="stop", run="another", mode=mode))
    assert worker._serving.told == []
    worker._obey(ControlMessage(kind="stop", run=said, mode=mode))

    assert worker._serving.told == [("stop", mode.value)]


def test_a_stop_while_it_prepares_ends_the_process(worker):
    worker._obey(ControlMessage(kind="stop", run="*"))
    assert not worker._ended.is_set()  # idle workers stay
    worker._invited = RUN
    worker._obey(ControlMessage(kind="stop", run="*"))

    assert worker._ended.is_set()


def test_the_end_of_a_run_ends_a_worker_that_was_never_given_a_share(worker):
    worker._invited, worker._serving = RUN, Served()
    worker._obey(ControlMessage(kind="end", run=RUN))

    assert worker._serving.told == [("stop", "now")]


@pytest.mark.usefixtures("run")
def test_a_malformed_seat_is_no_reason_to_go_deaf(worker, bus):
    worker._invited, worker._serving = RUN, Served()
    bus.client.hset(keys.run_key(RUN, "seats"), "w1", b"rubbish")
    hear(worker, ControlMessage(kind="epoch", run=RUN))

    assert worker._serving.told == []


def test_what_was_not_obeyed_for_want_of_redis_is_heard_again(worker, cluster, run, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    monkeypatch.setattr(module, "LISTEN_S", 0.05)
    worker._invited, worker._serving = RUN, Served()
    real, failures = WorkerProcess._look_at_seat, [1, 1]

    def away(self, run):
        if failures:
            failures.pop()
            raise BusError("gone")
        real(self, run)

    monkeypatch.setattr(WorkerProcess, "_look_at_seat", away)
    run.write_seats(1, {"w1": Seat(epoch=2, pieces=(Piece(from_s=0.0, high=5),))})
    greenlets = [gevent.spawn(worker._listen, "0-0"), gevent.spawn(worker._look)]
    cluster.say(ControlMessage(kind="epoch", run=RUN))
    with gevent.Timeout(10):
        while not worker._serving.told:
            gevent.sleep(0.01)
    gevent.killall(greenlets)

    assert worker._serving.told == [("assign", 2)]


def test_a_stop_that_a_fail_over_kept_from_being_heard_is_read_in_the_record(worker, cluster, bus, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    worker._invited, worker._serving = RUN, Served()
    note = StopNote(by="person", reason="enough", at_s=3.0)
    run = RunBus(bus, RUN)
    run.claim(1)
    run.write_record(1, RunRecord(run=RUN, name="demo", submitted_at=1.0, stop=note))
    cluster.say(ControlMessage(kind="stop", run=RUN))  # before it asks where what was said ends
    listen, away = ClusterBus.listen, [True]

    def fails_over(self, *args):
        if away:
            away.clear()
            raise BusError("gone")
        return listen(self, *args)

    monkeypatch.setattr(ClusterBus, "listen", fails_over)
    greenlets = [gevent.spawn(worker._listen, f"{int(time.time() * 1000) + 10**9}-0")]
    with gevent.Timeout(10):
        while not worker._serving.told:
            gevent.sleep(0.01)
    gevent.killall(greenlets)

    assert worker._serving.told == [("stop", "now")]


def test_words_said_after_a_fail_over_are_heard_though_their_ids_went_back(worker, cluster, monkeypatch):
    """The new primary's clock is behind, and it has not got what was said last."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    monkeypatch.setattr(module, "LISTEN_S", 0.05)
    worker._invited, worker._serving = RUN, Served()
    listen, away, listens_again = ClusterBus.listen, [True], []

    def fails_over(self, *args):
        if away:
            away.clear()
            raise BusError("gone")
        listens_again.append(args)
        return listen(self, *args)

    monkeypatch.setattr(ClusterBus, "listen", fails_over)
    future = f"{int(time.time() * 1000) + 10**9}-0"
    greenlets = [gevent.spawn(worker._listen, future), gevent.spawn(worker._look)]
    with gevent.Timeout(10):
        while not listens_again:
            gevent.sleep(0.01)
        cluster.say(ControlMessage(kind="stop", run=RUN))
        while not worker._serving.told:
            gevent.sleep(0.01)
    gevent.killall(greenlets)

    assert worker._serving.told == [("stop", "graceful")]


def test_a_stop_is_obeyed_while_a_seat_cannot_be_seen(worker, cluster, monkeypatch):
    worker._invited, worker._serving = RUN, Served()
    monkeypatch.setattr(WorkerProcess, "_look_at_seat", lambda *_: gevent.sleep(100))
    greenlets = [gevent.spawn(worker._listen, "0-0"), gevent.spawn(worker._look)]
    cluster.say(ControlMessage(kind="epoch", run=RUN))
    cluster.say(ControlMessage(kind="stop", run=RUN))
    with gevent.Timeout(10):
        while not worker._serving.told:
            gevent.sleep(0.01)
    gevent.killall(greenlets)

    assert worker._serving.told == [("stop", "graceful")]


def test_signals(worker):
    import signal

    worker._on_signal(signal.SIGTERM, None)
    assert worker._ended.is_set()

    worker._ended.clear()
    worker._serving = Served()
    worker._on_signal(signal.SIGTERM, None)
    assert (worker._info.leaving, worker._serving.told) == (True, [("leave",)])
    worker._on_signal(signal.SIGTERM, None)
    assert worker._serving.told[1:] == [("stop", "now")]
