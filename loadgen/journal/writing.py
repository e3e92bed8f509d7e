"""The worker's side of a journal: append events, turn over once a second, let go of what is safe elsewhere.

::

    append … append ─▶ turn ─▶ (fold, encode, keep the frame) ─▶ settle
                         └─▶ append … into the other half

Killed anywhere, the file says what was told: see :mod:`loadgen.journal.layout`. Not thread-safe; greenlets do not
switch inside a call.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
from pathlib import Path
from struct import Struct
from typing import Final, Self

import numpy as np
import numpy.typing as npt

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
    KEY_SHIFT,
    KIND_SHIFT,
    MAX_KEYS,
    NAMES_AT,
    NAMES_BYTES,
    VERSION,
    Kind,
)
from loadgen.stats import OTHER

Events = npt.NDArray[np.uint64]

pack_event: Final = Struct("@QQ").pack_into
"""Writes the words of an event."""

pack_request: Final = Struct("@IIQ").pack_into
"""Writes the event of a request: lag, bytes, and the second word. To pack three small numbers takes two thirds of what
it takes to make two words of them; and they are written in the order of memory, so the second word comes last."""

_RESERVED_BYTES: Final = 1 << 18
"""Of the names: for the keys into which everything else is folded once there is no more room."""

_KEEPS_LAST: Final = frozenset({Kind.REQUEST, Kind.ABANDONED, Kind.ENDED})
"""Kinds whose last part is from a closed list."""


class Journal:
    """What one worker process counts in one run.

    Args:
        memory: :data:`FILE_BYTES` of zeros.
        run: the run's id.
        worker: the worker's name.

    Attributes:
        words: the half that is being written; the hot path packs an event into it at ``at`` and moves that on.
        at: the next event's place in ``words``, bytes.
        sequence: number of the frame that will hold what is being written.
        keys: parts of each key, by its number; 0 is none.
        sent: requests put on the wire so far.
    """

    def __init__(self, memory: mmap.mmap, run: str, worker: str) -> None:
        self._memory = memory
        self._head = memoryview(memory)[:NAMES_AT].cast("Q")
        rest = memoryview(memory)[EVENTS_AT:].cast("Q")
        self._halves = (rest[: 2 * EVENTS], rest[2 * EVENTS :])
        self._written = [0, 0]
        self.words: memoryview[int] = self._halves[0]
        self.at = 0
        self._prefixes: dict[tuple[Kind, tuple[str, ...]], int] = {}
        self._lock: int | None = None
        self.keys: list[tuple[str, ...]] = []
        self.sequence = 0
        self.sent = 0
        self._head[AT_VERSION] = VERSION
        self._name([run, worker])
        self._open_half(0)

    @classmethod
    def in_memory(cls, run: str = "", worker: str = "") -> Self:
        """One that nobody can read when this process is gone: for trials and tests."""
        return cls(mmap.mmap(-1, FILE_BYTES), run, worker)

    @classmethod
    def create(cls, path: Path, run: str, worker: str) -> Self:
        """A file that outlives this process; locked while it lives, so that a reader can tell.

        It gets its name when it is whole and locked: whoever finds it can trust in both.

        Raises:
            OSError: the file exists, or there is no room.
        """
        draft = path.with_name(f"{path.name}-draft")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, FILE_BYTES)
            journal = cls(mmap.mmap(descriptor, FILE_BYTES), run, worker)
            path.hardlink_to(draft)
        except OSError:
            os.close(descriptor)
            raise
        finally:
            draft.unlink()
        journal._lock = descriptor  # closed by the kernel with the process, or by close()
        return journal

    def close(self) -> None:
        """Let go of the file. Harmless when closed already."""
        lock, self._lock = self._lock, None
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_UN)  # the mapping holds the file open too
            os.close(lock)

    # -- events

    def prefix(self, kind: Kind, *parts: str) -> int:
        """Kind and key of an event's second word; its value is added to it.

        Args:
            kind: one that has a key.
            parts: the key's parts, as :class:`Kind` names them. Beyond :data:`MAX_KEYS` keys they are folded.
        """
        known = self._prefixes.get((kind, parts))
        if known is None:
            known = self._prefixes[kind, parts] = self._new_prefix(kind, parts)
        return known

    def append(self, what: int, beside: int = 0) -> None:
        """Write one event.

        Args:
            what: a prefix plus a value from 0 to 2⁴⁰ − 1.
            beside: the other word, 0 to 2⁶⁴ − 1.

        Raises:
            struct.error: the half is full; see :meth:`empty`.
        """
        pack_event(self.words, self.at, beside, what)
        self.at += EVENT_BYTES

    @property
    def is_full(self) -> bool:
        """Whether the half has room for no further event."""
        return self.at >= self.words.nbytes

    def empty(self) -> Events:
        """Make room in a full half before its second is over; what it held is in the caller's hands alone.

        Returns:
            Its events, shape (n, 2).
        """
        events = np.frombuffer(self.words, dtype=np.uint64, count=self.at // 8).reshape(-1, 2).copy()
        _wipe(self.words, self.at)
        self.at = 0
        return events

    def so_far(self) -> Events:
        """What is written in the present half, shape (n, 2); it stays there."""
        return np.frombuffer(self.words, dtype=np.uint64, count=self.at // 8).reshape(-1, 2)

    # -- levels

    def takes_off(self, in_flight: int) -> None:
        """One more request goes on the wire, where now there are so many."""
        self.sent += 1
        self._head[AT_SENT] = self.sent
        self._head[AT_IN_FLIGHT] = in_flight

    def lands(self, in_flight: int) -> None:
        """One request less is on the wire, where now there are so many."""
        self._head[AT_IN_FLIGHT] = in_flight

    def works_by(self, epoch: int) -> None:
        """These are the shares in force."""
        self._head[AT_EPOCH] = epoch

    # -- once a second

    def turn(self, second: int) -> Events:
        """Write into the other half from now on, for the next frame. What that one held is forgotten.

        Args:
            second: the run's second in which the next frame begins.

        Returns:
            The events of the half that was written, shape (n, 2); to be folded before :meth:`settle`.
        """
        filled = np.frombuffer(self.words, dtype=np.uint64, count=self.at // 8).reshape(-1, 2)
        self._written[self.sequence % 2] = self.at
        self._forget((self.sequence + 1) % 2)
        self._open_half(second)
        return filled

    def settle(self) -> None:
        """What :meth:`turn` returned last is safe elsewhere: forget it."""
        self._forget((self.sequence + 1) % 2)

    def end(self) -> None:
        """Nothing was written since :meth:`turn`, and nothing will be: there is no such frame."""
        self._forget(self.sequence % 2)

    @property
    def is_half_full(self) -> bool:
        """Whether the frame that is being written holds half of the events that it can."""
        return self.at >= EVENTS * EVENT_BYTES // 2

    # -- within

    def _forget(self, half: int) -> None:
        self._head[AT_HALVES + HALF_WORDS * half] = 0  # first: a half with a number is whole
        _wipe(self._halves[half], self._written[half])
        self._written[half] = 0

    def _open_half(self, second: int) -> None:
        self.sequence += 1
        half = self.sequence % 2
        place = AT_HALVES + HALF_WORDS * half
        self._head[place + 1] = second
        self._head[place + 2] = self.sent
        self._head[place] = self.sequence  # last: a half with a number is whole
        self.words = self._halves[half]
        self.at = 0

    def _new_prefix(self, kind: Kind, parts: tuple[str, ...]) -> int:
        if not self._has_room():
            folded = _folded(kind, parts)
            if folded != parts:
                return self.prefix(kind, *folded)
        number = len(self.keys)
        self._name([int(kind), *parts])
        return kind << KIND_SHIFT | number << KEY_SHIFT

    def _has_room(self) -> bool:
        return len(self.keys) < MAX_KEYS and self._head[AT_NAMES_END] < NAMES_BYTES - _RESERVED_BYTES

    def _name(self, parts: list[str | int]) -> None:
        line = json.dumps(parts).encode() + b"\n"
        begin = self._head[AT_NAMES_END]
        end = begin + len(line)
        if end > NAMES_BYTES:
            raise OverflowError("the names of what is counted take too much room")
        self._memory[NAMES_AT + begin : NAMES_AT + end] = line
        self._head[AT_NAMES_END] = end  # last: a name is there when the end lies behind it
        self.keys.append(tuple(str(part) for part in parts[1:]))


def _folded(kind: Kind, parts: tuple[str, ...]) -> tuple[str, ...]:
    """A key of the same kind that few others share a process with: the journey, and what is from a closed list."""
    last = parts[-1:] if kind in _KEEPS_LAST else ()
    return parts[:1] + (OTHER,) * (len(parts) - 1 - len(last)) + last


def _wipe(words: memoryview[int], used_bytes: int) -> None:
    np.frombuffer(words, dtype=np.uint8)[:used_bytes] = 0
