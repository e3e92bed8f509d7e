"""The pages from the cart to the confirmation, and those for logging in. Every POST answers with a redirect."""

from __future__ import annotations

from http import HTTPStatus

from loadgen.demoshop import shopping
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.orders import DELIVERY_CENTS
from loadgen.demoshop.page import Page, escaped, euros
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop

_EMPTY_ROW = b"<tr><td>Your cart is empty.</td></tr>\n"
_TO_CHECKOUT = b'<a class="button" id="checkout" href="/checkout">Go to checkout</a>'
_TO_HOME = b'<a class="button" href="/">Look around</a>'
_ORDER_ROW = Page(b"<tr><td>\x02quantity\x03 &times; \x02name\x03</td><td>\x02total\x03</td></tr>\n")


def cart(shop: Shop, _request: Request, session: Session) -> Answer:
    """The cart with a form for each line."""
    row = shop.templates["cart_line.html"]
    rows = (
        row.fill(
            {
                "slug": line.product.slug.encode(),
                "name": escaped(line.product.name),
                "quantity": b"%d" % line.quantity,
                "total": euros(line.total_cents),
                "csrf": session.csrf,
            }
        )
        for line in shop.order_book.lines(session.cart)
    )
    cents = shopping.goods_cents(shop, session)
    body = shop.templates.personal(
        "cart.html",
        session,
        lines=b"".join(rows) or _EMPTY_ROW,
        cents=b"%d" % cents,
        total=euros(cents),
        next=_TO_CHECKOUT if session.cart else _TO_HOME,
    )
    return html(body)


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


def login_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for logging in."""
    return html(shop.templates.personal("login.html", session))


def log_in(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Log in; whoever has something in the cart is on the way to the checkout."""
    shopping.log_in(shop, session, fields)
    return see_other("/checkout" if session.cart else "/")


def register_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for a new account."""
    return html(shop.templates.personal("register.html", session))


def register(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Open an account, and go on as after a login."""
    shopping.register(shop, session, fields)
    return see_other("/checkout" if session.cart else "/")


def delivery_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for address and delivery; without goods back to the cart."""
    if not session.cart:
        return see_other("/cart")
    email, name, address = shopping.known_recipient(session)
    body = shop.templates.personal(
        "checkout.html", session, email=escaped(email), recipient=escaped(name), address=escaped(address)
    )
    return html(body)


def choose_delivery(_shop: Shop, session: Session, fields: Fields) -> Answer:
    """Keep address and delivery, and go on to the payment; without goods back to the cart."""
    if not session.cart:
        return see_other("/cart")
    shopping.choose_delivery(session, fields)
    return see_other("/checkout/payment")


def payment_form(shop: Shop, _request: Request, session: Session) -> Answer:
    """The form for the card; a step back for whoever skipped one."""
    if session.cart and session.delivery is not None:
        cents = shopping.goods_cents(shop, session) + DELIVERY_CENTS[session.delivery.method]
        return html(shop.templates.personal("payment.html", session, cents=b"%d" % cents, total=euros(cents)))
    return _step_back(session)


def pay(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Pay, and show the confirmation; a step back for whoever skipped one."""
    if session.cart and session.delivery is not None:
        order = shopping.pay(shop, session, fields)
        return see_other(f"/checkout/confirmation/{order.number}")
    return _step_back(session)


def confirmation(shop: Shop, request: Request, session: Session) -> Answer:
    """The thanks for an order, to whoever placed it."""
    order = shop.order_book.orders.get(request.argument)
    if order is None or order.session_token != session.token:
        raise Refusal(HTTPStatus.NOT_FOUND, "order_unknown", "You have no such order.")
    rows = (
        _ORDER_ROW.fill(
            {
                "quantity": b"%d" % line.quantity,
                "name": escaped(line.product.name),
                "total": euros(line.total_cents),
            }
        )
        for line in order.lines
    )
    body = shop.templates.personal(
        "confirmation.html",
        session,
        number=order.number.encode(),
        email=escaped(order.delivery.email),
        lines=b"".join(rows),
        cents=b"%d" % order.total_cents,
        total=euros(order.total_cents),
    )
    return html(body)


def _step_back(session: Session) -> Answer:
    return see_other("/checkout" if session.cart else "/cart")
