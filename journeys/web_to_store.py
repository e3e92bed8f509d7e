"""From the web to the shop in the street: find a branch that has it, reserve it there, or click and collect."""

from visitor import Visitor


class Reserver(Visitor):
    """Looks whether a branch nearby has an article, and reserves it there; nothing is paid."""

    def journey(self) -> None:
        self.arrive()
        self.think_time()
        article = self.product(self.search())
        self.think_time()
        self.reserve(article, self.guest())


class ClickAndCollect(Visitor):
    """Pays online and fetches the goods in a branch."""

    def journey(self) -> None:
        self.arrive()
        self.think_time()
        self.add_to_cart(self.product(self.search()))
        self.think_time()
        customer = self.guest()
        self.checkout(customer)
        self.think_time()
        self.delivery(customer, "shop")
        self.think_time()
        self.payment()
