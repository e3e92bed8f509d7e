"""Visitors of a sales day, as graphs: one set of pages, and a mix for each part of the day.

::

    home ─▶ category ─▶ product ─▶ add_to_cart ─▶ checkout ─▶ delivery ─▶ payment ─▶ done
      └──▶ search ──────▲  │ ▲          │
                           └─┴──────────┘         everywhere: away

============== =============== ============= ============================================================
mix            when            conversion    what it is like
============== =============== ============= ============================================================
BargainHunter  the opening     16 %          knows what it wants, hardly looks around, does not hesitate
Stroller       the afternoon   2 %           looks around, compares, mostly leaves
LateBuyer      the evening     5 %           has looked before, comes back to take it
============== =============== ============= ============================================================

The figures are of no shop in particular; ``loadgen journey show sales_day.py`` prints what they come to. Put your own
in, from your shop's analytics: the share of visits that see each page, and who goes on from there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from visitor import Visitor

from loadgen.commerce import Article, Customer, Listing
from loadgen.journey import DONE, LEAVE, REST, Flow, lognormal, state


class Stroller(Visitor, Flow):
    """An afternoon's visitor: looks around, compares, mostly leaves."""

    think = lognormal(1.5, p95_s=6)

    _home = _shelf = Listing()
    _article: Article
    _customer: Customer

    def journey(self) -> None:
        self.begin_visit()
        super().journey()

    def step(self, name: str) -> AbstractContextManager[None]:
        """A state is a step already: the word of the same name that it speaks is not another one."""
        session = self.loadgen_session
        return nullcontext() if session is not None and session.step == name else super().step(name)

    @state({"category": 0.45, "search": 0.25, LEAVE: REST})
    def home(self) -> None:
        self._home = self._shelf = super().home()

    @state({"product": 0.55, "category": 0.15, "search": 0.1, LEAVE: REST})
    def category(self) -> None:
        self._see(super().category(self._home))

    @state({"product": 0.6, "search": 0.15, LEAVE: REST})
    def search(self) -> None:
        self._see(super().search())

    @state({"category": 0.3, "search": 0.15, "add_to_cart": 0.09, LEAVE: REST})
    def product(self) -> None:
        self._article = super().product(self._shelf)

    @state({"category": 0.3, "checkout": 0.4, LEAVE: REST})
    def add_to_cart(self) -> None:
        super().add_to_cart(self._article)

    @state({"delivery": 0.75, LEAVE: REST})
    def checkout(self) -> None:
        self._customer = self.guest()
        super().checkout(self._customer)

    @state({"payment": 0.85, LEAVE: REST})
    def delivery(self) -> None:
        super().delivery(self._customer)

    @state(DONE)
    def payment(self) -> None:
        super().payment()

    def _see(self, shelf: Listing) -> None:
        """What is empty is not looked at: the shelf before is still there."""
        self._shelf = shelf if shelf.articles else self._shelf


class BargainHunter(Stroller):
    """A visitor of the opening: knows what it wants, hardly looks around, does not hesitate."""

    think = lognormal(0.5, p95_s=2)
    moves: ClassVar = {
        "home": {"category": 0.6, "search": 0.3, LEAVE: REST},
        "category": {"product": 0.8, "category": 0.1, LEAVE: REST},
        "search": {"product": 0.8, "search": 0.1, LEAVE: REST},
        "product": {"category": 0.25, "search": 0.1, "add_to_cart": 0.25, LEAVE: REST},
        "add_to_cart": {"category": 0.2, "checkout": 0.6, LEAVE: REST},
        "checkout": {"delivery": 0.9, LEAVE: REST},
        "delivery": {"payment": 0.95, LEAVE: REST},
    }


class LateBuyer(Stroller):
    """An evening's visitor: has looked before, and comes back to take it."""

    moves: ClassVar = {
        "home": {"category": 0.35, "search": 0.45, LEAVE: REST},
        "product": {"category": 0.2, "search": 0.15, "add_to_cart": 0.18, LEAVE: REST},
        "add_to_cart": {"category": 0.2, "checkout": 0.5, LEAVE: REST},
        "checkout": {"delivery": 0.85, LEAVE: REST},
        "delivery": {"payment": 0.9, LEAVE: REST},
    }
