"""Web-to-store: find a branch that has an article, reserve it, collect it."""

from __future__ import annotations

from loadgen.demoshop import shopping, till
from loadgen.demoshop.afterwards import by_email
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.branches import BRANCHES, RESERVED, Reservation
from loadgen.demoshop.catalogue import Sku
from loadgen.demoshop.customers import checked_email
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.page import escaped, euros
from loadgen.demoshop.parts import cancel_form
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop

_BRANCH = (
    b'<tr class="branch" data-branch="%b" data-pieces="%d"><td><label>'
    b'<input type="radio" name="branch" value="%b"%b> %b</label></td><td>%b</td></tr>\n'
)


def branches(shop: Shop, request: Request, session: Session) -> Answer:
    """The branches with what they have of an article, and the form for reserving it."""
    sku = asked_sku(shop, request, session)
    email, name, _ = till.known_recipient(session)
    rows = b"".join(
        _BRANCH
        % (
            key.encode(),
            pieces,
            key.encode(),
            b"" if pieces > 0 else b" disabled",
            escaped(BRANCHES[key]),
            b"%d there" % pieces if pieces > 0 else b"none there",
        )
        for key, pieces in shop.street.pieces(sku)
    )
    body = shop.templates.personal(
        "branches.html",
        session,
        slug=sku.product.slug.encode(),
        sku=sku.key.encode(),
        name=escaped(sku.name),
        branches=rows,
        email=escaped(email),
        recipient=escaped(name),
    )
    return html(body)


def reserve(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Reserve an article in a branch, and show the reservation."""
    return see_other(f"/reservations/{set_aside(shop, session, fields).number}")


def reservation(shop: Shop, request: Request, session: Session) -> Answer:
    """One reservation."""
    email = request.parameters().text("email", default=" ").strip()
    found = shop.street.find(request.argument, session, email)
    number, price_cents = found.number.encode(), found.sku.product.price_cents
    cancel_it = b""
    if found.state == RESERVED:
        cancel_it = cancel_form("/reservations/cancel", session, number=number, email=escaped(email))
    body = shop.templates.personal(
        "reservation.html",
        session,
        number=number,
        state=found.state.encode(),
        sku=found.sku.key.encode(),
        name=escaped(found.sku.name),
        branch=escaped(BRANCHES[found.branch]),
        cents=b"%d" % price_cents,
        price=euros(price_cents),
        cancel=cancel_it,
    )
    return html(body)


def cancel(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Undo a reservation, and show it."""
    email = fields.text("email", default=" ").strip()
    found = shop.street.find(fields.text("number"), session, email)
    shop.street.cancel(found)
    return see_other(f"/reservations/{found.number}" + by_email(email))


def asked_sku(shop: Shop, request: Request, session: Session) -> Sku:
    """The article, or its size, that a path ends in."""
    return shopping.known_sku(shop, session, Fields({"slug": request.argument}))


def set_aside(shop: Shop, session: Session, fields: Fields) -> Reservation:
    """Reserve what the fields name; a customer who is logged in need not say who."""
    email, name, _ = till.known_recipient(session)
    return shop.street.reserve(
        session,
        shopping.known_sku(shop, session, fields),
        fields.text("branch"),
        checked_email(fields.text("email", default=email or None)),
        fields.text("name", default=name or None),
    )
