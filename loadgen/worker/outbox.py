"""Frames until they are sealed, and a little longer. Pure; time is an argument.

::

    put ─▶ unsent ──sent──▶ in Redis ──sealed──▶ kept for KEPT_SEALED_S ─▶ forgotten
             ▲                 │                    │
             └───── lost ──────┴── the sealed number went back

A frame is numbered when it is put in and leaves only when the coordinator has sealed it. What was sealed is kept a
little longer, because Redis may forget the latest that it was told: a replica that takes over lacks what had not
reached it, a disk flushed once a second lacks a second. Then the sealed number goes back, and the frames beyond it are
sent again.

What lies in Redis is not sent again while the oldest of it lies there, so a cluster without a coordinator does not fill
it, and only so many frames may lie there unsealed. The rest waits here. The more wait, the more seconds a new frame
covers (:attr:`Outbox.seconds_a_frame`), so memory grows ever slower, however long Redis is away; the first
:data:`APART` seconds stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ASK_AGAIN_S: Final = 3.0
"""A frame that was sent and not sealed for so long may be lost; sealing takes some 1.3 s."""

LONGEST_ASK_AGAIN_S: Final = 60.0
"""The longest between two looks whether it is."""

BATCH: Final = 50
"""Frames handed out at once: after a long cut they go in portions."""

KEPT_SEALED_S: Final = 30.0
"""How long sealed frames are kept: three times what ``min-replicas-max-lag`` lets a replica lag by default (10 s)."""

IN_REDIS_MOST: Final = 600
"""Frames that may lie in Redis unsealed: ten minutes without a coordinator."""

APART: Final = 300
"""Frames of one second that may wait unsent before frames of several seconds are made: five minutes."""

STEP: Final = 150
"""With every so many more the seconds of a frame double…"""

LONGEST_FRAME_S: Final = 16
"""…up to this: a journal has room for the events of so many seconds."""

FULL_BYTES: Final = 32 * 1024 * 1024
"""So much held makes every new frame as long as can be."""


@dataclass(slots=True)
class _Held:
    data: bytes
    entry_id: str = ""
    sealed_at_s: float | None = None

    @property
    def is_unsent(self) -> bool:
        return not self.entry_id and self.sealed_at_s is None


class Outbox:
    """The frames of one worker in one run that may still have to be sent.

    Args:
        kept_sealed_s: how long they are kept once they are sealed, seconds.
    """

    def __init__(self, kept_sealed_s: float = KEPT_SEALED_S) -> None:
        self._kept_sealed_s = kept_sealed_s
        self._held: dict[int, _Held] = {}
        self._last = 0
        self._sealed_to = 0
        self._ask_at_s = float("inf")
        self._patience_s = ASK_AGAIN_S
        self.held_bytes = 0
        """Size of all frames held."""

    def __len__(self) -> int:
        """How many are not sealed."""
        return self._last - self._sealed_to

    @property
    def next_sequence(self) -> int:
        """The number that the next frame must carry."""
        return self._last + 1

    @property
    def kept_from(self) -> int:
        """Number of the oldest frame held."""
        return next(iter(self._held), self.next_sequence)

    @property
    def seconds_a_frame(self) -> int:
        """How many seconds the next frame should cover."""
        if self.held_bytes > FULL_BYTES:
            return LONGEST_FRAME_S
        beyond = sum(frame.is_unsent for frame in self._held.values()) - APART
        return 1 if beyond < 0 else min(2 ** (1 + beyond // STEP), LONGEST_FRAME_S)

    def put(self, data: bytes) -> None:
        """Keep the frame that carries :attr:`next_sequence`."""
        self._last += 1
        self._held[self._last] = _Held(data)
        self.held_bytes += len(data)

    def due(self) -> list[tuple[int, bytes]]:
        """Frames to send now, oldest first, at most :data:`BATCH`."""
        in_redis = sum(frame.sealed_at_s is None and not frame.is_unsent for frame in self._held.values())
        unsent = ((number, frame.data) for number, frame in self._held.items() if frame.is_unsent)
        return [frame for frame, _ in zip(unsent, range(min(BATCH, IN_REDIS_MOST - in_redis)), strict=False)]

    def sent(self, entry_ids: Mapping[int, str], now_s: float) -> None:
        """These frames are in Redis now.

        Args:
            entry_ids: ids in the stream, by number.
            now_s: monotonic clock, seconds.
        """
        for number, entry_id in entry_ids.items():
            if number in self._held:
                self._held[number].entry_id = entry_id
        self._ask_at_s = min(self._ask_at_s, now_s + self._patience_s)

    def overdue(self, now_s: float) -> str:
        """What should have been sealed by now: the stream id of the oldest frame in Redis, or nothing.

        Does it still lie there? If not, all after it may be lost too. If so, it will be sealed one day, and then the
        next one is asked for.

        Args:
            now_s: monotonic clock, seconds.
        """
        waiting = (frame.entry_id for frame in self._held.values() if frame.entry_id and frame.sealed_at_s is None)
        return next(waiting, "") if now_s >= self._ask_at_s else ""

    def doubt(self, now_s: float) -> None:
        """Redis was away: ask for what was sent at once."""
        self._patience_s = ASK_AGAIN_S
        self._ask_at_s = min(self._ask_at_s, now_s)

    def still_there(self, now_s: float) -> None:
        """It does: nobody seals it. The next look is twice as far away."""
        self._patience_s = min(2 * self._patience_s, LONGEST_ASK_AGAIN_S)
        self._ask_at_s = now_s + self._patience_s

    def lost(self) -> None:
        """It does not: all that is not sealed must be sent again."""
        for number, frame in self._held.items():
            if number > self._sealed_to:
                frame.entry_id, frame.sealed_at_s = "", None
        self._ask_at_s = float("inf")

    def sealed(self, up_to: int, now_s: float) -> None:
        """Everything up to this number is sealed, and nothing beyond it, whatever was said before."""
        if up_to != self._sealed_to:
            went_back, self._sealed_to = up_to < self._sealed_to, min(up_to, self._last)
            self._patience_s = ASK_AGAIN_S
            self._ask_at_s = now_s + self._patience_s if len(self) else float("inf")
            if went_back:
                self.lost()
        for number, frame in list(self._held.items()):
            if number <= self._sealed_to and frame.sealed_at_s is None:
                frame.sealed_at_s = now_s
            if frame.sealed_at_s is not None and now_s - frame.sealed_at_s >= self._kept_sealed_s:
                self.held_bytes -= len(frame.data)
                del self._held[number]
