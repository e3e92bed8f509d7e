"""A condition as a sentence, for readers who do not know the grammar of plans."""

from __future__ import annotations

from loadgen.plan import limits
from loadgen.plan.conditions import Condition, Guard
from loadgen.plan.measures import Metric, Operator
from loadgen.report.visitors import BusinessFigures
from loadgen.report.wording import count, money, percent
from loadgen.units import format_duration
from loadgen.verdict.unavailable import UNAVAILABLE_SHARE

_OPERATORS = {
    Operator.BELOW: "less than",
    Operator.AT_MOST: "at most",
    Operator.ABOVE: "more than",
    Operator.AT_LEAST: "at least",
}

_COUNTED = {
    "requests": "requests",
    "failures": "failed requests",
    "arrivals": "visitors",
    "dropped": "visitors turned away",
    "missed": "visitors missed",
    "late": "visitors started late",
}


def condition_in_words(condition: Condition) -> str:
    """``p(95){step:payment} < 1.5s`` as "95% of requests (step payment) take less than 1.5s"."""
    if condition.metric is Metric.UNAVAILABLE:
        return f"The shop answers less than {1 - UNAVAILABLE_SHARE:.0%} of requests"
    limit = _limit(condition)
    where = ", ".join(f"{name} {value}" for name, value in condition.selector)
    scope = f" ({where})" if where else ""
    clock = ", counted from when the visitor was due" if condition.since_due else ""
    match condition.metric:
        case Metric.PERCENTILE:
            return f"{condition.argument:g}% of requests{scope} take {limit}{clock}"
        case Metric.MEAN:
            return f"Requests{scope} take {limit} on average{clock}"
        case Metric.MAX:
            return f"Every request{scope} takes {limit}{clock}"
        case Metric.ERROR_RATE:
            return f"{limit.capitalize()} of requests{scope} fail"
    counted = _COUNTED[str(condition.argument)]
    per = " per second" if condition.metric is Metric.RATE else " in all"
    return f"{limit.capitalize()} {counted}{scope}{per}"


def guard_in_words(guard: Guard) -> str:
    """A guard's condition with its window."""
    return f"{condition_in_words(guard.condition)}, for {format_duration(guard.window_s)}"


def _limit(condition: Condition) -> str:
    if condition.operator is None:
        return ""
    limit = "" if condition.limit is None else limits.write(condition.metric, condition.limit).removesuffix("/s")
    return f"{_OPERATORS[condition.operator]} {limit}"


def business_in_words(sold: BusinessFigures) -> list[tuple[str, str, str]]:
    """What a merchant looks at first, in the order in which visitors come to it; what was not counted is left out."""
    per_visit = f"{sold.product_views / sold.visits:.1f} a visit" if sold.visits else ""
    cards = [
        ("Visits", sold.visits, count(sold.visits), ""),
        ("Product views", sold.product_views, count(sold.product_views), per_visit),
        ("Filled carts", sold.carts, count(sold.carts), f"{percent(sold.cart_abandonment)} not ordered"),
        ("Checkouts", sold.checkouts, count(sold.checkouts), "begun"),
        ("Orders", sold.orders, count(sold.orders), ""),
        ("Conversion", sold.visits, percent(sold.conversion), "of visits ordered"),
        ("Basket", sold.orders, money(sold.basket_cents), "an order, in the mean"),
        ("Revenue", sold.revenue_cents, money(sold.revenue_cents), "in the shop's currency"),
    ]
    return [(what, how_much, remark) for what, counted, how_much, remark in cards if counted]
