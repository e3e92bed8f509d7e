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

Others are planted in the business itself, for whoever tests that a rehearsal finds them. They belong to no step, and
their share is of the occasions on which they could show:

=========================  ========================================================================
kind                       what goes wrong
=========================  ========================================================================
oversell                   an order's goods are not taken from the stock: a lost update
double-charge              an order is charged twice
lost-cart-after-decline    the cart is empty after a payment that was declined or cancelled
wrong-total                a cart is shown with a total of 1.00 € too much
wrong-price                a product page shows 1.00 € less than the cart
coupon-overuse             an order's use of its coupon is not counted: a lost update
duplicate-order-number     an order gets the number of the one before it
lost-order                 an order that was charged and confirmed cannot be found any more
no-delivery-method         the checkout offers no way of delivery
=========================  ========================================================================

A share is kept by counting, not by dice: of any n requests, ``share · n`` (to within one) are struck, so a short
test is as exact as a long one. ``/_shop/*`` is never struck: a shop that refuses everybody can still be mended.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from loadgen.demoshop.stations import Step

STALL_S = 120.0
"""A stalled connection is given up after this: longer than any client's timeout, shorter than for ever."""

_SHARE = re.compile(r"0(?:\.\d{1,9})?|1(?:\.0{1,9})?")


class FaultKind(StrEnum):
    """The ways to fail; of those of requests the first that strikes in this order decides, and ``slow`` adds to it."""

    REFUSE = "refuse"
    STALL = "stall"
    ERROR = "error"
    RESET = "reset"
    SLOW = "slow"
    OVERSELL = "oversell"
    DOUBLE_CHARGE = "double-charge"
    LOST_CART = "lost-cart-after-decline"
    WRONG_TOTAL = "wrong-total"
    WRONG_PRICE = "wrong-price"
    COUPON_OVERUSE = "coupon-overuse"
    DUPLICATE_NUMBER = "duplicate-order-number"
    LOST_ORDER = "lost-order"
    NO_DELIVERY = "no-delivery-method"

    @property
    def planted(self) -> bool:
        """Whether it is one of the business, rather than of requests."""
        return self not in _OF_REQUESTS


_OF_REQUESTS = frozenset({FaultKind.REFUSE, FaultKind.STALL, FaultKind.ERROR, FaultKind.RESET, FaultKind.SLOW})


class Fault(BaseModel):
    """One fault that is switched on.

    Attributes:
        kind: the way to fail.
        step: the step it strikes; None for all of them, and for those of the business.
        share: the part of the requests, or occasions, that it strikes, from 0 to 1.
        ms: how much later a ``slow`` answer comes, in milliseconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    step: Step | None = None
    share: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0
    ms: Annotated[FiniteFloat, Field(ge=0, le=600_000)] = 500.0

    @model_validator(mode="after")
    def _planted_without_a_step(self) -> Fault:
        if self.kind.planted and self.step is not None:
            raise ValueError(f"{self.kind} belongs to no step")
        return self

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``KIND``, ``KIND:STEP``, ``KIND@SHARE`` or ``KIND:STEP@SHARE`` as given on the command line.

        Raises:
            ValueError: no such kind, step or share; the sentence names those there are.
        """
        where, at, share = text.partition("@")
        kind, colon, step = where.partition(":")
        if kind not in list(FaultKind):
            raise ValueError(f"no fault {kind!r}; there are {', '.join(FaultKind)}")
        if colon and step not in list(Step):
            raise ValueError(f"no step {step!r}; there are {', '.join(Step)}")
        if colon and FaultKind(kind).planted:
            raise ValueError(f"{kind} belongs to no step")
        if at and not _SHARE.fullmatch(share):
            raise ValueError(f"no share {share!r}; one is from 0 to 1, such as 0.25")
        return cls(kind=FaultKind(kind), step=Step(step) if colon else None, share=float(share) if at else 1.0)


class _Switched:
    """A fault with the count of the requests it has looked at."""

    __slots__ = ("fault", "seen")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0

    def strikes(self, step: Step | None) -> bool:
        """Whether this request is one of the share."""
        if self.fault.step is not None and self.fault.step is not step:
            return False
        return self.again()

    def again(self) -> bool:
        """Whether this occasion is one of the share."""
        self.seen += 1
        return math.floor(self.seen * self.fault.share) > math.floor((self.seen - 1) * self.fault.share)


class Faults:
    """The faults that are on. At most one for each kind and step: a newer one takes the place of the older.

    It is true when one of them is of requests.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._switched: dict[tuple[FaultKind, Step | None], _Switched] = {}
        self._planted: dict[FaultKind, _Switched] = {}
        for fault in faults:
            self.switch_on(fault)

    def __bool__(self) -> bool:
        return bool(self._switched)

    @property
    def active(self) -> list[Fault]:
        """All that are on, in the order of their effect."""
        order = list(FaultKind)
        entries = (*self._switched.values(), *self._planted.values())
        return sorted((entry.fault for entry in entries), key=lambda fault: order.index(fault.kind))

    def switch_on(self, fault: Fault) -> None:
        """Add a fault, or replace the one of the same kind and step."""
        if fault.kind.planted:
            self._planted[fault.kind] = _Switched(fault)
        else:
            self._switched[fault.kind, fault.step] = _Switched(fault)

    def clear(self) -> None:
        """Switch everything off."""
        self._switched.clear()
        self._planted.clear()

    def plants(self, kind: FaultKind) -> bool:
        """Whether a fault of the business shows on this occasion."""
        entry = self._planted.get(kind)
        return entry is not None and entry.again()

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
