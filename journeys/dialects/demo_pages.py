"""Reads the pages of the demo shop: what each says, as values.

Shelves that many visitors see are read once. Where a page is long, its part is cut out before an expression looks
through it: to find a word takes 1 µs where an expression takes 50.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from loadgen.commerce import Article, Branch, Cart, Category, Filter, Line, Listing, Method, Order

ATTRIBUTE = re.compile(r'data-(\w+)="([^"]*)"')
BRANCH = re.compile(r'<tr class="branch" data-branch="([^"]+)" data-pieces="(-?\d+)">.*?<input [^>]*> ([^<]*)')
CATEGORY = re.compile(r'<li><a href="(/category/[^"]+)">([^<]+)')
CENTS = re.compile(r'class="(goods|shipping|discount|total|paid)"(?: data-coupon="([^"]+)")? data-cents="(-?\d+)"')
DELIVERY = re.compile(
    r'name="delivery" value="([^"]+)" data-kind="(\w+)" data-cents="(\d+)"[^>]*> ([^<]+?), [^<,]+</label>'
)
FILTER = re.compile(r'data-filter="([^"]+)" data-count="(\d+)" href="[^"]*">([^<]+?) \(')
LINE = re.compile(r'<tr class="(?:line|item)" ([^>]*)><td>(?:<a [^>]*>)?(?:\d+ &times; )?([^<]*)')
MESSAGE = re.compile(r'class="message" data-code="([^"]+)"(?: data-wait="(\d+)")?>([^<]*)')
NUMBER = re.compile(r'id="order-number">([^<]+)|<h1>(?:Order|Reservation) ([^<]+)')
OFFER = re.compile(r'<h1>([^<]+)</h1>\s*<p class="price" data-cents="(\d+)">.*?class="availability">([^<]*)', re.DOTALL)
PAGES = re.compile(r'id="page">(\d+)</span> of <span id="pages">(\d+)')
PAYMENT = re.compile(r'name="payment" value="([^"]+)" data-kind="(\w+)"[^>]*> ([^<]+)</label>')
SIZE = re.compile(r'<option value="([^"]+)" data-left="(-?\d+)"')
STATE = re.compile(r'class="state">([^<]+)')
STOCK = re.compile(r"Only (\d+) left")
TILE = re.compile(r'data-slug="([^"]+)">.*?class="name">([^<]+).*?data-cents="(\d+)"', re.DOTALL)


def listing(html: str, path: str, words: str = "") -> Listing:
    """A page of articles."""
    pages = PAGES.search(_between(html, '<p class="count">', "</p>"))
    return Listing(
        articles=_tiles(_between(html, '<ul class="tiles">', "</ul>")),
        categories=_categories(_between(html, 'class="categories">', "</ul>")),
        filters=_filters(_between(html, '<ul class="filters">', "</ul>")),
        page=int(pages[1]) if pages else 1,
        has_more=bool(pages) and int(pages[1]) < int(pages[2]),
        path=path,
        words=words,
    )


def article(html: str, asked: Article) -> Article:
    """An article's own page."""
    offer = OFFER.search(_between(html, '<div class="offer">', "<form"))
    if offer is None:
        return asked
    slug, name, price_cents = asked.path.rpartition("/")[2], unescape(offer[1]), int(offer[2])
    left = STOCK.search(offer[3])
    sold_out = offer[3] == "Sold out"
    return Article(
        key=slug,
        path=asked.path,
        name=name,
        price_cents=price_cents,
        available=not sold_out,
        stock=0 if sold_out else int(left[1]) if left else None,
        variants=tuple(
            Article(f"{slug}.{size}", asked.path, f"{name}, size {size}", price_cents, int(pieces) > 0, int(pieces))
            for size, pieces in SIZE.findall(_between(html, '<select id="size"', "</select>"))
        ),
    )


def cart(html: str) -> Cart:
    """The cart, where it is changed and where it is paid for."""
    cents = _cents(html)
    coupon = next((code for kind, code, _ in CENTS.findall(html) if kind == "discount"), "")
    return Cart(
        lines=lines(html),
        goods_cents=cents.get("goods"),
        delivery_cents=cents.get("shipping"),
        discount_cents=cents.get("discount", 0),
        total_cents=cents.get("total"),
        coupons=(coupon,) if coupon else (),
    )


def lines(html: str) -> tuple[Line, ...]:
    """The lines of a cart or an order."""
    found = []
    for written, name in LINE.findall(html):
        data = dict(ATTRIBUTE.findall(written))
        found.append(Line(data["sku"], int(data["quantity"]), int(data["cents"]), data["sku"], unescape(name)))
    return tuple(found)


def order(html: str, path: str) -> Order:
    """A confirmation, an order looked at again, or a reservation. What was charged counts, where it is shown."""
    number, state, cents = NUMBER.search(html), STATE.search(html), _cents(html)
    return Order(
        number=(number[1] or number[2]) if number else "",
        total_cents=cents.get("paid", cents.get("total", 0)),
        lines=lines(html),
        state=state[1] if state else "",
        path=path,
    )


def branches(html: str) -> tuple[Branch, ...]:
    """Shops in streets, and whether they have the article."""
    return tuple(Branch(key, unescape(name), int(pieces) > 0) for key, pieces, name in BRANCH.findall(html))


@lru_cache(64)
def deliveries(html: str) -> tuple[Method, ...]:
    """The ways of delivery of a form."""
    return tuple(Method(key, name, int(cents), kind) for key, kind, cents, name in DELIVERY.findall(html))


@lru_cache(64)
def payments(html: str) -> tuple[Method, ...]:
    """The ways of payment of a form."""
    return tuple(Method(key, name, 0, kind) for key, kind, name in PAYMENT.findall(html))


def choices(html: str) -> str:
    """The part of a form in which a way of delivery or payment is chosen."""
    return _between(html, "<fieldset>", "</fieldset>")


def token(html: str) -> str:
    """The visitor's ``csrf`` token, empty where the page has no form."""
    return _between(html, 'name="csrf" value="', '"')


def _cents(html: str) -> dict[str, int]:
    return {kind: int(cents) for kind, _, cents in CENTS.findall(html)}


def _between(html: str, begin: str, end: str) -> str:
    return html.partition(begin)[2].partition(end)[0]


@lru_cache(2048)
def _tiles(html: str) -> tuple[Article, ...]:
    return tuple(
        Article(slug, f"/product/{slug}", unescape(name), int(cents)) for slug, name, cents in TILE.findall(html)
    )


@lru_cache(64)
def _categories(html: str) -> tuple[Category, ...]:
    return tuple(Category(path, unescape(name)) for path, name in CATEGORY.findall(html))


@lru_cache(2048)
def _filters(html: str) -> tuple[Filter, ...]:
    return tuple(Filter(key, unescape(name), int(count)) for key, count, name in FILTER.findall(html))
