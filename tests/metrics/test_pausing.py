from __future__ import annotations

from loadgen.metrics.pausing import PAUSE_S, SLICE_S, slices


class Clock:
    def __init__(self) -> None:
        self.now_s, self.slept = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append((round(self.now_s, 6), seconds))
        self.now_s += seconds


def test_work_pauses_after_each_slice_and_not_within_one() -> None:
    clock = Clock()
    pause = slices(lambda: clock.now_s, clock.sleep)
    for _ in range(10):
        clock.now_s += SLICE_S / 4
        pause()
    first = SLICE_S
    assert clock.slept == [(first, PAUSE_S), (round(2 * SLICE_S + PAUSE_S, 6), PAUSE_S)]
