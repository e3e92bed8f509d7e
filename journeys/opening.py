"""The opening of the sales: at one instant, in France at eight in the morning, everybody wants the same.

People know what they want: they have looked at it the day before. So they go straight to it, take it, and pay.
"""

from visitor import Visitor

from loadgen.journey import uniform


class OpeningShopper(Visitor):
    """Reloads the home page, goes to a category, takes what is hot, and pays; one of three finds a second thing."""

    think = uniform(0.2, 1)

    def journey(self) -> None:
        home = self.arrive()
        shelf = self.category(home)
        self.add_to_cart(self.product(shelf))
        if self.chance(0.33):
            self.think_time()
            self.add_to_cart(self.product(shelf))
        self.think_time()
        self.buy(self.guest())


class EarlyBird(Visitor):
    """Comes some minutes before, fills the cart, and looks at it again and again until the prices fall."""

    looks = 5
    """How often, before it buys."""

    def journey(self) -> None:
        self.add_to_cart(self.product(self.category(self.arrive())))
        for _ in range(self.looks):
            self.think_time()
            self.cart()
        self.buy(self.guest())
