"""Which handler answers which path, and at which step (station) it queues.

A route ends in at most one variable part, so a path is found by one or two dictionary look-ups.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from loadgen.demoshop import (
    accounts,
    afterwards,
    api,
    api_till,
    assets,
    checkout,
    collecting,
    control,
    storefront,
    truth,
)
from loadgen.demoshop.answers import Answer
from loadgen.demoshop.refusals import FAILED, Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.stations import Step
from loadgen.demoshop.visits import Handler, api_call, api_page, form, page, refused

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """One template of paths.

    Attributes:
        template: the path, with its variable part in braces.
        step: the station at which its requests queue; None: they do not.
        methods: handlers by method; HEAD comes with GET.
        control: neither queued, nor struck by faults, nor counted.
    """

    template: str
    step: Step | None
    methods: Mapping[bytes, Handler]
    control: bool = False

    @property
    def allow(self) -> bytes:
        """The ``Allow`` header line."""
        return b"Allow: %b\r\n" % b", ".join(sorted(self.methods))


def _route(template: str, step: Step | None, *, control: bool = False, **handlers: Handler) -> Route:
    methods = {name.upper().encode(): handler for name, handler in handlers.items()}
    if b"GET" in methods:
        methods[b"HEAD"] = methods[b"GET"]
    return Route(template, step, methods, control)


UNMATCHED = Route("(unmatched)", None, {})
"""Paths that are not in the shop."""

_UNMATCHED_CONTROL = Route("(unmatched)", None, {}, control=True)

MALFORMED = Route("(malformed)", None, {})
"""What could not be read as a request."""

ROUTES = (
    _route("/", Step.HOME, get=page(storefront.home)),
    _route("/category/{slug}", Step.CATEGORY, get=page(storefront.category)),
    _route("/search", Step.SEARCH, get=page(storefront.search)),
    _route("/private-sale", Step.CATEGORY, get=page(storefront.private_sale)),
    _route("/product/{slug}", Step.PRODUCT, get=page(storefront.product)),
    _route("/branches/{sku}", Step.PRODUCT, get=page(collecting.branches)),
    _route("/cart", Step.CART, get=page(checkout.cart)),
    _route("/cart/add", Step.CART, post=form(checkout.add)),
    _route("/cart/update", Step.CART, post=form(checkout.update)),
    _route("/cart/remove", Step.CART, post=form(checkout.remove)),
    _route("/cart/coupon", Step.CART, post=form(checkout.redeem)),
    _route("/wishlist", Step.CART, get=page(afterwards.wish_list)),
    _route("/wishlist/add", Step.CART, post=form(afterwards.wish)),
    _route("/wishlist/remove", Step.CART, post=form(afterwards.forget_wish)),
    _route("/login", Step.LOGIN, get=page(accounts.login_form), post=form(accounts.log_in)),
    _route("/register", Step.LOGIN, get=page(accounts.register_form), post=form(accounts.register)),
    _route("/checkout", Step.CHECKOUT, get=page(checkout.delivery_form)),
    _route("/checkout/delivery", Step.CHECKOUT, post=form(checkout.choose_delivery)),
    _route("/checkout/payment", Step.PAYMENT, get=page(checkout.payment_form), post=form(checkout.pay)),
    _route("/checkout/challenge", Step.PAYMENT, post=form(checkout.prove)),
    _route("/checkout/challenge/{challenge}", Step.PAYMENT, get=page(checkout.challenge_form)),
    _route("/checkout/confirmation/{order_number}", Step.CHECKOUT, get=page(checkout.confirmation)),
    _route("/orders", Step.CHECKOUT, get=page(afterwards.orders)),
    _route("/orders/{order_number}", Step.CHECKOUT, get=page(afterwards.order)),
    _route("/orders/cancel", Step.CHECKOUT, post=form(afterwards.cancel)),
    _route("/branches/reserve", Step.CHECKOUT, post=form(collecting.reserve)),
    _route("/reservations/{number}", Step.CHECKOUT, get=page(collecting.reservation)),
    _route("/reservations/cancel", Step.CHECKOUT, post=form(collecting.cancel)),
    _route("/static/{file}", Step.STATIC, get=assets.file),
    _route("/static/img/{slug}.svg", Step.STATIC, get=assets.image),
    _route("/api/home", Step.HOME, get=api_page(api.home)),
    _route("/api/products", Step.CATEGORY, get=api_page(api.products)),
    _route("/api/search", Step.SEARCH, get=api_page(api.search)),
    _route("/api/private-sale", Step.CATEGORY, get=api_page(api.private_sale)),
    _route("/api/products/{slug}", Step.PRODUCT, get=api_page(api.product)),
    _route("/api/branches/{sku}", Step.PRODUCT, get=api_page(api_till.branches)),
    _route("/api/cart", Step.CART, get=api_page(api.cart)),
    _route("/api/cart/add", Step.CART, post=api_call(api.add)),
    _route("/api/cart/update", Step.CART, post=api_call(api.update)),
    _route("/api/cart/remove", Step.CART, post=api_call(api.remove)),
    _route("/api/cart/coupon", Step.CART, post=api_call(api.redeem)),
    _route("/api/wishlist", Step.CART, get=api_page(api.wishes)),
    _route("/api/wishlist/add", Step.CART, post=api_call(api.wish)),
    _route("/api/wishlist/remove", Step.CART, post=api_call(api.forget_wish)),
    _route("/api/login", Step.LOGIN, post=api_call(api.log_in)),
    _route("/api/register", Step.LOGIN, post=api_call(api.register)),
    _route("/api/checkout/methods", Step.CHECKOUT, get=api_page(api_till.methods)),
    _route("/api/checkout/delivery", Step.CHECKOUT, post=api_call(api_till.choose_delivery)),
    _route("/api/checkout/payment", Step.PAYMENT, post=api_call(api_till.pay)),
    _route("/api/checkout/challenge", Step.PAYMENT, post=api_call(api_till.prove)),
    _route("/api/orders/{order_number}", Step.CHECKOUT, get=api_page(api_till.order)),
    _route("/api/orders/cancel", Step.CHECKOUT, post=api_call(api_till.cancel)),
    _route("/api/branches/reserve", Step.CHECKOUT, post=api_call(api_till.reserve)),
    _route("/api/reservations/cancel", Step.CHECKOUT, post=api_call(api_till.cancel_reservation)),
    _route("/_shop/stats", None, control=True, get=control.stats),
    _route("/_shop/orders", None, control=True, get=truth.orders),
    _route("/_shop/stock", None, control=True, get=truth.stock),
    _route("/_shop/coupons", None, control=True, get=truth.coupons),
    _route("/_shop/reservations", None, control=True, get=truth.reservations),
    _route("/_shop/reset", None, control=True, post=control.reset),
    _route("/_shop/faults", None, control=True, get=control.faults, post=control.switch_on, delete=control.clear),
)

_EXACT = {route.template.encode(): route for route in ROUTES if "{" not in route.template}
_PREFIXED = {route.template.partition("{")[0].encode(): route for route in ROUTES if "{" in route.template}


def resolve(path: bytes) -> tuple[Route, str]:
    """Find a path's route and its variable part; :data:`UNMATCHED` when there is none."""
    route = _EXACT.get(path)
    if route is not None:
        return route, ""
    cut = path.rfind(b"/") + 1
    route = _PREFIXED.get(path[:cut])
    if route is None:
        return (_UNMATCHED_CONTROL if path.startswith(b"/_shop/") else UNMATCHED), ""
    return route, path[cut:].decode("utf-8", "replace")


def respond(shop: Shop, request: Request) -> Answer:
    """Let the handler of a request's route and method answer it. Never raises."""
    route = request.route
    handler = route.methods.get(request.method)
    if handler is not None:
        try:
            return handler(shop, request)
        except Exception:  # a slip in one page answers 500 and is logged; the shop stays open
            logger.exception("cannot answer %s %s", request.method, request.path)
            return refused(request.path, FAILED)
    if not route.methods:
        return refused(request.path, Refusal(HTTPStatus.NOT_FOUND, "not_found", "There is no such page."))
    problem = f"This page does not take {request.method.decode()}."
    refusal = Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", problem)
    return refused(request.path, refusal).with_header(route.allow)
