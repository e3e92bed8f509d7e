"""The shop for programs, from the cart on: checkout, orders, branches. Amounts are cents."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from loadgen.demoshop import collecting, till
from loadgen.demoshop.answers import Answer, as_json
from loadgen.demoshop.api import cart_answer
from loadgen.demoshop.branches import BRANCHES
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.methods import PAYMENTS
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Challenge, Session
from loadgen.demoshop.shop import Shop


def methods(shop: Shop, _request: Request, _session: Session) -> Answer:
    """The ways of delivery and of payment on offer."""
    return as_json(
        {
            "deliveries": [asdict(method) for method in till.deliveries(shop)],
            "payments": [asdict(method) for method in PAYMENTS.values()],
        }
    )


def choose_delivery(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Say where the order goes, and how."""
    till.choose_delivery(session, fields)
    return cart_answer(shop, session)


def pay(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Pay for the cart: the order, or the challenge that stands before it."""
    outcome = till.pay(shop, session, fields)
    if isinstance(outcome, Challenge):
        return as_json({"challenge": outcome.key}, HTTPStatus.ACCEPTED.value)
    return as_json(outcome.as_json(), HTTPStatus.CREATED.value)


def prove(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Answer the challenge: the order, or the cart of whoever cancels."""
    order = till.prove(shop, session, fields)
    return cart_answer(shop, session) if order is None else as_json(order.as_json(), HTTPStatus.CREATED.value)


def order(shop: Shop, request: Request, session: Session) -> Answer:
    """One order."""
    email = request.parameters().text("email", default=" ").strip()
    return as_json(shop.order_book.find(request.argument, session, email).as_json())


def cancel(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Undo an order."""
    found = shop.order_book.find(fields.text("number"), session, fields.text("email", default=" ").strip())
    shop.order_book.cancel(found)
    return as_json(found.as_json())


def branches(shop: Shop, request: Request, session: Session) -> Answer:
    """The branches with what they have of an article."""
    pieces = shop.street.pieces(collecting.asked_sku(shop, request, session))
    return as_json([{"branch": key, "name": BRANCHES[key], "pieces": left} for key, left in pieces])


def reserve(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Reserve an article in a branch."""
    return as_json(collecting.set_aside(shop, session, fields).as_json(), HTTPStatus.CREATED.value)


def cancel_reservation(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Undo a reservation."""
    found = shop.street.find(fields.text("number"), session, fields.text("email", default=" ").strip())
    shop.street.cancel(found)
    return as_json(found.as_json())
