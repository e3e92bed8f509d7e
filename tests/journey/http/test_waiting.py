"""A wait ends with its event, at its deadline, or when its waiter is closed; and only that wait."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from time import monotonic
from typing import Any

import gevent
import pytest
from gevent import monkey
from journey.http.far_ends import until

from loadgen.journey.http import waiting
from loadgen.journey.http.failures import ConnectionReset, TimedOut
from loadgen.journey.http.waiting import Pause, Waiter

FAR_S = 10.0


@pytest.fixture
def pair() -> Iterator[tuple[Waiter, Any]]:
    """A waiter for one end, and the other end."""
    near, far = monkey.get_original("socket", "socketpair")()
    near.setblocking(False)
    waiter = Waiter(near.fileno())
    yield waiter, far
    waiter.close()
    near.close()
    far.close()
    assert not waiting._sweeper.waiting


def wait(waiter: Waiter, limit_s: float = FAR_S) -> str:
    try:
        waiter.readable(monotonic() + limit_s, limit_s, "idle")
    except (TimedOut, ConnectionReset) as error:
        return error.reason
    return "ready"


def test_a_wait_ends_with_its_event(pair: tuple[Waiter, socket.socket]) -> None:
    waiter, far = pair
    waiter.writable(monotonic() + FAR_S, FAR_S, "idle")
    waiting_greenlet = gevent.spawn(wait, waiter)
    gevent.sleep(0.001)
    far.send(b"x")
    assert waiting_greenlet.get(timeout=FAR_S) == "ready"


def test_a_wait_ends_at_its_deadline(pair: tuple[Waiter, socket.socket]) -> None:
    started_s = monotonic()
    assert wait(pair[0], 0.02) == "timeout_idle"
    assert monotonic() - started_s >= 0.02


def test_a_wait_ends_when_its_waiter_is_closed_and_no_other_begins(pair: tuple[Waiter, socket.socket]) -> None:
    waiter, _ = pair
    greenlet = gevent.spawn(wait, waiter)
    until(lambda: waiting._sweeper.waiting)
    waiter.close()
    waiter.close()
    assert greenlet.get(timeout=FAR_S) == "reset"
    assert wait(waiter) == "reset"


def test_who_is_killed_waits_no_more(pair: tuple[Waiter, socket.socket]) -> None:
    greenlet = gevent.spawn(wait, pair[0])
    until(lambda: waiting._sweeper.waiting)
    greenlet.kill()
    assert not waiting._sweeper.waiting


def test_a_deadline_that_passes_as_the_event_comes_strikes_nobody_later(pair: tuple[Waiter, socket.socket]) -> None:
    waiter, far = pair

    def go_on() -> str:
        heard = wait(waiter, 0.01)
        gevent.sleep(0.2)  # what a stray timeout would strike
        return heard

    greenlet = gevent.spawn(go_on)
    until(lambda: waiting._sweeper.waiting)
    far.send(b"x")
    time.sleep(0)
    waiter.expire()  # as the sweeper does in the same turn of the loop
    assert greenlet.get(timeout=FAR_S) in {"ready", "timeout_idle"}


def test_an_old_deadline_ends_no_new_wait(pair: tuple[Waiter, socket.socket]) -> None:
    waiter, far = pair
    far.send(b"x")

    def twice() -> list[str]:
        first = wait(waiter)
        waiter._hub.loop.run_callback(waiter._give_up, old_deadline_s, TimedOut("idle", 1))
        return [first, wait(waiter)]

    old_deadline_s = monotonic()
    assert gevent.spawn(twice).get(timeout=FAR_S) == ["ready", "ready"]


def pause(waiting_for: Pause, limit_s: float = FAR_S) -> str:
    try:
        waiting_for.wait(monotonic() + limit_s, limit_s, "first_byte")
    except TimedOut as error:
        return error.reason
    return "ended"


def test_a_pause_ends_when_somebody_ends_it() -> None:
    waiting_for = Pause()
    waiting_for.end()  # nobody waits yet, and nobody will be spared the wait
    greenlet = gevent.spawn(pause, waiting_for)
    until(lambda: waiting._sweeper.waiting)
    waiting_for.end()
    waiting_for.end()
    assert greenlet.get(timeout=FAR_S) == "ended"
    assert not waiting._sweeper.waiting


def test_a_pause_ends_at_its_deadline_or_does_not_begin() -> None:
    waiting_for = Pause()
    assert pause(waiting_for, 0.02) == "timeout_first_byte"
    assert pause(waiting_for, 0.0) == "timeout_first_byte"


def test_who_is_killed_pauses_no_more_and_the_end_strikes_nobody_later() -> None:
    waiting_for = Pause()

    def go_on() -> str:
        try:
            pause(waiting_for)
        except gevent.GreenletExit:
            gevent.sleep(0.01)  # what a stray end would strike
            return "killed"
        return "ended"

    greenlet = gevent.spawn(go_on)
    until(lambda: waiting._sweeper.waiting)
    waiting_for.end()
    greenlet.kill(block=False)
    assert greenlet.get(timeout=FAR_S) in {"killed", "ended"}
    assert not waiting._sweeper.waiting


def test_a_deadline_that_passes_as_a_pause_ends_is_kept() -> None:
    waiting_for = Pause()
    greenlet = gevent.spawn(pause, waiting_for)
    until(lambda: waiting._sweeper.waiting)
    waiting_for.end()
    waiting_for.expire()  # as the sweeper does in the same turn of the loop
    assert greenlet.get(timeout=FAR_S) == "ended"


def test_the_sweeper_goes_when_nobody_waits(pair: tuple[Waiter, socket.socket]) -> None:
    assert wait(pair[0], 0.01) == "timeout_idle"
    until(lambda: not waiting._sweeper._running)
    assert wait(pair[0], 0.01) == "timeout_idle"
