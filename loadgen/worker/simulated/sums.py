"""What a crowd has done, as it tells whoever started it: a line of JSON twice a second, and one at the end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final

LATE_STEP_MS: Final = 10
"""How finely is told how late frames were sent."""


@dataclass(slots=True)
class Sums:
    """What a crowd has done so far.

    Attributes:
        listed: stand-ins that have come on the list.
        frames: frames made.
        frame_bytes: their size.
        requests: counted in them.
        gone: stand-ins that have said their last word.
        cpu_s: CPU time of the process.
        late_ms: how many frames were sent so long after their second's end, milliseconds.
    """

    listed: int = 0
    frames: int = 0
    frame_bytes: int = 0
    requests: int = 0
    gone: int = 0
    cpu_s: float = 0.0
    late_ms: Counter[int] = field(default_factory=Counter)

    def sent_late(self, frames: int, by_s: float) -> None:
        """So many frames were sent so long after their second's end."""
        self.late_ms[round(max(0.0, by_s) * 1000 / LATE_STEP_MS) * LATE_STEP_MS] += frames

    def line(self) -> str:
        """These sums as a line."""
        return json.dumps({part.name: getattr(self, part.name) for part in fields(self)})

    @classmethod
    def of_line(cls, line: str) -> Sums:
        """What a line says."""
        told = json.loads(line)
        late_ms = Counter({int(ms): count for ms, count in told.pop("late_ms").items()})
        return cls(**told, late_ms=late_ms)

    def and_of(self, other: Sums) -> Sums:
        """The sums of two crowds."""
        return Sums(
            self.listed + other.listed,
            self.frames + other.frames,
            self.frame_bytes + other.frame_bytes,
            self.requests + other.requests,
            self.gone + other.gone,
            self.cpu_s + other.cpu_s,
            self.late_ms + other.late_ms,
        )
