"""What locustfiles say to each other: from workers to the master and back, through two streams of the run.

::

    worker ── send_message ──▶ to-master ──▶ master
    worker ◀── those for it ── to-workers ◀── send_message ── master

What is said is bytes here; only its two ends know their form. Every method raises
:class:`loadgen.errors.BusError` when Redis does not do it.
"""

from __future__ import annotations

from typing import Any, Final

from loadgen.bus import keys
from loadgen.bus.cluster import entries_of
from loadgen.bus.connection import Bus, speaking_to

KEPT: Final = 10_000
"""Messages kept in a stream: whoever reads is seldom more than a second behind."""

EVERYONE: Final = "*"
"""Instead of a worker's name."""


class PostBus:
    """The messages of one run."""

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus = bus
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._up, self._down = keys.run_key(run, "to-master"), keys.run_key(run, "to-workers")
        self._indexes = keys.run_key(run, "indexes")

    def next_index(self) -> int:
        """A number for a worker of this run: 0, 1, 2, …; none is given twice."""
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.incr(self._indexes)
            pipeline.expire(self._indexes, keys.KEPT_WITHOUT_END_S)
            return int(pipeline.execute()[0]) - 1

    def to_master(self, data: bytes) -> None:
        """Say something to the master."""
        self._add(self._up, "", data)

    def to_workers(self, worker: str, data: bytes) -> None:
        """Say something to one worker, or to :data:`EVERYONE`."""
        self._add(self._down, worker, data)

    def at_master(self, position: str, wait_s: float) -> tuple[str, list[bytes]]:
        """What was said to the master after a position; waits so long for the first."""
        position, said = self._read(self._up, position, wait_s)
        return position, [data for _, data in said]

    def at_worker(self, worker: str, position: str, wait_s: float) -> tuple[str, list[bytes]]:
        """What was said to a worker after a position; waits so long for the first word to anyone."""
        position, said = self._read(self._down, position, wait_s)
        return position, [data for to, data in said if to in {worker, EVERYONE}]

    def _add(self, key: str, to: str, data: bytes) -> None:
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.xadd(key, {"to": to, "m": data}, maxlen=KEPT, approximate=True)
            pipeline.expire(key, keys.KEPT_WITHOUT_END_S)
            pipeline.execute()

    def _read(self, key: str, position: str, wait_s: float) -> tuple[str, list[tuple[str, bytes]]]:
        with speaking_to(self._bus.url):
            answer = self._redis.xread({key: position}, count=100, block=int(wait_s * 1000))
        entries = entries_of(answer)
        said = [(fields.get(b"to", b"").decode(errors="replace"), fields.get(b"m", b"")) for _, fields in entries]
        return (entries[-1][0] if entries else position), said
