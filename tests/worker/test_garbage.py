"""When the worker looks for garbage: seldom, and never too late."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.worker.garbage import LATE, LEAST_GROWTH, SOON, WORTH_WHILE, Rounds

MB = 1_000_000

CIRCLES = """
import gc
import gevent
from loadgen.worker import garbage

class Circle:
    def __init__(self):
        self.me, self.load = self, bytearray(b"x") * 10_000

garbage.LOOK_S, garbage.LEAST_GROWTH, garbage.LATE = 0.01, 30_000_000, 1.0
garbage.begin()
gevent.sleep(0)  # it looks how large the process is
looked = []
gc.callbacks.append(lambda phase, info: looked.append(info["generation"]) if phase == "start" else None)
kept = [Circle() for _ in range(5_000)]
gc.collect(1)  # they are young no more
assert 2 not in looked
del kept
with gevent.Timeout(30):
    while 2 not in looked:
        gevent.sleep(0.01)
print("looked at everything", gc.get_freeze_count() > 10_000)
"""


def test_the_first_round_is_due_when_the_process_has_doubled() -> None:
    rounds = Rounds(200 * MB)
    assert not rounds.is_due(399 * MB)
    assert rounds.is_due(400 * MB)


def test_a_small_process_may_grow_by_more_than_that() -> None:
    rounds = Rounds(10 * MB)
    assert not rounds.is_due(10 * MB + LEAST_GROWTH - 1)
    assert rounds.is_due(10 * MB + LEAST_GROWTH)


@pytest.mark.parametrize(("found", "factor"), [(WORTH_WHILE, SOON), (WORTH_WHILE - 1, LATE)])
def test_the_next_round_comes_soon_where_there_is_garbage(found: int, factor: float) -> None:
    rounds = Rounds(0)
    rounds.done(1000 * MB, found)
    assert not rounds.is_due(int(1000 * MB * factor) - 1)
    assert rounds.is_due(int(1000 * MB * factor))


@given(st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**6)), max_size=20))
def test_whatever_was_found_the_process_never_more_than_doubles_unseen(rounds_before: list[tuple[int, int]]) -> None:
    rounds = Rounds(0)
    for size, found in rounds_before:
        rounds.done(size, found)
        assert not rounds.is_due(size)
        assert rounds.is_due(2 * size + LEAST_GROWTH)


def test_a_process_that_fills_with_circles_is_looked_through() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", CIRCLES], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "looked at everything True\n"), done.stderr
