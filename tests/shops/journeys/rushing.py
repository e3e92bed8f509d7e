"""Eight who want two each of the same article, and pay at the same instant; put beside the library of journeys.

What to search for is in the environment's ``WANTED``.
"""

from __future__ import annotations

import os

from gevent.event import Event
from visitor import Visitor

from loadgen.journey import constant

RUSHERS = 8
DEADLINE_S = 60.0

_waiting: list[Visitor] = []
_go = Event()


class Rusher(Visitor):
    """Has all of it in the cart, waits for the others before it pays."""

    think = constant(0)

    def journey(self) -> None:
        article = self.product(self.search(os.environ["WANTED"]).articles[0])
        self.add_to_cart(article, 2)
        customer = self.guest()
        self.checkout(customer)
        self.delivery(customer)
        _waiting.append(self)
        if len(_waiting) == RUSHERS:
            _go.set()
        _go.wait(DEADLINE_S)
        self.payment()
