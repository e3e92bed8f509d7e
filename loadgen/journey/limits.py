"""What is limited in the shop, as the counters that tell how much of it was sold."""

from __future__ import annotations

from loadgen.plan.commerce import Commerce
from loadgen.stats.evidence import SOLD, USED


def limits_of(commerce: Commerce) -> dict[str, int]:
    """Limits of a plan by counter: ``sold:ARTICLE``, ``used:COUPON``."""
    stock = {f"{SOLD}{key}": limit for key, limit in commerce.stock.items()}
    return stock | {f"{USED}{code}": limit for code, limit in commerce.coupons.items()}
