"""How long after a fault the load was back on plan, as the target saw it. Pure.

An arrival is on plan when the target saw it at most a quarter of a second after it was due. After a fault the load is
back on plan when the last arrival that is not is over::

     fault          last one off plan       next fault
    ───┼──── × ×  ×  × ───×──┼──────────────────┼───▶ arrivals, by when they are due
       └───── back after ────┘

It is only said of faults that had the load to themselves: on plan when they began, and again before the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.checking import ON_PLAN_S, due_s
from chaos.playing import RATE, Played
from chaos.schedule import LOAD_S

CALM_S = 0.3
"""On plan for so long before a fault and after it."""

OVER_S = 2.0
"""So long after its end a fault has nothing to do with what comes."""


def back_after(played: Played) -> list[float | None]:
    """For each fault how long it took, seconds; None where it cannot be told from another one."""
    started_at = played.follower.record.started_at or 0.0
    seen = {seen.number: seen.at_s - started_at for seen in played.seen}
    stop = played.follower.record.stop
    ends_s = stop.at_s if stop else LOAD_S
    found: list[float | None] = []
    for struck in played.struck:
        others = [other for other in played.struck if other is not struck and not other.void]
        until_s = min([other.at_s for other in others if other.at_s >= struck.at_s] + [ends_s - CALM_S])
        alone = all(other.ended_at_s + OVER_S < struck.at_s for other in others if other.at_s < struck.at_s)
        counts = alone and not struck.void and not struck.fault.kind.startswith("stopped")
        found.append(_back(seen, struck.at_s, until_s) if counts else None)
    return found


def _back(seen: Mapping[int, float], at_s: float, until_s: float) -> float | None:
    def off(from_s: float, to_s: float) -> list[float]:
        numbers = range(max(0, round(from_s * RATE)), round(to_s * RATE))
        return [due_s(n) for n in numbers if seen.get(n, due_s(n) + 9) > due_s(n) + ON_PLAN_S]

    if until_s - CALM_S < at_s or off(at_s - CALM_S - ON_PLAN_S, at_s - ON_PLAN_S) or off(until_s - CALM_S, until_s):
        return None
    wrong = off(at_s - ON_PLAN_S, until_s)
    return max(0.0, wrong[-1] - at_s) if wrong else 0.0
