"""What coupons take off, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.demoshop.coupons import Coupon
from loadgen.demoshop.totals import reckon


@pytest.mark.parametrize(
    ("text", "coupon"),
    [
        ("WINTER10:10%", Coupon(code="WINTER10", percent=10)),
        ("winter-10:10%:100", Coupon(code="WINTER-10", percent=10, limit=100)),
        ("FIVER:5", Coupon(code="FIVER", cents=500)),
        ("FIVER:5.50:1", Coupon(code="FIVER", cents=550, limit=1)),
    ],
)
def test_a_coupon_is_read_from_the_command_line(text: str, coupon: Coupon) -> None:
    assert Coupon.parse(text) == coupon


@pytest.mark.parametrize("text", ["", "X", "X:", "X:5.5", "X:101%", "X:5€", "X:5:", "X:-5", "A B:5", ":5"])
def test_what_is_no_coupon_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a coupon such as"):
        Coupon.parse(text)


@given(goods=st.integers(0, 10**7), percent=st.integers(0, 100), cents=st.integers(0, 10**6))
def test_a_discount_is_never_more_than_the_goods(goods: int, percent: int, cents: int) -> None:
    discount = Coupon(code="X", percent=percent, cents=cents).discount_cents(goods)
    assert 0 <= discount <= goods
    assert discount in (goods, cents + goods * percent // 100)


@pytest.mark.parametrize(("delivery", "cents"), [(None, None), ("standard", 490), ("shop", 0)])
def test_nothing_costs_no_more_than_its_delivery(delivery: str | None, cents: int | None) -> None:
    assert reckon((), delivery, None) == (0, cents, 0, cents or 0)
