"""The pages for what comes after an order, or instead of one: tracking, cancelling, the wish list."""

from __future__ import annotations

from urllib.parse import quote_plus

from loadgen.demoshop import shopping
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.orders import CANCELLED, Order
from loadgen.demoshop.page import escaped, euros
from loadgen.demoshop.parts import cancel_form, item_rows, total_values
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shelves import tile_values
from loadgen.demoshop.shop import Shop

LISTED_ORDERS = 20
"""The latest orders of an account that its page lists."""

_ORDER_LINK = b'<li><a href="/orders/%b">%b</a>, <span class="state">%b</span>, %b</li>\n'


def orders(shop: Shop, request: Request, session: Session) -> Answer:
    """The form for finding an order, and the latest orders of whoever is logged in."""
    parameters = request.parameters()
    number = parameters.text("number", default=" ").strip()
    email = parameters.text("email", default=" ").strip()
    if number:
        return see_other(_order_path(shop.order_book.find(number, session, email), email))
    known = shop.order_book.of_customer(session.customer, LISTED_ORDERS) if session.customer else []
    links = (
        _ORDER_LINK % (order.number.encode(), order.number.encode(), order.state.encode(), euros(order.total_cents))
        for order in known
    )
    return html(shop.templates.personal("orders.html", session, orders=b"".join(links)))


def order(shop: Shop, request: Request, session: Session) -> Answer:
    """One order: its state, its lines, what was paid."""
    email = request.parameters().text("email", default=" ").strip()
    found = shop.order_book.find(request.argument, session, email)
    number = found.number.encode()
    cancel_it = b""
    if found.state != CANCELLED:
        cancel_it = cancel_form("/orders/cancel", session, number=number, email=escaped(email))
    body = shop.templates.personal(
        "order.html",
        session,
        number=number,
        state=found.state.encode(),
        lines=item_rows(found.lines),
        paid_cents=b"%d" % found.paid_cents,
        paid=euros(found.paid_cents),
        cancel=cancel_it,
        **total_values(found.totals, found.coupon),
    )
    return html(body)


def cancel(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Undo an order, and show it."""
    email = fields.text("email", default=" ").strip()
    found = shop.order_book.find(fields.text("number"), session, email)
    shop.order_book.cancel(found)
    return see_other(_order_path(found, email))


def wish_list(shop: Shop, _request: Request, session: Session) -> Answer:
    """What a visitor dreams of."""
    wish = shop.templates["wish.html"]
    wishes = b"".join(
        wish.fill(tile_values(shop.catalogue.by_slug[slug]) | {"csrf": session.csrf}) for slug in session.wishes
    )
    count = b"%d" % len(session.wishes)
    return html(shop.templates.personal("wishlist.html", session, wishes=wishes, count=count))


def wish(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Put a product on the wish list, and show it."""
    shopping.wish(shop, session, fields)
    return see_other("/wishlist")


def forget_wish(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take a product off the wish list, and show it."""
    shopping.forget_wish(shop, session, fields)
    return see_other("/wishlist")


def by_email(email: str) -> str:
    """What a path ends in that is open to whoever knows this address; nothing for none."""
    return f"?email={quote_plus(email, errors='replace')}" if email else ""


def _order_path(found: Order, email: str) -> str:
    return f"/orders/{found.number}{by_email(email)}"
