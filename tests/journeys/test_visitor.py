"""What visitors do, and what they do when the shop says no, in a shop that says what a test wants."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from locust.event import Events

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
    Order,
    Queued,
    SoldOut,
)
from loadgen.journey import Dialect, JourneyEnvironment, PlanContext, Recorder, Session, load_users
from loadgen.stats import Tally

LIBRARY = Path(__file__).parents[2] / "journeys"
BROWSE_SHARES = {"Browsing": 0.95, "Shopping": 0.80, "Ordering": 0.50}
LAMP = Article("lamp", "/lamp", "Lamp", 1000)
SHELF = Listing((LAMP,), (Category("/women"),), (Filter("red"),), path="/women", has_more=True)
FULL = Cart((Line("lamp", 1, 1000, "1"), Line("rug", 2, 1000, "2")), 2000, total_cents=2000)


class Stub(Dialect):
    """A shop without a network: remembers what it was asked, and says no where a test wants it."""

    answers: ClassVar[dict[str, list[Any]]] = {}
    asked: ClassVar[list[tuple[Any, ...]]] = []

    def _do(self, what: str, usual: Any, *words: Any) -> Any:
        self.asked.append((what, *words))
        planned = self.answers.get(what)
        answer = planned.pop(0) if planned else usual
        if isinstance(answer, Exception):
            raise answer
        return answer

    def home(self):
        return self._do("home", SHELF)

    def category(self, category, page=1, narrowed=()):
        return self._do("category", SHELF, category.path, page, tuple(narrowed))

    def search(self, words, page=1, narrowed=()):
        return self._do("search", SHELF, words, page, tuple(narrowed))

    def article(self, article):
        return self._do("article", article, article.key)

    def add(self, article, quantity=1):
        return self._do("add", FULL, article.key, quantity)

    def cart(self):
        return self._do("cart", FULL)

    def redeem(self, coupon):
        return self._do("redeem", FULL, coupon)

    def log_in(self, customer):
        return self._do("log_in", None, customer.email)

    def check_out(self, customer):
        return self._do("check_out", FULL, customer.email)

    def address(self, customer):
        return self._do("address", None, customer.address)

    def deliveries(self):
        return self._do("deliveries", (Method("a", kind="home"), Method("b", kind="shop")))

    def deliver(self, method):
        return self._do("deliver", FULL, method.kind)

    def payments(self):
        return self._do("payments", (Method("bill", kind="invoice"), Method("visa", kind="card")))

    def pay(self, method):
        return self._do("pay", Order("1", 2000), method.key)

    def prove(self, challenge, *, as_wanted=True):
        return self._do("prove", Order("1", 2000) if as_wanted else Declined("cancelled"), challenge, as_wanted)


class Corner(Stub):
    """The same with branches."""

    def branches(self, article):
        return self._do("branches", (Branch("1", available=False), Branch("2")), article.key)

    def reserve(self, article, branch, customer):
        return self._do("reserve", Order("R1", 0), article.key, branch.key, customer.password)


class Shopping:
    """One visitor of the library, doing what a test says."""

    def __init__(self, visitor: Any) -> None:
        self._visitor = visitor
        Stub.asked.clear()

    def go(self, does: Any, answers: dict[str, list[Any]] | None = None, **habits: Any) -> Tally:
        dialect = habits.pop("dialect", Stub)
        context = {name: habits.pop(name) for name in ("devices", "headers") if name in habits}
        Stub.answers = answers or {}
        kind = type("One", (self._visitor,), {"journey": does, **habits})
        environment = JourneyEnvironment(
            PlanContext(think_scale=0, dialect=dialect, **context), events=Events(), host="http://127.0.0.1:1"
        )
        recorder = Recorder("w")
        session = Session(recorder, "One")
        session.run(environment.new_user(kind))
        if session.error is not None:
            raise session.error
        return recorder.take(0)


@pytest.fixture(scope="module")
def library() -> dict[str, Any]:
    files = load_users(LIBRARY, ["buy.py", "tpcw.py", "flash_sale.py"])
    return {name: user for file in files.values() for name, user in file.users.items()}


@pytest.fixture
def shopping(library: dict[str, Any]) -> Shopping:
    return Shopping(next(each for each in library["GuestBuyer"].__mro__ if each.__name__ == "Visitor"))


def counters(tally: Tally) -> dict[str, int]:
    return {name: amount for (_, name), amount in tally.counters.items()}


def steps(tally: Tally) -> list[str]:
    return [name for _, name in tally.steps]


def left(tally: Tally) -> dict[str, dict[str, int]]:
    return {name: dict(counts.abandoned) for (_, name), counts in tally.steps.items() if counts.abandoned}


def test_a_purchase_is_counted_as_a_merchant_counts(shopping):
    def journey(self):
        self.add_to_cart(self.product(self.category(self.arrive())))
        self.add_to_cart(LAMP)
        self.buy(self.guest())

    tally = shopping.go(journey)
    assert steps(tally) == ["home", "category", "product", "add_to_cart", "checkout", "delivery", "payment"]
    assert counters(tally) == {
        "visits": 1, "product_views": 1, "carts": 1, "checkouts": 1, "orders": 1, "revenue_cents": 2000
    }  # fmt: skip
    assert ("pay", "visa") in Stub.asked


def test_what_is_sold_out_loses_the_visitor(shopping):
    tally = shopping.go(lambda self: self.add_to_cart(LAMP), {"add": [SoldOut()]})
    assert left(tally) == {"add_to_cart": {"will": 1}}
    assert counters(tally) == {"sold_out": 1}


def test_an_article_is_taken_in_a_size_that_is_to_be_had(shopping):
    sizes = (Article("s", "/s", available=False), Article("m", "/m"))
    shopping.go(lambda self: self.add_to_cart(Article("shirt", "/shirt", variants=sizes)))
    assert Stub.asked == [("add", "m", 1)]

    gone = Article("shirt", "/shirt", variants=sizes[:1])
    assert counters(shopping.go(lambda self: self.add_to_cart(gone))) == {"sold_out": 1}


def test_a_coupon_that_is_refused_costs_nothing_else(shopping):
    def journey(self):
        assert self.coupon("OLD") is None
        assert self.coupon("NEW") is FULL

    tally = shopping.go(journey, {"redeem": [CouponRefused()]})
    assert counters(tally) == {"coupons": 1}
    assert left(tally) == {}


def test_who_is_not_let_in_goes_on_as_a_guest(shopping):
    def journey(self):
        assert not self.login(Customer("a@example.test"))
        assert self.login(Customer("a@example.test"))

    assert left(shopping.go(journey, {"log_in": [LoginRefused()]})) == {}


def test_who_is_declined_tries_once_more_or_leaves(shopping):
    again = shopping.go(lambda self: self.payment(), {"pay": [Declined()]}, tries_again=1.0)
    assert counters(again) == {"declined": 1, "orders": 1, "revenue_cents": 2000}
    twice = shopping.go(lambda self: self.payment(), {"pay": [Declined(), Declined()]}, tries_again=1.0)
    assert (counters(twice), left(twice)) == ({"declined": 2}, {"payment": {"will": 1}})
    never = shopping.go(lambda self: self.payment(), {"pay": [Declined()]}, tries_again=0.0)
    assert (counters(never), left(never)) == ({"declined": 1}, {"payment": {"will": 1}})


def test_the_bank_is_answered_cancelled_or_left_alone(shopping):
    def pay(**habits: float) -> Tally:
        return shopping.go(lambda self: self.payment(), {"pay": [Challenged("/bank")]}, **habits)

    proven = pay(finishes_3d_secure=1.0)
    assert steps(proven) == ["payment", "3d_secure"]
    assert counters(proven)["orders"] == 1
    cancelled = pay(finishes_3d_secure=0.0, cancels_3d_secure=1.0)
    assert Stub.asked[-2:] == [("prove", "/bank", False), ("cart",)]
    assert (counters(cancelled), left(cancelled)) == ({}, {"3d_secure": {"will": 1}})
    walked_away = pay(finishes_3d_secure=0.0, cancels_3d_secure=0.0)
    assert Stub.asked[-1][0] == "pay"
    assert left(walked_away) == {"3d_secure": {"will": 1}}


def test_a_waiting_room_is_a_step_in_which_one_waits(shopping):
    queue = [Queued("/queue", 0.01), Queued("/queue", 0.01)]
    tally = shopping.go(lambda self: self.arrive(), {"home": queue})
    assert [asked for asked, *_ in Stub.asked] == ["home"] * 3
    assert counters(tally) == {"visits": 1, "queued": 1}
    assert steps(tally) == ["home", "waiting_room"]
    assert all(counts.completed == 1 for counts in tally.steps.values())


def test_patience_with_a_waiting_room_ends(shopping):
    tally = shopping.go(lambda self: self.arrive(), {"home": [Queued("/queue", 60)]}, line_patience_s=30)
    assert left(tally) == {"home": {"slow": 1}, "waiting_room": {"slow": 1}}


def test_who_waited_may_still_find_it_sold_out(shopping):
    tally = shopping.go(lambda self: self.add_to_cart(LAMP), {"add": [Queued("/queue", 0.01), SoldOut()]})
    assert counters(tally) == {"queued": 1, "sold_out": 1}
    assert left(tally) == {"add_to_cart": {"will": 1}}


def test_what_the_shop_does_not_have_is_left_out(shopping):
    def journey(self):
        assert self.wish_list(LAMP) is None
        assert self.reserve(LAMP, self.guest()) is None
        assert self.tracking(Order("1", 2000)) == Order("1", 2000)
        assert self.register(Customer("a@example.test")) == Customer("a@example.test")

    assert steps(shopping.go(journey)) == []


def test_a_branch_that_has_it_is_reserved_in(shopping):
    tally = shopping.go(lambda self: self.reserve(LAMP, self.guest()), dialect=Corner)
    assert Stub.asked == [("branches", "lamp"), ("reserve", "lamp", "2", "")]
    assert counters(tally) == {"reservations": 1}


def test_a_shelf_is_narrowed_and_its_page_turned(shopping):
    def journey(self):
        self.next_page(self.narrow(SHELF))
        self.narrow(Listing(filters=(Filter("blue"),), words="lamp"))
        assert self.narrow(Listing()) == self.next_page(Listing()) == Listing()

    shopping.go(journey)
    assert Stub.asked == [
        ("category", "/women", 1, (Filter("red"),)),
        ("category", "/women", 2, ()),
        ("search", "lamp", 1, (Filter("blue"),)),
    ]


def test_who_finds_nothing_leaves(shopping):
    tally = shopping.go(lambda self: self.product(self.search("zzz")), {"search": [Listing()]})
    assert left(tally) == {"product": {"will": 1}}


def test_a_shop_that_delivers_nowhere_has_failed_its_visitor(shopping):
    tally = shopping.go(lambda self: self.delivery(self.guest()), {"deliveries": [()]})
    assert left(tally) == {"delivery": {"error": 1}}


def test_delivery_is_chosen_as_visitors_like_it(shopping):
    shopping.go(lambda self: [self.delivery(self.guest()) for _ in range(2000)], deliveries={"home": 3, "shop": 1})
    chosen = Counter(words[0] for asked, *words in Stub.asked if asked == "deliver")
    assert chosen["shop"] / 2000 == pytest.approx(0.25, abs=0.04)
    shopping.go(lambda self: self.delivery(self.guest(), "shop"), deliveries={"home": 1, "shop": 0})
    assert Stub.asked[-1] == ("deliver", "shop")


def test_the_first_of_a_list_is_wanted_most(shopping):
    articles = tuple(Article(str(number), "") for number in range(1, 101))
    shopping.go(lambda self: [self.product(Listing(articles)) for _ in range(5000)])
    seen = Counter(int(key) for _, key in Stub.asked)
    whole = sum(1 / rank for rank in range(1, 101))
    assert seen[1] / 5000 == pytest.approx(1 / whole, abs=0.03)
    assert seen[1] > seen[3] > seen[30]


@pytest.mark.parametrize(
    ("device", "words", "assets"), [("mobile", "Mobile", 0), ("desktop", "X11", 0), ("browser", "X11", 1)]
)
def test_a_device_of_the_plan_is_how_a_visitor_introduces_itself(shopping, device, words, assets):
    seen = {}

    def journey(self):
        seen.update(assets=self.assets, think=self.think.words)
        seen["head"] = self.client._home.place("/").opening("GET").decode()

    shopping.go(journey, devices={device: 1.0})
    assert words in seen["head"]
    assert seen["head"].lower().count("user-agent:") == 1
    assert seen["assets"] == bool(assets)
    assert seen["think"].startswith("lognormal")


def test_a_plan_that_says_who_visitors_are_has_the_last_word(shopping):
    seen = []

    def journey(self):
        seen.append(self.client._home.place("/").opening("GET").decode())

    shopping.go(journey, devices={"mobile": 1.0}, headers={"user-agent": "rehearsal"})
    assert "user-agent: rehearsal\r\n" in seen[0]
    assert seen[0].lower().count("user-agent:") == 1


@pytest.mark.parametrize("mix", BROWSE_SHARES)
def test_the_mixes_of_tpcw_have_their_shares_of_browsing(library, mix):
    """TPC-W's table of interactions: 95.00, 80.00 and 50.00 %, less the administrators' few."""
    visits = library[f"{mix}Reader"].graph.visits()
    looking = ("home", "new_products", "best_sellers", "product_detail", "search_request", "search_results")
    share = sum(visits[state] for state in looking) / sum(
        visits[state] for state in library[f"{mix}Reader"].graph.states
    )
    assert share == pytest.approx(BROWSE_SHARES[mix], abs=0.01)
