"""One worker process: its lease by its own clock, and what it does with the coordinator's words."""

from __future__ import annotations

import time

import gevent
import pytest

from loadgen.bus import ClusterBus, RunBus, keys
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, Piece, RunRecord, RunSpec, Seat, StopMode, StopNote, WorkerEventKind
from loadgen.plan.bundle import Bundle
from loadgen.worker import process as module
from loadgen.worker.process import NO_LEADER_S, WorkerProcess
from loadgen.worker.targets import AllowedTargets

RUN = "demo-1"
KEY = b"key"


class Served:
    """In the place of Serving: remembers what it was told."""

    def __init__(self, *_):
        self.told = []

    def assign(self, seat):
        self.told.append(("assign", seat.epoch))

    def stop(self, mode):
        self.told.append(("stop", mode.value))

    def leave(self):
        self.told.append(("leave",))


@pytest.fixture
def worker(bus, make, monkeypatch):
    monkeypatch.setattr(module.garbage, "begin", lambda: None)  # this process goes on after its run
    return WorkerProcess(bus, ClusterBus(bus), make.settings(lease_s=5.0), KEY, AllowedTargets([]))


@pytest.fixture
def cluster(bus):
    return ClusterBus(bus)


@pytest.fixture
def run(bus, make, cluster):
    """A run of which a leader has told everyone."""
    code = (make.journeys() / "browse.py").read_bytes()
    bundle = Bundle({"browse.py": code})
    plan = make.plan()
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=plan.model_dump_json(), **fields).signed(KEY), bundle.pack())
    run = RunBus(bus, RUN)
    run.claim(1)
    return run


@pytest.fixture
def clock(monkeypatch):
    """The process's own monotonic clock, moved by the test."""

    class Hands:
        ahead_s = 0.0

    real = time.monotonic
    monkeypatch.setattr(module.time, "monotonic", lambda: real() + Hands.ahead_s)
    return Hands


def hear(worker, message):
    """Obey a word, and look at the seats that it names."""
    worker._obey(message)
    for run in list(worker._to_look_at):
        worker._look_at_seat(run)
        worker._to_look_at.discard(run)


# -- lease


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


# -- words


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


# -- preparing


def serve(worker):
    with gevent.Timeout(20):
        worker._serve(RUN)


def events_of(run):
    return [(event.kind, event.text, event.hint) for event in run.events("0-0")[1]]


def test_a_run_that_cannot_be_served_is_refused_with_the_reason(worker, run, bus):
    bus.client.delete(keys.run_key(RUN, "code"))
    serve(worker)
    ((kind, text, _),) = events_of(run)

    assert kind == WorkerEventKind.REFUSED
    assert "cannot be unpacked" in text
    assert worker._ended.is_set()


@pytest.mark.parametrize("part", ["spec", "nothing"])
def test_a_run_whose_papers_are_wrong_is_refused(worker, run, bus, part):
    key = keys.run_key(RUN, "spec")
    if part == "nothing":
        bus.client.delete(key)
    else:
        bus.client.set(key, b"rubbish")
    serve(worker)

    assert [event[0] for event in events_of(run)] == [WorkerEventKind.REFUSED]


def test_no_secret_is_in_a_refusal(worker, cluster, make, bus, monkeypatch):
    monkeypatch.setenv("SHOP_HOST", "secret-host.example")
    bundle = Bundle({"browse.py": b""})
    plan = make.plan(target={"base_url": "https://${env:SHOP_HOST}"})
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=plan.model_dump_json(), **fields).signed(KEY), bundle.pack())
    run = RunBus(bus, RUN)
    serve(worker)
    ((kind, text, hint),) = events_of(run)

    assert kind == WorkerEventKind.REFUSED
    assert "may not send to [hidden]" in text
    assert "secret-host" not in text + hint


def test_a_long_traceback_is_cut_and_the_refusal_still_said(worker, cluster, make, bus):
    code = b"raise ValueError('x' * 100_000)"
    bundle = Bundle({"browse.py": code})
    fields = {"run": RUN, "submitted_at": 1.0, "files": bundle.hashes, "digest": bundle.digest, "code": "shipped"}
    cluster.submit(RunSpec(plan=make.plan().model_dump_json(), **fields).signed(KEY), bundle.pack())
    serve(worker)
    ((kind, text, _),) = events_of(RunBus(bus, RUN))

    assert kind == WorkerEventKind.REFUSED
    assert len(text) <= 4000


def test_a_run_that_is_stopped_before_it_starts_is_done_at_once(worker, run):
    greenlet = gevent.spawn(worker._serve, RUN)
    with gevent.Timeout(20):
        while worker._serving is None:
            gevent.sleep(0.01)
        worker._serving.stop(StopMode.NOW)
        greenlet.join()

    assert [event[0] for event in events_of(run)] == [WorkerEventKind.READY, WorkerEventKind.DONE]
    assert worker._ended.is_set()
