"""A customer who comes back: the same way, with a login before the checkout."""

from shop import ShopVisitor


class ReturningCustomer(ShopVisitor):
    """Logs in once the cart is full; the shop knows the address."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        customer = self.customer()
        self.log_in(customer["email"], customer["password"])
        payment = self.deliver(self.check_out())
        self.think_time()
        self.pay(payment)
