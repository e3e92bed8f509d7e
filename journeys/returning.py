"""A customer who comes back: the same way, with a login before the checkout."""

from buy import Buyer


class ReturningCustomer(Buyer):
    """Logs in once the cart is full; the shop knows the address."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        customer = self.account()
        self.login(customer)
        self.buy(customer)
