"""The shop for programs: the same steps as JSON under ``/api/``, up to the cart. Amounts are cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from loadgen.demoshop import filters, shopping, till
from loadgen.demoshop.answers import Answer, as_json
from loadgen.demoshop.catalogue import Product, paged
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.storefront import search_words, shown_price_cents, wanted


def home(shop: Shop, _request: Request, _session: Session) -> Answer:
    """What there is to begin with: the categories, and what everybody wants."""
    hot = [_product(shop, product) for product in shop.catalogue.products if product.hot]
    return as_json({"categories": list(shop.catalogue.by_category), "products": hot})


def products(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of the catalogue, or of the category that the query names, narrowed or not."""
    category = request.parameters().text("category", default=" ").strip()
    if category and category not in shop.catalogue.by_category:
        raise Refusal(HTTPStatus.NOT_FOUND, "category_unknown", "There is no such category.")
    return _listing(shop, request, shop.catalogue.by_category[category] if category else shop.catalogue.products)


def search(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of what was found, narrowed or not."""
    return _listing(shop, request, shop.catalogue.find(search_words(request)))


def private_sale(shop: Shop, request: Request, session: Session) -> Answer:
    """One page of the articles for members."""
    if session.customer is None:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "login_needed", "The private sale is for members.")
    return _listing(shop, request, shop.catalogue.for_members)


def product(shop: Shop, request: Request, session: Session) -> Answer:
    """One product."""
    known = shop.catalogue.by_slug.get(request.argument)
    if known is None or not known.visible_to(session.customer):
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    return as_json(_product(shop, known) | {"price_cents": shown_price_cents(shop, known)})


def cart(shop: Shop, _request: Request, session: Session) -> Answer:
    """What is in the cart."""
    return cart_answer(shop, session)


def add(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Put something into the cart."""
    shopping.add_to_cart(shop, session, fields)
    return cart_answer(shop, session)


def update(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Change a quantity."""
    shopping.update_cart(shop, session, fields)
    return cart_answer(shop, session)


def remove(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take something out."""
    shopping.remove_from_cart(shop, session, fields)
    return cart_answer(shop, session)


def log_in(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Log in to an account."""
    shopping.log_in(shop, session, fields)
    return as_json({"email": session.customer})


def register(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Open an account and log in with it."""
    shopping.register(shop, session, fields)
    return as_json({"email": session.customer}, HTTPStatus.CREATED.value)


def redeem(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Enter a coupon."""
    shopping.redeem(shop, session, fields)
    return cart_answer(shop, session)


def wishes(shop: Shop, _request: Request, session: Session) -> Answer:
    """The wish list."""
    return _wishes(shop, session)


def wish(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Put a product on the wish list."""
    shopping.wish(shop, session, fields)
    return _wishes(shop, session)


def forget_wish(shop: Shop, session: Session, fields: Fields) -> Answer:
    """Take a product off the wish list."""
    shopping.forget_wish(shop, session, fields)
    return _wishes(shop, session)


def cart_answer(shop: Shop, session: Session) -> Answer:
    """The cart with its totals."""
    return as_json(
        {
            "lines": [line.as_json() for line in shop.order_book.lines(session.cart)],
            **till.shown_totals(shop, session).as_json(),
            "delivery": session.delivery.method if session.delivery else None,
            "coupon": session.coupon.code if session.coupon else None,
        }
    )


def _listing(shop: Shop, request: Request, products: Sequence[Product]) -> Answer:
    page, narrowing = wanted(request)
    found = paged(filters.narrow(products, narrowing), page)
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "page_unknown", "There is no such page.")
    return as_json(
        {
            "products": [_product(shop, product) for product in found.products],
            "page": found.page,
            "pages": found.pages,
            "total": found.total,
            "filters": [asdict(choice) for choice in filters.choices(products, narrowing)],
        }
    )


def _wishes(shop: Shop, session: Session) -> Answer:
    return as_json({"products": [_product(shop, shop.catalogue.by_slug[slug]) for slug in session.wishes]})


def _product(shop: Shop, product: Product) -> dict[str, Any]:
    left = [(sku, shop.order_book.stock[sku]) for sku in product.skus]
    sizes = [
        {"sku": sku, "size": size, "stock": stock} for size, (sku, stock) in zip(product.sizes, left, strict=False)
    ]
    return {
        "slug": product.slug,
        "name": product.name,
        "category": product.category,
        "colour": product.colour,
        "hot": product.hot,
        "price_cents": product.price_cents,
        "stock": sum(stock for _, stock in left),
        "sizes": sizes,
    }
