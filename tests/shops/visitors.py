"""Visitors of a real shop, each with a dialect of their own, and what was counted of their requests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gevent
from gevent.event import Event
from locust.event import Events

from loadgen.commerce import Article, Customer, Order, SoldOut
from loadgen.journey import (
    Dialect,
    JourneyEnvironment,
    PlanContext,
    Recorder,
    Session,
    Shopper,
    install,
    listen,
    load_users,
)
from loadgen.journey.load import load_dialect
from loadgen.journey.reasons import reason_of
from loadgen.stats import Tally

LIBRARY = Path(__file__).parents[2] / "journeys"
DEADLINE_S = 60.0


class Visitor(Shopper):
    """Does what the test tells its dialect to do."""

    def journey(self) -> None:
        """Nothing by itself."""


class Visitors:
    """As many as a test wants (use it as a context manager: it closes their connections).

    Args:
        url: of the shop.
        dialect: a file of the library of journeys.

    Attributes:
        failed: name and reason of each request that was counted as a failed one.
        named: the names of all requests, in order.
    """

    def __init__(self, url: str, dialect: str) -> None:
        self.failed: list[tuple[str, str]] = []
        self.named: list[str] = []
        self._come: list[Visitor] = []
        self._dialect = load_dialect(LIBRARY, dialect)
        self._environment = JourneyEnvironment(PlanContext(), events=Events(), host=url)
        self._environment.events.request.add_listener(self._note)

    def __enter__(self) -> Visitors:
        return self

    def __exit__(self, *_: object) -> None:
        for visitor in self._come:
            visitor.client.close()

    def _note(self, name: str, exception: Exception | None, response: object, **_: object) -> None:
        self.named.append(name)
        if exception is not None:
            self.failed.append((name, reason_of(exception, response)))

    def __call__(self, **settings: object) -> Dialect:
        """The shop as one more visitor speaks to it; settings are attributes of the dialect."""
        visitor = self._environment.new_user(Visitor)
        self._come.append(visitor)
        return type(self._dialect.__name__, (self._dialect,), settings)(visitor)


def buy(shop: Dialect, customer: Customer, article: Article, quantity: int = 1) -> Order:
    """Straight from the article's page to the confirmation."""
    shop.add(shop.article(article), quantity)
    go_to_payment(shop, customer)
    return shop.pay(shop.payments()[0])


def go_to_payment(shop: Dialect, customer: Customer) -> None:
    """From the cart to the choice of payment."""
    shop.check_out(customer)
    shop.address(customer)
    shop.deliver(shop.deliveries()[0])


def rush(visitors: Visitors, article: Article, guests: int, quantity: int, *, meet: bool) -> list[Order | SoldOut]:
    """A flash sale: so many guests come for the same article at the same instant.

    Args:
        visitors: where they come from.
        article: what they want.
        guests: how many they are.
        quantity: how many each wants.
        meet: they wait for one another before they pay.

    Returns:
        What each got: an order, or that it is sold out.
    """
    waiting, go = [], Event()

    def guest(number: int) -> Order | SoldOut:
        shop = visitors()
        try:
            shop.add(shop.article(article), quantity)
            go_to_payment(shop, Customer(f"fan{number}@example.test"))
            method = shop.payments()[0]
            waiting.append(number)
            if len(waiting) == guests:
                go.set()
            if meet:
                go.wait(DEADLINE_S)
            return shop.pay(method)
        except SoldOut as sold_out:
            return sold_out

    coming = [gevent.spawn(guest, number) for number in range(guests)]
    gevent.joinall(coming, timeout=DEADLINE_S, raise_error=True)
    return [each.get(block=False) for each in coming]


def visit_by_itself(url: str, dialect: str, journeys: Sequence[str]) -> Tally:
    """Journeys of the library, each once and all at the same time, from their arrival to their end.

    Args:
        url: of the shop.
        dialect: a file of the library.
        journeys: other files of it; all their users come.
    """
    recorder = Recorder("tests")
    context = PlanContext(seed=7, think_scale=0.0, dialect=load_dialect(LIBRARY, dialect))
    environment = JourneyEnvironment(context, events=Events(), host=url)
    install()
    listen(environment, recorder)
    users = [user for file in load_users(LIBRARY, journeys).values() for user in file.users.values()]
    sessions = [(Session(recorder, user.__name__, arrival=n), user) for n, user in enumerate(users)]
    visiting = [gevent.spawn(session.run, environment.new_user(user)) for session, user in sessions]
    gevent.joinall(visiting, timeout=DEADLINE_S, raise_error=True)
    return recorder.take(0)
