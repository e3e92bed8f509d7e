"""The dialect of django-oscar: a shop of pages, with forms that hold CSRF tokens.

What a visitor sees next depends on the page at hand, so the dialect keeps the last one: its forms are sent back as they
stand there, filled in, with the page as their ``Referer``. A form is sent without following the redirect, and the page
that follows is asked for, as the shop counts it too. Oscar answers a refusal like a success, with a redirect; the page
that follows tells which it was. Its words are read in English.

The till is a walk along pages, of which some only redirect and must be visited nevertheless::

    check_out    /checkout/                         a guest leaves an address, a customer is sent on
    address      /checkout/shipping-address/        a form
    deliveries   /checkout/shipping-method/         forms, one for each; or a redirect where there is only one
    deliver      /checkout/payment-method/          a redirect
    payments     /checkout/payment-details/         nothing to choose, unless the shop adds it
    pay          /checkout/preview/                 a form ──▶ /checkout/thank-you/, or /basket/ when something is gone
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import oscar_pages as pages

from loadgen.commerce import (
    Article,
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
    Refusal,
    SoldOut,
)
from loadgen.journey import Dialect
from loadgen.journey.http.response import Response
from loadgen.markup import Form, forms_of

WISH_LIST = re.compile(r'<td><a href="(/accounts/wishlists/[^"]+)">')

INVOICE = Method("", "on account", kind="invoice")
"""Out of the box Oscar takes no money: every order is on account."""


class Oscar(Dialect):
    """A django-oscar shop, page by page."""

    currency = "GBP"
    rounding_cents = 1  # a discount in percent is shared out among the lines, each rounded by itself

    _html = ""
    _path = ""
    _email = ""
    _cart = Cart()

    # -- looking around ---------------------------------------------------------------------------------------------

    def home(self) -> Listing:
        return replace(self._listing("/"), path="/catalogue/")  # where its redirect leads to

    def category(self, category: Category, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        return self._listing(category.path, page, narrowed, name="/catalogue/category/{path}/")

    def search(self, words: str, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        return self._listing("/search/", page, narrowed, words)

    def article(self, article: Article) -> Article:
        return pages.article(self._see(article.path, "/catalogue/{slug}/"), article)

    # -- the cart ---------------------------------------------------------------------------------------------------

    def add(self, article: Article, quantity: int = 1) -> Cart:
        """As in the base; the cart returned is the small one in the page's corner."""
        self._open(article)
        form = self._form(f"/basket/add/{article.key}/")
        if form is None:
            raise SoldOut("the page has no button to buy it")
        html = self._see(self._send(form, quantity=str(quantity)), "/catalogue/{slug}/")
        if "alert-danger" in html:
            raise SoldOut(pages.told(html))
        self._cart = pages.corner(html)
        return self._cart

    def cart(self) -> Cart:
        self._cart = pages.cart(self._see("/basket/"))
        return self._cart

    def change(self, line: Line, quantity: int) -> Cart:
        shown = {each.article: each.key for each in self._at_the_cart().lines}
        form, key = self._form(having="form-TOTAL_FORMS"), line.key or shown.get(line.article)
        fields = form.fields.items() if form else ()
        numbered = [name.removesuffix("id") for name, value in fields if name.endswith("-id") and value == key]
        if form is None or not numbered:
            raise SoldOut("it is not in the cart any more")
        if not self._send(form, **{f"{numbered[0]}quantity": str(quantity)}):
            raise SoldOut(pages.told(self._html))
        return self.cart()

    def redeem(self, coupon: str) -> Cart:
        self._at_the_cart()
        form = self._form("/basket/vouchers/add/")
        if form is None:
            raise CouponRefused("the cart is empty")
        self._send(form, code=coupon)
        cart = self.cart()
        if coupon.upper() not in cart.coupons:
            raise CouponRefused(pages.told(self._html))
        return cart

    # -- customers --------------------------------------------------------------------------------------------------

    def register(self, customer: Customer) -> None:
        self._enter(
            "registration",
            email=customer.email,
            password1=customer.password,
            password2=customer.password,
            redirect_url="",
        )

    def log_in(self, customer: Customer) -> None:
        self._enter("login", username=customer.email, password=customer.password, redirect_url="")

    def _enter(self, kind: str, **fields: str) -> None:
        self._see("/accounts/login/")
        form = self._form(having=f"{kind}-redirect_url") or Form("/accounts/login/")
        wanted = {f"{kind}-{name}": value for name, value in fields.items()}
        follows = self._send(form, **wanted, **{f"{kind}_submit": "yes"})
        if not follows:
            raise LoginRefused(pages.told(self._html))
        self._see(follows)

    # -- the till ---------------------------------------------------------------------------------------------------

    def check_out(self, customer: Customer) -> Cart:
        """As in the base; Oscar shows no cart there, so it is the one that the visitor saw last.

        Raises:
            SoldOut: something in the cart is gone meanwhile.
            LoginRefused: a customer with that address must log in first.
        """
        self._email = customer.email
        follows = self._step("/checkout/")
        if not follows:
            form = self._form("/checkout/") or self._form(having="options") or Form("/checkout/")
            follows = self._send(form, username=customer.email, options="anonymous")
            if not follows:
                raise LoginRefused(pages.told(self._html))
        self._step(follows)
        return self._cart

    def address(self, customer: Customer) -> None:
        """As in the base.

        Raises:
            Refusal: the shop does not take the address.
        """
        home = customer.address
        form = self._form(having="line1") or Form("/checkout/shipping-address/")
        where = {"line1": home.line1, "line4": home.city, "postcode": home.postcode, "country": home.country}
        if not self._send(form, first_name=customer.first_name, last_name=customer.last_name, **where):
            raise Refusal(pages.told(self._html))

    def deliveries(self) -> tuple[Method, ...]:
        """As in the base; where there is only one, Oscar does not say what it is called and costs."""
        follows = self._step("/checkout/shipping-method/")
        if follows:
            return () if follows == "/checkout/shipping-address/" else (Method("", kind="home"),)
        return pages.methods(self._html)

    def deliver(self, method: Method) -> Cart:
        """As in the base; Oscar shows no total before the page that orders, which belongs to :meth:`pay`.

        Raises:
            Refusal: it is not on offer.
        """
        if method.key:
            form = self._form("/checkout/shipping-method/")
            if form is None or not self._send(form, method_code=method.key):
                raise Refusal("that way of delivery is not on offer")
            self._cart = replace(self._cart, delivery_cents=method.price_cents, total_cents=None)
        self._step("/checkout/payment-method/")
        return self._cart

    def payments(self) -> tuple[Method, ...]:
        self._step("/checkout/payment-details/")
        return (INVOICE,)

    def pay(self, method: Method) -> Order:
        asks = self._step("/checkout/preview/")
        form = None if asks else self._form("/checkout/preview/")
        if form is None:
            raise Refusal(f"there is no order to confirm yet: the shop sends back to {asks or 'another page'}")
        follows = self._send(form)
        if not follows:
            raise Declined(pages.told(self._html))
        if follows == "/basket/":
            raise SoldOut(pages.told(self._see("/basket/")))
        if follows != "/checkout/thank-you/":
            raise Challenged(follows)
        order = pages.confirmation(self._see(follows))
        self._cart = Cart()
        return order

    # -- afterwards -------------------------------------------------------------------------------------------------

    def order(self, order: Order) -> Order:
        """As in the base; a guest is asked for the address that the order was made with.

        Raises:
            LoginRefused: it is somebody else's.
            NoSuchOrder: there is none.
        """
        guests = order.path.startswith("/accounts/order-status/")
        name = "/accounts/order-status/{order}/" if guests else "/accounts/orders/{order}/"
        asks = self._step(order.path, name, NoSuchOrder)
        if asks:
            self._see(asks, "/accounts/order-status-form/{order}/" if guests else None)
            form = self._form(having="email") if guests else None
            follows = self._send(form, "/accounts/order-status-form/{order}/", email=self._email) if form else ""
            if not follows:
                raise LoginRefused(pages.told(self._html))
            self._see(follows, name)
        return pages.order(self._html, order)

    def wish(self, article: Article) -> None:
        """As in the base; the first wish makes the list.

        Raises:
            LoginRefused: the visitor has not logged in.
        """
        html = self._open(article)
        form = self._form(f"/accounts/wishlists/add/{article.key}/")
        link = re.search(rf'href="(/accounts/wishlists/\w+/add/{article.key}/)"', html)
        if form is not None:
            self._see(self._send(form), "/catalogue/{slug}/")
        elif link is not None:
            self._see(link[1], "/accounts/wishlists/{list}/add/{article}/")
        elif "Please login" in html:
            raise LoginRefused("wish lists are for customers")

    def wishes(self) -> Listing:
        mine = WISH_LIST.search(self._see("/accounts/wishlists/"))
        if mine is None:
            return Listing()
        html = self._see(mine[1], "/accounts/wishlists/{list}/").partition("<table")[2].partition("</table>")[0]
        return Listing(pages.articles(html), path=mine[1])

    # -- pages and forms --------------------------------------------------------------------------------------------

    def _see(self, path: str, name: str | None = None) -> str:
        """Open a page and return its HTML."""
        self._html, self._path = self.open(path, name), path
        return self._html

    def _step(self, path: str, name: str | None = None, missing: type[Refusal] | None = None) -> str:
        """Go on to a page that may not be shown; returns where it sends the visitor on to, empty if it is.

        Args:
            path: of the page.
            name: what it is counted under.
            missing: what a 404 means there.

        Raises:
            SoldOut: it sends back to the cart.
        """
        answer = self.client.get(path, name=name, allow_redirects=False)
        if missing is not None and answer.status_code == HTTPStatus.NOT_FOUND:
            raise missing("the shop has no such page")
        follows = _leads_to(self.shopper.must(answer))
        if follows == "/basket/":
            raise SoldOut(pages.told(self._see(follows)))
        if not follows:
            self._html, self._path = answer.text or "", path
        return follows

    def _form(self, action: str = "", having: str = "") -> Form | None:
        """A form of the page at hand, by its action or by one of its fields."""
        for form in forms_of(self._html):
            if form.action == action if action else having in form.fields:
                return form
        return None

    def _send(self, form: Form, name: str | None = None, /, **fields: str) -> str:
        """Send a form; returns where it leads to, or nothing when the shop shows the form again."""
        action = form.action or self._path
        filled = {**form.fields, **fields}
        from_here = {"Referer": f"{self.client.base_url}{self._path}"}  # where Oscar sends the visitor back to
        posted = self.client.post(action, filled, name=name, headers=from_here, allow_redirects=False)
        answer = self.shopper.must(posted)
        follows = _leads_to(answer)
        if not follows:
            self._html = answer.text or ""
        return follows

    def _open(self, article: Article) -> str:
        """Be on an article's page."""
        return self._html if self._path == article.path else self._see(article.path, "/catalogue/{slug}/")

    def _at_the_cart(self) -> Cart:
        return pages.cart(self._html) if self._path == "/basket/" else self.cart()

    def _listing(
        self, path: str, page: int = 1, narrowed: Sequence[Filter] = (), words: str = "", name: str | None = None
    ) -> Listing:
        asked = [("q", words)] if words else []
        asked += [("selected_facets", each.key) for each in narrowed]
        asked += [("page", str(page))] if page > 1 else []
        html = self._see(f"{path}?{urlencode(asked)}" if asked else path, name or path)
        return pages.listing(html, page, path, words)


def _leads_to(answer: Response) -> str:
    """The path and query that it redirects to; empty if it does not."""
    to = urlsplit(str(answer.headers.get("Location") or "") if answer.headers else "")
    return f"{to.path}?{to.query}" if to.query else to.path
