"""The mixes of TPC-W, the benchmark of a bookshop: browsing, shopping and ordering, as graphs.

======== ============ ===================================================================
mix      browse/order what it is like
======== ============ ===================================================================
browsing 95 / 5       WIPSb: an ordinary evening
shopping 80 / 20      WIPS: the benchmark's own measure
ordering 50 / 50      WIPSo: the sales, or a shop where companies buy
======== ============ ===================================================================

The transitions are those of the specification (TPC Benchmark W, version 1.8), of which each state's row is given as
running sums out of 9999; they are taken here as the University of Wisconsin's Java TPC-W has them in
``rbe/EBTPCW1Factory``, ``EBTPCW2Factory`` and ``EBTPCW3Factory``. Think times are exponential, 7 s in the mean.

What differs:

- The two states of administrators (0.1 % and 0.09 % of the interactions) are left out: visitors cannot change articles.
  Their share goes home.
- A visit ends at the home page. TPC-W draws an exponential time of 15 min in the mean, and ends when the visitor comes
  home after that; here each return ends it with the probability that it then has.
- New products and best sellers are categories; the search form is a search for nothing.
- A cart is never empty: whoever looks into an empty one puts an article of the listing at hand into it.
"""

from __future__ import annotations

import math
from typing import ClassVar

from visitor import Visitor

from loadgen.commerce import Article, Customer, Listing, Order
from loadgen.journey import DONE, REST, Flow, state
from loadgen.journey.thinking import TPCW_MEAN_S, exponential

VISIT_S = 15 * 60
"""Mean of a visit (TPC-W's user session minimum duration), seconds."""

NEW_CUSTOMERS = 0.2
"""Share of those who register for the first time at the customer registration."""

Row = dict[str, int]
"""Running sums of a state's transitions, out of 9999."""


def _ends(home_share: float) -> float:
    """How probably a visit is over when its visitor comes home, having been away for 1/``home_share`` pages."""
    return 1 - math.exp(-TPCW_MEAN_S / home_share / VISIT_S)


def _moves(home_share: float, rows: dict[str, Row]) -> dict[str, dict[str, float]]:
    """Probabilities of a table of running sums."""
    moves = {}
    for name, row in rows.items():
        below, shares = 0, {}
        for there, sum_ in row.items():
            shares[there], below = (sum_ - below) / 9999, sum_
        moves[name] = shares
    ends = _ends(home_share)
    moves["home"] = {there: share * (1 - ends) for there, share in moves["home"].items()} | {DONE: REST}
    return moves


class Reader(Visitor, Flow):
    """A visitor of TPC-W's bookshop: its fourteen pages but for those of administrators."""

    abstract = True
    think = exponential()

    _home = _shelf = Listing()
    _article: Article | None = None
    _customer: Customer | None = None
    _order: Order | None = None
    _filled = False

    def journey(self) -> None:
        self.begin_visit()
        super().journey()

    @state(step="")
    def home(self) -> Listing:
        self._home = super().home()
        self._show(self._home)
        return self._home

    @state(step="")
    def new_products(self) -> None:
        self._look_at_shelf()

    @state(step="")
    def best_sellers(self) -> None:
        self._look_at_shelf()

    @state(step="")
    def product_detail(self) -> None:
        self._article = self.product(self._shelf)

    @state(step="")
    def search_request(self) -> None:
        self._show(self.search(""))

    @state(step="")
    def search_results(self) -> None:
        self._show(self.search())

    @state(step="")
    def shopping_cart(self) -> None:
        if self._filled and self._article is None:
            self.cart()
        else:
            self.add_to_cart(self._article or self.product(self._shelf))
            self._article, self._filled = None, True

    @state(step="")
    def customer_registration(self) -> None:
        if self._customer is None and self.chance(NEW_CUSTOMERS):
            self._customer = self.register()
        elif self._customer is None:
            self._customer = self.account()
            self.login(self._customer)
        else:
            self.cart()

    @state(step="")
    def buy_request(self) -> None:
        customer = self._customer or self.guest()
        self.checkout(customer)
        self.delivery(customer)

    @state(step="")
    def buy_confirm(self) -> None:
        self._order = self.payment()
        self._filled = self._has_cart = False

    @state(step="")
    def order_inquiry(self) -> None:
        if self._customer is None:
            self._customer = self.account()
            self.login(self._customer)
        else:
            self.cart()

    @state(step="")
    def order_display(self) -> None:
        if self._order is not None:
            self.tracking(self._order)
        else:
            self.cart()

    def _look_at_shelf(self) -> None:
        self._show(self.category(self._home))

    def _show(self, shelf: Listing) -> None:
        """A listing is looked at now, and no article any more; one that shows nothing is passed over."""
        self._article = None
        self._shelf = shelf if shelf.articles else self._shelf


