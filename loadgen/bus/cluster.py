"""What all processes of a cluster share: its clock, its leader, its workers, its queue of runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from loadgen.bus import keys
from loadgen.bus.connection import Bus, speaking_to
from loadgen.clock import ClusterClock, TimeSample
from loadgen.errors import FencedError, MessageError
from loadgen.messages import ControlMessage, RunSpec, WorkerInfo

CLOCK_SAMPLES: Final = 5
"""Round trips of one clock estimate; the shortest counts."""

CONTROL_KEPT: Final = 10_000
"""Control messages kept; a worker that sleeps through so many has lost its lease long before."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """The answer to a bid for the lead.

    Attributes:
        fence: own fencing number when leading, 0 otherwise.
        leader: id of the one who leads.
    """

    fence: int
    leader: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """The answer to a beat.

    Attributes:
        lease_until_s: when the lease ends by this process's own monotonic clock: counted from before the question, so
            never later than by the server's.
        led: whether a coordinator leads.
        joined: whether the worker was not on the list (any more): it is new, was taken for dead, or Redis forgot it.
        taken_off: whether it was taken for dead while it served a run.
    """

    lease_until_s: float
    led: bool
    joined: bool
    taken_off: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A worker as the registry knows it.

    Attributes:
        info: what it says of itself.
        lease_until_s: when its lease ended as it was read, cluster time; it is renewed all the time.
    """

    info: WorkerInfo
    lease_until_s: float


