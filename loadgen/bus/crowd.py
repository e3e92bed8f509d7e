"""What many workers of one process say, in one round trip: for simulated workers, of which a process holds thousands.

The commands are those that each worker sends by itself, one by one; only their number in a packet differs. On a Redis
Cluster, where redis-py takes no script in a pipeline, scripts are sent one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis import RedisCluster

from loadgen.bus.cluster import ClusterBus, Pulse
from loadgen.bus.connection import Bus, speaking_to
from loadgen.bus.papers import Agreement
from loadgen.bus.run import RunBus
from loadgen.bus.scripts import Call
from loadgen.messages import Seat, WorkerEvent, WorkerInfo, WorkerTotals


class CrowdBus(ClusterBus):
    """The cluster-wide part of the bus, for many workers. Every method raises :class:`loadgen.errors.BusError`."""

    def beat_all(self, infos: Sequence[WorkerInfo], lease_s: float) -> list[Pulse]:
        """Renew the leases of some workers."""
        asked_at_s = time.monotonic()
        scripts = self._bus.scripts
        calls = [scripts.of_beat(info.worker, lease_s, info.encode(), serves=bool(info.run)) for info in infos]
        return [Pulse(asked_at_s + lease_s, *map(bool, answer)) for answer in _answers(self._bus, calls)]

    def leave_all(self, workers: Sequence[str]) -> None:
        """Take some workers off the list."""
        _answers(self._bus, [self._bus.scripts.of_leave(worker) for worker in workers])


class CrowdRun(RunBus):
    """One run's part of the bus, for many workers. Every method raises :class:`loadgen.errors.BusError`."""

    def seats_of(self, workers: Sequence[str]) -> list[Seat | None]:
        """Each one's own seat."""
        packed = self._one_each(lambda pipeline, worker: pipeline.hget(self._key("seats"), worker), workers)
        return [None if data is None else Seat.decode(data) for data in packed]

    def sealed_sequences(self, workers: Sequence[str]) -> list[int]:
        """Number of each one's last sealed frame."""
        packed = self._one_each(lambda pipeline, worker: pipeline.hget(self._key("totals"), worker), workers)
        return [0 if data is None else WorkerTotals.decode(data).sequence for data in packed]

    def hear_all(self, heard: Sequence[tuple[int, str]], now_s: float) -> list[Agreement]:
        """Pairs of an epoch and a worker that has heard of it, or an empty name where one only asks."""
        calls = [self._bus.scripts.of_hear(self.run, epoch, worker, now_s) for epoch, worker in heard]
        return [Agreement(answer.decode()) for answer in _answers(self._bus, calls)]

    def tell_all(self, events: Sequence[WorkerEvent]) -> None:
        """Say something to the coordinator about this run, each for itself."""
        self._one_each(self._add_event, events)

    def send_all(self, frames: Mapping[str, Sequence[bytes]]) -> dict[str, list[str]]:
        """Send some workers' encoded frames; gives their stream ids."""
        return self._frame_streams().send_all(frames)

    def _one_each(self, command: Callable[[Any, Any], object], items: Sequence[Any]) -> list[Any]:
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=False)
            for item in items:
                command(pipeline, item)
            return list(pipeline.execute())


def _answers(bus: Bus, calls: Sequence[Call]) -> list[Any]:
    """The answers of scripts, in order."""
    client: Any = bus.client  # redis-py's types mix sync and async answers
    with speaking_to(bus.url):
        if isinstance(client, RedisCluster) or not calls:
            return [call.now() for call in calls]
        pipeline = client.pipeline(transaction=False)
        for script, keys, args in calls:
            script(keys=keys, args=args, client=pipeline)
        return list(pipeline.execute())
