"""Coordinators on one Redis, in time that a test moves, and runs for them."""

from __future__ import annotations

from loadgen.bus import ClusterBus, RunBus
from loadgen.coordinator.leader import Coordinator
from loadgen.messages import ControlMessage, RunSpec, StopMode, WorkerInfo


class Hands:
    """Cluster time that a test moves; it begins with the server's."""

    def __init__(self, bus) -> None:
        seconds, micros = bus.client.time()
        self.now_s = seconds + micros / 1e6

    error_s = 0.0

    def now(self) -> float:
        return self.now_s

    def update(self, _samples) -> None:
        """The server's clock is not asked."""


class Cluster:
    """Coordinators on one Redis, and runs for them."""

    def __init__(self, bus, make) -> None:
        self.redis, self.make = bus, make
        self.bus = ClusterBus(bus)
        self.hands = Hands(bus)
        self.shown = []

    def coordinator(self) -> Coordinator:
        coordinator = Coordinator(self.redis, on_snapshot=self.shown.append)
        coordinator._clock = self.hands
        return coordinator

    def turn(self, coordinator, times: int = 1, seconds: float = 0.1) -> None:
        for _ in range(times):
            self.hands.now_s += seconds
            coordinator._turn()

    def submit(self, run: str, **plan) -> RunBus:
        digest = "0" * 64
        text = self.make.plan(**plan).model_dump_json()
        self.bus.submit(
            RunSpec(run=run, plan=text, submitted_at=self.hands.now_s, files={}, digest=digest, code="installed"), b""
        )
        return RunBus(self.redis, run)

    def stop(self, run: str = "*") -> None:
        self.bus.say(ControlMessage(kind="stop", run=run, mode=StopMode.NOW, reason="enough"))

    def join(self, worker: str, lease_s: float = 60, **info) -> None:
        self.bus.beat(WorkerInfo(worker=worker, node="n", pid=1, **info), lease_s)

    def said(self) -> list[tuple[str, str]]:
        return [(message.kind, message.run) for _, message in self.bus.listen("0-0", 0)[1]]
