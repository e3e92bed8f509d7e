"""A small online shop to rehearse against: its own pages, its own limits, its own count of what it served.

::

    connection ─▶ reader ─▶ reception ─▶ routes ─▶ storefront, checkout, …, api, control, truth ─▶ answers
      http.py               waiting room,  │         │
                            faults,        counters  shop: catalogue, coupons, orders, street, sessions, templates
                            stations
"""

from __future__ import annotations

from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.coupons import Coupon
from loadgen.demoshop.faults import Fault, FaultKind
from loadgen.demoshop.server import serve
from loadgen.demoshop.stations import Step

__all__ = ["Coupon", "Fault", "FaultKind", "ShopConfig", "Step", "serve"]
