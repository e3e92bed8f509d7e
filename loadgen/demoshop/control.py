"""``/_shop/*``: for whoever runs the rehearsal, past stations and faults, and never counted."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import ValidationError

from loadgen.demoshop.answers import Answer, as_json
from loadgen.demoshop.faults import Fault
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.visits import refused_json


def stats(shop: Shop, _request: Request) -> Answer:
    """What was served since the start or the last reset."""
    business = {
        "sessions": shop.sessions.created,
        "sessions_forgotten": shop.sessions.forgotten,
        "orders": len(shop.order_book.orders),
        "revenue_cents": shop.order_book.revenue_cents,
        "cancelled": shop.order_book.cancelled,
        "cancelled_cents": shop.order_book.cancelled_cents,
        "reservations": len(shop.street.reservations),
    }
    return as_json(shop.counters.snapshot() | business)


def reset(shop: Shop, _request: Request) -> Answer:
    """Zero the counters, forget what was bought, redeemed and reserved, restore the stock."""
    shop.reset()
    return as_json({"reset": True})


def faults(shop: Shop, _request: Request) -> Answer:
    """The faults that are on."""
    return as_json([fault.model_dump(mode="json") for fault in shop.faults.active])


def switch_on(shop: Shop, request: Request) -> Answer:
    """Switch a fault on, or change the one of the same kind and step."""
    try:
        shop.faults.switch_on(Fault.model_validate_json(request.body))
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors())
        return refused_json(Refusal(HTTPStatus.BAD_REQUEST, "fault_invalid", "; ".join(problems)))
    return faults(shop, request)


def clear(shop: Shop, request: Request) -> Answer:
    """Switch all faults off."""
    shop.faults.clear()
    return faults(shop, request)
