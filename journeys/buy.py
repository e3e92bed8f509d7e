"""Search and buy, as a guest."""

from shop import ShopVisitor


class GuestBuyer(ShopVisitor):
    """Finds something, puts it into the cart and pays without an account."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        checkout = self.check_out()
        self.think_time()
        payment = self.deliver(
            checkout, email="guest@example.test", name="Grete Guest", address="1 Example Street, Berlin"
        )
        self.think_time()
        self.pay(payment)
