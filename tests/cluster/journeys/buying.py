"""A visitor who looks around, and buys something."""

from loadgen.journey import Shopper


class Buyer(Shopper):
    def journey(self):
        self.count("visits")
        with self.step("look"):
            self.client.get("/search?q=a", name="/search")
            self.client.get("/", name="/")
        with self.step("buy"):
            self.client.get("/api/", name="/api/")
            self.count("orders")
            self.count("revenue_cents", 1999)
