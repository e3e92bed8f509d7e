"""``/_shop/orders`` and its like: what was really bought, sold, redeemed and reserved, for whoever compares notes.

Whatever fault is planted in the business, these tell what happened, not what the shop believes. Long lists are read in
pieces, since each is written in one turn of the loop: ``?start=2000&limit=1000``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from loadgen.demoshop.answers import Answer, as_json
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.visits import refused_json

T = TypeVar("T")

_MOST = 999_999_999


def orders(shop: Shop, request: Request) -> Answer:
    """All orders since the start or the last reset, in the order in which they were placed."""
    return _piece(request, shop.order_book.orders, lambda order: order.as_json())


def stock(shop: Shop, request: Request) -> Answer:
    """Of each SKU: what there was, what the shop believes is left, and what is in orders that hold."""
    book = shop.order_book
    return _piece(
        request,
        shop.catalogue.skus.values(),
        lambda sku: {
            "sku": sku.key,
            "slug": sku.product.slug,
            "initial": sku.product.stock,
            "left": book.stock[sku.key],
            "sold": book.sold.get(sku.key, 0),
        },
    )


def coupons(shop: Shop, _request: Request) -> Answer:
    """All codes with their limits, and the orders that used them."""
    return as_json(shop.coupons.as_json())


def reservations(shop: Shop, request: Request) -> Answer:
    """All reservations since the start or the last reset, in the order in which they were made."""
    return _piece(request, shop.street.reservations.values(), lambda reservation: reservation.as_json())


def _piece(request: Request, items: Iterable[T], told: Callable[[T], dict[str, Any]]) -> Answer:
    try:
        parameters = request.parameters()
        start = parameters.integer("start", low=0, high=_MOST, default=0)
        limit = parameters.integer("limit", low=1, high=_MOST, default=_MOST)
    except Refusal as refusal:
        return refused_json(refusal)
    return as_json([told(item) for item in islice(items, start, start + limit)])
