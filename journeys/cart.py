"""A cart that changes: more of this, less of that, then the till."""

from visitor import Visitor


class CartChanger(Visitor):
    """Fills a cart with two articles, takes two of the first, thinks again, and buys."""

    def journey(self) -> None:
        shelf = self.category(self.arrive())
        for _ in range(2):
            self.think_time()
            self.add_to_cart(self.product(shelf))
        self.think_time()
        cart = self.cart()
        if self.shop.can("change") and cart.lines:
            self.think_time()
            cart = self.change_cart(cart, 0, cart.lines[0].quantity + 1)
            if len(cart.lines) > 1 and self.chance(0.5):
                self.think_time()
                self.change_cart(cart, 1, 0)
        self.think_time()
        self.buy(self.guest())
