"""What belongs to one run: its spec, seats, frames, sealed seconds and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loadgen.bus import keys
from loadgen.bus.cluster import entries_of, fenced
from loadgen.bus.connection import Bus, speaking_to
from loadgen.bus.frames import FrameStreams, shards_for
from loadgen.bus.outage import Outage
from loadgen.bus.papers import Agreement, Announcement, Batch, Papers, Refused, Sealing
from loadgen.errors import MessageError, NotFoundError, StaleError
from loadgen.messages import (
    Frame,
    RunRecord,
    RunSpec,
    Seat,
    WorkerEvent,
    WorkerTotals,
    decode_second,
    encode_second,
)
from loadgen.stats import SecondRow

KEPT_AFTER_END_S: Final = 7 * 86400
"""How long a finished run can be asked for; then all its keys expire."""

QUARANTINE_KEPT: Final = 100
"""Refused frames kept to look at."""


class RunBus:
    """One run's part of the bus. Every method raises :class:`loadgen.errors.BusError` when Redis does not do it."""

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus = bus
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._streams: FrameStreams | None = None
        self.run = run

    def _key(self, part: str) -> str:
        return keys.run_key(self.run, part)

    @property
    def bus(self) -> Bus:
        """The open connection."""
        return self._bus

    @property
    def outage(self) -> Outage:
        """What this process says while Redis does not answer."""
        return self._bus.outage

    def spread_for(self, workers: int) -> int:
        """Decide over how many streams the frames of so many workers go; the run starts when its record says so."""
        shards = shards_for(self._bus, workers)
        self.spread_over(shards)
        return shards

    def spread_over(self, shards: int) -> None:
        """The run's frames go to so many streams, as was decided."""
        self._streams = FrameStreams(self._bus, self.run, shards)

    def _frame_streams(self) -> FrameStreams:
        if self._streams is not None:
            return self._streams
        record = self.record()
        streams = FrameStreams(self._bus, self.run, record.shards if record else 1)
        if record is not None and record.started_at is not None:
            self._streams = streams  # the number is written with the start, and does not change any more
        return streams

    # -- as submitted

    def spec(self) -> RunSpec:
        """The run as submitted.

        Raises:
            NotFoundError: there is no such run (any more).
        """
        with speaking_to(self._bus.url):
            data = self._redis.get(self._key("spec"))
        if data is None:
            raise NotFoundError(f"there is no run {self.run!r}", hint="loadgen status lists the runs that are known")
        return RunSpec.decode(data)

    def code(self) -> bytes:
        """The shipped journey code, empty when none was shipped."""
        with speaking_to(self._bus.url):
            return bytes(self._redis.get(self._key("code")) or b"")

    def exists(self) -> bool:
        """Whether the run is known (still)."""
        with speaking_to(self._bus.url):
            return bool(self._redis.exists(self._key("spec")))

    # -- driven by the leader, under its fence

    def claim(self, fence: int) -> None:
        """Take the run over from older leaders.

        Raises:
            FencedError: a newer leader has it.
        """
        with speaking_to(self._bus.url):
            fenced(self._bus.scripts.claim(self.run, fence), self.run)

    def write_record(self, fence: int, record: RunRecord) -> None:
        """Replace the run's record.

        Raises:
            FencedError: another coordinator leads.
        """
        with speaking_to(self._bus.url):
            fenced(self._bus.scripts.record(self.run, fence, record.encode()), self.run)

    def write_seats(self, fence: int, seats: Mapping[str, Seat]) -> None:
        """Replace the seats of some workers.

        Raises:
            FencedError: another coordinator leads.
        """
        if seats:
            packed = {worker: seat.encode() for worker, seat in seats.items()}
            with speaking_to(self._bus.url):
                fenced(self._bus.scripts.seats(self.run, fence, packed), self.run)

    def announce(self, fence: int, announcement: Announcement) -> None:
        """Offer new shares to all, or give them where nobody need be asked.

        Raises:
            FencedError: another coordinator leads.
            StaleError: it is open still whether the epoch before holds.
        """
        with speaking_to(self._bus.url):
            written = self._bus.scripts.announce(
                self.run,
                fence,
                announcement.epoch,
                announcement.by_s,
                announcement.awaited,
                {worker: seat.encode() for worker, seat in announcement.seats.items()},
            )
        if written < 0:
            raise StaleError(
                f"whether the shares of run {self.run} hold is open still", hint="did another coordinator change them?"
            )
        fenced(bool(written), self.run)

    def latest_epoch(self) -> int:
        """Number of the latest epoch that was announced, 0 before the first."""
        with speaking_to(self._bus.url):
            return int(self._redis.hget(self._key("turn"), "epoch") or 0)

    def seal(self, fence: int, sealing: Sealing) -> None:
        """Append sealed seconds, move the position and the workers' totals, in one step; then trim the frames.

        Raises:
            FencedError: another coordinator leads; nothing was written.
            StaleError: not as many entries were sealed as was thought; nothing was written.
        """
        with speaking_to(self._bus.url):
            written = self._bus.scripts.seal(
                self.run,
                fence,
                [encode_second(row) for row in sealing.seconds],
                sealing.positions,
                {worker: totals.encode() for worker, totals in sealing.totals.items()},
                sealing.after,
            )
            if written < 0:
                raise _stale(self.run)
            fenced(bool(written), self.run)
        if sealing.positions:
            self._frame_streams().trim(sealing.positions)

    def restore(self, papers: Papers) -> bool:
        """Write the run anew, because Redis forgot it; False when it is known."""
        with speaking_to(self._bus.url):
            return self._bus.scripts.restore(
                self.run,
                papers.spec.encode(),
                papers.record.encode(),
                [encode_second(row) for row in papers.seconds],
                {worker: totals.encode() for worker, totals in papers.totals.items()},
                {worker: seat.encode() for worker, seat in papers.seats.items()},
            )

    def expire(self, after_s: int = KEPT_AFTER_END_S) -> None:
        """Let all of the run's keys expire; its frames, which are all dealt with, go at once."""
        with speaking_to(self._bus.url):
            pipeline = self._redis.pipeline(transaction=False)
            for part in keys.RUN_PARTS:
                pipeline.expire(self._key(part), after_s)
            pipeline.execute()
        self._frame_streams().delete()

    # -- read by anyone

    def record(self) -> RunRecord | None:
        """How the run stands; None while no coordinator has seen it."""
        with speaking_to(self._bus.url):
            data = self._redis.get(self._key("record"))
        return None if data is None else RunRecord.decode(data)

    def totals(self) -> dict[str, WorkerTotals]:
        """What each worker did, as far as sealed."""
        with speaking_to(self._bus.url):
            packed = self._redis.hgetall(self._key("totals"))
        return {name.decode(): WorkerTotals.decode(data) for name, data in packed.items()}

    def sealed(self, position: str, count: int = 1000) -> tuple[str, list[SecondRow]]:
        """Sealed seconds and amendments after a position, in the order they were written.

        Raises:
            MessageError: an entry is malformed; sealed seconds are ours, so this is not passed over.
            StaleError: the entry at the position is gone, so what was read is no longer so: begin again at 0-0.
        """
        with speaking_to(self._bus.url):
            answer = self._redis.xrange(self._key("sealed"), min=position, count=count + 1)
        if position != "0-0" and (not answer or answer.pop(0)[0].decode() != position):
            raise _stale(self.run)
        rows = [decode_second(fields[b"s"]) for _, fields in answer]
        return (answer[-1][0].decode() if answer else position), rows

    def positions(self) -> dict[int, str]:
        """By shard, the stream id up to which all frames are dealt with; shards of which none is are left out."""
        with speaking_to(self._bus.url):
            found = self._redis.hgetall(self._key("positions"))
        return {int(shard): position.decode() for shard, position in found.items()}

    def frames(self, positions: Mapping[int, str], count: int) -> Batch:
        """Frames after the positions, about so many."""
        entries = self._frame_streams().read(positions, count)
        batch = Batch(dict(positions), [], [])
        for (shard, entry_id, data), frame in zip(entries, Frame.decode_all([e[2] for e in entries]), strict=True):
            batch.positions[shard] = entry_id
            if isinstance(frame, MessageError):
                batch.bad.append(Refused(data, frame.message, entry_id, shard))
            elif frame.run != self.run:
                stranger = f"a frame of run {frame.run} in the stream of run {self.run}"
                batch.bad.append(Refused(data, stranger, entry_id, shard))
            else:
                batch.good.append(((shard, entry_id), frame))
        return batch

    def quarantine(self, refused: Sequence[Refused]) -> None:
        """Keep some refused frames to look at."""
        with speaking_to(self._bus.url):
            for frame in refused[:QUARANTINE_KEPT]:
                self._redis.xadd(
                    self._key("quarantine"),
                    {"f": frame.data[:4096], "why": frame.why[:400]},
                    maxlen=QUARANTINE_KEPT,
                    approximate=False,
                )

    def events(self, position: str) -> tuple[str, list[WorkerEvent]]:
        """Workers' events after a position; malformed ones are passed over."""
        with speaking_to(self._bus.url):
            answer = self._redis.xread({self._key("events"): position}, count=1000)
        events = []
        for entry_id, fields in entries_of(answer):
            position = entry_id
            try:
                events.append(WorkerEvent.decode(fields.get(b"e", b"")))
            except MessageError:
                continue
        return position, events

    # -- by workers

    def seat(self, worker: str) -> Seat | None:
        """A worker's own seat; None when it is not meant."""
        with speaking_to(self._bus.url):
            data = self._redis.hget(self._key("seats"), worker)
        return None if data is None else Seat.decode(data)

    def seats(self) -> dict[str, Seat]:
        """All seats."""
        with speaking_to(self._bus.url):
            packed = self._redis.hgetall(self._key("seats"))
        return {name.decode(): Seat.decode(data) for name, data in packed.items()}

    def hear(self, epoch: int, worker: str, now_s: float) -> Agreement:
        """A worker has heard of the shares that an epoch offers it; or somebody only asks whether they hold.

        Args:
            epoch: its number.
            worker: who has heard; empty for who only asks.
            now_s: the asker's cluster time. From the epoch's deadline on, an open one is called off.
        """
        with speaking_to(self._bus.url):
            return Agreement(self._bus.scripts.hear(self.run, epoch, worker, now_s))

    def tell(self, event: WorkerEvent) -> None:
        """Say something to the coordinator about this run."""
        with speaking_to(self._bus.url):
            self._add_event(self._redis, event)

    def _add_event(self, redis: Any, event: WorkerEvent) -> None:
        redis.xadd(self._key("events"), {"e": event.encode()}, maxlen=100_000, approximate=True)

    def send(self, worker: str, frames: list[bytes]) -> list[str]:
        """Send a worker's encoded frames; sending one twice does no harm.

        Returns:
            Their stream ids.
        """
        return self._frame_streams().send(worker, frames)

    def holds(self, worker: str, entry_id: str) -> bool:
        """Whether a frame that a worker sent still lies in Redis."""
        return self._frame_streams().holds(worker, entry_id)

    def sealed_sequence(self, worker: str) -> int:
        """Number of a worker's last sealed frame, 0 before the first."""
        with speaking_to(self._bus.url):
            data = self._redis.hget(self._key("totals"), worker)
        return 0 if data is None else WorkerTotals.decode(data).sequence


def _stale(run: str) -> StaleError:
    return StaleError(f"what was sealed of run {run} is not what it was", hint="was Redis emptied, or failed over?")
