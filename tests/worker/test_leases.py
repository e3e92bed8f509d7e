"""The lease is renewed in time, however late the event loop is."""

from __future__ import annotations

import sys
import time

import gevent
import pytest

from loadgen.bus import ClusterBus, connect
from loadgen.clock import ClusterClock
from loadgen.errors import BusError
from loadgen.messages import WorkerInfo
from loadgen.worker.leases import Leases

INFO = WorkerInfo(worker="w1", node="n1", pid=1)
GREENLETS, EACH_S = 20, 0.005
"""Each works for just as long as Python lets a thread wait before it asks for its turn, unless that is changed."""


class Busy:
    """Greenlets that never leave the loop idle; counts its turns."""

    def __init__(self) -> None:
        self.turns = 0
        self._greenlets = [gevent.spawn(self._burn, counts=not number) for number in range(GREENLETS)]

    def _burn(self, counts: bool) -> None:
        while True:
            self.turns += counts
            until_s = time.perf_counter() + EACH_S
            while time.perf_counter() < until_s:
                pass
            gevent.sleep(0.001)

    def stop(self) -> None:
        gevent.killall(self._greenlets)


@pytest.fixture
def busy():
    busy = Busy()
    yield busy
    busy.stop()


@pytest.fixture(autouse=True)
def as_python_has_it():
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def leases(redis_url):
    return Leases(lambda: connect(redis_url, timeout_s=1.0, again=False))


def test_it_is_renewed_in_redis_and_the_clock_is_the_server_s(leases, bus):
    clock, other = ClusterClock(), ClusterClock()
    pulse = leases.beat(INFO, 5)
    leases.sync_clock(clock)
    ClusterBus(bus).sync_clock(other)

    assert (pulse.joined, leases.beat(INFO, 5).joined) == (True, False)
    assert list(ClusterBus(bus).members()) == ["w1"]
    assert clock.now() == pytest.approx(other.now(), abs=clock.error_s + other.error_s + 0.01)


def test_a_busy_loop_delays_a_beat_and_the_clock_less_than_if_they_were_asked_in_it(leases, busy, bus):
    """By one turn, instead of one for each question. Who else uses the machine only adds to them: the least count."""

    def turns(asker, clock) -> int:
        asker.beat(INFO, 5)
        before = busy.turns
        for _ in range(3):
            asker.beat(INFO, 5)
            asker.sync_clock(clock)
        return busy.turns - before

    aside, inside = ClusterClock(), ClusterClock()
    least_inside = min(turns(ClusterBus(bus), inside) for _ in range(3))

    assert any(turns(leases, aside) * 2 < least_inside for _ in range(8))
    assert aside.error_s < inside.error_s


def test_an_answer_that_does_not_come_is_an_error_and_the_next_question_is_asked_anew(redis_url, bus, capfd):
    leases = Leases(lambda: connect(redis_url, timeout_s=0.2, again=False))
    bus.client.execute_command("CLIENT", "PAUSE", 600, "ALL")
    with pytest.raises(BusError, match="does not answer in time"):
        leases.beat(INFO, 5)
    with gevent.Timeout(20):
        while True:
            try:
                leases.beat(INFO, 5)
                break
            except BusError:
                gevent.sleep(0.05)

    assert "Traceback" not in capfd.readouterr().err


def test_a_redis_that_cannot_be_reached_is_said_at_once():
    with pytest.raises(BusError):
        Leases(lambda: connect("redis://127.0.0.1:1", timeout_s=0.2))


def test_other_greenlets_go_on_while_it_is_waited_for(redis_url, bus):
    leases = Leases(lambda: connect(redis_url, timeout_s=2.0, again=False))
    bus.client.execute_command("CLIENT", "PAUSE", 300, "ALL")
    beats = gevent.spawn(leases.beat, INFO, 5)
    turns = 0
    while not beats.ready():
        gevent.sleep(0.001)
        turns += 1

    assert beats.get().joined
    assert turns > 10


def test_a_beat_that_nobody_waits_for_any_more_puts_no_worker_back_on_the_list(leases, bus, monkeypatch):
    """The process ends: its beats are stopped wherever they are, and then it leaves."""
    beat, said = ClusterBus.beat, []

    def late(*args):
        gevent.sleep(0.2)
        said.append(beat(*args))

    monkeypatch.setattr(ClusterBus, "beat", late)
    beats = gevent.spawn(leases.beat, INFO, 5)
    gevent.sleep(0.05)
    beats.kill()
    leases.leave("w1")

    assert said, "it was on its way"
    assert ClusterBus(bus).members() == {}
