"""A coupon: some have one that counts, some have one that does not."""

from buy import Buyer


class CouponBuyer(Buyer):
    """Buys with a coupon of the plan's data ``coupons`` (column ``code``); without such data with :attr:`code`.

    A shop that refuses it sells without.
    """

    code = "WELCOME10"

    def journey(self) -> None:
        self.add_to_cart(self.choose())
        self.think_time()
        if self.shop.can("redeem"):
            self.coupon(self.a_code())
            self.think_time()
        self.buy(self.guest())

    def a_code(self) -> str:
        """What is printed on the coupon."""
        known = "coupons" in self.environment.context.data
        return str(self.data.coupons.take()["code"]) if known else self.code
