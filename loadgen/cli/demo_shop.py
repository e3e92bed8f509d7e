"""``loadgen demo-shop``: a shop to rehearse against, in the foreground until Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterable

import click

from loadgen.cli.options import checked, knee
from loadgen.units import format_rate, parse_rate


def _admission(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    rate_per_s = None if text is None else checked(parse_rate, text)
    if rate_per_s == 0:
        raise click.BadParameter("a waiting room at 0 would let nobody in")
    return rate_per_s


@click.command("demo-shop")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8100, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option(
    "--knee",
    "knee_per_s",
    callback=knee,
    metavar="RATE",
    help="New visitors at which the shop saturates, such as 150/s. Without it, it is as fast as it can be.",
)
@click.option(
    "--products", default=200, show_default=True, type=click.IntRange(1, 100_000), help="Size of the catalogue."
)
@click.option(
    "--stock",
    type=click.IntRange(0, 1_000_000_000),
    help="Pieces of each product, and of each size.  [default: 500 to 5000 of a product]",
)
@click.option(
    "--hot-stock", type=click.IntRange(0, 1_000_000_000), help="The same for hot products.  [default: as the others]"
)
@click.option(
    "--private-sale",
    default=12,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="Further products, for customers who are logged in.",
)
@click.option(
    "--coupon",
    "coupons",
    multiple=True,
    metavar="CODE:OFF[:LIMIT]",
    help="Take a coupon besides WELCOME10: OFF is 10% or an amount such as 5.00, LIMIT the orders that may use it. "
    "May be repeated.",
)
@click.option(
    "--waiting-room",
    "waiting_room_per_s",
    callback=_admission,
    metavar="RATE",
    help="Visitors who are let in, such as 50/s; the others queue.",
)
@click.option("--seed", default=1, show_default=True, help="Of the catalogue and of the service times.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:STEP][@SHARE]",
    help="Switch on slow, error, stall, refuse or reset, for all steps or one; or plant oversell, double-charge, "
    "lost-cart-after-decline, wrong-total, wrong-price, coupon-overuse, duplicate-order-number or "
    "no-delivery-method. SHARE is from 0 to 1. May be repeated.",
)
@click.option("--exit-with-parent", is_flag=True, hidden=True)
def demo_shop(
    host: str,
    port: int,
    knee_per_s: float | None,
    products: int,
    stock: int | None,
    hot_stock: int | None,
    private_sale: int,
    coupons: Iterable[str],
    waiting_room_per_s: float | None,
    seed: int,
    faults: Iterable[str],
    exit_with_parent: bool,
) -> None:
    """Open a small online shop to rehearse against.

    It has pages, a JSON API, stock, coupons and orders, a capacity, faults to switch on, and counts what it served
    and sold: see /_shop/stats. It closes with Ctrl-C.

    \b
    Examples:
      loadgen demo-shop
      loadgen demo-shop --port 0 --knee 150/s
      loadgen demo-shop --port 0 --fault slow:payment --fault error@0.1
      loadgen demo-shop --hot-stock 20 --coupon WINTER10:10%:100 --waiting-room 50/s
    """  # noqa: D301 - \b keeps click from wrapping the examples
    from loadgen.demoshop import Coupon, Fault, ShopConfig, serve

    config = ShopConfig(
        host=host,
        port=port,
        knee_per_s=knee_per_s,
        products=products,
        stock=stock,
        hot_stock=hot_stock,
        private_sale=private_sale,
        coupons=tuple(checked(Coupon.parse, coupon) for coupon in coupons),
        waiting_room_per_s=waiting_room_per_s,
        seed=seed,
        faults=tuple(checked(Fault.parse, fault) for fault in faults),
        exit_with_parent=exit_with_parent,
    )
    capacity = "unlimited" if knee_per_s is None else f"knee {format_rate(knee_per_s)}"

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"demo shop on http://{shown}:{port} ({capacity})")

    serve(config, ready=announce)
