"""How long a shopper waits, what it does when it will wait no longer, and what it holds in its hand.

::

    step begins ──▶ waits for the shop ── answered ──▶ waits for the next request of the step … ──▶ step completed
                          │
                          └─ no more patience ─┬─ reloads (F5), with the plan's probability ──▶ waits anew
                                               └─ leaves: the step is abandoned, "slow"

Only waiting counts: think times inside a step and the journey's own computing do not. A shopper's device and patience
are drawn once, by dice of their own, so they are the same for the same seed and arrival. Patience is a matter of the
plan; without it none of this costs anything. Times in seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from gevent import GreenletExit

from loadgen.journey.dice import Dice
from loadgen.journey.thinking import lognormal
from loadgen.plan.patience import Patience, Spread

if TYPE_CHECKING:
    from loadgen.journey.environment import PlanContext
    from loadgen.journey.session import Session

ABANDONED: Final = "abandoned"
"""The reason under which a request is counted that a shopper stopped waiting for."""


class LostPatience(GreenletExit):  # type: ignore[misc]  # gevent has no types
    """Thrown into a shopper that waits for the shop and will wait no longer.

    Never seen by authors: the client turns it into another try or into ``GaveUp("slow")``. A ``GreenletExit``, so
    that nobody's ``except Exception`` keeps it, and greenlets that help with a page may be ended by it in silence.
    """

    reason: Final = ABANDONED

    def __init__(self, waited_s: float) -> None:
        super().__init__(f"the shopper had waited for {waited_s:.3g} s and waits no longer")


@dataclass(frozen=True, slots=True)
class Temper:
    """Patience as a plan has it, ready to draw from. See :class:`loadgen.plan.patience.Patience`."""

    draw: Callable[[Random], float]
    retry: float
    retries: int

    @classmethod
    def of(cls, patience: Patience) -> Temper:
        """Compile what a plan says."""
        median_s = patience.median
        match patience.distribution:
            case Spread.LOGNORMAL:
                draw = lognormal(median_s, p95_s=patience.p95_s).draw
            case Spread.EXPONENTIAL:
                rate = math.log(2) / median_s

                def draw(rng: Random) -> float:
                    return rng.expovariate(rate)

            case _:

                def draw(rng: Random) -> float:  # noqa: ARG001 - drawn from nothing
                    return median_s

        return cls(draw, patience.retry, patience.retries)


class Impatience:
    """The patience of one shopper, and how much of it is left.

    Args:
        temper: how patient shoppers with its device are; None waits for ever.
        dice: of this shopper, for this purpose alone.

    Attributes:
        patience_s: how long it waits in one step.
    """

    __slots__ = ("_dice", "_left_s", "_reloads", "_temper", "patience_s")

    def __init__(self, temper: Temper | None, dice: Random) -> None:
        self._temper, self._dice = temper, dice
        self.patience_s = math.inf if temper is None else temper.draw(dice)
        self.begin()

    def begin(self) -> None:
        """A step begins."""
        self._left_s, self._reloads = self.patience_s, 0

    @property
    def left_s(self) -> float:
        """How much longer it waits."""
        return max(self._left_s, 0.0)

    def waited(self, time_s: float) -> None:
        """It has waited for so long."""
        self._left_s -= time_s

    def reloads(self) -> bool:
        """Its patience is at its end: whether it tries once more, with all of its patience, instead of leaving."""
        temper = self._temper
        if temper is None or self._reloads >= temper.retries or self._dice.random() >= temper.retry:
            return False
        self._reloads += 1
        self._left_s = self.patience_s
        return True


def device_of(plan: PlanContext, session: Session | None) -> str:
    """What a shopper holds in its hand: one of the plan's devices, ``""`` if it names none."""
    if not plan.devices:
        return ""
    names = list(plan.devices)
    upto = list(accumulate(plan.devices.values()))
    return names[min(bisect_right(upto, _dice(plan, session, "device").random() * upto[-1]), len(names) - 1)]


def impatience_of(plan: PlanContext, session: Session) -> Impatience:
    """A shopper's patience, as the plan has it for its device."""
    temper = plan.patience.get(device_of(plan, session)) or plan.patience.get("")
    return Impatience(temper, _dice(plan, session, "patience"))


def tempers(patience: tuple[Patience, ...]) -> Mapping[str, Temper]:
    """A plan's patience by device, ``""`` for all others."""
    return {one.device: Temper.of(one) for one in patience}


def _dice(plan: PlanContext, session: Session | None, purpose: str) -> Dice:
    who = f"{session.stream}:{session.arrival}" if session else ""
    return Dice(f"{plan.seed}:{who}:{purpose}")
