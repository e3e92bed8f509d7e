"""The cases of the HTTP client for Locust's ``FastHttpUser``: the same visits as in ``shoppers.py``."""

import re

from locust import FastHttpUser, constant, task

TOKEN = re.compile(r'name="csrf" value="(\w+)"')


class Page(FastHttpUser):
    """One page of 1 KB."""

    wait_time = constant(0)

    @task
    def page(self) -> None:
        self.client.get("/page.html")


class Newcomer(FastHttpUser):
    """Three pages of 1 KB; then the user forgets its cookies and its connection.

    Locust does not replace users that end, and a new user or session would cost more than this.
    """

    wait_time = constant(0)

    @task
    def visit(self) -> None:
        self.client.get("/page.html")
        self.client.get("/page.html")
        self.client.get("/page.html")
        self.client.cookiejar.clear()
        self.client.client.clientpool.close()


class Catalogue(FastHttpUser):
    """One page of 100 KB, looked at."""

    wait_time = constant(0)

    @task
    def page(self) -> None:
        assert "<title>catalogue</title>" in self.client.get("/catalogue.html").text


class Visit(FastHttpUser):
    """Ten exchanges of a buyer; every answer is looked at."""

    wait_time = constant(0)

    @task
    def visit(self) -> None:
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
