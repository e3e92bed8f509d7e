"""What people do in a shop, whatever shop it is: the words that the journeys of this library are written in.

::

    class GuestBuyer(Visitor):
        def journey(self):
            home = self.arrive()                                 # a visit begins
            self.think_time()
            lamp = self.product(self.search())                   # each word is a step of the funnel
            self.add_to_cart(lamp)
            self.buy(self.guest())                               # checkout, delivery, payment, 3-D Secure

How a shop hears each word is its dialect's affair (``self.shop``); what the visitor does when the shop says no is here:

==============  =====================================================================================================
sold out        counted; the visitor leaves
coupon refused  the visitor buys without
login refused   the visitor goes on as a guest
declined        counted; half of them try once more, the others look at their cart and leave
3-D Secure      a step of its own; some walk away from their telephone, some press "cancel"
waiting room    a step of its own; the visitor waits as long as its patience
no such thing   left out
==============  =====================================================================================================

Counted are ``visits``, ``product_views``, ``carts``, ``checkouts``, ``orders``, ``revenue_cents``, ``coupons``,
``reservations``, and what went wrong: ``sold_out``, ``declined``, ``queued``, ``violation:RULE`` (see ``witness.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, ClassVar, NoReturn, TypeVar

import gevent
from people import account_for, guest_for, newcomer
from profiles import PROFILES
from tastes import VOCABULARY, favourite
from witness import Witness

from loadgen.commerce import (
    Article,
    Cart,
    Category,
    Challenged,
    CouponRefused,
    Customer,
    Declined,
    Filter,
    Listing,
    LoginRefused,
    Method,
    Order,
    Queued,
    Refusal,
    SoldOut,
)
from loadgen.journey import GaveUp, constant, uniform

T = TypeVar("T")

USUAL_THINK = uniform(0.5, 2)


class Visitor(Witness):
    """A visitor of any shop, with one method for each thing to do there.

    Attributes:
        deliveries: how visitors like to get their goods: weights by kind.
        finishes_3d_secure: share of those who are asked to prove who they are and do so.
        cancels_3d_secure: share of those who press "cancel" there, and look at their cart again.
        tries_again: share of those who try once more when their payment was declined.
        line_patience_s: how long a visitor stays in a waiting room, seconds.
    """

    abstract = True
    think = USUAL_THINK

    deliveries: ClassVar[dict[str, float]] = {"home": 70, "pickup": 20, "shop": 10}
    finishes_3d_secure: ClassVar[float] = 0.92
    cancels_3d_secure: ClassVar[float] = 0.03
    tries_again: ClassVar[float] = 0.5
    line_patience_s: ClassVar[float] = 600.0

    _has_cart = False

    def on_start(self) -> None:
        """Come with a telephone or a computer, where the plan says who has which."""
        super().on_start()
        profile = PROFILES.get(self.device) if self.environment.context.devices else None
        if profile is not None:
            self.client.introduce({"User-Agent": profile.user_agent})
            self.assets = profile.assets
            if self.think is USUAL_THINK:
                self.think = profile.think

    # -- looking around ---------------------------------------------------------------------------------------------

    def arrive(self) -> Listing:
        """Come in by the front door."""
        self.begin_visit()
        return self.home()

    def land(self, article: Article) -> Article:
        """Come in by an article's own page: from a mailing, a post, a search engine."""
        self.begin_visit()
        return self.product(article)

    def begin_visit(self) -> None:
        """Count a visit."""
        self.count("visits")
        self._has_cart = False

    def home(self) -> Listing:
        with self.step("home"):
            return self.ask(self.shop.home)

    def category(self, shelf: Listing | Category, page: int = 1) -> Listing:
        """Open a category, or one of those that a page links to."""
        with self.step("category"):
            category = shelf if isinstance(shelf, Category) else self.one_of(shelf.categories)
            return self.ask(self.shop.category, category, page)

    def next_page(self, shelf: Listing) -> Listing:
        """Turn the page of a category or of a search; the last one stays where it is."""
        if not shelf.has_more:
            return shelf
        with self.step("next_page"):
            if shelf.words:
                return self.ask(self.shop.search, shelf.words, shelf.page + 1)
            return self.ask(self.shop.category, Category(shelf.path), shelf.page + 1)

    def narrow(self, shelf: Listing, filters: Sequence[Filter] = ()) -> Listing:
        """Narrow a category or a search by one of the filters on offer; where there is none, it stays as it is."""
        if not (filters or shelf.filters):
            return shelf
        with self.step("filter"):
            narrowed = filters or [self.pick(shelf.filters)]
            if shelf.words:
                return self.ask(self.shop.search, shelf.words, 1, narrowed)
            return self.ask(self.shop.category, Category(shelf.path), 1, narrowed)

    def search(self, words: str | None = None) -> Listing:
        """Search for something: for what people look for most, unless told."""
        with self.step("search"):
            return self.ask(self.shop.search, self.wanted_words() if words is None else words)

    def product(self, shelf: Listing | Article) -> Article:
        """Open an article's own page, or that of one of a listing: those in front are seen most."""
        with self.step("product"):
            article = shelf if isinstance(shelf, Article) else self.hot(shelf.articles)
            seen = self.ask(self.shop.article, article)
        self.count("product_views")
        return seen

    # -- the cart ---------------------------------------------------------------------------------------------------

    def add_to_cart(self, article: Article, quantity: int = 1) -> Cart:
        """Put an article into the cart, in a size that is to be had."""
        with self.step("add_to_cart"):
            cart = self.ask(self.shop.add, self.in_a_size(article), quantity)
        if not self._has_cart:
            self._has_cart = True
            self.count("carts")
        return cart

    def cart(self) -> Cart:
        with self.step("cart"):
            return self.ask(self.shop.cart)

    def change_cart(self, cart: Cart, line: int, quantity: int) -> Cart:
        """Change how many of a line, by its place in the cart; 0 takes it out."""
        with self.step("change_cart"):
            return self.ask(self.shop.change, cart.lines[line], quantity)

    def coupon(self, code: str) -> Cart | None:
        """Enter a coupon; None where the shop does not take it."""
        with self.step("coupon"):
            try:
                cart = self.ask(self.shop.redeem, code)
            except CouponRefused:
                return None
        self.count("coupons")
        return cart

    def wish_list(self, article: Article) -> Listing | None:
        """Put an article on the wish list and look at it; None where the shop has none."""
        if not self.shop.can("wish"):
            return None
        with self.step("wish_list"):
            self.ask(self.shop.wish, article)
            return self.ask(self.shop.wishes)

    # -- customers --------------------------------------------------------------------------------------------------

    def guest(self) -> Customer:
        """Somebody without an account."""
        return guest_for(self)

    def account(self) -> Customer:
        """Somebody whom the shop knows: of the plan's data ``customers``."""
        return account_for(self)

    def login(self, customer: Customer) -> bool:
        """Log in; False where the shop does not let them."""
        with self.step("login"):
            return self.lets_in(self.shop.log_in, customer)

    def register(self, customer: Customer | None = None) -> Customer:
        """Open an account; where the shop does not want that, the visitor stays a guest."""
        person = customer or newcomer()
        if self.shop.can("register"):
            with self.step("register"):
                self.lets_in(self.shop.register, person)
        return person

    # -- the till ---------------------------------------------------------------------------------------------------

    def buy(self, customer: Customer) -> Order:
        """Pay for what is in the cart: from the checkout to the confirmation."""
        self.checkout(customer)
        self.think_time()
        self.delivery(customer)
        self.think_time()
        return self.payment()

    def checkout(self, customer: Customer) -> Cart:
        with self.step("checkout"):
            cart = self.ask(self.shop.check_out, customer)
        self.count("checkouts")
        return cart

    def delivery(self, customer: Customer, kind: str | None = None) -> Cart:
        """Say where the order goes and how.

        Args:
            customer: whose address.
            kind: ``home``, ``pickup`` or ``shop``; as visitors like it, by default.
        """
        with self.step("delivery"):
            self.ask(self.shop.address, customer)
            return self.ask(self.shop.deliver, self.choice_of(self.ask(self.shop.deliveries), kind))

    def payment(self, kind: str = "card") -> Order:
        """Pay, and see the confirmation; the bank may want to see the visitor first."""
        with self.step("payment"):
            offered = self.ask(self.shop.payments)
            paid = self.pay([method for method in offered if method.kind == kind] or offered)
        order = self.prove(paid) if isinstance(paid, Challenged) else paid
        self.note_order(order, listed=self.created("order", order.number, order.path))
        return order

    def tracking(self, order: Order) -> Order:
        """Look at an order again, where the shop shows it."""
        if not self.shop.can("order"):
            return order
        with self.step("tracking"):
            return self.look_for(order, lambda: self.ask(self.shop.order, order)) or order

    def reserve(self, article: Article, customer: Customer) -> Order | None:
        """Find a branch that has an article, and reserve it there; None where there is no such branch."""
        if not (self.shop.can("branches") and self.shop.can("reserve")):
            return None
        with self.step("branches"):
            having = [branch for branch in self.ask(self.shop.branches, article) if branch.available]
        if not having:
            return None
        self.think_time()
        with self.step("reserve"):
            reserved = self.ask(self.shop.reserve, article, self.pick(having), customer)
        self.created("order", reserved.number, reserved.path)
        self.count("reservations")
        return reserved

    # -- what the shop says no to -----------------------------------------------------------------------------------

    def ask(self, method: Callable[..., T], *words: Any) -> T:
        """Do one thing in the shop; wait in its waiting room, and leave when all is sold."""
        try:
            return self.note(method, words, method(*words))
        except Queued as room:
            return self.wait_in_line(room, method, *words)
        except SoldOut:
            self.miss_out()

    def wait_in_line(self, room: Queued, method: Callable[..., T], *words: Any) -> T:
        """Wait in a waiting room until the shop does what was asked of it, or patience is at its end."""
        self.count("queued")
        leaves_s = monotonic() + self.line_patience_s
        refusal: Refusal
        with self.step("waiting_room"):
            while True:
                if monotonic() + room.wait_s > leaves_s:
                    self.give_up("slow")
                gevent.sleep(room.wait_s)  # the shop's own time: no factor on think times shortens it
                self.think_time(NO_TIME)  # whoever was asked to leave does so here
                try:
                    return self.note(method, words, method(*words))
                except Queued as again:
                    room = again
                except Refusal as no:
                    refusal = no
                    break
        if isinstance(refusal, SoldOut):
            self.miss_out()
        raise refusal

    def miss_out(self) -> NoReturn:
        """It is sold out: others were quicker."""
        self.count("sold_out")
        self.leave()

    def leave(self) -> NoReturn:
        """Go, of one's own will."""
        raise GaveUp("will")

    def lets_in(self, method: Callable[[Customer], None], customer: Customer) -> bool:
        """Whether the shop lets a customer in."""
        try:
            self.ask(method, customer)
        except LoginRefused:
            return False
        return True

    def pay(self, methods: Sequence[Method]) -> Order | Challenged:
        """Pay; when it is declined, or the coupon counts no more, some try once more."""
        method = self.one_of(methods)
        for chance in (self.tries_again, 0.0):
            try:
                return self.ask(self.shop.pay, method)
            except Challenged as challenge:
                return challenge
            except Declined:
                self.count("declined")
            except CouponRefused:
                self.forget_coupons()
            if not self.chance(chance):
                break
        return self.leave_the_till("a failed payment")

    def prove(self, challenge: Challenged) -> Order:
        """Answer the bank on the telephone; some do not find it, some think better of it."""
        self.think_time()
        mood = self.rng.random()
        cancels = self.finishes_3d_secure <= mood < self.finishes_3d_secure + self.cancels_3d_secure
        with self.step("3d_secure"):
            if mood >= self.finishes_3d_secure and not cancels:
                self.leave()
            try:
                return self.ask(lambda: self.shop.prove(challenge.path, as_wanted=not cancels))
            except (Declined, CouponRefused):
                if not cancels:
                    self.count("declined")
                self.leave_the_till("a payment that was cancelled, or failed")

    def leave_the_till(self, after: str) -> NoReturn:
        """Look whether the cart is still there, and go."""
        self.look_again(after, lambda: self.ask(self.shop.cart))
        self.leave()

    # -- choices ----------------------------------------------------------------------------------------------------

    def wanted_words(self) -> str:
        """What to search for: of the plan's data ``terms``, else of this library's vocabulary, by Zipf's law."""
        if "terms" in self.environment.context.data:
            return str(self.data.terms.sample()["term"])
        return favourite(VOCABULARY, self.rng)

    def hot(self, articles: Sequence[Article]) -> Article:
        """One of a listing: the k-th in proportion to 1/k. A visitor who finds nothing leaves."""
        return favourite(articles, self.rng) if articles else self.one_of(articles)

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them; a visitor who finds nothing leaves."""
        if not choices:
            self.leave()
        return self.pick(choices)

    def in_a_size(self, article: Article) -> Article:
        """The article, or one of its variants that is to be had."""
        if not article.variants:
            return article
        left = [variant for variant in article.variants if variant.available]
        if not left:
            self.miss_out()
        return self.pick(left)

    def choice_of(self, methods: Sequence[Method], kind: str | None) -> Method:
        """One of the ways of delivery on offer, of a kind if there is one."""
        if not methods:
            self.give_up("error")  # a shop that delivers nowhere has lost an order
        wanted = [method for method in methods if method.kind == kind]
        if wanted:
            return self.pick(wanted)
        weights = [self.deliveries.get(method.kind, 1.0) for method in methods]
        return self.rng.choices(methods, weights)[0]


NO_TIME = constant(0)
