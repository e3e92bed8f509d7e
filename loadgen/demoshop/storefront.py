"""The pages on which visitors look around: home, categories, search, products."""

from __future__ import annotations

import functools
from http import HTTPStatus

from loadgen.demoshop import filters
from loadgen.demoshop.answers import Answer, html, see_other
from loadgen.demoshop.catalogue import Product
from loadgen.demoshop.faults import FaultKind
from loadgen.demoshop.filters import Narrowing
from loadgen.demoshop.page import euros
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.templates import greeting
from loadgen.demoshop.totals import WRONG_BY_CENTS

MAX_PAGE = 100_000
FEW_LEFT = 10
"""From this stock on a product page says how many are left."""


def home(shop: Shop, request: Request, _session: Session) -> Answer:
    """The way in."""
    return shop.showroom.home.answer(request.headers.get(b"accept-encoding", b""))


def category(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of a category, narrowed or not."""
    page = shop.showroom.category(request.argument, *wanted(request))
    if page is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "category_unknown", "There is no such category or page.")
    return page.answer(request.headers.get(b"accept-encoding", b""))


def search(shop: Shop, request: Request, _session: Session) -> Answer:
    """One page of what was found, narrowed or not."""
    return _list(shop.showroom.search(search_words(request), *wanted(request)))


def private_sale(shop: Shop, request: Request, session: Session) -> Answer:
    """One page of the articles for members; whoever is not logged in is sent to do so."""
    if session.customer is None:
        return see_other("/login")
    return _list(shop.showroom.private_sale(*wanted(request)))


def product(shop: Shop, request: Request, session: Session) -> Answer:
    """A product, with the form that puts it into the cart."""
    slug = request.argument
    page = shop.showroom.product(slug)
    if page is None or not (product := shop.catalogue.by_slug[slug]).visible_to(session.customer):
        raise Refusal(HTTPStatus.NOT_FOUND, "product_unknown", "There is no such product.")
    values = greeting(session)
    if product.sizes:
        left = tuple([shop.order_book.stock[sku] for sku in product.skus])
        values["sizes"] = _sizes(product.sizes, left)
        values["availability"] = _availability(sum(left))
    else:
        values["availability"] = _availability(shop.order_book.stock[slug])
    body = page.fill(values)
    shown_cents = shown_price_cents(shop, product)
    if shown_cents != product.price_cents:
        body = body.replace(_price(product.price_cents), _price(shown_cents), 1)
    return html(body)


def shown_price_cents(shop: Shop, product: Product) -> int:
    """The price that a product's page shows."""
    wrong = shop.faults.plants(FaultKind.WRONG_PRICE)
    return product.price_cents - WRONG_BY_CENTS if wrong else product.price_cents


def wanted(request: Request) -> tuple[int, Narrowing]:
    """The ``page`` of a query string, from 1, and what else it wants of a list."""
    if not request.query:
        return 1, ()
    parameters = request.parameters()
    return parameters.integer("page", low=1, high=MAX_PAGE, default=1), filters.read(parameters)


def search_words(request: Request) -> str:
    """The ``q`` of a query string; empty finds everything."""
    return request.parameters().text("q", limit=100, default=" ").strip()


def _availability(stock: int) -> bytes:
    if stock <= 0:
        return b"Sold out"
    return b"Only %d left" % stock if stock <= FEW_LEFT else b"In stock"


def _price(cents: int) -> bytes:
    return b'<p class="price" data-cents="%d">%b</p>' % (cents, euros(cents))


def _list(page: bytes | None) -> Answer:
    if page is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "page_unknown", "There is no such page.")
    return html(page)


@functools.lru_cache(1024)
def _sizes(sizes: tuple[str, ...], left: tuple[int, ...]) -> bytes:
    options = (
        b'<option value="%b" data-left="%d"%b>%b</option>'
        % (size.encode(), stock, b"" if stock > 0 else b" disabled", size.encode())
        for size, stock in zip(sizes, left, strict=True)
    )
    return b'<label for="size">Size</label> <select id="size" name="size">%b</select>\n' % b"".join(options)
