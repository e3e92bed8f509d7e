"""The shop itself: what it sells, whom it knows, what was bought, and what is on its pages. No network, no clock."""

from __future__ import annotations

from loadgen.demoshop.branches import Street
from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.counters import Counters
from loadgen.demoshop.coupons import Coupons
from loadgen.demoshop.customers import Customers
from loadgen.demoshop.faults import Faults
from loadgen.demoshop.files import Files
from loadgen.demoshop.orders import OrderBook
from loadgen.demoshop.sessions import Sessions
from loadgen.demoshop.showroom import Showroom
from loadgen.demoshop.templates import Templates


class Shop:
    """Everything a request may need.

    Args:
        config: size, stock, seed, coupons and faults are taken from it.
    """

    def __init__(self, config: ShopConfig) -> None:
        self.catalogue = Catalogue.generate(
            config.products,
            config.seed,
            config.stock,
            hot_stock=config.hot_stock,
            for_members=config.private_sale,
        )
        self.files = Files()
        self.templates = Templates(self.catalogue.by_category, self.files.names)
        self.showroom = Showroom(self.catalogue, self.templates)
        self.sessions = Sessions()
        self.customers = Customers()
        self.faults = Faults(config.faults)
        self.coupons = Coupons(config.coupons, self.faults)
        self.order_book = OrderBook(self.catalogue, self.coupons, self.faults)
        self.street = Street()
        self.counters = Counters()

    def reset(self) -> None:
        """Zero the counters, forget what was bought, redeemed and reserved. Visitors keep their carts."""
        self.counters = Counters()
        self.coupons.reset()
        self.order_book.reset()
        self.street.reset()
        self.sessions.created = self.sessions.forgotten = 0
