"""What a visitor does in the shop, the same for pages and API. All of it refuses with a :class:`Refusal`."""

from __future__ import annotations

from http import HTTPStatus

from loadgen.demoshop.catalogue import Sku
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop

MAX_QUANTITY = 99
MAX_CART_LINES = 50
MAX_WISHES = 100


def add_to_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Put some pieces into the cart. They are not set aside: whoever pays first gets them."""
    sku = known_sku(shop, session, fields)
    quantity = fields.integer("quantity", low=1, high=MAX_QUANTITY, default=1)
    if sku.key not in session.cart and len(session.cart) >= MAX_CART_LINES:
        raise Refusal(HTTPStatus.CONFLICT, "cart_full", "There is no room in the cart for another product.")
    wanted = min(MAX_QUANTITY, session.cart.get(sku.key, 0) + quantity)
    _expect_stock(shop, sku, wanted)
    session.cart[sku.key] = wanted


def update_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Change the number of pieces in the cart; 0 takes them out."""
    sku = _sku_in_cart(shop, session, fields)
    quantity = fields.integer("quantity", low=0, high=MAX_QUANTITY)
    if not quantity:
        del session.cart[sku.key]
        return
    _expect_stock(shop, sku, quantity)
    session.cart[sku.key] = quantity


def remove_from_cart(shop: Shop, session: Session, fields: Fields) -> None:
    """Take something out of the cart."""
    del session.cart[_sku_in_cart(shop, session, fields).key]


def redeem(shop: Shop, session: Session, fields: Fields) -> None:
    """Enter a coupon; it takes the place of another."""
    session.coupon = shop.coupons.known(fields.text("coupon"))


def register(shop: Shop, session: Session, fields: Fields) -> None:
    """Open an account and log in with it."""
    _welcome(session, shop.customers.register(fields.text("email"), fields.text("password")))


def log_in(shop: Shop, session: Session, fields: Fields) -> None:
    """Log in to an account."""
    _welcome(session, shop.customers.log_in(fields.text("email"), fields.text("password")))


def wish(shop: Shop, session: Session, fields: Fields) -> None:
    """Put a product on the wish list; the oldest wish gives way to one too many."""
    slug = known_sku(shop, session, fields).product.slug
    if slug not in session.wishes:
        session.wishes = (*session.wishes[1 - MAX_WISHES :], slug)


def forget_wish(shop: Shop, session: Session, fields: Fields) -> None:
    """Take a product off the wish list."""
    slug = known_sku(shop, session, fields).product.slug
    session.wishes = tuple(wished for wished in session.wishes if wished != slug)


def known_sku(shop: Shop, session: Session, fields: Fields) -> Sku:
    """What the fields ``slug`` and ``size`` name: a product or one of its sizes; without a size the first.

    Raises:
        Refusal: 404 for what there is not, or what this visitor does not see.
    """
    slug, size = fields.text("slug"), fields.text("size", default=" ").strip()
    product = shop.catalogue.by_slug.get(slug)
    key = f"{slug}.{size}" if size else product.skus[0] if product else slug
    sku = shop.catalogue.skus.get(key)
    if sku is None or not sku.product.visible_to(session.customer):
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    return sku


def _welcome(session: Session, customer: str) -> None:
    if customer != session.customer:
        session.customer, session.delivery = customer, None  # an address that a guest gave is not the account's


def _sku_in_cart(shop: Shop, session: Session, fields: Fields) -> Sku:
    sku = known_sku(shop, session, fields)
    if sku.key not in session.cart:
        raise Refusal(HTTPStatus.NOT_FOUND, "not_in_cart", "This product is not in the cart.")
    return sku


def _expect_stock(shop: Shop, sku: Sku, wanted: int) -> None:
    left = shop.order_book.stock[sku.key]
    if wanted > left:
        problem = f"Out of stock: {sku.name}. There are {max(left, 0)} left; your cart is as it was."
        raise Refusal(HTTPStatus.CONFLICT, "out_of_stock", problem)
