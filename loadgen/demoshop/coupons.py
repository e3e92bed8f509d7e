"""Codes that take something off the goods of an order: a percentage or an amount, some of them only so many times.

A use is counted when an order is placed with the code, and is not given back when that order is cancelled: what was
used once stays used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from loadgen.demoshop.faults import FaultKind, Faults
from loadgen.demoshop.refusals import Refusal

_WRITTEN = re.compile(r"([A-Za-z0-9-]{1,32}):(?:(\d{1,3})%|(\d{1,6})(?:\.(\d\d))?)(?::(\d{1,9}))?")


class Coupon(BaseModel):
    """One code.

    Attributes:
        code: in upper case; visitors may write it as they like.
        percent: of the goods that it takes off, rounded down to a cent.
        cents: that it takes off, at most the goods.
        limit: orders that may use it; None: any number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,32}$")]
    percent: Annotated[int, Field(ge=0, le=100)] = 0
    cents: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=0)] | None = None

    @classmethod
    def parse(cls, text: str) -> Coupon:
        """Read ``CODE:PERCENT%`` or ``CODE:EUROS``, with ``:LIMIT`` behind it or not.

        Raises:
            ValueError: it is neither.
        """
        written = _WRITTEN.fullmatch(text)
        if written is None or int(written[2] or 0) > 100:
            raise ValueError("expected a coupon such as WINTER10:10%, WINTER10:10%:100 or FIVER:5.00:100")
        code, percent, euros, cents, limit = written.groups()
        return cls(
            code=code.upper(),
            percent=int(percent or 0),
            cents=int(euros or 0) * 100 + int(cents or 0),
            limit=None if limit is None else int(limit),
        )

    def discount_cents(self, goods_cents: int) -> int:
        """What it takes off goods of this price."""
        return min(goods_cents, self.cents + goods_cents * self.percent // 100)


WELCOME = Coupon(code="WELCOME10", percent=10)
"""A code that every shop takes."""


class Coupons:
    """The codes of a shop, and how often each was used.

    Args:
        coupons: those that it takes besides :data:`WELCOME`; of the same code the last counts.
        faults: ``coupon-overuse`` is looked at.
    """

    def __init__(self, coupons: Iterable[Coupon], faults: Faults) -> None:
        self._by_code = {coupon.code: coupon for coupon in (WELCOME, *coupons)}
        self._faults = faults
        self.reset()

    def reset(self) -> None:
        """Forget all uses."""
        self._counted = dict.fromkeys(self._by_code, 0)
        self._used = dict.fromkeys(self._by_code, 0)

    def known(self, code: str) -> Coupon:
        """Find a code that can still be used.

        Raises:
            Refusal: 404 for a code that there is not, 409 for one that is used up.
        """
        coupon = self._by_code.get(code.upper())
        if coupon is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "coupon_unknown", "We do not know this coupon.")
        self.check(coupon)
        return coupon

    def check(self, coupon: Coupon) -> None:
        """Make sure that a coupon is not used up.

        Raises:
            Refusal: 409 when it is.
        """
        if coupon.limit is not None and self._counted[coupon.code] >= coupon.limit:
            raise Refusal(HTTPStatus.CONFLICT, "coupon_used_up", "This coupon was used too often. Your cart is kept.")

    def use(self, coupon: Coupon) -> None:
        """Count an order placed with a coupon; an update that the fault ``coupon-overuse`` may lose."""
        self._used[coupon.code] += 1
        if not self._faults.plants(FaultKind.COUPON_OVERUSE):
            self._counted[coupon.code] += 1

    def as_json(self) -> list[dict[str, Any]]:
        """All codes with their limits, and the orders that did use them."""
        return [coupon.model_dump() | {"used": self._used[code]} for code, coupon in self._by_code.items()]
