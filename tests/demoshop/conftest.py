"""A demo shop in a thread of its own, visitors that fill in forms, and sockets that misbehave."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.server import ShopServer
from loadgen.demoshop.shop import Shop

DEADLINE_S = 10.0


class OpenShop:
    """A shop that listens, and the ways into it."""

    def __init__(self, config: ShopConfig) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = ShopServer(config)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.host, self.port = self._run(self._server.open())
        self.url = f"http://{self.host}:{self.port}"
        self._sockets: list[socket.socket] = []
        self._visitors: list[Visitor] = []

    @property
    def shop(self) -> Shop:
        return self._server.shop

    def close(self) -> None:
        for connection in self._sockets:
            connection.close()
        for visitor in self._visitors:
            visitor.close()
        self._run(self._server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def visitor(self) -> Visitor:
        self._visitors.append(Visitor(self.url))
        return self._visitors[-1]

    def stats(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/_shop/stats", timeout=DEADLINE_S).json()

    def fault(self, **fault: Any) -> requests.Response:
        return requests.post(f"{self.url}/_shop/faults", json=fault, timeout=DEADLINE_S)

    def connect(self) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), timeout=DEADLINE_S)
        self._sockets.append(connection)
        return connection

    def exchange(self, raw: bytes) -> bytes:
        """Send bytes and read until the shop closes."""
        connection = self.connect()
        connection.sendall(raw)
        return read_all(connection)

    def wait_for(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_S
        while not condition(stats := self.stats()):
            assert time.monotonic() < deadline, stats
            time.sleep(0.005)
        return stats

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(DEADLINE_S)


class Visitor(requests.Session):
    """A browser: cookies, redirects, and forms sent with their hidden fields."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        options.setdefault("timeout", DEADLINE_S)
        return super().request(method, self.url + url if url.startswith("/") else url, **options)

    def send_form(self, page: requests.Response, action: str, **fields: str) -> requests.Response:
        """Fill in the form of a page that has this action."""
        found = re.search(rf'<form [^>]*action="{action}".*?</form>', page.text, re.DOTALL)
        assert found, f"no form {action} on {page.url}"
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[0]))
        return self.post(action, data=hidden | fields)

    def put_in_cart(self, slug: str, quantity: int = 1) -> requests.Response:
        return self.send_form(self.get(f"/product/{slug}"), "/cart/add", quantity=str(quantity))

    def go_to_payment(self, **fields: str) -> requests.Response:
        given = {"email": "guest@example.test", "name": "A Guest", "address": "2 Example Street"} | fields
        return self.send_form(self.get("/checkout"), "/checkout/delivery", **given)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


@pytest.fixture
def open_shop() -> Iterator[Callable[..., OpenShop]]:
    shops: list[OpenShop] = []

    def open_it(**config: Any) -> OpenShop:
        shops.append(OpenShop(ShopConfig(port=0, **{"products": 40, **config})))
        return shops[-1]

    yield open_it
    for shop in shops:
        shop.close()


@pytest.fixture
def shop(open_shop: Callable[..., OpenShop]) -> OpenShop:
    return open_shop()


@pytest.fixture
def visitor(shop: OpenShop) -> Visitor:
    return shop.visitor()
