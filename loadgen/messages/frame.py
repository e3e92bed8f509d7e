"""A frame: what one worker process reports about one second.

Frames of a worker are numbered from 1 without gaps. The coordinator accepts each number once and in order, so a
frame may be sent any number of times. A worker keeps a frame until the coordinator has sealed it.

A frame is a msgpack list of eleven: version, run, worker, sequence, second, epoch, tally, health, last, dealt_to_s,
beyond. Its tally stays packed (:mod:`loadgen.messages.packing`): the coordinator adds up a second's frames without
unpacking any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from loadgen.errors import MessageError
from loadgen.messages.packing import (
    PackedTally,
    malformed,
    read_tally,
    write_tally,
)
from loadgen.messages.plain import dumps, listed, loads, natural, naturals, number, text
from loadgen.plan.model import MAX_STREAMS
from loadgen.verdict.colouring import COLOURED_SHARE

FRAME_VERSION: Final = 3


class Health(NamedTuple):
    """How one worker process fared in one second.

    Attributes:
        cpu: share of one core it used, 1.0 = all of it.
        loop_lag_mean_us: how late its event loop came to what was there, on average over the second, microseconds.
        loop_lag_p99_us: in all but the worst hundredth of the second.
        loop_lag_max_us: at most.
        lengthened: about which share of its requests it measured too long, by :mod:`loadgen.verdict.colouring`.
        rss_bytes: resident memory.
        clock_error_us: bound of its clock's error, microseconds.
    """

    cpu: float = 0.0
    loop_lag_mean_us: int = 0
    loop_lag_p99_us: int = 0
    loop_lag_max_us: int = 0
    lengthened: float = 0.0
    rss_bytes: int = 0
    clock_error_us: int = 0

    @property
    def is_coloured(self) -> bool:
        """Whether the worker's own lateness coloured the latencies of this second."""
        return self.lengthened > COLOURED_SHARE


@dataclass(frozen=True, slots=True)
class Frame:
    """One second of one worker process.

    Attributes:
        run: the run's id.
        worker: the process's name, unique for its life.
        sequence: 1, 2, 3, … without gaps.
        second: seconds since the run's start; the frame covers [second, second + 1).
        epoch: the shares it worked by at the end of the second.
        tally: what it counted, packed.
        health: how it fared.
        last: no more frames will come from this worker for this run.
        dealt_to_s: with this frame every arrival of the worker's shares that was due before this instant, seconds since
            the run's start, is counted, and none that was due later but for those in ``beyond``. None where it is not
            known: the frame was made by another, of what a dead process had counted.
        beyond: by open stream, how many arrivals due at ``dealt_to_s`` or later are counted with this frame or earlier.
    """

    run: str
    worker: str
    sequence: int
    second: int
    epoch: int
    tally: PackedTally
    health: Health
    last: bool = False
    dealt_to_s: float | None = None
    beyond: dict[int, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The frame's bytes."""
        return dumps(
            [
                FRAME_VERSION,
                self.run,
                self.worker,
                self.sequence,
                self.second,
                self.epoch,
                write_tally(self.tally),
                self.health,
                self.last,
                self.dealt_to_s,
                list(self.beyond.items()),
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> Frame:
        """Read one frame.

        Raises:
            MessageError: it is malformed, too large, or of another version.
        """
        (frame,) = cls.decode_all([data])
        if isinstance(frame, MessageError):
            raise frame
        return frame

    @classmethod
    def decode_all(cls, several: Sequence[bytes]) -> list[Frame | MessageError]:
        """Read frames, all their numbers at once; in the place of one that :meth:`decode` refuses stands why."""
        read: list[Frame | MessageError] = []
        for data in several:
            try:
                read.append(_read(loads(data)))
            except MessageError as error:
                read.append(error)
        frames = [(place, frame) for place, frame in enumerate(read) if isinstance(frame, Frame)]
        for (place, _), is_bad in zip(frames, malformed([frame.tally for _, frame in frames]), strict=True):
            if is_bad:
                read[place] = MessageError("the numbers of a frame are malformed")
        return read


def _read(fields: Any) -> Frame:
    """A frame whose tally's numbers are still to be looked at."""
    if not isinstance(fields, list) or not fields or natural(fields[0]) != FRAME_VERSION:
        raise MessageError("not a frame of this version")
    _, run, worker, sequence, second, epoch, tally, health, last, dealt_to_s, beyond = listed(fields, 11)
    naturals(sequence, second, epoch)
    if sequence == 0 or type(last) is not bool:
        raise MessageError("a frame's number starts at 1 and its end mark is true or false")
    return Frame(
        text(run),
        text(worker),
        sequence,
        second,
        epoch,
        read_tally(tally),
        _read_health(health),
        last,
        None if dealt_to_s is None else number(dealt_to_s),
        _read_beyond(beyond),
    )


def _read_beyond(packed: Any) -> dict[int, int]:
    if packed == []:
        return {}
    pairs = [listed(pair, 2) for pair in listed(packed, most=MAX_STREAMS)]
    beyond = {natural(stream): natural(arrivals) for stream, arrivals in pairs}
    if len(beyond) != len(pairs):
        raise MessageError("what a frame says of its arrivals makes no sense")
    return beyond


def _read_health(packed: Any) -> Health:
    cpu, mean, p99, longest, lengthened, rss, clock = listed(packed, 7)
    naturals(mean, p99, longest, rss, clock)
    if max(mean, p99) > longest:
        raise MessageError("a frame's loop lags contradict each other")
    if not 0 <= number(lengthened) <= 1:
        raise MessageError("a share of a frame's requests is not between 0 and 1")
    return Health(number(cpu), mean, p99, longest, number(lengthened), rss, clock)
