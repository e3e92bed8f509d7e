"""Frames until they are sealed. Pure; time is an argument.

A frame is numbered when it is put in, handed out to be sent, and handed out again when it has not been sealed for a
while: after a cut, or when a server forgot it. It leaves only when the coordinator says it is sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RESEND_S: Final = 3.0
"""A frame that was sent and not sealed for so long is sent again; sealing takes some 1.3 s."""

BATCH: Final = 50
"""Frames handed out at once: after a long cut they go in portions."""


@dataclass(slots=True)
class _Waiting:
    data: bytes
    sent_at_s: float | None = None


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
        frames = (
            (number, frame.data)
            for number, frame in self._waiting.items()
            if frame.sent_at_s is None or now_s - frame.sent_at_s > RESEND_S
        )
        return [frame for frame, _ in zip(frames, range(BATCH), strict=False)]

    def sent(self, numbers: list[int], now_s: float) -> None:
        """These frames are in Redis now."""
        for number in numbers:
            if number in self._waiting:
                self._waiting[number].sent_at_s = now_s

    def sealed(self, up_to: int) -> None:
        """Everything up to this number is sealed and can be forgotten."""
        for number in [n for n in self._waiting if n <= up_to]:
            del self._waiting[number]
