"""Buys something in any shop, and writes down what the shop has confirmed: number and total of each order.

What to search for is in the environment's ``WANTED``, where to write in ``CONFIRMED``.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from loadgen.commerce import Customer
from loadgen.journey import Shopper


class Guest(Shopper):
    """Buys one or two pieces of what was found, without an account."""

    def journey(self) -> None:
        customer = self.come()
        with self.step("search"):
            found = [each for each in self.shop.search(os.environ["WANTED"]).articles if each.available]
        with self.step("product"):
            wanted = self.shop.article(self.pick(found))
        with self.step("add_to_cart"):
            self.shop.add(self.pick(wanted.variants or (wanted,)), self.pick([1, 2]))
        with self.step("checkout"):
            self.shop.check_out(customer)
            self.shop.address(customer)
            self.shop.deliver(self.shop.deliveries()[0])
        with self.step("payment"):
            order = self.shop.pay(self.shop.payments()[0])
        self.count("orders")
        self.count("revenue_cents", order.total_cents)
        with Path(os.environ["CONFIRMED"]).open("a") as confirmed:
            confirmed.write(f"{order.number} {order.total_cents}\n")

    def come(self) -> Customer:
        return Customer(f"{uuid.uuid4().hex}@example.com")


class Newcomer(Guest):
    """Opens an account first."""

    def come(self) -> Customer:
        customer = Customer(f"{uuid.uuid4().hex}@example.com", "a long way to Tipperary")
        with self.step("register"):
            self.shop.register(customer)
        return customer


class Member(Guest):
    """Has an account, and logs in first."""

    def come(self) -> Customer:
        known = self.data.members.take()
        customer = Customer(known["email"], known["password"])
        with self.step("login"):
            self.shop.log_in(customer)
        return customer
