"""What everybody looks at: product pages, a few of them by most visitors."""

from visitor import Visitor


class HotArticleViewer(Visitor):
    """Goes from the home page to article after article, most often to the few that everybody wants."""

    def journey(self) -> None:
        home = self.arrive()
        for _ in range(self.rng.randint(2, 6)):
            self.think_time()
            self.product(home)
