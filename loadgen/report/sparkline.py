"""Load over time in one line of text: ``▁▂▃▄▅▆▇█``, planned above started, on the same scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


def sparkline(levels: Sequence[float | None], top: float) -> str:
    """One character a level.

    Args:
        levels: 0 or more; None is left blank.
        top: the level of a full block.
    """
    return "".join(_EIGHTHS[0] if level is None else _block(level, top) for level in levels)


def sampled(by_second: Mapping[int, float], duration_s: float, columns: int) -> list[float | None]:
    """The mean level of each of equal slices of time; None where no second is known yet.

    Args:
        by_second: levels by second.
        duration_s: the time to cut into slices, from 0.
        columns: how many slices.
    """
    means: list[float | None] = []
    for column in range(columns):
        first = int(duration_s * column / columns)
        last = max(int(duration_s * (column + 1) / columns), first + 1)
        known = [by_second[second] for second in range(first, last) if second in by_second]
        means.append(sum(known) / len(known) if known else None)
    return means


def _block(level: float, top: float) -> str:
    if level <= 0 or top <= 0:
        return _EIGHTHS[0]
    return _EIGHTHS[min(max(round(8 * level / top), 1), 8)]  # a trickle is load too
