"""Looking for the right one: by filters, and page by page."""

from visitor import Visitor


class Chooser(Visitor):
    """Narrows a category by a filter or two, turns the page, and looks at what is left."""

    def journey(self) -> None:
        shelf = self.category(self.arrive())
        self.think_time()
        narrowed = self.narrow(shelf)
        self.think_time()
        if self.chance(0.4):
            narrowed = self.next_page(narrowed)
            self.think_time()
        if not narrowed.articles:
            narrowed = shelf  # the filter left nothing: one step back
        self.product(narrowed)
