"""What a demo shop is started with."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from loadgen.demoshop.coupons import Coupon
from loadgen.demoshop.faults import Fault
from loadgen.demoshop.stations import DEFAULT_MAX_WAIT_S
from loadgen.units import MAX_RATE

DEFAULT_PORT = 8100
MAX_PRODUCTS = 100_000


class ShopConfig(BaseModel):
    """How a demo shop is built and where it listens.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        knee_per_s: new visitors per second at which the shop saturates; None: as fast as it can.
        products: size of the catalogue.
        stock: pieces of each product, and of each size; None: several hundred to several thousand, from the seed.
        hot_stock: the same for hot products; None: as the others.
        private_sale: further products, for customers who are logged in.
        coupons: codes that are taken besides ``WELCOME10``.
        waiting_room_per_s: visitors per second whom the waiting room lets in; None: there is none.
        seed: of the catalogue and of the service-time noise.
        faults: what is switched on at the start.
        exit_with_parent: end when the parent process does.
        max_wait_s: longest wait at a station before 503, in seconds.
        request_timeout_s: longest time a client may take to send one request, before 408.
        idle_timeout_s: longest rest between two requests of a connection; above every think time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    knee_per_s: Annotated[FiniteFloat, Field(gt=0, le=MAX_RATE)] | None = None
    products: Annotated[int, Field(ge=1, le=MAX_PRODUCTS)] = 200
    stock: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    hot_stock: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    private_sale: Annotated[int, Field(ge=0, le=1000)] = 12
    coupons: tuple[Coupon, ...] = ()
    waiting_room_per_s: Annotated[FiniteFloat, Field(gt=0, le=MAX_RATE)] | None = None
    seed: int = 1
    faults: tuple[Fault, ...] = ()
    exit_with_parent: bool = False
    max_wait_s: Annotated[FiniteFloat, Field(ge=0)] = DEFAULT_MAX_WAIT_S
    request_timeout_s: Annotated[FiniteFloat, Field(gt=0)] = 30.0
    idle_timeout_s: Annotated[FiniteFloat, Field(gt=0)] = 300.0
