"""The supervisor's side of a journal: what a process left that is not alive any more.

The file was written by a process that may have run foreign code, so nothing in it is believed: what does not fit the
layout is left out and said.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from loadgen.journal.folding import fold
from loadgen.journal.layout import (
    AT_EPOCH,
    AT_HALVES,
    AT_IN_FLIGHT,
    AT_NAMES_END,
    AT_SENT,
    AT_VERSION,
    EVENT_BYTES,
    EVENTS,
    EVENTS_AT,
    FILE_BYTES,
    HALF_WORDS,
    HEAD_WORDS,
    KEY_MASK,
    KEY_SHIFT,
    KIND_SHIFT,
    MAX_STREAMS,
    NAMES_AT,
    NAMES_BYTES,
    VERSION,
    JournalError,
    Kind,
)
from loadgen.stats import Tally

_PARTS = {
    Kind.REQUEST: 5,
    Kind.BEGAN: 1,
    Kind.ENDED: 2,
    Kind.ENTERED: 3,
    Kind.COMPLETED: 3,
    Kind.ABANDONED: 4,
    Kind.COUNTED: 3,
}
"""How many parts a key of each kind has; the others go by stream."""

_ENDINGS = frozenset({"completed", "failed", "interrupted"})


@dataclass(frozen=True, slots=True)
class Untold:
    """What one frame would have said.

    Attributes:
        sequence: its number.
        second: the run's second in which it began.
        tally: what was counted; ``sent`` and ``in_flight`` included.
        broken: events that were left out because they make no sense.
    """

    sequence: int
    second: int
    tally: Tally
    broken: int


@dataclass(frozen=True, slots=True)
class Remains:
    """What a dead process left.

    Attributes:
        run: the run it served.
        worker: its name.
        epoch: the shares it worked by.
        untold: frames it did not come to make, oldest first.
    """

    run: str
    worker: str
    epoch: int
    untold: list[Untold]


def remains(path: Path, *, surely_ended: bool = False) -> Remains | None:
    """Read the journal of a process that has ended.

    Args:
        path: the file.
        surely_ended: whether the process is known to have ended; a child that it left behind may hold the lock.

    Returns:
        What it left; None when the process still lives.

    Raises:
        JournalError: this is no journal of this version.
        OSError: the file cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if not surely_ended:
                return None
        if os.fstat(descriptor).st_size != FILE_BYTES:
            raise JournalError(f"{path.name} is no journal: its size is wrong")
        with mmap.mmap(descriptor, FILE_BYTES, prot=mmap.PROT_READ) as memory:
            return _read(path.name, memory)
    finally:
        os.close(descriptor)


def _read(name: str, memory: mmap.mmap) -> Remains:
    head = np.frombuffer(memory, dtype=np.uint64, count=HEAD_WORDS).copy()
    if int(head[AT_VERSION]) != VERSION:
        raise JournalError(f"{name} is no journal of this version")
    run, worker, keys, kinds = _names(name, memory, int(head[AT_NAMES_END]))
    halves = sorted(
        (int(head[place]), half, int(head[place + 1]), int(head[place + 2]))
        for half, place in enumerate(range(AT_HALVES, AT_HALVES + 2 * HALF_WORDS, HALF_WORDS))
        if head[place]
    )
    untold = []
    for number, (sequence, half, second, sent_before) in enumerate(halves):
        begin = EVENTS_AT + half * EVENTS * EVENT_BYTES
        written = np.frombuffer(memory, dtype=np.uint64, count=2 * EVENTS, offset=begin).reshape(-1, 2)
        ends = np.flatnonzero(written[:, 1] == 0)
        events = written[: int(ends[0]) if ends.size else EVENTS]
        sound = events[_sound(events, keys, kinds)]
        tally = fold(sound, keys)
        is_last = number + 1 == len(halves)
        tally.sent = max(0, (int(head[AT_SENT]) if is_last else halves[number + 1][3]) - sent_before)
        tally.in_flight = int(head[AT_IN_FLIGHT]) if is_last else 0
        untold.append(Untold(sequence, second, tally, len(events) - len(sound)))
        del written, events, sound  # views of the memory must be gone before it is unmapped
    return Remains(run, worker, int(head[AT_EPOCH]), untold)


def _names(name: str, memory: mmap.mmap, end: int) -> tuple[str, str, list[tuple[str, ...]], list[int]]:
    if not 0 < end <= NAMES_BYTES:
        raise JournalError(f"{name} has no names")
    keys: list[tuple[str, ...]] = [()]
    kinds = [0]
    try:
        head, *lines = memory[NAMES_AT : NAMES_AT + end].decode().splitlines()
        run, worker = json.loads(head)
        for line in lines:
            kind, *parts = json.loads(line)
            fits = _PARTS.get(kind) == len(parts) and all(isinstance(part, str) for part in parts)
            fits = fits and (kind != Kind.ENDED or parts[1] in _ENDINGS)
            keys.append(tuple(parts) if fits else ())
            kinds.append(kind if fits else 0)
    except (ValueError, TypeError) as error:
        raise JournalError(f"{name} has names that cannot be read: {error}") from error
    if len(keys) > KEY_MASK:
        raise JournalError(f"{name} has too many names")
    return str(run), str(worker), keys, kinds


def _sound(events: npt.NDArray[np.uint64], keys: list[tuple[str, ...]], kinds: list[int]) -> npt.NDArray[np.bool_]:
    """Which events have a key of their kind, or a stream."""
    of = (events[:, 1] >> np.uint64(KIND_SHIFT)).astype(np.int64)
    number = ((events[:, 1] >> np.uint64(KEY_SHIFT)) & np.uint64(KEY_MASK)).astype(np.int64)
    known = np.zeros(KEY_MASK + 1, dtype=np.int64)
    known[: len(keys)] = kinds
    by_stream = (of >= Kind.STARTED) & (of <= Kind.MISSED)
    sound: npt.NDArray[np.bool_] = np.where(by_stream, number < MAX_STREAMS, (of != 0) & (known[number] == of))
    return sound
