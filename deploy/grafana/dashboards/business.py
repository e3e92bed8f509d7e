"""The row that marketing reads: who came, who bought, for how much, beside what the shop had to bear."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards import queries as q
from dashboards.panels import COUNT, HALF, PER_MINUTE, SECONDS, SHARE, Look, Query, figure, lines

MONEY = "locale"
"""The shop's currency is not known here; thousands are set apart."""


def business_row() -> Sequence[Builder[Panel]]:
    """Figures of the run so far, and the same against time."""
    return [*_figures(), *_against_time()]


def _figures() -> Sequence[Builder[Panel]]:
    orders, visits, carts = q.business("orders"), q.business("visits"), q.business("carts")
    cents = q.business("revenue_cents")
    return [
        figure("Visits", "Visitors who came to the shop in this run.", "locale", Query(visits)),
        figure("Orders", "Orders that the shop has confirmed in this run.", "locale", Query(orders)),
        figure(
            "Conversion",
            "Orders divided by visits, over the run so far.",
            SHARE,
            Query(q.share(orders, visits)),
        ),
        figure(
            "Revenue",
            "What the orders came to, in the shop's currency.",
            MONEY,
            Query(f"{cents} / 100"),
        ).decimals(0),
        figure(
            "Basket",
            "Revenue divided by orders, in the shop's currency.",
            MONEY,
            Query(f"{q.share(cents, orders)} / 100"),
        ).decimals(2),
        figure(
            "Carts abandoned",
            "The share of visitors who filled a cart and did not order, over the run so far.",
            SHARE,
            Query(f"1 - {q.share(orders, carts)}"),
        ),
    ]


def _against_time() -> Sequence[Builder[Panel]]:
    planned = f"sum({q.shown('loadgen_load_planned', by=['stream'])})"
    return [
        lines(
            "Orders, latency and planned load",
            "Orders per minute (left) beside the chosen percentile of the answer times and the planned load (right). "
            "Where the load goes on rising and the orders do not, the shop has reached what it can sell.",
            PER_MINUTE,
            Query(q.business("orders", per_minute=True), "orders per minute"),
            Query(q.shown("loadgen_request_latency_seconds", 'quantile="$quantile"'), "latency"),
            Query(planned, "planned load"),
            looks={
                "^latency$": Look(unit=SECONDS, colour="orange", right=True),
                "^planned load$": Look(unit=COUNT, colour="gray", right=True, dashed=True),
                "^orders": Look(colour="green"),
            },
        ),
        lines(
            "Visits and orders",
            "Visitors who came and orders that were confirmed, per minute.",
            PER_MINUTE,
            Query(q.business("visits", per_minute=True), "visits"),
            Query(q.business("carts", per_minute=True), "carts"),
            Query(q.business("orders", per_minute=True), "orders"),
        ),
        lines(
            "Revenue against time",
            "Revenue per minute (left) and of the run so far (right), in the shop's currency.",
            MONEY,
            Query(f"{q.business('revenue_cents', per_minute=True)} / 100", "per minute"),
            Query(f"{q.business('revenue_cents')} / 100", "so far"),
            looks={"^so far$": Look(right=True, dashed=True)},
        ).decimals(0),
        lines(
            "Conversion against time",
            "Orders divided by visits, over the run so far: it settles as visits come to their end. A fall while the "
            "load rises is money lost.",
            SHARE,
            Query(q.share(q.business("orders"), q.business("visits")), "conversion"),
            span=HALF,
        ),
    ]
