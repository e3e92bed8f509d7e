"""Frames until they are sealed. Pure; time is an argument.

A frame is numbered when it is put in, handed out to be sent, and handed out again when it has not been sealed for a
while: after a cut, or when a server forgot it. Each time it waits twice as long, so that a cluster without a
coordinator does not fill its Redis. It leaves only when the coordinator says it is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RESEND_S: Final = 3.0
"""A frame that was sent and not sealed for so long is sent again; sealing takes some 1.3 s."""

BATCH: Final = 50
"""Frames handed out at once: after a long cut they go in portions."""


LONGEST_RESEND_S: Final = 60.0
"""The longest that a frame waits to be sent again."""


@dataclass(slots=True)
class _Waiting:
    data: bytes
    due_at_s: float = float("-inf")
    patience_s: float = RESEND_S


class Outbox:
    """The unsealed frames of one worker in one run."""

    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next_sequence(self) -> int:
        """The number that the next frame must carry."""
        return self._last + 1

    def put(self, data: bytes) -> None:
        """Keep the frame that carries :attr:`next_sequence`."""
        self._last += 1
        self._waiting[self._last] = _Waiting(data)

    def due(self, now_s: float) -> list[tuple[int, bytes]]:
        """Frames to send now, oldest first, at most :data:`BATCH`.

        Args:
            now_s: monotonic clock, seconds.
        """
        frames = ((number, frame.data) for number, frame in self._waiting.items() if now_s >= frame.due_at_s)
        return [frame for frame, _ in zip(frames, range(BATCH), strict=False)]

    def sent(self, numbers: list[int], now_s: float) -> None:
        """These frames are in Redis now."""
        for frame in (self._waiting[number] for number in numbers if number in self._waiting):
            frame.due_at_s = now_s + frame.patience_s
            frame.patience_s = min(2 * frame.patience_s, LONGEST_RESEND_S)

    def sealed(self, up_to: int) -> None:
        """Everything up to this number is sealed and can be forgotten."""
        for number in [n for n in self._waiting if n <= up_to]:
            del self._waiting[number]
