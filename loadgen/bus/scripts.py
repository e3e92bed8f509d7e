"""The Lua files, each behind a typed function of :class:`Scripts`.

A script runs as ``EVALSHA`` and is loaded where the server does not know it (after a restart or a fail-over).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from redis import Redis
from redis.commands.core import Script

from loadgen.bus import keys


class Call(NamedTuple):
    """A script with what it is called with: now, or in a pipeline."""

    script: Script
    keys: list[str]
    args: list[Any]

    def now(self) -> Any:
        """Its answer."""
        return self.script(keys=self.keys, args=self.args)


class Scripts:
    """All scripts, bound to one client."""

    def __init__(self, client: Redis) -> None:
        self._time = script(client, "time")
        self._lead = script(client, "lead")
        self._resign = script(client, "resign")
        self._beat = script(client, "beat")
        self._leave = script(client, "leave")
        self._claim = script(client, "claim")
        self._seal = script(client, "seal")
        self._record = script(client, "record")
        self._seats = script(client, "seats")
        self._announce = script(client, "announce")
        self._hear = script(client, "hear")
        self._restore = script(client, "restore")

    def time_s(self) -> float:
        """The clock of the server that judges leases, seconds since the Unix epoch."""
        seconds, micros = self._time(keys=[keys.LEADER])
        return int(seconds) + int(micros) / 1e6

    def lead(self, own_id: str, lease_s: float) -> tuple[bool, int | str]:
        """Take or renew the lease: (True, fencing number) or (False, id of the leader)."""
        leading, value = self._lead(keys=[keys.LEADER, keys.FENCE], args=[own_id, int(lease_s * 1000)])
        return bool(leading), int(value) if leading else _text(value)

    def resign(self, own_id: str) -> bool:
        """Give the lease back; False when another led already."""
        return bool(self._resign(keys=[keys.LEADER], args=[own_id]))

    def beat(self, worker: str, lease_s: float, info: bytes, *, serves: bool = False) -> tuple[bool, bool, bool]:
        """Renew a worker's lease: whether anyone leads, whether it was not on the list, whether it was taken off it."""
        led, joined, left = self.of_beat(worker, lease_s, info, serves=serves).now()
        return bool(led), bool(joined), bool(left)

    def of_beat(self, worker: str, lease_s: float, info: bytes, *, serves: bool) -> Call:
        """The call behind :meth:`beat`."""
        touched = [keys.WORKERS, keys.WORKER_INFO, keys.MEMBERS, keys.LEADER, keys.LEFT]
        return Call(self._beat, touched, [worker, int(lease_s * 1000), info, int(serves)])

    def leave(self, worker: str, ended_before_s: float | None = None) -> bool:
        """Take a worker off the list; with an instant, only if its lease had ended before it."""
        return bool(self.of_leave(worker, ended_before_s).now())

    def of_leave(self, worker: str, ended_before_s: float | None = None) -> Call:
        """The call behind :meth:`leave`."""
        limit = "" if ended_before_s is None else int(ended_before_s * 1e6)
        return Call(self._leave, [keys.WORKERS, keys.WORKER_INFO, keys.MEMBERS, keys.LEFT], [worker, limit])

    def claim(self, run: str, fence: int) -> bool:
        """Take a run over; False when a newer leader has it."""
        return bool(self._claim(keys=[keys.run_key(run, "fence")], args=[fence]))

    def seal(
        self,
        run: str,
        fence: int,
        seconds: Sequence[bytes],
        positions: Mapping[int, str],
        totals: Mapping[str, bytes],
        after: int | None = None,
    ) -> int:
        """Append sealed seconds and move positions and totals in one step.

        Returns:
            1 when written, 0 when fenced off, -1 when there were not ``after`` sealed entries before.
        """
        args: list[Any] = [fence, "" if after is None else after, len(seconds), *seconds, len(positions)]
        for shard, position in positions.items():
            args += [shard, position]
        args.append(len(totals))
        for worker, packed in totals.items():
            args += [worker, packed]
        parts = ("fence", "sealed", "positions", "totals")
        return int(self._seal(keys=[keys.run_key(run, part) for part in parts], args=args))

    def record(self, run: str, fence: int, record: bytes) -> bool:
        """Write a run's record; False when fenced off."""
        return bool(self._record(keys=[keys.run_key(run, "fence"), keys.run_key(run, "record")], args=[fence, record]))

    def seats(self, run: str, fence: int, seats: Mapping[str, bytes]) -> bool:
        """Replace some workers' seats; False when fenced off."""
        args: list[Any] = [fence]
        for worker, seat in seats.items():
            args += [worker, seat]
        return bool(self._seats(keys=[keys.run_key(run, "fence"), keys.run_key(run, "seats")], args=args))

    def announce(
        self, run: str, fence: int, epoch: int, by_s: float, awaited: Sequence[str], seats: Mapping[str, bytes]
    ) -> int:
        """Write the seats of a new epoch, and who must hear of it by when (cluster time).

        Returns:
            1 when written, 0 when fenced off, -1 while it is open whether the epoch before holds.
        """
        args: list[Any] = [fence, epoch, int(by_s * 1e6), len(awaited), *awaited]
        for worker, seat in seats.items():
            args += [worker, seat]
        parts = ("fence", "seats", "turn", "awaited")
        return int(self._announce(keys=[keys.run_key(run, part) for part in parts], args=args))

    def hear(self, run: str, epoch: int, worker: str, now_s: float) -> str:
        """A worker has heard of an epoch ("" only asks): open, sure, off or over."""
        return _text(self.of_hear(run, epoch, worker, now_s).now())

    def of_hear(self, run: str, epoch: int, worker: str, now_s: float) -> Call:
        """The call behind :meth:`hear`."""
        parts = ("turn", "awaited")
        return Call(self._hear, [keys.run_key(run, part) for part in parts], [epoch, worker, int(now_s * 1e6)])

    def restore(
        self,
        run: str,
        spec: bytes,
        record: bytes,
        seconds: Sequence[bytes],
        totals: Mapping[str, bytes],
        seats: Mapping[str, bytes],
    ) -> bool:
        """Write a run anew that Redis forgot; False when it is known."""
        args: list[Any] = [spec, record, len(seconds), *seconds]
        for table in (totals, seats):
            args.append(len(table))
            for worker, packed in table.items():
                args += [worker, packed]
        parts = ("spec", "record", "fence", "sealed", "totals", "seats")
        return bool(self._restore(keys=[keys.run_key(run, part) for part in parts], args=args))


def script(client: Redis, name: str) -> Script:
    """A file of ``lua/``, bound to a client.

    Args:
        client: it runs there.
        name: without ``.lua``.
    """
    source = resources.files("loadgen.bus").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
    return client.register_script(source)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
