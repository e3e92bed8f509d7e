"""A purchase as a browser makes it: redirects followed, cookies kept, forms sent with their tokens; over TLS too."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import pytest
import trustme
from gevent import socket
from gevent.server import StreamServer

from loadgen.journey import Shopper, constant
from loadgen.journey.http.response import Response

BUYERS = 8
PRODUCT = re.compile(r'href="(/product/[^"]+)"')


class FollowingBuyer(Shopper):
    """Buys without ever asking for the page that comes after a form: the client goes where it is sent."""

    think = constant(0)

    def journey(self) -> None:
        home = self.must(self.client.get("/"))
        product = self.must(self.client.get(PRODUCT.findall(home.text or "")[0], name="/product/{slug}"))
        self.send(product, "/cart/add", to="/cart")
        checkout = self.must(self.client.get("/checkout"))
        whose = {"email": "guest@example.test", "name": "Grete Größe", "address": "1 Straße & Söhne"}
        payment = self.send(checkout, "/checkout/delivery", to="/checkout/payment", **whose)
        order = self.send(payment, "/checkout/payment", to="/checkout/confirmation/", card_number="4111111111111111")
        assert "data-cents" in (order.text or "")
        self.count("orders")

    def send(self, page: Response, action: str, to: str, **fields: str) -> Response:
        form = self.form(page, action)
        assert form.fields["csrf"]
        following = self.must(self.client.post(form.action, {**form.fields, **fields}))
        assert [urlsplit(earlier.url).path for earlier in following.history] == [action]
        assert urlsplit(following.url).path.startswith(to)
        return following


class ForgetfulBuyer(FollowingBuyer):
    """Sends a form without its token."""

    def send(self, page: Response, action: str, to: str, **fields: str) -> Response:
        with self.client.post(action, fields, catch_response=True) as answer:
            assert answer.status_code == 403, answer.status_code
            answer.success()
        self.give_up("will")
        return super().send(page, action, to, **fields)


class TrustingBuyer(FollowingBuyer):
    """Knows the authority that issued the shop's certificate."""


class StrangerBuyer(FollowingBuyer):
    """Does not."""


@contextmanager
def tls_in_front(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """A proxy such as shops have in front: TLS outside, plain HTTP inside. Gives its URL."""
    inside = urlsplit(url)

    def pump(source: Any, sink: Any) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve(guest: Any, _peer: Any) -> None:
        with socket.create_connection((inside.hostname, inside.port)) as shop:
            back = gevent.spawn(pump, shop, guest)
            pump(guest, shop)
            back.join()
        guest.close()

    server = StreamServer(("127.0.0.1", 0), serve, ssl_context=context)
    server.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.stop(timeout=1)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def shop_over_tls(shop: Any, authority: trustme.CA) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with tls_in_front(shop.url, context) as url:
        yield url


def assert_all_bought(tally: Any, stats: dict[str, Any], name: str) -> None:
    assert tally.failures == 0, tally.samples
    assert tally.journeys[name].completed == stats["sessions"] == stats["orders"] == BUYERS
    assert tally.counters[(name, "orders")] == BUYERS
    # three forms a buyer, each followed by a redirect: one request in our figures, two in the shop's
    assert tally.requests == BUYERS * 6
    assert stats["requests_total"] == BUYERS * 9


def test_redirects_are_followed_and_forms_sent_back(visit: Any, shop: Any) -> None:
    assert_all_bought(visit.all_of(FollowingBuyer, BUYERS), shop.stats(), "FollowingBuyer")


def test_the_same_over_tls(
    visit: Any, shop: Any, shop_over_tls: str, authority: trustme.CA, tmp_path: Path, monkeypatch: Any
) -> None:
    ca_file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    monkeypatch.setattr(TrustingBuyer, "ca_file", str(ca_file))
    visit.environment.host = shop_over_tls

    assert_all_bought(visit.all_of(TrustingBuyer, BUYERS), shop.stats(), "TrustingBuyer")


def test_a_certificate_of_nobody_known_is_not_accepted(visit: Any, shop: Any, shop_over_tls: str) -> None:
    visit.environment.host = shop_over_tls
    tally = visit.all_of(StrangerBuyer, 1)

    assert tally.journeys["StrangerBuyer"].completed == shop.stats()["sessions"] == 0
    assert "unknown authority" in str(tally.samples)


def test_a_plan_may_accept_any_certificate(make_visit: Any, shop: Any, shop_over_tls: str) -> None:
    visit = make_visit(shop, insecure_tls=True)
    visit.environment.host = shop_over_tls

    assert_all_bought(visit.all_of(StrangerBuyer, BUYERS), shop.stats(), "StrangerBuyer")


def test_a_form_without_its_token_is_refused(visit: Any, shop: Any) -> None:
    tally = visit.all_of(ForgetfulBuyer, 1)

    assert tally.failures == 0, tally.samples
    assert shop.stats()["orders"] == 0
