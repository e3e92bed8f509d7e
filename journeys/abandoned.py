"""A cart that is left behind."""

from buy import Buyer


class CartAbandoner(Buyer):
    """Fills a cart and has second thoughts at the checkout."""

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        with self.step("checkout"):
            self.give_up("will")
