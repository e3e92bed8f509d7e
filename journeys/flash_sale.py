"""A flash sale: everybody wants the same article, at once and quickly."""

from shop import PRODUCT_LINK, ShopVisitor

from loadgen.journey import uniform


class FlashSaleBuyer(ShopVisitor):
    """Comes for the first article on the home page and buys it, unless it is sold out."""

    think = uniform(0.2, 1)

    def journey(self) -> None:
        home = self.home()
        with self.step("product"):
            article = self.see(PRODUCT_LINK.findall(home)[0], "/product/{slug}")
            if "Sold out" in article:
                self.count("sold_out")
                self.give_up("will")
        self.think_time()
        self.add_to_cart(article)
        checkout = self.check_out()
        self.think_time()
        payment = self.deliver(checkout, email="fan@example.test", name="Fred Fan", address="1 Example Street, Berlin")
        self.think_time()
        self.pay(payment)
