"""Visitors who are no people: on some days half of all requests."""

from typing import ClassVar

from visitor import Visitor

from loadgen.journey import constant


class Crawler(Visitor):
    """A search engine's robot: every category, a page deeper each time, and every article on the way.

    Attributes:
        budget: pages of one visit.
    """

    think = constant(0.5)
    default_headers: ClassVar = {"User-Agent": "Mozilla/5.0 (compatible; loadgen-crawler/1.0)"}
    budget: ClassVar[int] = 30

    def journey(self) -> None:
        left = self.budget
        for category in self.arrive().categories:
            shelf = self.category(category)
            for article in shelf.articles:
                left -= 1
                if left <= 0:
                    return
                self.think_time()
                self.product(article)


class Scraper(Visitor):
    """A competitor's robot: the prices of the hot articles, without a pause, as a browser that it is not."""

    think = constant(0.05)
    articles: ClassVar[int] = 20

    def journey(self) -> None:
        home = self.arrive()
        for article in home.articles[: self.articles]:
            self.product(article)
            self.think_time()


class Scalper(Visitor):
    """A robot that buys: the hottest article, as many as it can get, within a second."""

    think = constant(0.02)

    def journey(self) -> None:
        home = self.arrive()
        article = self.product(self.one_of(home.articles[:1]))
        self.add_to_cart(article, 1 if article.stock is None else max(1, min(5, article.stock)))
        self.buy(self.guest())
