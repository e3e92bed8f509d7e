"""What django-oscar's pages say, as values: pure functions from HTML, for ``oscar.py``.

Pages are read by expressions on their text: first the part of the page that is meant, then what is in it. Oscar's
labels are read in English. Money is shown with two decimals, so its cents are its digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import unquote_plus

from loadgen.commerce import Article, Cart, Category, Filter, Line, Listing, Method, Order

TAG = re.compile(r"<[^>]*>")
TILE = re.compile(r'<h3[^>]*>\s*<a href="([^"]+_(\d+)/)" title="([^"]*)"')
ARTICLE = re.compile(r'<a href="(/catalogue/[^"]+_(\d+)/)">([^<]*[^<\s][^<]*)</a>')
CATEGORY = re.compile(r'<a href="(/catalogue/category/[^"]+)">([^<]+)</a>')
FILTER = re.compile(r'<a href="[^"]*selected_facets=([^"&]+)">([^<]+)</a>\s*\((\d+)\)')
PRICE = re.compile(r'class="[^"]*price_color[^"]*">(.*?)</(?:p|div)>', re.DOTALL)
AVAILABILITY = re.compile(r'class="(\w+) availability">(.*?)</p>', re.DOTALL)
STOCK = re.compile(r"\((\d+) available\)")
PIECES = re.compile(r'-quantity" value="(\d+)"|Qty</strong> (\d+)|text-center">\s*(\d+)')
LINE_KEY = re.compile(r'name="form-\d+-id" value="(\d+)"')
ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
COUPON = re.compile(r"\((\w+)\)$")
METHOD = re.compile(r'<h4>(.*?)</h4>.*?class="col-sm-1">(.*?)</div>.*?name="method_code" value="([^"]+)"', re.DOTALL)
ALERT = re.compile(r'class="(?:alert [^"]*alert-(?:danger|warning)|error-block)[^"]*">(.*?)</(?:div|span)>', re.DOTALL)
NUMBER = re.compile(r"order number is\s*<strong>([^<]+)")
TRACKING = re.compile(r'href="(/accounts/order-status/[^"]+)"')
STATUS = re.compile(r"<h[23]>Status</h[23]>\s*(?:</div>\s*)?<p>([^<]*)")


def listing(html: str, page: int = 1, path: str = "", words: str = "") -> Listing:
    """A page of tiles, with the categories and filters beside them."""
    return Listing(
        tuple(_tiles(html)),
        tuple(dict.fromkeys(Category(path, text(name)) for path, name in CATEGORY.findall(html))),
        tuple(Filter(unquote_plus(key), text(name), int(count)) for key, name, count in FILTER.findall(html)),
        page,
        has_more=f'page={page + 1}"' in html,
        path=path,
        words=words,
    )


def _tiles(html: str) -> Iterator[Article]:
    for part in html.split('class="product_pod"')[1:]:
        tile = part.partition("</article>")[0]
        if found := TILE.search(tile):
            yield _offer(Article(found[2], found[1], unescape(found[3])), tile)


def article(html: str, known: Article) -> Article:
    """An article's own page. Oscar shows a parent's variants there, each with a page where it is bought."""
    main = html.partition("product_main")[2].partition("<!-- /col-sm-6 -->")[0]
    name = text(main.partition("<h1>")[2].partition("</h1>")[0])
    return _offer(replace(known, name=name or known.name, variants=articles(main)), main)


def _offer(shown: Article, html: str) -> Article:
    """What a tile or a page says about buying it."""
    price, availability = PRICE.search(html), AVAILABILITY.search(html)
    if price is None or availability is None:
        return replace(shown, available=False)
    left = STOCK.search(availability[2])
    return replace(
        shown,
        price_cents=cents(price[1]),
        available=availability[1] in ("instock", "available"),
        stock=int(left[1]) if left else None,
    )


def articles(html: str) -> tuple[Article, ...]:
    """Plain links to articles: variants, a wish list."""
    return tuple(Article(key, path, unescape(name)) for path, key, name in ARTICLE.findall(html))


def corner(html: str) -> Cart:
    """The small cart in the corner of every page; it shows the price of one piece of each line."""
    small = html.partition('class="basket-mini-item')[2].partition("</ul>")[0]
    lines = _lines(small.split("<li>")[1:])
    return Cart(tuple(replace(each, total_cents=(each.total_cents or 0) * each.quantity) for each in lines))


def cart(html: str) -> Cart:
    """The cart's own page, the preview of an order, or its confirmation: lines and a table of totals."""
    above, _, totals = html.partition('id="basket_totals"')
    goods = delivery = total = None
    discount, coupons = 0, []
    for part, label, shown in _rows(totals):
        if label == "Order total":
            total = cents(shown)
        elif part == "Shipping":
            delivery = delivery if label == "Shipping method" or shown.startswith("-") else cents(shown)
        elif shown.startswith("-"):
            discount += cents(shown)
            coupons += COUPON.findall(label)
        elif goods is None:
            goods = cents(shown)
    return Cart(
        tuple(_lines(above.split('class="basket-items"')[1:])), goods, delivery, discount, total, tuple(coupons)
    )


def _lines(parts: list[str]) -> Iterator[Line]:
    for part in parts:
        link, pieces, prices, key = (
            ARTICLE.search(part),
            PIECES.search(part),
            PRICE.findall(part),
            LINE_KEY.search(part),
        )
        if link and pieces and prices:
            quantity = int(next(filter(None, pieces.groups())))
            yield Line(link[2], quantity, cents(prices[-1]), key[1] if key else "", unescape(link[3]))


def _rows(html: str) -> Iterator[tuple[str, str, str]]:
    """The rows of a table of totals: the heading that they stand below, their first cell and their last."""
    heading = ""
    for row in ROW.findall(html):
        cells = [text(cell) for cell in CELL.findall(row)]
        if len(cells) == 1:
            heading = cells[0] or heading
        elif cells and cells[0]:
            yield heading, cells[0], cells[-1]


def methods(html: str) -> tuple[Method, ...]:
    """Ways of delivery, each with a form of its own."""
    found = [METHOD.search(part) for part in html.split('class="basket-items"')[1:]]
    return tuple(Method(each[3], text(each[1]), cents(each[2]), "home") for each in found if each)


def confirmation(html: str) -> Order:
    """The page after an order. A guest gets a link to look at it again, a customer finds it in the account.

    Raises:
        AssertionError: the page tells no order number.
    """
    number, tracking, bought = NUMBER.search(html), TRACKING.search(html), cart(html)
    assert number, "the confirmation tells no order number"
    assert bought.total_cents is not None, "the confirmation tells no total"
    path = unescape(tracking[1]) if tracking else f"/accounts/orders/{number[1]}/"
    return Order(number[1], bought.total_cents, bought.lines, path=path)


def order(html: str, known: Order) -> Order:
    """An order's page."""
    state, totals = STATUS.search(html), {label: shown for _, label, shown in _rows(html)}
    return replace(known, state=text(state[1]) if state else "", total_cents=cents(totals["Order total"]))


def told(html: str) -> str:
    """What the shop complains about: the most particular of its messages."""
    complaints = ALERT.findall(html)
    return text(complaints[-1]).lstrip("× ") if complaints else ""


def text(html: str) -> str:
    """What is read of a piece of HTML, in one line."""
    return " ".join(unescape(TAG.sub(" ", html)).split())


def cents(html: str) -> int:
    """The digits of an amount; 0 where it is free."""
    return int("".join(filter(str.isdecimal, text(html))) or 0)
