"""What is said of rules that the shop broke (:mod:`loadgen.verdict.promises`)."""

from __future__ import annotations

from typing import Final

from loadgen.report.wording import clock
from loadgen.verdict import Evidence, ViolationResult

RULES: Final = {
    "cart_total": "a cart did not add up",
    "price": "the cart had another price than the article's page",
    "cart_kept": "a cart lost something",
    "delivery": "no way of delivery was on offer",
    "payment": "no way of payment was on offer",
    "order_total": "an order cost something else than the till said",
    "charged_once": "an order was charged otherwise than confirmed",
    "order_kept": "an order was lost after it was confirmed",
    "order_number": "an order number was given twice",
    "stock": "more was sold than there was",
    "coupon": "a coupon counted too often",
}
"""Rules as people say that they were broken; an author's own are told by their names."""


def rule_in_words(violation: ViolationResult) -> str:
    """Which rule was broken, and how much."""
    return f"{RULES.get(violation.rule, violation.rule)}: {violation.text}"


def who_and_when(evidence: Evidence) -> str:
    """Where a piece of evidence comes from."""
    step = f", {evidence.step}" if evidence.step else ""
    return f"{clock(evidence.second)} {evidence.journey}{step}, {evidence.worker}"
