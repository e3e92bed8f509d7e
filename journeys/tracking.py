"""Where is my parcel? An order that is looked at again and again."""

from buy import Buyer


class OrderTracker(Buyer):
    """Buys with an account, and comes back twice to see how the order does."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        customer = self.account()
        self.login(customer)
        order = self.buy(customer)
        for _ in range(2):
            self.think_time()
            self.home()
            self.tracking(order)
