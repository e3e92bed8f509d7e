"""A flash sale: everybody wants the same article, at once and quickly; a waiting room may be in front of it."""

from visitor import Visitor

from loadgen.journey import uniform


class FlashSaleBuyer(Visitor):
    """Comes for the first article on the home page and buys it, unless it is sold out."""

    think = uniform(0.2, 1)

    def journey(self) -> None:
        home = self.arrive()
        with self.step("product"):
            article = self.ask(self.shop.article, self.one_of(home.articles[:1]))
            if not article.available:
                self.miss_out()
        self.count("product_views")
        self.think_time()
        self.add_to_cart(article)
        self.buy(self.guest())
