"""What visitors notice: a shop that breaks a rule of :mod:`loadgen.commerce.violations` is told on, with evidence.

::

    visitor.ask(shop.deliver, ...) ──▶ the shop's answer ──▶ note() ──▶ rules ──▶ complain(rule, words)
                                                               │
                                             remembers: prices of pages, the cart as last shown

A violation ends nobody's journey; it is counted (``violation:RULE``) and fails the run. Orders are counted by article
and by coupon (``sold:ARTICLE``, ``used:COUPON``) where the plan's ``commerce`` has a limit; the sums are judged at the
end. The shop is asked nothing that the visitor would not ask, but for one look at the cart after a failed payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from loadgen.commerce import Article, Cart, Method, NoSuchOrder, Order
from loadgen.commerce.violations import (
    Violation,
    adds_up,
    charged_once,
    costs_what_the_till_said,
    given_twice,
    on_offer,
    order_kept,
    priced_as_shown,
    still_there,
)
from loadgen.journey import Shopper

T = TypeVar("T")

NUMBERS_KEPT = 200_000
"""Order numbers that one worker process remembers, some 20 MB; later orders are compared with these."""

OFFERS = {"deliveries": "delivery", "payments": "payment"}
LOOKS = ("cart", "check_out")
"""What shows a cart without changing it."""

_numbers: WeakKeyDictionary[Any, dict[str, object]] = WeakKeyDictionary()
"""By environment, so by run: who was given which order number."""


class Witness(Shopper):
    """A shopper who notices what a shop must never do."""

    abstract = True

    _prices: dict[str, int] | None = None
    _cart_shown: Cart | None = None
    _since = "a look away"

    def note(self, method: Callable[..., T], words: tuple[Any, ...], answer: T) -> T:
        """Look at what the shop answered; returns it."""
        asked = getattr(method, "__name__", "")
        if isinstance(answer, Cart):
            self._note_cart(asked, words, answer)
        elif isinstance(answer, Article):
            self._note_page(answer)
        elif asked in OFFERS and isinstance(answer, tuple):
            self._tell(on_offer(answer, OFFERS[asked]))
        elif asked == "order" and isinstance(answer, Order):
            self._tell(charged_once(words[0], answer))
        return answer

    def look_for(self, order: Order, see: Callable[[], Order]) -> Order | None:
        """Look at an order again; None where the shop does not know it any more.

        Args:
            order: as it was confirmed.
            see: looks at it, and lets it be noted.
        """
        try:
            return see()
        except NoSuchOrder as answer:
            self._tell([order_kept(order, answer.reason)])
            return None

    def note_order(self, order: Order, *, listed: bool = False) -> None:
        """Count an order that was just confirmed, and look at it.

        Args:
            order: as it was confirmed.
            listed: on the run's list, which compares its number with all others.
        """
        self.count("orders")
        self.count("revenue_cents", order.total_cents)
        cart, self._cart_shown = self._cart_shown or Cart(), None
        self._tell(costs_what_the_till_said(cart, order, self.shop.rounding_cents))
        if not listed:
            self._note_number(order)
        for line in order.lines or cart.lines:
            self._count_limited(f"sold:{line.article}", line.quantity, order)
        for code in cart.coupons:
            self._count_limited(f"used:{code}", 1, order)

    def forget_coupons(self) -> None:
        """The shop took a coupon back at the till: what it said of the total counts no more."""
        if self._cart_shown is not None:
            self._cart_shown = replace(self._cart_shown, total_cents=None, coupons=())

    def look_again(self, after: str, see: Callable[[], Cart]) -> None:
        """See whether the cart is still there.

        Args:
            after: what happened, for people.
            see: shows the cart, and lets it be noted.
        """
        self._since = after
        see()

    def _note_cart(self, asked: str, words: tuple[Any, ...], cart: Cart) -> None:
        self._tell(adds_up(cart, self.shop.rounding_cents))
        self._tell(priced_as_shown(cart, self._prices or {}, self.shop.rounding_cents))
        if asked in LOOKS and self._cart_shown is not None:
            self._tell(still_there(self._cart_shown, cart, self._since))
        self._since = "a look away"
        known = asked == "deliver" and isinstance(words[0], Method) and words[0].key and cart.delivery_cents is not None
        # Until the delivery is known, the total is not yet what will be charged.
        self._cart_shown = cart if known else replace(cart, total_cents=None)

    def _note_page(self, article: Article) -> None:
        if self._prices is None:
            self._prices = {}
        for each in article.variants or (article,):
            if each.price_cents is not None:
                self._prices[each.key] = each.price_cents

    def _note_number(self, order: Order) -> None:
        known = _numbers.setdefault(self.environment, {})
        me = self.loadgen_session.arrival if self.loadgen_session else None
        if order.number in known:
            self._tell([given_twice(f"order {order.number}", f"arrival {known[order.number]}")])
        elif len(known) < NUMBERS_KEPT:
            known[order.number] = me

    def _count_limited(self, what: str, amount: int, order: Order) -> None:
        if what in self.environment.context.limits:
            self.count(what, amount)
            self.evidence(what, f"order {order.number}: {amount}")

    def _tell(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.complain(violation.rule, violation.words)
