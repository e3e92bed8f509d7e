"""The pages on which visitors look around: home, categories, search, products."""

from __future__ import annotations

from http import HTTPStatus

from loadgen.demoshop.answers import Answer, html
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.templates import greeting

MAX_PAGE = 100_000
FEW_LEFT = 10
"""From this stock on a product page says how many are left."""


def home(shop: Shop, request: Request, _session: Session) -> Answer:
    """The way in."""
    return shop.showroom.home.answer(request.headers.get(b"accept-encoding", b""))


def category(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of a category."""
    page = shop.showroom.categories.get((request.argument, page_number(request)))
    if page is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "category_unknown", "There is no such category or page.")
    return page.answer(request.headers.get(b"accept-encoding", b""))


def search(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of what was found."""
    page = shop.showroom.search(search_words(request), page_number(request))
    if page is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "page_unknown", "There is no such page.")
    return html(page)


def product(shop: Shop, request: Request, session: Session) -> Answer:
    """A product, with the form that puts it into the cart."""
    page = shop.showroom.product(request.argument)
    if page is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    values = greeting(session)
    values["availability"] = _availability(shop.order_book.stock[request.argument])
    return html(page.fill(values))


def page_number(request: Request) -> int:
    """The ``page`` of a query string, from 1."""
    return request.parameters().integer("page", low=1, high=MAX_PAGE, default=1) if request.query else 1


def search_words(request: Request) -> str:
    """The ``q`` of a query string; empty finds everything."""
    return request.parameters().text("q", limit=100, default=" ").strip()


def _availability(stock: int) -> bytes:
    if stock <= 0:
        return b"Sold out"
    return b"Only %d left" % stock if stock <= FEW_LEFT else b"In stock"
