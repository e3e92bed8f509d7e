"""A new customer: opens an account on the way to the till."""

from buy import Buyer


class NewCustomer(Buyer):
    """Registers once the cart is full, buys, and looks at the order once more."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        customer = self.register()
        self.think_time()
        order = self.buy(customer)
        self.think_time()
        self.tracking(order)
