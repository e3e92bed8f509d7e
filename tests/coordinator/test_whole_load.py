"""Whatever happens to workers, network and leaders: nobody is started twice, and every arrival is accounted for.

Seeded dice play a run in virtual time: workers join, leave, are killed, lose their machine, stand still, are cut off in
both directions or in one, and leaders die at any of their writes.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from coordinator.stage import LeaderDiedError, Stage

from loadgen.bus import RunBus
from loadgen.messages import RunState
from loadgen.plan.planned import PlannedLoad
from loadgen.stats import RunStats

STREAMS = [
    {"shape": {"constant": {"at": "20/s", "for": "12s"}}},
    {"arrivals": "poisson", "start": "1500ms", "shape": {"ramp": {"from": "0/s", "to": "20/s", "over": "8s"}}},
]


class Chaos:
    """One run full of faults.

    Args:
        stage: the run.
        seed: of the dice.
        faults: how often something happens, per second.
    """

    def __init__(self, stage: Stage, seed: int, faults: float) -> None:
        self.stage, self.dice, self.chance = stage, random.Random(seed), faults / 10
        self.until_s: dict[str, float] = {}
        self.fail_over_at_s = 0.0
        self.happened: list[str] = []
        self.names = iter(f"w{number:02}" for number in range(1000))
        for _ in range(self.dice.randrange(1, 5)):
            stage.join(next(self.names))

    def play(self) -> None:
        for _ in range(600):
            if self.stage.led and self.stage.controller.finished:
                return
            self._mend()
            if self.stage.state is RunState.RUNNING and self.dice.random() < self.chance:
                self._strike()
            self.stage.tick()
        raise AssertionError(f"does not end: {self.happened} {self.stage.record}")

    def _mend(self) -> None:
        now_s = self.stage.now_s
        for name in [name for name, until_s in self.until_s.items() if until_s <= now_s]:
            worker = self.stage.workers[name]
            worker.paused, worker.link = False, "whole"
            del self.until_s[name]
        if not self.stage.led and now_s >= self.fail_over_at_s:
            self.stage.fate = lambda: None
            self.stage.fail_over()
        if not any(worker.alive and not worker.gone for worker in self.stage.workers.values()):
            self.stage.join(next(self.names))

    def _strike(self) -> None:
        alive = [w for w in self.stage.workers.values() if w.alive and not w.gone and w.name not in self.until_s]
        one = self.dice.choice(alive).name if alive else ""
        fault = self.dice.choice(("join", "join", "leave", "kill", "machine", "pause", "cut", "deaf", "leader", "stop"))
        if fault not in {"join", "leader", "stop"} and not one:
            return
        self.happened.append(f"{self.stage.now_s - self.stage.record.started_at:.1f} {fault} {one}")
        getattr(self, f"_{fault}")(one)

    def _join(self, _one: str) -> None:
        self.stage.join(next(self.names), weight=self.dice.choice((0.5, 1.0, 3.0)))

    def _leave(self, one: str) -> None:
        if one in self.stage.members:
            self.stage.leave(one)

    def _kill(self, one: str) -> None:
        self.stage.kill(one)

    def _machine(self, one: str) -> None:
        self.stage.workers[one].alive = False

    def _pause(self, one: str) -> None:
        self.stage.workers[one].paused = True
        self._for_a_while(one)

    def _cut(self, one: str) -> None:
        self.stage.workers[one].link = "cut"
        self._for_a_while(one)

    def _deaf(self, one: str) -> None:
        self.stage.workers[one].link = "deaf"
        self._for_a_while(one)

    def _for_a_while(self, one: str) -> None:
        self.until_s[one] = self.stage.now_s + self.dice.choice((0.2, 0.5, 1.0, 2.0, 4.0, 6.0))

    def _leader(self, _one: str) -> None:
        left = [self.dice.randrange(1, 25)]

        def fate() -> None:
            left[0] -= 1
            if left[0] == 0:
                raise LeaderDiedError

        self.stage.fate = fate
        self.fail_over_at_s = self.stage.now_s + self.dice.choice((0.3, 1.0, 5.0))

    def _stop(self, _one: str) -> None:
        if self.stage.led and self.dice.random() < 0.2:
            self.stage.stop()


def sealed_by_stream(run: Stage) -> tuple[RunStats, Counter, Counter]:
    stats, started, missed = run.sealed(), Counter(), Counter()
    for stream, counts in stats.total.arrivals.items():
        assert counts.dropped == 0
        started[stream], missed[stream] = counts.started, counts.missed
    return stats, started, missed


@pytest.mark.parametrize("seed", range(40))
def test_nobody_is_started_twice_and_every_arrival_is_accounted_for(bus, make, seed):
    run = Stage(bus, make.plan(load=STREAMS, graceful_stop="1s"), leases=True)
    chaos = Chaos(run, seed, faults=random.Random(seed).choice((0.3, 1.0, 3.0)))
    chaos.play()

    twice = [what for what, times in Counter((entry[2], entry[3], entry[4]) for entry in run.log).items() if times > 1]
    assert twice == [], chaos.happened
    stats, started, missed = sealed_by_stream(run)
    told = Counter(stream for _, _, stream, _, _ in run.log)
    assert all(started[stream] <= told[stream] for stream in told)
    if not run.record.silences:
        assert started == told, chaos.happened
    assert sum(started.values()) + sum(missed.values()) == stats.planned, (chaos.happened, run.record.losses)
    if run.record.stop is None:
        wanted = PlannedLoad(run.plan).due(0.0, run.plan.duration)
        assert {stream: started[stream] + missed[stream] for stream in wanted} == wanted
    assert RunBus(bus, "demo-1").record() == run.record
