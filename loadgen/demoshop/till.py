"""From the cart to the order, the same for pages and API: delivery, payment, the bank's challenge.

::

    delivery ─▶ payment ─┬─ accepted, invoice ───────────▶ order
                         ├─ declined ─▶ payment, the cart is kept
                         └─ challenge ─┬─ proved ────────▶ order
                                       └─ cancelled ─▶ payment, the cart is kept
"""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus

from loadgen.demoshop import methods
from loadgen.demoshop.customers import checked_email
from loadgen.demoshop.faults import FaultKind
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.methods import CHALLENGED_CARD, DECLINED_CARD, DELIVERIES, PAYMENTS, Method
from loadgen.demoshop.orders import Order
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Challenge, Delivery, Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.totals import Totals, reckon

HOME_ADDRESS = "1 Example Street, 10115 Berlin"
"""Where registered customers live."""


def shown_totals(shop: Shop, session: Session) -> Totals:
    """What the cart costs, as it is shown."""
    totals = _totals(shop, session)
    return totals.wrong() if shop.faults.plants(FaultKind.WRONG_TOTAL) else totals


def deliveries(shop: Shop) -> list[Method]:
    """The ways of delivery that are offered."""
    return [] if shop.faults.plants(FaultKind.NO_DELIVERY) else list(DELIVERIES.values())


def choose_delivery(session: Session, fields: Fields) -> None:
    """Say where the order goes; a customer who is logged in need only choose how."""
    _expect_goods(session)
    email, name, address = known_recipient(session)
    session.delivery = Delivery(
        email=checked_email(fields.text("email", default=email or None)),
        name=fields.text("name", default=name or None),
        address=fields.text("address", limit=500, default=address or None),
        method=methods.chosen(DELIVERIES, fields, "delivery").key,
    )


def known_recipient(session: Session) -> tuple[str, str, str]:
    """E-mail, name and address as far as the shop knows them: as given before, or of the account; otherwise empty."""
    if session.delivery is not None:
        return session.delivery.email, session.delivery.name, session.delivery.address
    if session.customer is None:
        return "", "", ""
    return session.customer, session.customer.partition("@")[0].capitalize(), HOME_ADDRESS


def pay(shop: Shop, session: Session, fields: Fields) -> Order | Challenge:
    """Pay for the cart: an order, or a challenge that stands before it. The cart is emptied by an order only.

    Raises:
        Refusal: 402 when the card is declined, 409 when something is out of stock or missing.
    """
    delivery = _expect_delivery(session)
    payment = methods.chosen(PAYMENTS, fields, "payment")
    card = methods.card_number(fields) if payment.kind == "card" else ""
    if card in (DECLINED_CARD, CHALLENGED_CARD):
        shop.order_book.check_stock(shop.order_book.lines(session.cart))
    if card == DECLINED_CARD:
        _not_paid(shop, session)
        raise Refusal(HTTPStatus.PAYMENT_REQUIRED, "card_declined", "The card was declined. Your cart is kept.")
    if card == CHALLENGED_CARD:
        session.challenge = Challenge(secrets.token_hex(8), _totals(shop, session).total_cents)
        return session.challenge
    return _order(shop, session, delivery, payment.key)


def expect_challenge(shop: Shop, session: Session, key: str) -> Challenge:
    """The challenge that waits for a visitor.

    Raises:
        Refusal: 404 when there is none of that key, 409 when the cart has changed since.
    """
    challenge = session.challenge
    if challenge is None or not hmac.compare_digest(challenge.key.encode(), key.encode("utf-8", "replace")):
        raise Refusal(HTTPStatus.NOT_FOUND, "challenge_unknown", "There is nothing to prove.")
    if not session.cart or challenge.total_cents != _totals(shop, session).total_cents:
        raise Refusal(HTTPStatus.CONFLICT, "cart_changed", "The cart has changed. Please pay again.")
    return challenge


def prove(shop: Shop, session: Session, fields: Fields) -> Order | None:
    """Answer the bank's challenge; None when the visitor cancels it.

    Raises:
        Refusal: 404 when there is none, 409 when something is out of stock or has changed meanwhile.
    """
    expect_challenge(shop, session, fields.text("challenge"))
    answer = fields.text("answer")
    if answer not in ("prove", "cancel"):
        raise Refusal(HTTPStatus.BAD_REQUEST, "answer_invalid", "Choose one of prove, cancel.")
    delivery = _expect_delivery(session)
    session.challenge = None
    if answer == "cancel":
        _not_paid(shop, session)
        return None
    return _order(shop, session, delivery, "card")


def _order(shop: Shop, session: Session, delivery: Delivery, payment: str) -> Order:
    try:
        order = shop.order_book.place(session, delivery, payment)
    except Refusal as refusal:
        if refusal.code == "coupon_used_up":
            session.coupon = None  # so that the next try is not refused for the same reason
        raise
    session.cart = {}
    session.delivery = session.coupon = session.challenge = None
    return order


def _not_paid(shop: Shop, session: Session) -> None:
    if shop.faults.plants(FaultKind.LOST_CART):
        session.cart = {}


def _totals(shop: Shop, session: Session) -> Totals:
    method = session.delivery.method if session.delivery else None
    return reckon(shop.order_book.lines(session.cart), method, session.coupon)


def _expect_goods(session: Session) -> None:
    if not session.cart:
        raise Refusal(HTTPStatus.CONFLICT, "cart_empty", "The cart is empty.")


def _expect_delivery(session: Session) -> Delivery:
    _expect_goods(session)
    if session.delivery is None:
        raise Refusal(HTTPStatus.CONFLICT, "delivery_missing", "Say first where the order shall go.")
    return session.delivery
