"""Looking around without buying: what six of ten visitors do."""

from visitor import Visitor


class Browser(Visitor):
    """Two categories with a product each; every second one also searches."""

    def journey(self) -> None:
        home = self.arrive()
        self.think_time()
        self.product(self.category(home))
        self.think_time()
        if self.chance(0.5):
            found = self.search()
            self.think_time()
            self.product(found)
            self.think_time()
        shelf = self.category(home)
        self.think_time()
        self.product(shelf)
