"""One run of the campaign: the plan is submitted, the faults strike, the run is followed to its end."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.schedule import LOAD_S, Fault
from chaos.stage import Stage
from chaos.striking import NotYetError, strike
from chaos.target import Seen
from cluster.harness import KEY, look, wait_until

from loadgen.bus.following import Follower
from loadgen.cli.submission import read_plan, submit
from loadgen.errors import BusError
from loadgen.messages import RunState
from loadgen.plan.read import LoadedPlan

RATE = 120
"""Arrivals a second."""

ENDS_S = 75.0
"""A run that has not ended so long after its start never will."""

STEP_S = 0.02

JOURNEY = Path(__file__).absolute().parent / "journeys" / "numbered.py"


@dataclass
class Struck:
    """A fault as it was carried out.

    Attributes:
        fault: as drawn.
        at_s: when it really began, seconds since the run's start.
        ended_at_s: when it was over.
        void: whether there was nothing to strike.
    """

    fault: Fault
    at_s: float
    ended_at_s: float = 0.0
    void: bool = False


@dataclass
class Played:
    """A run that was played.

    Attributes:
        follower: the run, at its end.
        struck: the faults.
        seen: what the target saw.
        failovers_s: after each fault that took the leader away, how long it took until another one led.
        wrong: what went wrong in following it.
        started_at_s: when the supervisor of each machine was started last, seconds since the run's start.
    """

    follower: Follower
    struck: list[Struck] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    failovers_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    started_at_s: dict[str, float] = field(default_factory=dict)


def plan_for(stage: Stage) -> LoadedPlan:
    """The plan of all runs on a stage: each shopper sends one request."""
    path = stage.folder / "chaos.yaml"
    path.write_text(f"""\
name: chaos
target: {{base_url: "{stage.target.url}"}}
journeys: [{{file: "{os.path.relpath(JOURNEY, path.parent)}", user: Numbered}}]
load: [{{shape: {{constant: {{at: {RATE}/s, for: {LOAD_S:g}s}}}}}}]
thresholds: ["error_rate < 1%"]
graceful_stop: 3s
""")
    return read_plan(path)


def play(stage: Stage, plan: LoadedPlan, faults: list[Fault]) -> Played:
    """Play one run on a stage that is whole."""
    stage.target.seen()
    played = Played(Follower(stage.quick_bus, submit(stage.bus, plan, KEY.encode()).run))
    _Director(stage, played, faults).direct()
    try:
        played.seen = stage.target.seen()
    except AssertionError as error:
        played.wrong.append(str(error))
    return played


class _Director:
    def __init__(self, stage: Stage, played: Played, faults: list[Fault]) -> None:
        self._stage, self._played = stage, played
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._leaderless: tuple[float, int] | None = None
        self._looked_at_s = 0.0
        for fault in faults:
            self._at(fault.at_s, self._begin_of(fault))

    def direct(self) -> None:
        follower = self._played.follower
        wait_until(self._begun, f"run {follower.record.run} starts", 40)
        self._started_s = follower.record.started_at or 0.0
        while not (follower.finished and not self._due):
            if self._now() > ENDS_S:
                self._played.wrong.append(f"the run has not ended: {follower.record.state} ({follower.record.detail})")
                return
            while self._due and self._due[0][0] <= self._now():
                self._do(heapq.heappop(self._due)[2])
            self._watch_leader()
            if time.monotonic() - self._looked_at_s > 0.3:
                self._looked_at_s = time.monotonic()
                look(follower)
                self._keep_up()
            time.sleep(STEP_S)

    def _keep_up(self) -> None:
        for place in [*self._stage.nodes.values(), *self._stage.coordinators.values()]:
            place.keep_up()
            self._played.started_at_s[place.name] = place.started_at_s - self._started_s

    def _begun(self) -> bool:
        look(self._played.follower)
        record = self._played.follower.record
        return record.state in {RunState.RUNNING, RunState.FINISHED}

    def _now(self) -> float:
        return time.time() - self._started_s  # Redis's clock is this machine's

    def _at(self, at_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._order), action))

    def _do(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (BusError, NotYetError):
            self._at(self._now() + 0.1, action)

    def _begin_of(self, fault: Fault) -> Callable[[], None]:
        def begin() -> None:
            if self._played.follower.finished:
                return
            leader = self._leader()
            struck = Struck(fault, self._now())
            end = strike(self._stage, fault, self._played.follower.record.run)
            self._played.struck.append(struck)
            if end is None:
                struck.void, struck.ended_at_s = True, struck.at_s
                return
            takes_leader = fault.kind in {"leader-killed", "leader-leaves", "leader-paused-long", "leader-cut-off"}
            if takes_leader and leader:
                self._leaderless = (struck.at_s, leader)

            def finish() -> None:
                end()
                struck.ended_at_s = self._now()

            self._at(struck.at_s + fault.length_s, finish)

        return begin

    def _leader(self) -> int:
        with contextlib.suppress(BusError):
            return self._stage.led_by()
        return 0

    def _watch_leader(self) -> None:
        if self._leaderless is None:
            return
        since_s, was = self._leaderless
        leader = self._leader()
        if leader and leader != was:
            self._played.failovers_s.append(self._now() - since_s)
            self._leaderless = None
