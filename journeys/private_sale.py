"""A private sale: members only, so everybody logs in first, and at the same time."""

from typing import ClassVar

from visitor import Visitor

from loadgen.commerce import Category
from loadgen.journey import uniform


class Member(Visitor):
    """Logs in, goes through the sale, and takes one or two things of it."""

    think = uniform(0.3, 1.5)
    sale: ClassVar[str] = ""
    """Where it is: the path of its category; without one, any category is."""

    def journey(self) -> None:
        home = self.arrive()
        member = self.account()
        if not self.login(member):
            self.give_up("will")
        shelf = self.category(Category(self.sale) if self.sale else home)
        self.think_time()
        self.add_to_cart(self.product(shelf))
        if self.chance(0.4):
            self.think_time()
            self.add_to_cart(self.product(shelf))
        self.think_time()
        self.buy(member)


class DemoMember(Member):
    """A member of the demo shop, whose private sale has a page of its own."""

    sale = "/private-sale"
