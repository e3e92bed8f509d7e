"""The shop for programs: the same steps as JSON under ``/api/``. Amounts are cents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from loadgen.demoshop import shopping
from loadgen.demoshop.answers import Answer, as_json
from loadgen.demoshop.catalogue import Found, Product, paged
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.storefront import page_number, search_words


def products(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of the catalogue, or of the category that the query names."""
    category = request.parameters().text("category", default=" ").strip()
    if category and category not in shop.catalogue.by_category:
        raise Refusal(HTTPStatus.NOT_FOUND, "category_unknown", "There is no such category.")
    chosen = shop.catalogue.by_category[category] if category else shop.catalogue.products
    return _listing(shop, paged(chosen, page_number(request)))


def search(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of what was found."""
    return _listing(shop, shop.catalogue.search(search_words(request), page_number(request)))


def product(shop: Shop, request: Request, _session: Session) -> Answer:
    """One product."""
    known = shop.catalogue.by_slug.get(request.argument)
    if known is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    return as_json(_product(shop, known))


def cart(shop: Shop, _request: Request, session: Session) -> Answer:
    """What is in the cart."""
    return _cart(shop, session)


def add(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Put something into the cart."""
    shopping.add_to_cart(shop, session, fields)
    return _cart(shop, session)


def update(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Change a quantity."""
    shopping.update_cart(shop, session, fields)
    return _cart(shop, session)


def remove(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take something out."""
    shopping.remove_from_cart(shop, session, fields)
    return _cart(shop, session)


def log_in(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Log in to an account."""
    shopping.log_in(shop, session, fields)
    return as_json({"email": session.customer})


def register(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Open an account and log in with it."""
    shopping.register(shop, session, fields)
    return as_json({"email": session.customer}, HTTPStatus.CREATED.value)


def choose_delivery(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Say where the order goes, and how."""
    shopping.choose_delivery(session, fields)
    return _cart(shop, session)


def pay(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Pay for the cart: the order."""
    return as_json(shopping.pay(shop, session, fields).as_json(), HTTPStatus.CREATED.value)


def _listing(shop: Shop, found: Found | None) -> Answer:
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "page_unknown", "There is no such page.")
    return as_json(
        {
            "products": [_product(shop, product) for product in found.products],
            "page": found.page,
            "pages": found.pages,
            "total": found.total,
        }
    )


def _product(shop: Shop, product: Product) -> dict[str, Any]:
    return {
        "slug": product.slug,
        "name": product.name,
        "category": product.category,
        "price_cents": product.price_cents,
        "stock": shop.order_book.stock[product.slug],
    }


def _cart(shop: Shop, session: Session) -> Answer:
    lines = [
        {
            "slug": line.product.slug,
            "name": line.product.name,
            "quantity": line.quantity,
            "price_cents": line.product.price_cents,
            "total_cents": line.total_cents,
        }
        for line in shop.order_book.lines(session.cart)
    ]
    delivery = session.delivery.method if session.delivery else None
    return as_json({"lines": lines, "total_cents": shopping.goods_cents(shop, session), "delivery": delivery})
