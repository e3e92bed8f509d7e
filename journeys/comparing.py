"""From a price comparison: one article, what else there is, and the cheapest of them."""

from visitor import Visitor


class PriceComparer(Visitor):
    """Lands on an article, searches for the like, looks at the cheapest three; one of ten buys the cheapest."""

    def journey(self) -> None:
        self.begin_visit()
        found = self.search()
        self.think_time()
        self.product(found)
        self.think_time()
        by_price = sorted(found.articles, key=lambda article: article.price_cents or 0)
        seen = []
        for article in by_price[:3]:
            seen.append(self.product(article))
            self.think_time()
        if not self.chance(0.1):
            self.give_up("will")
        self.add_to_cart(self.product(seen[0]))
        self.buy(self.guest())
