"""Fate and delay of a request, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from loadgen.demoshop.config import ShopConfig
from loadgen.demoshop.faults import Fault, FaultKind, Faults
from loadgen.demoshop.reception import Reception, Ticket
from loadgen.demoshop.request import Request
from loadgen.demoshop.routes import ROUTES, UNMATCHED, resolve
from loadgen.demoshop.stations import SPECS, Step


def ticket(path: bytes, *faults: Fault, now: float = 0.0, **config: Any) -> Ticket | None:
    return Reception(ShopConfig(**config), Faults(faults)).admit(asked(path), now)


def asked(path: bytes) -> Request:
    request = Request(b"GET", path, {}, b"", last=False)
    request.route, request.argument = resolve(path)
    return request


def test_an_unlimited_shop_answers_at_once() -> None:
    assert ticket(b"/") is None


def test_a_limited_shop_takes_about_the_service_time() -> None:
    given = ticket(b"/checkout/payment", knee_per_s=100.0)
    assert given is not None
    assert given.delay_s == pytest.approx(SPECS[Step.PAYMENT].service_s, rel=1.0)


def test_the_same_seed_takes_the_same_times() -> None:
    assert ticket(b"/", knee_per_s=100.0, seed=5) == ticket(b"/", knee_per_s=100.0, seed=5)
    assert ticket(b"/", knee_per_s=100.0, seed=5) != ticket(b"/", knee_per_s=100.0, seed=6)


def test_pages_and_api_share_a_station() -> None:
    reception = Reception(ShopConfig(knee_per_s=0.1, max_wait_s=0.0), Faults())
    first, second = reception.admit(asked(b"/login"), 0.0), reception.admit(asked(b"/api/login"), 0.0)
    assert first is not None
    assert first.answer is None
    assert second is not None
    assert second.answer is not None
    assert second.answer.status == 503
    assert b"application/json" in second.answer.headers


def test_an_error_does_not_queue() -> None:
    given = ticket(b"/", Fault(kind=FaultKind.ERROR), Fault(kind=FaultKind.SLOW, ms=70), knee_per_s=1.0)
    assert given is not None
    assert given.answer is not None
    assert (given.answer.status, given.delay_s) == (500, 0.07)


def test_a_reset_takes_its_time_first() -> None:
    given = ticket(b"/", Fault(kind=FaultKind.RESET), knee_per_s=1.0)
    assert given is not None
    assert given.fate is FaultKind.RESET
    assert given.delay_s > 0


@pytest.mark.parametrize("kind", list(FaultKind))
def test_control_paths_are_spared(kind: FaultKind) -> None:
    assert ticket(b"/_shop/stats", Fault(kind=kind), knee_per_s=1.0) is None
    assert ticket(b"/_shop/none", Fault(kind=kind), knee_per_s=1.0) is None


def test_every_route_is_found_by_its_template() -> None:
    for route in ROUTES:
        path = route.template.replace("{slug}", "x").replace("{order_number}", "x").replace("{file}", "x")
        assert resolve(path.encode())[0] is route
        assert route.control == route.template.startswith("/_shop/")
        assert route.control or route.step is not None
    assert resolve(b"/nowhere")[0] is UNMATCHED
