"""The demo shop's dialect: its paths, its forms, and what it says no with. What its pages say is in ``demo_pages.py``.

Every page is one request: forms are sent without following the redirect, and the next page is then asked for, as the
shop counts it too. Forms are known by their fields; the only hidden one that matters is the visitor's ``csrf`` token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, quote_plus, urlsplit

import demo_pages as pages

from loadgen.commerce import (
    Article,
    Branch,
    Cart,
    Category,
    Challenged,
    CouponRefused,
    Customer,
    Declined,
    Filter,
    Line,
    Listing,
    LoginRefused,
    Method,
    NoSuchOrder,
    Order,
    Queued,
    Refusal,
    SoldOut,
)
from loadgen.journey import Dialect

CHALLENGE = "/checkout/challenge/"


class DemoShop(Dialect):
    """The demo shop, page by page.

    Attributes:
        card_number: what is paid with; 4000000000000002 is always declined, 4000000000003220 asks for 3-D Secure.
    """

    card_number = "4111111111111111"

    _csrf = ""
    _logged_in = False
    _recipient: Mapping[str, str] = {}
    _deliveries: tuple[Method, ...] = ()
    _payments: tuple[Method, ...] = ()

    # -- looking around ---------------------------------------------------------------------------------------------

    def home(self) -> Listing:
        return pages.listing(self._see("/"), "/")

    def category(self, category: Category, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        """As in the base; the private sale is one, for those who are logged in: ``Category("/private-sale")``."""
        path = _narrowed(category.path, narrowed)
        return pages.listing(self._see(_numbered(path, page), "/category/{slug}"), path)

    def search(self, words: str, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        path = _narrowed(f"/search?q={quote_plus(words)}", narrowed)
        return pages.listing(self._see(_numbered(path, page)), path, words)

    def article(self, article: Article) -> Article:
        return pages.article(self._see(article.path, "/product/{slug}"), article)

    # -- the cart ---------------------------------------------------------------------------------------------------

    def add(self, article: Article, quantity: int = 1) -> Cart:
        self._send("/cart/add", {"slug": article.key, "quantity": str(quantity)}, SoldOut)
        return self.cart()

    def cart(self) -> Cart:
        return pages.cart(self._see("/cart"))

    def change(self, line: Line, quantity: int) -> Cart:
        self._send("/cart/update", {"slug": line.key, "quantity": str(quantity)}, SoldOut)
        return self.cart()

    def redeem(self, coupon: str) -> Cart:
        self._send("/cart/coupon", {"coupon": coupon}, CouponRefused)
        return self.cart()

    # -- customers --------------------------------------------------------------------------------------------------

    def register(self, customer: Customer) -> None:
        self._see("/register")
        self._send("/register", {"email": customer.email, "password": customer.password}, LoginRefused)
        self._logged_in = True

    def log_in(self, customer: Customer) -> None:
        self._see("/login")
        self._send("/login", {"email": customer.email, "password": customer.password}, LoginRefused)
        self._logged_in = True

    # -- the till ---------------------------------------------------------------------------------------------------

    def check_out(self, customer: Customer) -> Cart:
        html = self._see("/checkout")
        self._deliveries = pages.deliveries(pages.choices(html))
        self.address(customer)
        return pages.cart(html)

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
        self._payments = pages.payments(pages.choices(html))
        return pages.cart(html)

    def payments(self) -> tuple[Method, ...]:
        return self._payments

    def pay(self, method: Method) -> Order:
        card = {"card_number": self.card_number} if method.kind == "card" else {}
        path = self._send("/checkout/payment", {"payment": method.key, **card}, SoldOut, Declined, CouponRefused)
        if path.startswith(CHALLENGE):
            raise Challenged(path, "the bank wants to see the customer")
        return self._confirmed(path)

    def prove(self, challenge: str, *, as_wanted: bool = True) -> Order:
        self._see(challenge, CHALLENGE + "{challenge}")
        answer = {"challenge": challenge.removeprefix(CHALLENGE), "answer": "prove" if as_wanted else "cancel"}
        path = self._send("/checkout/challenge", answer, SoldOut, CouponRefused)
        if not as_wanted:
            self._see(path)
            raise Declined("the payment was cancelled")
        return self._confirmed(path)

    # -- afterwards -------------------------------------------------------------------------------------------------

    def order(self, order: Order) -> Order:
        return pages.order(self._see(order.path, _place(order) + "{number}", NoSuchOrder), order.path)

    def cancel(self, order: Order) -> None:
        """As in the base, by the button on its page; whoever has the order's path may do so."""
        self.order(order)
        email = parse_qs(urlsplit(order.path).query)["email"][0]
        self._send(f"{_place(order)}cancel", {"number": order.number, "email": email})

    def wish(self, article: Article) -> None:
        self._send("/wishlist/add", {"slug": article.key})

    def wishes(self) -> Listing:
        return pages.listing(self._see("/wishlist"), "/wishlist")

    # -- shops in streets -------------------------------------------------------------------------------------------

    def branches(self, article: Article) -> tuple[Branch, ...]:
        return pages.branches(self._see(f"/branches/{article.key}", "/branches/{sku}"))

    def reserve(self, article: Article, branch: Branch, customer: Customer) -> Order:
        self.address(customer)
        form = {**self._recipient, "slug": article.key, "branch": branch.key}
        path = self._send("/branches/reserve", form, SoldOut)
        return self._tracked(pages.order(self._see(path, "/reservations/{number}"), path))

    # -- pages and forms --------------------------------------------------------------------------------------------

    def _see(self, path: str, name: str | None = None, missing: type[Refusal] | None = None) -> str:
        """Open a page and return its HTML."""
        html = self.open(path, name, missing)
        _not_queued(html, path)
        self._csrf = self._csrf or pages.token(html)
        return html

    def _confirmed(self, path: str) -> Order:
        order = pages.order(self._see(path, "/checkout/confirmation/{order}"), "/orders/")
        return self._tracked(order)

    def _tracked(self, order: Order) -> Order:
        """The same with the path under which anybody who knows the e-mail address finds it."""
        path = f"{_place(order)}{order.number}?email={quote_plus(self._recipient['email'])}"
        return replace(order, path=path)

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
        if self.shopper.must(answer).status_code == 200:
            _not_queued(answer.text or "", action)
        return str(answer.headers["Location"])


CODES = {
    "out_of_stock": SoldOut,
    "card_declined": Declined,
    "coupon_unknown": CouponRefused,
    "coupon_used_up": CouponRefused,
    "email_taken": LoginRefused,
    "login_failed": LoginRefused,
}
"""What the shop's own words for a refusal mean."""


def _refusal_of(html: str, expected: Sequence[type[Refusal]]) -> Refusal | None:
    said = pages.MESSAGE.search(html)
    kind = CODES.get(said[1]) if said else None
    return kind(unescape(said[3])) if said and kind and kind in expected else None


def _not_queued(html: str, path: str) -> None:
    if 'data-code="queued"' in html and (said := pages.MESSAGE.search(html)):
        raise Queued(path, float(said[2]))


def _place(order: Order) -> str:
    return "/reservations/" if order.path.startswith("/reservations/") else "/orders/"


def _narrowed(path: str, narrowed: Sequence[Filter]) -> str:
    for choice in narrowed:
        path += ("&" if "?" in path else "?") + choice.key
    return path


def _numbered(path: str, page: int) -> str:
    return path if page == 1 else f"{path}{'&' if '?' in path else '?'}page={page}"
