"""The words of a journal file.

Everything is a 64-bit word in the machine's own byte order: writer and reader share the machine.

::

    ┌── head ──────────────┬── names ───────────────┬── half 0 ─────────┬── half 1 ─────────┐
    │ HEAD_WORDS words     │ NAMES_BYTES bytes      │ 2 × EVENTS words  │ 2 × EVENTS words  │
    └──────────────────────┴────────────────────────┴───────────────────┴───────────────────┘

An event takes two words. The second one is written last, so an event is there when its second word is not zero::

     63                     32 31                                     0
    ┌─────────────────────────┬────────────────────────────────────────┐    of a request; an amount (signed) of a count;
    │  bytes of the response  │  lag of its shopper, microseconds      │    nothing otherwise
    └─────────────────────────┴────────────────────────────────────────┘
     63    60 59            40 39                                     0
    ┌────────┬────────────────┬────────────────────────────────────────┐
    │  kind  │  key or stream │  value: microseconds, or a number      │
    └────────┴────────────────┴────────────────────────────────────────┘

A half belongs to one frame and bears its number; 0 marks a half whose frame is safe elsewhere. So a reader knows by
the number alone whether a half was told already, at whatever instruction the writer was killed.

The file is sparse: memory is used as far as words were written.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

VERSION: Final = 0x4C4F4144_00000003
"""Of this layout; the upper half spells LOAD."""

EVENTS: Final = 1 << 19
"""Events of one half: half a million in a second, some twenty times what a process can do."""

EVENT_BYTES: Final = 16

NAMES_BYTES: Final = 1 << 22

MAX_KEYS: Final = 16_384
"""Keys of all kinds; what comes later is counted under the keys made of ``__other__``."""

KIND_SHIFT: Final = 60
KEY_SHIFT: Final = 40
VALUE_MASK: Final = (1 << KEY_SHIFT) - 1
KEY_MASK: Final = (1 << (KIND_SHIFT - KEY_SHIFT)) - 1
LOW_MASK: Final = (1 << 32) - 1

# -- the head, by word

AT_VERSION: Final = 0
AT_NAMES_END: Final = 1
AT_SENT: Final = 2
AT_IN_FLIGHT: Final = 3
AT_EPOCH: Final = 4
AT_HALVES: Final = 8
"""Three words for each half: its frame's number, its second, and :data:`AT_SENT` when it was opened."""

HALF_WORDS: Final = 3
MAX_STREAMS: Final = 200
HEAD_WORDS: Final = 512

NAMES_AT: Final = HEAD_WORDS * 8
EVENTS_AT: Final = NAMES_AT + NAMES_BYTES
FILE_BYTES: Final = EVENTS_AT + 2 * EVENTS * EVENT_BYTES


class Kind(IntEnum):
    """What happened; the key's parts in brackets."""

    REQUEST = 1
    """A request finished (journey, step, name, method, reason, "" when it did not fail)."""
    STARTED = 2
    """An arrival was started, value: its lag; by stream."""
    LATE = 3
    """The same, too long after it was due; by stream."""
    DROPPED = 4
    """Arrivals found no room, value: how many; by stream."""
    MISSED = 5
    """Arrivals were not started, value: how many; by stream."""
    BEGAN = 6
    """A journey began (journey)."""
    ENDED = 7
    """A journey ended (journey, how)."""
    ENTERED = 8
    """A step was entered (journey, step, device, "" where the plan names none)."""
    COMPLETED = 9
    """A step was completed, value: its time (journey, step, device)."""
    ABANDONED = 10
    """A step was abandoned (journey, step, device, reason)."""
    COUNTED = 11
    """A business counter moved, first word: by how much (journey, name, device)."""


class JournalError(Exception):
    """A file is no journal, or one of another version."""
