"""The demo shop's dialect: its paths, links and forms. What shoppers want is in the other files.

Rehearsing another shop means writing this file anew and leaving the others alone. Every page is one request: forms
are sent without following the redirect, and the next page is then asked for, as the shop counts it too.
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any

from loadgen.journey import Shopper, uniform

CATEGORY_LINK = re.compile(r'href="(/category/[^"]+)"')
PRODUCT_LINK = re.compile(r'href="(/product/[^"]+)"')
CENTS = re.compile(r'class="total" data-cents="(\d+)"')

SOLD_OUT = 'data-code="out_of_stock"'

SEARCH_WORDS = ["lamp", "wool", "classic", "steel", "scarf", "modern", "tent", "oak", "warm", "boot"]


class ShopVisitor(Shopper):
    """A visitor of the demo shop, with one method for each thing to do there."""

    abstract = True
    think = uniform(0.5, 2)
    patience_s = 8.0
    """A page that takes longer makes the visitor leave."""

    def see(self, path: str, name: str | None = None) -> str:
        """Open a page and return its HTML. An error page fails the journey, a slow one loses the visitor."""
        asked_s = perf_counter()
        page = self.must(self.client.get(path, name=name))
        if perf_counter() - asked_s > self.patience_s:
            self.give_up("slow")
        return page.text or ""

    def follow(self, html: str, links: re.Pattern[str], name: str) -> str:
        """Open one of the links of a page; a visitor who finds none leaves."""
        found = links.findall(html)
        if not found:
            self.give_up("will")
        return self.see(self.pick(found), name)

    def send(self, html: str, action: str, **fields: str) -> str:
        """Fill in a page's form, send it, and return the path of the page that follows."""
        form = self.form(html, action)
        filled = {**form.fields, **fields}
        with self.client.post(form.action, filled, allow_redirects=False, catch_response=True) as answer:
            sold_out = SOLD_OUT in (answer.text or "")
            if sold_out:
                answer.success()  # the shop did its work; it is the visitor who has come too late
        if sold_out:
            self.count("sold_out")
            self.give_up("will")
        return str(self.must(answer).headers["Location"])

    def home(self) -> str:
        """Arrive."""
        self.count("visits")
        with self.step("home"):
            return self.see("/")

    def category(self, html: str) -> str:
        """Open one of the categories that a page links to."""
        with self.step("category"):
            return self.follow(html, CATEGORY_LINK, "/category/{slug}")

    def search(self) -> str:
        """Search for something."""
        with self.step("search"):
            return self.see(f"/search?q={self.pick(SEARCH_WORDS)}")

    def product(self, html: str) -> str:
        """Open one of the products that a page links to."""
        with self.step("product"):
            return self.follow(html, PRODUCT_LINK, "/product/{slug}")

    def choose(self) -> str:
        """Look at one product from a category and at one from a search; the second is to be bought."""
        home = self.home()
        self.think_time()
        self.product(self.category(home))
        self.think_time()
        found = self.search()
        self.think_time()
        chosen = self.product(found)
        self.think_time()
        return chosen

    def add_to_cart(self, product: str) -> str:
        """Put the product of this page into the cart, and see the cart."""
        with self.step("add_to_cart"):
            cart = self.see(self.send(product, "/cart/add"))
        self.count("carts")
        return cart

    def log_in(self, email: str, password: str) -> None:
        """Log in on the way to the checkout."""
        with self.step("login"):
            self.send(self.see("/login"), "/login", email=email, password=password)

    def check_out(self) -> str:
        """Go to the checkout; returns its form."""
        with self.step("checkout"):
            return self.see("/checkout")

    def deliver(self, checkout: str, **recipient: str) -> str:
        """Say where the order shall go; returns the payment form."""
        with self.step("delivery"):
            return self.see(self.send(checkout, "/checkout/delivery", **recipient))

    def pay(self, payment: str) -> None:
        """Pay by card and see the confirmation."""
        with self.step("payment"):
            confirmation = self.send(payment, "/checkout/payment", card_number="4111111111111111")
            order = self.see(confirmation, "/checkout/confirmation/{order}")
        self.count("orders")
        self.count("revenue_cents", int(CENTS.findall(order)[0]))

    def customer(self) -> dict[str, Any]:
        """A registered customer: from the plan's data file ``customers``, else one that the demo shop knows."""
        known = self.environment.context.data.get("customers")
        if known:
            return dict(self.pick(known))
        return {"email": f"customer{self.rng.randint(1, 9999):04}@example.test", "password": "demo"}
