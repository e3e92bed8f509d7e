"""The pages for logging in and for opening an account. Every POST answers with a redirect."""

from __future__ import annotations

from loadgen.demoshop import shopping
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop


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