class BrowsingReader(Reader):
    """The browsing mix: 95 of 100 pages are looked at, 5 belong to ordering."""

    moves: ClassVar = _moves(
        home_share=0.29,
        rows={
            "home": {
                "best_sellers": 3792, "new_products": 7585, "order_inquiry": 7688,
                "search_request": 9559, "shopping_cart": 9999,
            },
            "new_products": {"home": 299, "product_detail": 9867, "search_request": 9941, "shopping_cart": 9999},
            "best_sellers": {"home": 4607, "product_detail": 5259, "search_request": 9942, "shopping_cart": 9999},
            "product_detail": {"home": 8346, "product_detail": 9749, "search_request": 9890, "shopping_cart": 9999},
            "search_request": {"home": 788, "search_results": 9955, "shopping_cart": 9999},
            "search_results": {"home": 3674, "product_detail": 9868, "search_request": 9942, "shopping_cart": 9999},
            "shopping_cart": {"customer_registration": 4099, "home": 8883, "shopping_cart": 9999},
            "customer_registration": {"buy_request": 9145, "home": 9619, "search_request": 9999},
            "buy_request": {"buy_confirm": 9199, "home": 9595, "shopping_cart": 9999},
            "buy_confirm": {"home": 342, "search_request": 9999},
            "order_inquiry": {"home": 523, "order_display": 8856, "search_request": 9999},
            "order_display": {"home": 802, "search_request": 9999},
        },
    )  # fmt: skip


class ShoppingReader(Reader):
    """The shopping mix: 80 of 100 pages are looked at, 20 belong to ordering."""

    moves: ClassVar = _moves(
        home_share=0.16,
        rows={
            "home": {
                "best_sellers": 3124, "new_products": 6249, "order_inquiry": 6718,
                "search_request": 7026, "shopping_cart": 9999,
            },
            "new_products": {"home": 156, "product_detail": 9735, "search_request": 9784, "shopping_cart": 9999},
            "best_sellers": {"home": 167, "product_detail": 472, "search_request": 9927, "shopping_cart": 9999},
            "product_detail": {"home": 832, "product_detail": 1288, "search_request": 8603, "shopping_cart": 9999},
            "search_request": {"home": 635, "search_results": 9135, "shopping_cart": 9999},
            "search_results": {"home": 2657, "product_detail": 9294, "search_request": 9304, "shopping_cart": 9999},
            "shopping_cart": {"customer_registration": 2585, "home": 9992, "shopping_cart": 9999},
            "customer_registration": {"buy_request": 8666, "home": 8760, "search_request": 9999},
            "buy_request": {"buy_confirm": 4614, "home": 6546, "shopping_cart": 9999},
            "buy_confirm": {"home": 84, "search_request": 9999},
            "order_inquiry": {"home": 72, "order_display": 8872, "search_request": 9999},
            "order_display": {"home": 69, "search_request": 9999},
        },
    )  # fmt: skip


class OrderingReader(Reader):
    """The ordering mix: half of the pages belong to ordering."""

    moves: ClassVar = _moves(
        home_share=0.0912,
        rows={
            "home": {
                "best_sellers": 499, "new_products": 999, "order_inquiry": 1269,
                "search_request": 1295, "shopping_cart": 9999,
            },
            "new_products": {"home": 504, "product_detail": 9942, "search_request": 9976, "shopping_cart": 9999},
            "best_sellers": {"home": 1, "product_detail": 333, "search_request": 9998, "shopping_cart": 9999},
            "product_detail": {"home": 3750, "product_detail": 5621, "search_request": 6341, "shopping_cart": 9999},
            "search_request": {"home": 815, "search_results": 9815, "shopping_cart": 9999},
            "search_results": {"home": 486, "product_detail": 7817, "search_request": 9998, "shopping_cart": 9999},
            "shopping_cart": {"customer_registration": 9499, "home": 9918, "shopping_cart": 9999},
            "customer_registration": {"buy_request": 9899, "home": 9901, "search_request": 9999},
            "buy_request": {"buy_confirm": 7999, "home": 9453, "shopping_cart": 9999},
            "buy_confirm": {"home": 2, "search_request": 9999},
            "order_inquiry": {"home": 1168, "order_display": 9968, "search_request": 9999},
            "order_display": {"home": 9939, "search_request": 9999},
        },
    )  # fmt: skip
