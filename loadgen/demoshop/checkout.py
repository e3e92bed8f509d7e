"""The pages from the cart to the confirmation. Every POST answers with a redirect."""

from __future__ import annotations

from loadgen.demoshop import shopping, till
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.page import escaped
from loadgen.demoshop.parts import PAYMENT_CHOICES, delivery_choices, item_rows, total_values
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Challenge, Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.templates import greeting
from loadgen.demoshop.totals import Totals

_TO_CHECKOUT = b'<a class="button" id="checkout" href="/checkout">Go to checkout</a>'
_EMPTY = {
    "lines": b"<tr><td>Your cart is empty.</td></tr>\n",
    "next": b'<a class="button" href="/">Look around</a>',
    **total_values(Totals(0, None, 0, 0), None),
}


def cart(shop: Shop, _request: Request, session: Session) -> Answer:
    """The cart with a form for each line."""
    values = greeting(session)
    if session.cart:
        line = shop.showroom.cart_line
        values["lines"] = b"".join([line(*entry).fill(values) for entry in session.cart.items()])
        values["next"] = _TO_CHECKOUT
        values |= _totals(shop, session)
    else:
        values |= _EMPTY
    return html(shop.templates["cart.html"].fill(values))


def add(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Put something into the cart, and show the cart."""
    shopping.add_to_cart(shop, session, fields)
    return see_other("/cart")


def update(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Change a quantity, and show the cart."""
    shopping.update_cart(shop, session, fields)
    return see_other("/cart")


def remove(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take something out, and show the cart."""
    shopping.remove_from_cart(shop, session, fields)
    return see_other("/cart")


def redeem(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Enter a coupon, and show the cart."""
    shopping.redeem(shop, session, fields)
    return see_other("/cart")


def delivery_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for address and delivery; without goods back to the cart."""
    if not session.cart:
        return see_other("/cart")
    email, name, address = till.known_recipient(session)
    chosen = session.delivery.method if session.delivery else None
    body = shop.templates.personal(
        "checkout.html",
        session,
        email=escaped(email),
        recipient=escaped(name),
        address=escaped(address),
        deliveries=delivery_choices(till.deliveries(shop), chosen),
        items=item_rows(shop.order_book.lines(session.cart)),
        **_totals(shop, session),
    )
    return html(body)


def choose_delivery(_shop: Shop, session: Session, fields: Fields) -> Answer:
    """Keep address and delivery, and go on to the payment; without goods back to the cart."""
    if not session.cart:
        return see_other("/cart")
    till.choose_delivery(session, fields)
    return see_other("/checkout/payment")


def payment_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for the card; a step back for whoever skipped one."""
    if not session.cart or session.delivery is None:
        return _step_back(session)
    body = shop.templates.personal(
        "payment.html",
        session,
        payments=PAYMENT_CHOICES,
        items=item_rows(shop.order_book.lines(session.cart)),
        **_totals(shop, session),
    )
    return html(body)


def pay(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Pay, and show the confirmation or the bank's challenge; a step back for whoever skipped one."""
    if not session.cart or session.delivery is None:
        return _step_back(session)
    outcome = till.pay(shop, session, fields)
    if isinstance(outcome, Challenge):
        return see_other(f"/checkout/challenge/{outcome.key}")
    return see_other(f"/checkout/confirmation/{outcome.number}")


def challenge_form(shop: Shop, request: Request, session: Session) -> Answer:
    """Where the bank asks its customer to prove who they are."""
    challenge = till.expect_challenge(shop, session, request.argument)
    return html(shop.templates.personal("challenge.html", session, challenge=challenge.key.encode()))


def prove(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take the answer to the challenge; whoever cancels is back at the payment."""
    order = till.prove(shop, session, fields)
    return see_other("/checkout/payment" if order is None else f"/checkout/confirmation/{order.number}")


def confirmation(shop: Shop, request: Request, session: Session) -> Answer:
    """The thanks for an order, to whoever placed it."""
    order = shop.order_book.find(request.argument, session, placed_now=True)
    body = shop.templates.personal(
        "confirmation.html",
        session,
        number=order.number.encode(),
        email=escaped(order.delivery.email),
        lines=item_rows(order.lines),
        **total_values(order.totals, order.coupon),
    )
    return html(body)


def _totals(shop: Shop, session: Session) -> dict[str, bytes]:
    return total_values(till.shown_totals(shop, session), session.coupon.code if session.coupon else None)


def _step_back(session: Session) -> Answer:
    return see_other("/checkout" if session.cart else "/cart")
