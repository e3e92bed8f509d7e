"""What can be made to go wrong, for all steps or one, for a share of the requests.

=======  ==========================================================================================
kind     what the visitor meets
=======  ==========================================================================================
slow     the answer comes ``ms`` later
error    500, at once
stall    no answer; the connection is closed after :data:`STALL_S`
refuse   the connection is closed as soon as it asks for something; the listening socket stays
reset    half of the answer's body, then a TCP reset
=======  ==========================================================================================

A share is kept by counting, not by dice: of any n requests, ``share · n`` (to within one) are struck, so a short
test is as exact as a long one. ``/_shop/*`` is never struck: a shop that refuses everybody can still be mended.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from loadgen.demoshop.stations import Step

STALL_S = 120.0
"""A stalled connection is given up after this: longer than any client's timeout, shorter than for ever."""


class FaultKind(StrEnum):
    """The ways to fail; the first that strikes in this order decides, and ``slow`` adds to the others."""

    REFUSE = "refuse"
    STALL = "stall"
    ERROR = "error"
    RESET = "reset"
    SLOW = "slow"


class Fault(BaseModel):
    """One fault that is switched on.

    Attributes:
        kind: the way to fail.
        step: the step it strikes; None for all of them.
        share: the part of the requests it strikes, from 0 to 1.
        ms: how much later a ``slow`` answer comes, in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    step: Step | None = None
    share: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    ms: Annotated[FiniteFloat, Field(ge=0, le=600_000)] = 500.0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``KIND`` or ``KIND:STEP`` as given on the command line.

        Raises:
            ValueError: no such kind or step; the sentence names those there are.
        """
        kind, colon, step = text.partition(":")
        if kind not in list(FaultKind):
            raise ValueError(f"no fault {kind!r}; there are {', '.join(FaultKind)}")
        if colon and step not in list(Step):
            raise ValueError(f"no step {step!r}; there are {', '.join(Step)}")
        return cls(kind=FaultKind(kind), step=Step(step) if colon else None)


class _Switched:
    """A fault with the count of the requests it has looked at."""

    __slots__ = ("fault", "seen")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0

    def strikes(self, step: Step | None) -> bool:
        """Whether this request is one of the share."""
        fault = self.fault
        if fault.step is not None and fault.step is not step:
            return False
        self.seen += 1
        return math.floor(self.seen * fault.share) > math.floor((self.seen - 1) * fault.share)


class Faults:
    """The faults that are on. At most one for each kind and step: a newer one takes the place of the older."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._switched: dict[tuple[FaultKind, Step | None], _Switched] = {}
        for fault in faults:
            self.switch_on(fault)

    def __bool__(self) -> bool:
        return bool(self._switched)

    @property
    def active(self) -> list[Fault]:
        """All that are on, in the order of their effect."""
        order = list(FaultKind)
        return sorted((entry.fault for entry in self._switched.values()), key=lambda fault: order.index(fault.kind))

    def switch_on(self, fault: Fault) -> None:
        """Add a fault, or replace the one of the same kind and step."""
        self._switched[fault.kind, fault.step] = _Switched(fault)

    def clear(self) -> None:
        """Switch everything off."""
        self._switched.clear()

    def strike(self, step: Step | None) -> tuple[FaultKind | None, float]:
        """Decide what happens to one request.

        Args:
            step: the step of the request; None for one that belongs to no step.

        Returns:
            The kind that decides its fate (never ``slow``; None: answered as usual), and the delay to add, in seconds.
        """
        struck = [entry.fault for entry in self._switched.values() if entry.strikes(step)]
        delay_s = sum(fault.ms for fault in struck if fault.kind is FaultKind.SLOW) / 1000
        kinds = {fault.kind for fault in struck} - {FaultKind.SLOW}
        return next((kind for kind in FaultKind if kind in kinds), None), delay_s
