"""A company that orders what it always orders: no looking around, many articles, large quantities."""

from visitor import Visitor

from loadgen.journey import uniform


class Reorderer(Visitor):
    """Logs in and fills the cart from its own list, some dozens of each, and pays by invoice if it may."""

    think = uniform(0.2, 0.8)
    articles = 6
    pieces = (10, 25, 50)

    def journey(self) -> None:
        self.arrive()
        customer = self.account()
        self.login(customer)
        for _ in range(self.articles):
            article = self.product(self.search())
            wanted = self.pick(self.pieces)
            self.add_to_cart(article, wanted if article.stock is None else max(1, min(wanted, article.stock)))
            self.think_time()
        self.checkout(customer)
        self.delivery(customer)
        self.payment("invoice")
