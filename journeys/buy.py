"""Search and buy, as a guest."""

from visitor import Visitor

from loadgen.commerce import Article


class Buyer(Visitor):
    """Somebody who comes to buy."""

    abstract = True

    def choose(self) -> Article:
        """Look at one article from a category and at one from a search; the second is to be bought."""
        home = self.arrive()
        self.think_time()
        self.product(self.category(home))
        self.think_time()
        found = self.search()
        self.think_time()
        chosen = self.product(found)
        self.think_time()
        return chosen


class GuestBuyer(Buyer):
    """Finds something, puts it into the cart and pays without an account."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        self.buy(self.guest())
