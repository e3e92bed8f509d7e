"""What a shop must never do, as pure rules: observations in, violations out.

============  =====================================================================  =======================
rule          what must hold                                                         what it takes to see it
============  =====================================================================  =======================
cart_total    lines = goods, and goods - discount + delivery = total                 one cart
price         a line costs what its article's page said; many may cost less          a page, then a cart
cart_kept     what was in the cart is there after a failed payment, or a look away   a cart, then another
delivery      some way of delivery is on offer                                       the offer
payment       some way of payment is on offer                                        the offer
order_total   an order costs what the till said                                      a cart, then an order
charged_once  an order looked at again costs what its confirmation said              an order, twice
order_kept    an order that was confirmed can be looked at again                     an order, looked for
order_number  no order number is given twice                                         two orders
stock         no more pieces of an article are sold than there are                   all orders of a run
coupon        no coupon counts more often than its limit                             all orders of a run
============  =====================================================================  =======================

Money is in whole cents. What a page does not show breaks no rule. ``rounding_cents`` is how far the shop's own rounding
may be off (:attr:`loadgen.journey.Dialect.rounding_cents`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loadgen.commerce.orders import Cart, Line, Method, Order


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a shop broke.

    Attributes:
        rule: its name, from the table above.
        words: what was seen, with its figures.
    """

    rule: str
    words: str


def adds_up(cart: Cart, rounding_cents: int = 0) -> Iterator[Violation]:
    """Check the sums of a cart."""
    goods, lines = cart.goods_cents, _sum_of(cart.lines)
    if goods is not None and lines is not None and cart.lines and abs(lines - goods) > rounding_cents:
        yield Violation("cart_total", f"the lines add up to {lines} cents, the goods are said to be {goods}")
    if goods is None or cart.total_cents is None:
        return
    wanted = goods - cart.discount_cents + (cart.delivery_cents or 0)
    if abs(wanted - cart.total_cents) > rounding_cents:
        sums = f"goods {goods} - discount {cart.discount_cents} + delivery {cart.delivery_cents or 0}"
        yield Violation("cart_total", f"{sums} = {wanted} cents, the total is said to be {cart.total_cents}")


def priced_as_shown(cart: Cart, prices: Mapping[str, int], rounding_cents: int = 0) -> Iterator[Violation]:
    """Compare a cart with the pages of its articles.

    Args:
        cart: as the shop shows it.
        prices: what pages said one piece costs, by the article's key.
        rounding_cents: for each line.
    """
    for line in cart.lines:
        price = prices.get(line.article)
        if price is None or line.total_cents is None:
            continue
        dearer_by = line.total_cents - price * line.quantity
        cheaper_for_many = line.quantity > 1 and dearer_by < 0
        if abs(dearer_by) > rounding_cents and not cheaper_for_many:
            words = f"{line.quantity} of {line.article} cost {line.total_cents} cents, its page said {price} each"
            yield Violation("price", words)


def still_there(before: Cart, now: Cart, after: str) -> Iterator[Violation]:
    """Look for what a cart lost; it may have grown.

    Args:
        before: as it was shown.
        now: as it is shown.
        after: what happened in between, for people.
    """
    left = _pieces(now)
    lost = {key: pieces - left.get(key, 0) for key, pieces in _pieces(before).items() if left.get(key, 0) < pieces}
    if lost:
        gone = ", ".join(f"{pieces} of {key}" for key, pieces in lost.items())
        yield Violation("cart_kept", f"after {after} the cart has lost {gone}")


def on_offer(methods: Sequence[Method], what: str) -> Iterator[Violation]:
    """Make sure that there is a choice.

    Args:
        methods: on offer.
        what: ``delivery`` or ``payment``.
    """
    if not methods:
        yield Violation(what, f"no way of {what} is on offer")


def costs_what_the_till_said(cart: Cart, order: Order, rounding_cents: int = 0) -> Iterator[Violation]:
    """Compare an order with the cart that was shown before it was paid."""
    if cart.total_cents is not None and abs(cart.total_cents - order.total_cents) > rounding_cents:
        words = f"order {order.number} costs {order.total_cents} cents, the till said {cart.total_cents}"
        yield Violation("order_total", words)


def charged_once(confirmed: Order, now: Order) -> Iterator[Violation]:
    """Compare an order that is looked at again with its confirmation."""
    if confirmed.total_cents != now.total_cents:
        words = f"order {now.number} was confirmed with {confirmed.total_cents} cents; charged are {now.total_cents}"
        yield Violation("charged_once", words)


def order_kept(confirmed: Order, answer: str) -> Violation:
    """An order that the shop does not know any more.

    Args:
        confirmed: as it was.
        answer: what the shop said when it was asked for it.
    """
    said = f": {answer}" if answer else ""
    words = f"order {confirmed.number} was confirmed with {confirmed.total_cents} cents, and is not to be found{said}"
    return Violation("order_kept", words)


def given_twice(what: str, whose: str) -> Violation:
    """A number that somebody else has already.

    Args:
        what: it is of: ``order 7``.
        whose: who was given it before.
    """
    return Violation("order_number", f"{what} was given to {whose} already")


def oversold(sold: Mapping[str, int], stock: Mapping[str, int]) -> Iterator[Violation]:
    """Compare what all shoppers of a run bought with what there was.

    Args:
        sold: pieces in confirmed orders, by article.
        stock: pieces there were at the start.
    """
    for key, limit in stock.items():
        if sold.get(key, 0) > limit:
            yield Violation("stock", f"{sold[key]} of {key} were sold, there were {limit}")


def overused(used: Mapping[str, int], limits: Mapping[str, int]) -> Iterator[Violation]:
    """Compare how often coupons counted with how often they may.

    Args:
        used: confirmed orders with it, by code.
        limits: how many there may be.
    """
    for code, limit in limits.items():
        if used.get(code, 0) > limit:
            yield Violation("coupon", f"{code} counted in {used[code]} orders, it may in {limit}")


def _sum_of(lines: Sequence[Line]) -> int | None:
    """What lines cost together; None where one does not say."""
    known = [line.total_cents for line in lines if line.total_cents is not None]
    return sum(known) if len(known) == len(lines) else None


def _pieces(cart: Cart) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in cart.lines:
        pieces[line.article] = pieces.get(line.article, 0) + line.quantity
    return pieces
