"""The cases of the HTTP client, as a journey's author writes them: run by a worker process.

The same visits as in ``fast_http_users.py`` and ``k6/``.
"""

import re

from loadgen.journey import Shopper

TOKEN = re.compile(r'name="csrf" value="(\w+)"')


class Page(Shopper):
    """One page of 1 KB."""

    def journey(self) -> None:
        self.client.get("/page.html")


class Newcomer(Shopper):
    """Three pages of 1 KB."""

    def journey(self) -> None:
        self.client.get("/page.html")
        self.client.get("/page.html")
        self.client.get("/page.html")


class Catalogue(Shopper):
    """One page of 100 KB, looked at."""

    def journey(self) -> None:
        assert "<title>catalogue</title>" in self.client.get("/catalogue.html").text


class Visit(Shopper):
    """Ten exchanges of a buyer; every answer is looked at."""

    def journey(self) -> None:
        client = self.client
        assert "<title>home</title>" in client.get("/home").text
        assert "<title>category</title>" in client.get("/category/shoes").text
        page = client.get("/product/boots").text
        assert "<title>product</title>" in page
        assert client.get("/api/stock").json()["pieces"] > 0
        token = TOKEN.search(page)[1]
        cart = client.post("/cart/add", data={"csrf": token, "product": "boots", "quantity": "1"})
        assert "<title>cart</title>" in cart.text
        assert client.post("/api/voucher", json={"code": "WINTER", "cart": ["boots"]}).json()["accepted"]
        assert "<title>checkout</title>" in client.get("/checkout").text
        assert client.get("/api/payment").json()["accepted"]
        assert "<title>thanks</title>" in client.get("/thanks").text


class Patient(Shopper):
    """A page that takes its time."""

    def journey(self) -> None:
        self.client.get("/slow")