class ClusterBus:
    """The cluster-wide part of the bus. Every method raises :class:`BusError` when Redis does not do it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._infos: dict[bytes, WorkerInfo] = {}
        """What the workers on the list say of themselves, as last read: most of it is the same twice a second."""

    def sync_clock(self, clock: ClusterClock) -> None:
        """Take one estimate of the server's clock."""
        clock.update(self.time_samples())

    def time_samples(self) -> list[TimeSample]:
        """Ask the server's clock, as often as one estimate takes."""
        samples = []
        with speaking_to(self._bus.url):
            for _ in range(CLOCK_SAMPLES):
                sent_s = time.monotonic()
                samples.append(TimeSample(sent_s, self._bus.scripts.time_s(), time.monotonic()))
        return samples

    # -- leader

    def lead(self, own_id: str, lease_s: float) -> Leadership:
        """Take or renew the lease of the coordinator."""
        with speaking_to(self._bus.url):
            leading, value = self._bus.scripts.lead(own_id, lease_s)
        return Leadership(cast("int", value), own_id) if leading else Leadership(0, str(value))

    def resign(self, own_id: str) -> None:
        """Give the coordinator's lease back, so that a standby need not wait for its end."""
        with speaking_to(self._bus.url):
            self._bus.scripts.resign(own_id)

    def leader(self) -> str:
        """Id of the leading coordinator, empty when none leads."""
        with speaking_to(self._bus.url):
            return (self._redis.get(keys.LEADER) or b"").decode()

    # -- workers

    def beat(self, info: WorkerInfo, lease_s: float) -> Pulse:
        """Renew a worker's lease."""
        asked_at_s = time.monotonic()
        with speaking_to(self._bus.url):
            answer = self._bus.scripts.beat(info.worker, lease_s, info.encode(), serves=bool(info.run))
        return Pulse(asked_at_s + lease_s, *answer)

    def leave(self, worker: str, ended_before_s: float | None = None) -> bool:
        """Take a worker off the list; with an instant, only if its lease ended before it."""
        with speaking_to(self._bus.url):
            return self._bus.scripts.leave(worker, ended_before_s)

    def overdue(self, at_s: float) -> list[str]:
        """Workers on the list whose lease has ended before an instant, cluster time."""
        with speaking_to(self._bus.url):
            names = self._redis.zrangebyscore(keys.WORKERS, "-inf", f"({int(at_s * 1e6)}")
        return [name.decode() for name in names]

    def members_version(self) -> int:
        """A number that rises whenever a worker joins, leaves or changes what it says."""
        with speaking_to(self._bus.url):
            return int(self._redis.get(keys.MEMBERS) or 0)

    def members(self) -> dict[str, Member]:
        """All workers on the list, also those whose lease has ended. Malformed entries are left out."""
        with speaking_to(self._bus.url):
            leases = self._redis.zrange(keys.WORKERS, 0, -1, withscores=True)
            infos = self._redis.hgetall(keys.WORKER_INFO)
        known, self._infos = self._infos, {}
        members = {}
        for name, until_us in leases:
            data = infos.get(name, b"")
            try:
                info = self._infos[data] = known.get(data) or WorkerInfo.decode(data)
            except MessageError:
                continue
            members[info.worker] = Member(info, until_us / 1e6)
        return members

    def left(self) -> set[str]:
        """Workers that were taken off the list within the last hour. Whoever is on neither was forgotten by Redis."""
        with speaking_to(self._bus.url):
            return {name.decode() for name in self._redis.zrange(keys.LEFT, 0, -1)}

    # -- control

    def say(self, message: ControlMessage) -> None:
        """Speak to all workers."""
        with speaking_to(self._bus.url):
            self._redis.xadd(keys.CONTROL, {"m": message.encode()}, maxlen=CONTROL_KEPT, approximate=True)

    def control_position(self) -> str:
        """Where the control stream ends now: a worker that joins reads from here."""
        with speaking_to(self._bus.url):
            last = self._redis.xrevrange(keys.CONTROL, count=1)
        return last[0][0].decode() if last else "0-0"

    def listen(self, position: str, wait_s: float) -> tuple[str, list[tuple[float, ControlMessage]]]:
        """Control messages after a position, with the cluster time at which each was said.

        Args:
            position: stream id after which to read.
            wait_s: how long to wait for the first; 0 does not wait. Malformed ones are passed over.
        """
        block = int(wait_s * 1000) if wait_s > 0 else None
        with speaking_to(self._bus.url):
            answer = self._redis.xread({keys.CONTROL: position}, count=100, block=block)
        messages = []
        for entry_id, fields in entries_of(answer):
            position = entry_id
            try:
                messages.append((_instant_of(entry_id), ControlMessage.decode(fields.get(b"m", b""))))
            except MessageError:
                continue
        return position, messages

    # -- runs

    def submit(self, spec: RunSpec, code: bytes) -> None:
        """Put a run at the end of the queue."""
        with speaking_to(self._bus.url):
            self._redis.set(keys.run_key(spec.run, "spec"), spec.encode(), ex=keys.KEPT_WITHOUT_END_S)
            if code:
                self._redis.set(keys.run_key(spec.run, "code"), code, ex=keys.KEPT_WITHOUT_END_S)
            self._redis.zadd(keys.RUNS, {spec.run: int(spec.submitted_at * 1e6)})
            self._redis.rpush(keys.QUEUE, spec.run)

    def queued(self) -> list[str]:
        """Runs waiting for their turn, oldest first."""
        with speaking_to(self._bus.url):
            return [run.decode() for run in self._redis.lrange(keys.QUEUE, 0, -1)]

    def active(self) -> list[str]:
        """Runs under way."""
        with speaking_to(self._bus.url):
            return sorted(run.decode() for run in self._redis.smembers(keys.ACTIVE))

    def activate(self, run: str) -> None:
        """Move a run from the queue to those under way."""
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.lrem(keys.QUEUE, 0, run)  # a push whose answer was lost may have been done twice
            pipeline.sadd(keys.ACTIVE, run)
            pipeline.execute()

    def adopt(self, run: str, submitted_at_s: float) -> None:
        """Put a run back among those under way: Redis had forgotten it."""
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.sadd(keys.ACTIVE, run)
            pipeline.zadd(keys.RUNS, {run: int(submitted_at_s * 1e6)})
            pipeline.execute()

    def retire(self, run: str) -> None:
        """Take a finished run off the lists of the queue and of those under way."""
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.lrem(keys.QUEUE, 0, run)  # a push whose answer was lost may have been done twice
            pipeline.srem(keys.ACTIVE, run)
            pipeline.execute()

    def runs(self) -> list[str]:
        """All runs known, newest first."""
        with speaking_to(self._bus.url):
            return [run.decode() for run in self._redis.zrevrange(keys.RUNS, 0, -1)]

    def submitted_at(self, run: str) -> float:
        """When a run was submitted, cluster time; 0 when it is not known."""
        with speaking_to(self._bus.url):
            return float(self._redis.zscore(keys.RUNS, run) or 0.0) / 1e6

    def forget(self, runs: Sequence[str]) -> None:
        """Take runs whose keys have expired off the list."""
        if runs:
            with speaking_to(self._bus.url):
                self._redis.zrem(keys.RUNS, *runs)

    def announce(self, text: str, lease_s: float) -> None:
        """Say where the leader serves metrics; gone when the leader is."""
        with speaking_to(self._bus.url):
            self._redis.set(keys.LEADER_INFO, text, px=int(lease_s * 1000))

    def announced(self) -> str:
        """Where the leader serves metrics, empty when nobody leads."""
        with speaking_to(self._bus.url):
            return (self._redis.get(keys.LEADER_INFO) or b"").decode()


def fenced(ok: bool, run: str) -> None:
    """Raise :class:`FencedError` where a fenced write was refused."""
    if not ok:
        raise FencedError(f"run {run} is led by another coordinator now", hint="this one stands by")


def _instant_of(stream_id: str) -> float:
    return int(stream_id.partition("-")[0]) / 1000


def entry_order(entry_id: str) -> tuple[int, int]:
    """A stream id as what it is ordered by: milliseconds, and a number within them."""
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)


def entries_of(answer: Any) -> list[tuple[str, dict[bytes, bytes]]]:
    """The entries of an ``XREAD`` answer for one stream, oldest first."""
    return [(entry_id.decode(), fields or {}) for _, entries in answer or [] for entry_id, fields in entries]
