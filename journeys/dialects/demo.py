"""The demo shop's dialect: its paths, its forms, and what its pages say.

Every page is one request: forms are sent without following the redirect, and the next page is then asked for, as the
shop counts it too. Forms are known by their fields; the only hidden one is the visitor's ``csrf`` token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import unescape
from urllib.parse import quote_plus

from loadgen.commerce import (
    Article,
    Cart,
    Category,
    Customer,
    Declined,
    Filter,
    Line,
    Listing,
    LoginRefused,
    Method,
    Order,
    Refusal,
    SoldOut,
)
from loadgen.journey import Dialect

CATEGORY = re.compile(r'<li><a href="(/category/[^"]+)">([^<]+)')
TILE = re.compile(r'data-slug="([^"]+)">.*?class="name">([^<]+).*?data-cents="(\d+)"', re.DOTALL)
PAGES = re.compile(r'id="page">(\d+)</span> of <span id="pages">(\d+)')
OFFER = re.compile(r'<h1>([^<]+)</h1>\s*<p class="price" data-cents="(\d+)">.*?class="availability">([^<]*)', re.DOTALL)
STOCK = re.compile(r"Only (\d+) left")
LINE = re.compile(
    r'class="line" data-slug="([^"]+)">.*?<a [^>]*>([^<]+).*?name="quantity"[^>]*value="(\d+)".*?<td>(\d+)\.(\d\d)',
    re.DOTALL,
)
TOTAL = re.compile(r'class="total" data-cents="(\d+)"')
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
DELIVERY = re.compile(r'name="delivery" value="([^"]+)"[^>]*>\s*([^<]+?)(?:, (?:(\d+)\.(\d\d) €|free))?</label>')
NUMBER = re.compile(r'id="order-number">([^<]+)')
REASON = re.compile(r'class="message" data-code="([^"]+)">([^<]*)')

CARD = Method("card", "Card", kind="card")


class DemoShop(Dialect):
    """The demo shop, page by page.

    Attributes:
        card_number: what is paid with; 4000000000000002 is always declined.
    """

    card_number = "4111111111111111"

    _csrf = ""
    _logged_in = False
    _recipient: Mapping[str, str] = {}
    _deliveries: tuple[Method, ...] = ()
    _cart = Cart()

    def home(self) -> Listing:
        return self._listing("/")

    def category(self, category: Category, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        return self._listing(category.path if page == 1 else f"{category.path}?page={page}", "/category/{slug}")

    def search(self, words: str, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        path = f"/search?q={quote_plus(words)}"
        return replace(self._listing(path if page == 1 else f"{path}&page={page}"), words=words)

    def article(self, article: Article) -> Article:
        html = self._see(article.path, "/product/{slug}")
        found = OFFER.search(html)
        if found is None:
            return article
        left = STOCK.search(found[3])
        return replace(
            article,
            name=unescape(found[1]),
            price_cents=int(found[2]),
            available=found[3] != "Sold out",
            stock=int(left[1]) if left else None,
        )

    def add(self, article: Article, quantity: int = 1) -> Cart:
        self._send("/cart/add", {"slug": article.key, "quantity": str(quantity)}, SoldOut)
        return self.cart()

    def cart(self) -> Cart:
        return self._cart_of(self._see("/cart"))

    def change(self, line: Line, quantity: int) -> Cart:
        self._send("/cart/update", {"slug": line.key, "quantity": str(quantity)}, SoldOut)
        return self.cart()

    def register(self, customer: Customer) -> None:
        self._see("/register")
        self._send("/register", {"email": customer.email, "password": customer.password}, LoginRefused)
        self._logged_in = True

    def log_in(self, customer: Customer) -> None:
        self._see("/login")
        self._send("/login", {"email": customer.email, "password": customer.password}, LoginRefused)
        self._logged_in = True

    def check_out(self, customer: Customer) -> Cart:
        html = self._see("/checkout")
        self._deliveries = _deliveries_of(html.partition("<fieldset>")[2].partition("</fieldset>")[0])
        self.address(customer)
        return self._cart

    def address(self, customer: Customer) -> None:
        home = customer.address
        self._recipient = {
            "email": customer.email,
            "name": f"{customer.first_name} {customer.last_name}",
            "address": f"{home.line1}, {home.postcode} {home.city}",
        }

    def deliveries(self) -> tuple[Method, ...]:
        return self._deliveries

    def deliver(self, method: Method) -> Cart:
        fields = {} if self._logged_in else self._recipient  # the shop knows where its customers live
        self._send("/checkout/delivery", {**fields, "delivery": method.key})
        html = self._see("/checkout/payment")
        self._cart = replace(self._cart, delivery_cents=method.price_cents, total_cents=_total_of(html))
        return self._cart

    def payments(self) -> tuple[Method, ...]:
        return (CARD,)

    def pay(self, method: Method) -> Order:
        path = self._send("/checkout/payment", {"card_number": self.card_number}, SoldOut, Declined)
        html = self._see(path, "/checkout/confirmation/{order}")
        number = NUMBER.search(html)
        return Order(number[1] if number else "", _total_of(html) or 0, lines=self._cart.lines, path=path)

    # -- pages and forms --------------------------------------------------------------------------------------------

    def _see(self, path: str, name: str | None = None) -> str:
        """Open a page and return its HTML."""
        html = self.shopper.must(self.client.get(path, name=name)).text or ""
        if not self._csrf and (token := CSRF.search(html)):
            self._csrf = token[1]
        return html

    def _listing(self, path: str, name: str | None = None) -> Listing:
        html = self._see(path, name)
        pages = PAGES.search(html)
        return Listing(
            articles=_tiles_of(html.partition('<ul class="tiles">')[2].partition("</ul>")[0]),
            categories=_categories_of(html.partition('class="categories">')[2].partition("</ul>")[0]),
            page=int(pages[1]) if pages else 1,
            has_more=bool(pages) and int(pages[1]) < int(pages[2]),
            path=path,
        )

    def _cart_of(self, html: str) -> Cart:
        lines = tuple(
            Line(slug, int(quantity), int(euros) * 100 + int(cents), key=slug, name=unescape(name))
            for slug, name, quantity, euros, cents in LINE.findall(html)
        )
        self._cart = Cart(lines, goods_cents=_total_of(html), total_cents=_total_of(html))
        return self._cart

    def _send(self, action: str, fields: Mapping[str, str], *refusals: type[Refusal]) -> str:
        """Send a form and return the path of the page that follows.

        Args:
            action: where the form goes.
            fields: what the visitor fills in.
            refusals: what the shop may say no with there; any other error ends the journey.
        """
        form = {"csrf": self._csrf, **fields}
        with self.client.post(action, form, allow_redirects=False, catch_response=True) as answer:
            refusal = None if answer.status_code < 400 else _refusal_of(answer.text or "", refusals)
            if refusal is not None:
                answer.success()  # the shop did its work
        if refusal is not None:
            raise refusal
        return str(self.shopper.must(answer).headers["Location"])


CODES = {
    "out_of_stock": SoldOut,
    "card_declined": Declined,
    "login_failed": LoginRefused,
    "email_taken": LoginRefused,
}
"""What the shop's own words for a refusal mean."""


def _refusal_of(html: str, expected: Sequence[type[Refusal]]) -> Refusal | None:
    reason = REASON.search(html)
    kind = CODES.get(reason[1]) if reason else None
    return kind(unescape(reason[2])) if reason and kind and kind in expected else None


@lru_cache(2048)
def _tiles_of(html: str) -> tuple[Article, ...]:
    """Many visitors see the same shelves, so each is read once."""
    return tuple(
        Article(slug, f"/product/{slug}", unescape(name), int(cents)) for slug, name, cents in TILE.findall(html)
    )


@lru_cache(64)
def _categories_of(html: str) -> tuple[Category, ...]:
    return tuple(Category(path, unescape(name)) for path, name in CATEGORY.findall(html))


@lru_cache(64)
def _deliveries_of(html: str) -> tuple[Method, ...]:
    return tuple(
        Method(key, name, int(euros) * 100 + int(cents) if euros else 0, "pickup" if key == "pickup" else "home")
        for key, name, euros, cents in DELIVERY.findall(html)
    )


def _total_of(html: str) -> int | None:
    total = TOTAL.search(html)
    return int(total[1]) if total else None
