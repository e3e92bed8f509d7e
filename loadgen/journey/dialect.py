"""How one shop is spoken to: one method for each thing that a visitor does there.

What visitors want is written once, in journeys; how a shop hears it is written once, in its dialect. A plan names the
dialect, so the same sales day rehearses an HTML shop and a headless one::

    class GuestBuyer(Visitor):                       class DemoShop(Dialect):
        def journey(self):                               def search(self, words, page=1):
            found = self.search("lamp")    ──▶               answer = self.get(f"/search?q={words}")
            ...                                              return Listing(articles=..., words=words)

A dialect sends requests and reads answers, nothing else: steps, think times, counts and what to do after a refusal
belong to journeys. It belongs to one shopper, so it may remember what its shop needs between requests (a token, the
form of the last page). Where a page that a visitor sees takes several requests, a method makes all of them.

A method that a dialect leaves out raises :class:`~loadgen.commerce.Unsupported`; ``can`` tells before.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn

from loadgen.commerce import (
    Article,
    Branch,
    Cart,
    Category,
    Customer,
    Filter,
    Line,
    Listing,
    Method,
    Order,
    Refusal,
    Unsupported,
)

if TYPE_CHECKING:
    from loadgen.journey.http.client import Client
    from loadgen.journey.http.pages.page import Page
    from loadgen.journey.http.response import Response
    from loadgen.journey.shopper import Shopper


class Dialect:
    """One shop, as one shopper speaks to it.

    Every method may raise what a request may raise, ``GaveUp`` where the shop answers with an error (see
    :meth:`Shopper.must`), and the refusals that it names.

    Args:
        shopper: whose client is used, and whose ``form`` and ``must``.
    """

    currency: str = "EUR"
    """What the shop's cents are cents of."""

    rounding_cents: int = 0
    """How far sums of the shop may be off because it rounds, before they count as wrong."""

    def __init__(self, shopper: Shopper) -> None:
        self.shopper = shopper

    @property
    def client(self) -> Client:
        """The shopper's HTTP client."""
        return self.shopper.client

    def can(self, method: str) -> bool:
        """Whether this dialect has that method: ``if self.shop.can("wish")``."""
        return getattr(type(self), method) is not getattr(Dialect, method)

    def open(self, path: str, name: str | None = None, missing: type[Refusal] | None = None) -> str:
        """Open a page and return its HTML: what methods of a shop of pages begin with.

        Its stylesheets, scripts and pictures come with it where the shopper loads them (``Shopper.assets``).

        Args:
            path: where it is.
            name: what it is counted under, where the path varies: ``/product/{slug}``.
            missing: the refusal that the status 404 means there; by default it is an error like others.

        Raises:
            GaveUp: the shop answers with an error.
        """
        shopper = self.shopper
        answer: Page | Response
        answer = shopper.client.page(path, name=name) if shopper.assets else shopper.client.get(path, name=name)
        if missing is not None and answer.status_code == HTTPStatus.NOT_FOUND:
            raise missing("the shop has no such page")
        return shopper.must(answer).text or ""

    # -- looking around ---------------------------------------------------------------------------------------------

    def home(self) -> Listing:
        """Open the first page."""
        self._lacks("a home page")

    def category(self, category: Category, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        """Open a category, or another page of it, narrowed by some of its filters."""
        self._lacks("categories")

    def search(self, words: str, page: int = 1, narrowed: Sequence[Filter] = ()) -> Listing:
        """Search, as visitors do: nothing found is an empty listing."""
        self._lacks("a search")

    def article(self, article: Article) -> Article:
        """Open an article's own page; returns it with all that the page tells."""
        self._lacks("pages of articles")

    # -- the cart ---------------------------------------------------------------------------------------------------

    def add(self, article: Article, quantity: int = 1) -> Cart:
        """Put some of an article, or of one of its variants, into the cart, from its page; returns the cart then shown.

        Raises:
            SoldOut: there are not so many.
        """
        self._lacks("a cart")

    def cart(self) -> Cart:
        """Look into the cart."""
        self._lacks("a cart")

    def change(self, line: Line, quantity: int) -> Cart:
        """Change how many of a line; 0 takes it out.

        Raises:
            SoldOut: there are not so many.
        """
        self._lacks("changes in the cart")

    def redeem(self, coupon: str) -> Cart:
        """Enter a coupon.

        Raises:
            CouponRefused: the shop does not take it.
        """
        self._lacks("coupons")

    # -- customers --------------------------------------------------------------------------------------------------

    def register(self, customer: Customer) -> None:
        """Open an account, and be logged in.

        Raises:
            LoginRefused: the shop does not take them.
        """
        self._lacks("registration")

    def log_in(self, customer: Customer) -> None:
        """Log in.

        Raises:
            LoginRefused: unknown, or the wrong password.
        """
        self._lacks("a login")

    # -- the till ---------------------------------------------------------------------------------------------------

    def check_out(self, customer: Customer) -> Cart:
        """Go to the till: as a guest with that e-mail address, unless logged in. Returns the cart shown there.

        Raises:
            SoldOut: something in the cart is gone meanwhile.
        """
        self._lacks("a checkout")

    def address(self, customer: Customer) -> None:
        """Say where the order goes."""
        self._lacks("addresses")

    def deliveries(self) -> tuple[Method, ...]:
        """The ways of delivery on offer for this cart and address."""
        self._lacks("ways of delivery")

    def deliver(self, method: Method) -> Cart:
        """Choose one; returns what is to be paid."""
        self._lacks("ways of delivery")

    def payments(self) -> tuple[Method, ...]:
        """The ways of payment on offer."""
        self._lacks("ways of payment")

    def pay(self, method: Method) -> Order:
        """Order and pay, and see the confirmation.

        Raises:
            SoldOut: something in the cart is gone meanwhile.
            Declined: the payment was turned down.
            Challenged: the bank wants to see the customer first; see :meth:`prove`.
        """
        self._lacks("payment")

    def prove(self, challenge: str, *, as_wanted: bool = True) -> Order:
        """Answer the bank's challenge.

        Args:
            challenge: its path.
            as_wanted: False cancels it.

        Raises:
            Declined: it was cancelled, or failed.
        """
        self._lacks("3-D Secure")

    # -- afterwards -------------------------------------------------------------------------------------------------

    def order(self, order: Order) -> Order:
        """Look at an order again: its state, its total.

        Raises:
            NoSuchOrder: the shop does not know it.
        """
        self._lacks("order tracking")

    def cancel(self, order: Order) -> None:
        """Undo an order: how a run's orders are cleaned up."""
        self._lacks("cancelling")

    def wish(self, article: Article) -> None:
        """Put an article on the wish list."""
        self._lacks("a wish list")

    def wishes(self) -> Listing:
        """Look at the wish list."""
        self._lacks("a wish list")

    # -- shops in streets -------------------------------------------------------------------------------------------

    def branches(self, article: Article) -> tuple[Branch, ...]:
        """Find shops that may have an article."""
        self._lacks("branches")

    def reserve(self, article: Article, branch: Branch, customer: Customer) -> Order:
        """Reserve one there, to be paid and fetched.

        Raises:
            SoldOut: that branch has none.
        """
        self._lacks("reservations")

    def _lacks(self, what: str) -> NoReturn:
        raise Unsupported(f"{type(self).__name__} has no {what}")
