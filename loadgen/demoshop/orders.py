"""What was bought, and what is left. Amounts are cents; an order's total includes its delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from loadgen.demoshop.catalogue import Catalogue
from loadgen.demoshop.coupons import Coupons
from loadgen.demoshop.faults import FaultKind, Faults
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.sessions import Delivery, Session
from loadgen.demoshop.totals import OrderLine, Totals, reckon

CONFIRMED: Final = "confirmed"
CANCELLED: Final = "cancelled"


@dataclass(slots=True)
class Order:
    """An order that was placed.

    Attributes:
        number: unique, also across resets of the counters.
        session_token: of the visitor who placed it.
        customer: the account with which it was placed; None: as a guest.
        delivery: where it goes.
        lines: what was bought.
        totals: what it costs.
        coupon: the code that was used; None: none was.
        payment: key of the way of payment.
        charges: how often its total was charged.
        booked: whether its goods were taken from the stock.
        lost: whether nobody finds it once it is confirmed.
        state: confirmed or cancelled.
    """

    number: str
    session_token: bytes
    customer: str | None
    delivery: Delivery
    lines: tuple[OrderLine, ...]
    totals: Totals
    coupon: str | None
    payment: str
    charges: int = 1
    booked: bool = True
    lost: bool = False
    state: str = CONFIRMED

    @property
    def total_cents(self) -> int:
        """Goods and delivery, without the discount."""
        return self.totals.total_cents

    @property
    def paid_cents(self) -> int:
        """What was charged in all."""
        return self.totals.total_cents * self.charges

    def belongs_to(self, session: Session, email: str) -> bool:
        """Whether a visitor may see it: the one who placed it, its customer, or whoever knows its e-mail address."""
        if session.token == self.session_token:
            return True
        known = (self.customer, self.delivery.email)
        return (session.customer is not None and session.customer in known) or email.lower() == self.delivery.email

    def as_json(self) -> dict[str, Any]:
        """The order for programs."""
        return {
            "number": self.number,
            "state": self.state,
            "email": self.delivery.email,
            "customer": self.customer,
            "delivery": self.delivery.method,
            "payment": self.payment,
            "coupon": self.coupon,
            **self.totals.as_json(),
            "charges": self.charges,
            "paid_cents": self.paid_cents,
            "lost": self.lost,
            "lines": [line.as_json() for line in self.lines],
        }


class OrderBook:
    """All orders since the last reset, and the stock they left.

    Args:
        catalogue: what is sold.
        coupons: their uses are counted there.
        faults: those of orders and stock are looked at.

    Attributes:
        stock: pieces left, by SKU, as the shop believes.
        sold: pieces in orders that are not cancelled, by SKU; those never sold are missing.
        orders: in the order in which they were placed.
        revenue_cents: totals of all orders.
        cancelled: orders that were cancelled.
        cancelled_cents: their totals.
    """

    def __init__(self, catalogue: Catalogue, coupons: Coupons, faults: Faults) -> None:
        self._catalogue = catalogue
        self._coupons = coupons
        self._faults = faults
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """Forget the orders and restore the stock; order numbers go on."""
        self.stock = {key: sku.product.stock for key, sku in self._catalogue.skus.items()}
        self.sold: dict[str, int] = {}
        self.orders: list[Order] = []
        self.revenue_cents = self.cancelled = self.cancelled_cents = 0
        self._by_number: dict[str, list[Order]] = {}
        self._by_customer: dict[str, list[Order]] = {}

    def lines(self, cart: Mapping[str, int]) -> tuple[OrderLine, ...]:
        """The contents of a cart."""
        skus = self._catalogue.skus
        return tuple(OrderLine(skus[key], quantity) for key, quantity in cart.items())

    def check_stock(self, lines: Iterable[OrderLine]) -> None:
        """Make sure that there is enough of everything.

        Raises:
            Refusal: 409 when there is not.
        """
        missing = [line.sku.name for line in lines if self.stock[line.sku.key] < line.quantity]
        if missing:
            problem = f"Out of stock: {', '.join(missing)}. Your cart is kept."
            raise Refusal(HTTPStatus.CONFLICT, "out_of_stock", problem)

    def place(self, session: Session, delivery: Delivery, payment: str) -> Order:
        """Take the money and the goods: all of a visitor's cart or nothing.

        Args:
            session: of the visitor.
            delivery: where the order goes.
            payment: key of the way in which it is paid.

        Raises:
            Refusal: 409 when something is out of stock, or the coupon is used up.
        """
        lines = self.lines(session.cart)
        self.check_stock(lines)
        coupon = session.coupon
        if coupon is not None:
            self._coupons.check(coupon)
            self._coupons.use(coupon)
        order = Order(
            number=self._number(),
            session_token=session.token,
            customer=session.customer,
            delivery=delivery,
            lines=lines,
            totals=reckon(lines, delivery.method, coupon),
            coupon=coupon.code if coupon else None,
            payment=payment,
            charges=2 if self._faults.plants(FaultKind.DOUBLE_CHARGE) else 1,
            booked=not self._faults.plants(FaultKind.OVERSELL),
            lost=self._faults.plants(FaultKind.LOST_ORDER),
        )
        self._move(order, 1)
        self._keep(order)
        return order

    def find(self, number: str, session: Session, email: str = "", *, placed_now: bool = False) -> Order:
        """The order of a number, as far as a visitor may see it.

        Args:
            number: of the order.
            session: of the visitor.
            email: an address that the visitor gave.
            placed_now: to confirm it, so it cannot be lost yet.

        Raises:
            Refusal: 404 when there is none, or it is somebody else's.
        """
        for order in reversed(self._by_number.get(number, ())):
            if order.belongs_to(session, email) and (placed_now or not order.lost):
                return order
        raise Refusal(HTTPStatus.NOT_FOUND, "order_unknown", "You have no such order.")

    def of_customer(self, email: str, most: int) -> list[Order]:
        """The latest orders of an account, newest first."""
        return list(islice(reversed(self._by_customer.get(email, ())), most))

    def cancel(self, order: Order) -> None:
        """Undo an order: its goods go back to the stock. Its money is no longer ours, and its coupon stays used.

        Raises:
            Refusal: 409 when it is cancelled already.
        """
        if order.state == CANCELLED:
            raise Refusal(HTTPStatus.CONFLICT, "order_cancelled", "This order is cancelled already.")
        order.state = CANCELLED
        self.cancelled += 1
        self.cancelled_cents += order.total_cents
        self._move(order, -1)

    def _number(self) -> str:
        if not (self._issued and self._faults.plants(FaultKind.DUPLICATE_NUMBER)):
            self._issued += 1
        return f"DS-{self._issued:08d}"

    def _move(self, order: Order, sign: int) -> None:
        for line in order.lines:
            key, pieces = line.sku.key, sign * line.quantity
            self.sold[key] = self.sold.get(key, 0) + pieces
            if order.booked:
                self.stock[key] -= pieces

    def _keep(self, order: Order) -> None:
        self.orders.append(order)
        self.revenue_cents += order.total_cents
        self._by_number.setdefault(order.number, []).append(order)
        if order.customer is not None:
            self._by_customer.setdefault(order.customer, []).append(order)
