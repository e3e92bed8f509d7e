"""Pieces of pages that several of them show: lines, totals, ways of delivery and payment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from loadgen.demoshop.methods import DELIVERIES, PAYMENTS, Method
from loadgen.demoshop.page import escaped, euros
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.totals import OrderLine, Totals

_ITEM: Final = (
    b'<tr class="item" data-sku="%b" data-quantity="%d" data-cents="%d"><td>%d &times; %b</td><td>%b</td></tr>\n'
)
_GOODS: Final = b'<tr><th>Goods</th><td class="goods" data-cents="%d">%b</td></tr>\n'
_DELIVERY: Final = b'<tr><th>Delivery</th><td class="shipping" data-cents="%d">%b</td></tr>\n'
_NO_DELIVERY: Final = b'<tr><th>Delivery</th><td class="shipping">as you choose</td></tr>\n'
_DISCOUNT: Final = b'<tr><th>Coupon %b</th><td class="discount" data-coupon="%b" data-cents="%d">-%b</td></tr>\n'
_DELIVERY_CHOICE: Final = (
    b'<label><input type="radio" name="delivery" value="%b" data-kind="%b" data-cents="%d"%b> %b, %b</label>\n'
)
_PAYMENT_CHOICE: Final = b'<label><input type="radio" name="payment" value="%b" data-kind="%b"%b> %b</label>\n'


def item_rows(lines: Iterable[OrderLine]) -> bytes:
    """Lines that cannot be changed here."""
    return b"".join(
        _ITEM
        % (
            line.sku.key.encode(),
            line.quantity,
            line.total_cents,
            line.quantity,
            escaped(line.sku.name),
            euros(line.total_cents),
        )
        for line in lines
    )


def totals_rows(totals: Totals, coupon: str | None) -> bytes:
    """Goods, delivery and discount; the total stands below them."""
    goods = _GOODS % (totals.goods_cents, euros(totals.goods_cents))
    if totals.delivery_cents is None:
        delivery = _NO_DELIVERY
    else:
        delivery = _DELIVERY % (totals.delivery_cents, euros(totals.delivery_cents))
    if coupon is None:
        return goods + delivery
    code = coupon.encode()
    return goods + delivery + _DISCOUNT % (code, code, totals.discount_cents, euros(totals.discount_cents))


def total_values(totals: Totals, coupon: str | None) -> dict[str, bytes]:
    """The holes that pages have for totals."""
    return {
        "totals": totals_rows(totals, coupon),
        "cents": b"%d" % totals.total_cents,
        "total": euros(totals.total_cents),
    }


def delivery_choices(methods: Iterable[Method], chosen: str | None) -> bytes:
    """A radio button for each way of delivery."""
    wanted = chosen or next(iter(DELIVERIES))
    return b"".join(
        _DELIVERY_CHOICE
        % (
            method.key.encode(),
            method.kind.encode(),
            method.price_cents,
            b" checked" if method.key == wanted else b"",
            method.name.encode(),
            euros(method.price_cents) if method.price_cents else b"free",
        )
        for method in methods
    )


def cancel_form(action: str, session: Session, **hidden: bytes) -> bytes:
    """A form of one button that undoes something."""
    inputs = b"".join(
        b'<input type="hidden" name="%b" value="%b">' % (name.encode(), value)
        for name, value in {"csrf": session.csrf, **hidden}.items()
    )
    button = b'<button type="submit">Cancel it</button>'
    return b'<form class="cancel" action="%b" method="post">%b%b</form>' % (action.encode(), inputs, button)


PAYMENT_CHOICES: Final = b"".join(
    _PAYMENT_CHOICE % (method.key.encode(), method.kind.encode(), b"" if number else b" checked", method.name.encode())
    for number, method in enumerate(PAYMENTS.values())
)
"""A radio button for each way of payment."""
