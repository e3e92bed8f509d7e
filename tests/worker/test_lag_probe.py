"""The probe of the event loop's lag, with a loop that stands still on purpose."""

from __future__ import annotations

import os
import socket
import time

import gevent
import pytest

from loadgen.worker import lag_probe
from loadgen.worker.lag_probe import LONGEST, PROBE_NS, LagProbe


@pytest.fixture
def wire() -> list[int]:
    """Requests on the wire; tests change it."""
    return [0]


@pytest.fixture
def probe(wire):
    probe = LagProbe(lambda: wire[0])
    yield probe
    probe.stop()


def stand_still(seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        pass


def longest(looks):
    return max(looks, key=lambda look: look.lags_ns[0])


def collect(probe, enough):
    looks = []
    with gevent.Timeout(10):
        while not enough(looks):
            gevent.sleep(0.005)
            looks += probe.take()
    return looks


def test_each_instant_that_was_due_gives_one_lag(probe):
    began_ns = time.monotonic_ns()
    looks = collect(probe, lambda looks: len(looks) >= 10)
    elapsed_ns = time.monotonic_ns() - began_ns

    assert 10 <= sum(len(look.lags_ns) for look in looks) <= elapsed_ns // PROBE_NS + 1
    assert all(lag >= 0 for look in looks for lag in look.lags_ns)


def test_a_stall_is_seen_by_every_instant_it_covers(probe):
    collect(probe, lambda looks: looks)
    stand_still(0.2)
    stalled = longest(collect(probe, lambda looks: looks))

    assert 0.2e9 - PROBE_NS <= stalled.lags_ns[0] < 5e9
    assert len(stalled.lags_ns) >= 0.2e9 // PROBE_NS
    assert [first - second for first, second in zip(stalled.lags_ns, stalled.lags_ns[1:], strict=False)] == [
        PROBE_NS
    ] * (len(stalled.lags_ns) - 1)


def test_a_look_knows_what_was_on_the_wire_before_anyone_was_served(probe, wire):
    """As the loop wakes up after a stall, thinking shoppers send before the probe's own turn comes."""
    collect(probe, lambda looks: looks)
    wire[0] = 7

    def think() -> None:
        gevent.sleep(0.01)
        wire[0] = 500

    gevent.spawn(think)
    gevent.sleep(0)
    stand_still(0.1)

    assert longest(collect(probe, lambda looks: looks)).on_wire == 7
    assert wire[0] == 500


def test_the_probe_sees_the_lag_that_an_answer_sees(probe):
    """An answer that comes while the loop is busy and one that comes while it waits."""
    ours, theirs = socket.socketpair()
    gevent_socket = gevent.socket.socket(fileno=ours.detach())
    came = []
    reader = gevent.spawn(lambda: came.append((gevent_socket.recv(1), time.monotonic_ns())))
    collect(probe, lambda looks: looks)
    sent_ns = time.monotonic_ns()
    theirs.send(b"x")
    stand_still(0.1)
    looks = collect(probe, lambda looks: looks)
    reader.join(10)
    gevent_socket.close()
    theirs.close()
    answer_lag_ns = came[0][1] - sent_ns

    assert longest(looks).lags_ns[0] == pytest.approx(answer_lag_ns, abs=2 * PROBE_NS + 0.02e9)


def test_of_a_long_sleep_only_the_longest_lags_are_kept(probe):
    probe._due_ns -= 3 * LONGEST * PROBE_NS
    stalled = longest(collect(probe, lambda looks: looks))

    assert len(stalled.lags_ns) == LONGEST
    assert stalled.lags_ns[0] >= 3 * LONGEST * PROBE_NS
    assert all(len(look.lags_ns) < LONGEST for look in collect(probe, lambda looks: len(looks) > 2))


def test_a_process_without_descriptors_is_told(monkeypatch):
    monkeypatch.setattr(lag_probe, "_libc", type("Libc", (), {"timerfd_create": staticmethod(lambda *_: -1)}))
    with pytest.raises(OSError, match="gives no timer"):
        LagProbe(lambda: 0)


def test_nothing_is_left_of_a_probe_that_was_stopped():
    probe = LagProbe(lambda: 0)
    probe.stop()
    gevent.sleep(0.01)  # gevent closes a descriptor when its loop is no longer looking at it

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(probe._timer)
