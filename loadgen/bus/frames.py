"""A run's frames on their way: streams of them, so that more than one server can carry them.

::

    worker ── crc32 of its name, modulo S ──▶ {run:<id>:<shard>}:frames ──┐  each in a slot of its own, maybe on a
    worker ─────────────────────────────────▶ {run:<id>:<shard>}:frames ──┼─ server of its own of a Redis Cluster
    …                                                                    ▼
                                            leader: reads all, seals in the run's own slot, then trims each

S is decided once, when the run starts, and stands in its record. A worker's frames keep to one stream, and so their
order. Up to where a stream is dealt with is written in the run's own slot, in the step that seals; what is trimmed
after it is not needed any more, so trimming may fail, come late, or come twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zlib import crc32

from redis import RedisCluster

from loadgen.bus import keys
from loadgen.bus.connection import Bus, speaking_to

WORKERS_A_SHARD: Final = 1000
"""Workers whose frames share a stream: some 7 MB/s in and as much out, a twentieth of what one server does."""


def shards_for(bus: Bus, workers: int) -> int:
    """How many frame streams a run of so many workers gets: more than one only where there may be several servers."""
    client: Any = bus.client  # by its type a Redis, whichever it is
    return max(1, -(-workers // WORKERS_A_SHARD)) if isinstance(client, RedisCluster) else 1


class FrameStreams:
    """The frame streams of one run.

    Args:
        bus: open connection.
        run: the run's id.
        shards: how many there are.
    """

    def __init__(self, bus: Bus, run: str, shards: int) -> None:
        self._url = bus.url
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._keys = [keys.frames_key(run, shard) for shard in range(shards)]

    def _key_of(self, worker: str) -> str:
        return self._keys[crc32(worker.encode()) % len(self._keys)]

    def send(self, worker: str, frames: Sequence[bytes]) -> list[str]:
        """Append a worker's frames; gives their stream ids."""
        return self.send_all({worker: frames})[worker]

    def send_all(self, frames: Mapping[str, Sequence[bytes]]) -> dict[str, list[str]]:
        """Append the frames of some workers; gives their stream ids."""
        with speaking_to(self._url):
            pipeline = self._redis.pipeline(transaction=False)
            for worker, own in frames.items():
                key = self._key_of(worker)
                for frame in own:
                    pipeline.xadd(key, {"f": frame})
                pipeline.expire(key, keys.KEPT_WITHOUT_END_S)
            answers = iter(pipeline.execute())
        ids = {}
        for worker, own in frames.items():
            ids[worker] = [next(answers).decode() for _ in own]
            next(answers)  # that of EXPIRE
        return ids

    def holds(self, worker: str, entry_id: str) -> bool:
        """Whether a worker's frame still lies in its stream."""
        with speaking_to(self._url):
            return bool(self._redis.xrange(self._key_of(worker), min=entry_id, max=entry_id))

    def read(self, positions: Mapping[int, str], count: int) -> list[tuple[int, str, bytes]]:
        """Frames after the positions.

        Args:
            positions: by shard, the stream id up to which frames were read.
            count: about how many to read, over all streams; twice as many if they are uneven.

        Returns:
            (shard, stream id, frame), in order within each shard.
        """
        each = count if len(self._keys) == 1 else -(-2 * count // len(self._keys))
        with speaking_to(self._url):
            pipeline = self._redis.pipeline(transaction=False)
            for shard, key in enumerate(self._keys):
                pipeline.xrange(key, min=f"({positions.get(shard, '0-0')}", count=each)
            answers = pipeline.execute()
        return [
            (shard, entry_id.decode(), fields.get(b"f", b""))
            for shard, entries in enumerate(answers)
            for entry_id, fields in entries
        ]

    def trim(self, positions: Mapping[int, str]) -> None:
        """Drop the frames up to the positions."""
        with speaking_to(self._url):
            pipeline = self._redis.pipeline(transaction=False)
            for shard, position in positions.items():
                pipeline.xtrim(self._keys[shard], minid=_after(position), approximate=False)
            pipeline.execute()

    def delete(self) -> None:
        """Drop all of them: the run is over."""
        with speaking_to(self._url):
            pipeline = self._redis.pipeline(transaction=False)
            for key in self._keys:
                pipeline.delete(key)
            pipeline.execute()


def _after(stream_id: str) -> str:
    milliseconds, _, number = stream_id.partition("-")
    return f"{milliseconds}-{int(number) + 1}"
