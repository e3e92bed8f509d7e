"""Searching: few words often, many words seldom, and some of them mistyped."""

from visitor import Visitor


class Searcher(Visitor):
    """Searches until something is found, looks at some of it, and goes on searching."""

    mistypes = 0.1
    """Share of searches with two letters changed about."""

    def journey(self) -> None:
        self.arrive()
        for _ in range(self.rng.randint(1, 4)):
            self.think_time()
            words = self.wanted_words()
            found = self.search(self.mistyped(words) if self.chance(self.mistypes) else words)
            if not found.articles:
                self.think_time()
                found = self.search(words)
            self.think_time()
            if self.chance(0.2):
                found = self.next_page(found)
                self.think_time()
            self.product(found)

    def mistyped(self, words: str) -> str:
        """The same with two neighbouring letters changed about."""
        at = self.rng.randrange(max(len(words) - 1, 1))
        return words[:at] + words[at : at + 2][::-1] + words[at + 2 :]
