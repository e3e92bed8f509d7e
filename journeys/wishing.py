"""Not today: articles for the wish list."""

from visitor import Visitor


class Wisher(Visitor):
    """Logs in and puts two articles on the wish list; one of five buys the first at once."""

    def journey(self) -> None:
        home = self.arrive()
        customer = self.account()
        self.login(customer)
        for _ in range(2):
            self.think_time()
            article = self.product(self.category(home))
            self.think_time()
            self.wish_list(article)
        if self.chance(0.2):
            self.add_to_cart(article)
            self.buy(customer)
