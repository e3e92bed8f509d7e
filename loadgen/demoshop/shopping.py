"""What a visitor does in the shop, the same for pages and API. All of it refuses with a :class:`Refusal`."""

from __future__ import annotations

from http import HTTPStatus

from loadgen.demoshop.customers import checked_email
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.orders import DELIVERY_CENTS, Order
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Delivery, Session
from loadgen.demoshop.shop import Shop

MAX_QUANTITY = 99
MAX_CART_LINES = 50
CARD_DIGITS = range(12, 20)
"""How many digits a card number has (ISO/IEC 7812)."""

HOME_ADDRESS = "1 Example Street, 10115 Berlin"
"""Where registered customers live."""


def add_to_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Put some pieces of a product into the cart. Stock is not looked at: whoever pays first gets it."""
    slug = _known_slug(shop, fields)
    quantity = fields.integer("quantity", low=1, high=MAX_QUANTITY, default=1)
    if slug not in session.cart and len(session.cart) >= MAX_CART_LINES:
        raise Refusal(HTTPStatus.CONFLICT, "cart_full", "There is no room in the cart for another product.")
    session.cart[slug] = min(MAX_QUANTITY, session.cart.get(slug, 0) + quantity)


def update_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Change the number of pieces of a product in the cart; 0 takes it out."""
    slug = _slug_in_cart(shop, session, fields)
    quantity = fields.integer("quantity", low=0, high=MAX_QUANTITY)
    if quantity:
        session.cart[slug] = quantity
    else:
        del session.cart[slug]


def remove_from_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Take a product out of the cart."""
    del session.cart[_slug_in_cart(shop, session, fields)]


def goods_cents(shop: Shop, session: Session) -> int:
    """What the cart costs without delivery."""
    return sum(line.total_cents for line in shop.order_book.lines(session.cart))


def register(shop: Shop, session: Session, fields: Fields) -> None:
    """Open an account and log in with it."""
    session.customer = shop.customers.register(fields.text("email"), fields.text("password"))


def log_in(shop: Shop, session: Session, fields: Fields) -> None:
    """Log in to an account."""
    session.customer = shop.customers.log_in(fields.text("email"), fields.text("password"))


def choose_delivery(session: Session, fields: Fields) -> None:
    """Say where the order goes; a customer who is logged in need only choose how."""
    _expect_goods(session)
    email, name, address = known_recipient(session)
    method = fields.text("delivery", default="standard")
    if method not in DELIVERY_CENTS:
        raise Refusal(HTTPStatus.BAD_REQUEST, "delivery_invalid", f"Choose one of {', '.join(DELIVERY_CENTS)}.")
    session.delivery = Delivery(
        email=checked_email(fields.text("email", default=email or None)),
        name=fields.text("name", default=name or None),
        address=fields.text("address", limit=500, default=address or None),
        method=method,
    )


def known_recipient(session: Session) -> tuple[str, str, str]:
    """E-mail, name and address as far as the shop knows them: of a customer who is logged in; otherwise empty."""
    if session.customer is None:
        return "", "", ""
    return session.customer, session.customer.partition("@")[0].capitalize(), HOME_ADDRESS


def pay(shop: Shop, session: Session, fields: Fields) -> Order:
    """Pay for the cart. The cart is emptied by success only."""
    _expect_goods(session)
    if session.delivery is None:
        raise Refusal(HTTPStatus.CONFLICT, "delivery_missing", "Say first where the order shall go.")
    card_number = fields.text("card_number").replace(" ", "").replace("-", "")
    if not (card_number.isascii() and card_number.isdigit() and len(card_number) in CARD_DIGITS):
        raise Refusal(HTTPStatus.BAD_REQUEST, "card_invalid", "This is not a card number.")
    order = shop.order_book.place(session.token, session.cart, session.delivery, card_number)
    session.cart = {}
    session.delivery = None
    return order


def _expect_goods(session: Session) -> None:
    if not session.cart:
        raise Refusal(HTTPStatus.CONFLICT, "cart_empty", "The cart is empty.")


def _known_slug(shop: Shop, fields: Fields) -> str:
    slug = fields.text("slug")
    if slug not in shop.catalogue.by_slug:
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    return slug


def _slug_in_cart(shop: Shop, session: Session, fields: Fields) -> str:
    slug = _known_slug(shop, fields)
    if slug not in session.cart:
        raise Refusal(HTTPStatus.NOT_FOUND, "not_in_cart", "This product is not in the cart.")
    return slug
