"""A small online shop to rehearse against: its own pages, its own limits, its own count of what it served.

::

    connection ─▶ reader ─▶ reception ─▶ routes ─▶ storefront, checkout, api, control ─▶ answers
      http.py                faults,       │         │
                             stations      counters  shop: catalogue, sessions, orders, templates
"""

from __future__ import annotations

from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.faults import Fault, FaultKind
from loadgen.demoshop.server import serve
from loadgen.demoshop.stations import Step

__all__ = ["Fault", "FaultKind", "ShopConfig", "Step", "serve"]
